"""Each life is cut off after each of its steps, and its story entered again with its record: nobody can tell after."""

from functools import partial

import pytest

import worker
from models.stage import Paying
from models.wish import Cancel, CancelRest, ChangeAddress, GiveUp
from tests import standing
from tests.builders import paid
from tests.losing import OURS, PASSING, Way, losses
from tests.losing_orders import SOON, Mortal, end_of
from tests.standing import REAL, a_town

AT_ONCE = 24


def wishing(wish):
    async def turn(world):
        await world.wish(wish)

    return turn


CANCEL, GIVE_UP = wishing(Cancel(by="u1")), wishing(GiveUp(by="u1"))


async def nobody_pays(town):
    world = await town.begin(policy=REAL.model_copy(update={"pay_within": SOON}))
    world.is_stopped = True
    return world


async def pays_twice(world):
    world.paid += world.order.total.minor
    again = f"again-{world.number}"
    await world.tell(paid(again, again, amount=world.order.total))


PREPAID = {
    "to its end": Way(standing.received),
    "never paid": Way(nobody_pays),
    "paid twice": Way(standing.labelled, pays_twice),
    "moved": Way(standing.labelled, wishing(ChangeAddress(by="u1", contact_version=2, destination="110101"))),
    "cancelled unpaid": Way(standing.received, CANCEL),
    "cancelled in review": Way(standing.paid_and_to_review, CANCEL),
    "cancelled while a courier is silent": Way(standing.asked, CANCEL),
    "cancelled before a label is written": Way(standing.unwritten, CANCEL),
    "cancelled with its label": Way(standing.labelled, CANCEL),
    "cancelled on the packing table": Way(standing.packed, CANCEL),
    "cancelled on the road": Way(standing.in_transit, CANCEL),
    "its rest cancelled": Way(standing.partly_shipped, wishing(CancelRest(by="u1"))),
    "a label given up": Way(standing.stopping_stuck, GIVE_UP),
    "given up when it came back": Way(standing.stuck, GIVE_UP),
}
ON_DELIVERY = {
    "to its end": Way(standing.labelled),
    "cancelled with its label": Way(standing.labelled, CANCEL),
    "cancelled on the packing table": Way(standing.packed, CANCEL),
    "money given back by hand": Way(standing.cash_back),
}


@pytest.fixture
def is_long(request):
    return request.config.getoption("every_step")


@pytest.mark.parametrize(("paying", "ways"), [(Paying.PREPAID, PREPAID), (Paying.ON_DELIVERY, ON_DELIVERY)])
async def test_lost_after_any_step_and_entered_again_a_story_ends_as_it_would_have(env, paying, ways, is_long):
    """One step of three, another third for each life. `--every-step`: each one, also those of a hand within itself, and
    those on the way to the turn of each life."""
    kind = partial(Mortal, passing=PASSING if is_long else PASSING | OURS)
    async with a_town(env, paying, kind, runner=worker.BARE) as town:
        lives = await losses(town, ways, end_of, AT_ONCE, is_long=is_long)

    assert lives.wrongs() == {}
    assert lives.others() == {}
    assert lives.are_most_cut_off()

"""Each life of a return is cut off after each of its steps, and its story entered again with its record: it ends as it
would have, to the last word of the record, and the money went once."""

from datetime import timedelta
from functools import partial

import pytest

import worker
from api import stories
from models.approval import Step
from models.case import Owner, Role
from models.errand import What
from models.line import Box, Units
from models.noun import Money
from models.return_policy import Patience
from models.returns import Kind, Level, Why
from models.rma import ReturnStage, WayBack
from models.wish import Decide, GiveUp, HoldBack, RefuseRefund, Trigger, Withdraw
from rules.return_labels import live
from rules.return_stages import stage_of
from tests.giving_back import NOT_OURS, ONE_WORN, Plan, a_street
from tests.losing import GONE, OURS, PASSING, Way, losses
from tests.losing_returns import MortalStreet, end_of

AT_ONCE = 24
WU = Decide(by="wu", role=Role.SERVICE, is_agreed=True, word="fine")
HE = Decide(by="he", role=Role.OPS, is_agreed=True, word="fine")
MA = Decide(by="ma", role=Role.OPS, rung=Owner.MANAGER, is_agreed=True, word="fine")
SERVICE = (Step(levels=(Level.SERVICE,)),)
EYES = (Step(levels=(Level.SERVICE,)), Step(levels=(Level.OPERATIONS, Level.MANAGER)))
AT_ONCE_LAPSED = Patience(send_back_within=timedelta(seconds=1))
FETCHED = WayBack(couriers=("sf", "jd"), box=Box(id="back", place="WH", units=(Units(sku="tea", quantity=2),)))


def asked(plan=None, how=None, **fields):
    """A return that was asked for, and how the provider will treat it."""

    async def stands(street):
        back = await street.begin(plan, **fields)
        if how:
            street.treat(back, how)
        return back

    return stands


def wishing(*wishes):
    async def turn(back):
        for wish in wishes:
            await back.wish(wish)

    return turn


async def labelled(street):
    back = await street.begin(kind=Kind.RETURN, why=Why.DEFECTIVE, back=FETCHED)
    await back.until(live)
    return back


async def given_up(back):
    """A person gives back by hand what the provider does not, once told; the rest it gives back after all."""
    await back.wish(Trigger(by="fin"))
    await back.until(lambda matter: matter.hold and matter.cases)
    await back.wish(GiveUp(by="desk"))


async def stopped_in_the_silence(back):
    """The provider has done it and does not say so: nobody turns that round."""
    await back.wish(Trigger(by="fin"))
    await back.until(lambda matter: back.mine("refund") or back.lost or matter.hold)
    with pytest.raises(GONE):
        await back.house.wish(back.story, Withdraw(by="customer"))


async def withdrawn_and_sent(back):
    """The goods come all the same: somebody sees to them."""
    await back.wish(Withdraw(by="customer"))
    await back.arrive()


LIVES = {
    "money alone": Way(asked()),
    "goods and money, of two payments": Way(asked(kind=Kind.RETURN)),
    "part of it passed": Way(asked(Plan(graded=ONE_WORN), kind=Kind.RETURN)),
    "little goes by itself": Way(asked(Plan(triggers=False), freely=Money(minor=50_00))),
    "withdrawn": Way(asked(steps=SERVICE), wishing(Withdraw(by="customer"))),
    "withdrawn and sent": Way(asked(kind=Kind.RETURN), withdrawn_and_sent),
    "lapsed": Way(asked(Plan(sends=False), kind=Kind.RETURN, patience=AT_ONCE_LAPSED)),
    "refused": Way(asked(Plan((WU.model_copy(update={"is_agreed": False}),)), steps=SERVICE)),
    "refused by finance": Way(asked(Plan(triggers=False)), wishing(RefuseRefund(by="fin", word="no"))),
    "held and let go": Way(asked(), wishing(HoldBack(by="fin", reason="odd"))),
    "given by hand": Way(asked(None, "abnormal"), given_up),
    "stopped in the silence": Way(asked(None, "hushed"), stopped_in_the_silence),
    "told by callback": Way(asked(Plan(settles="done"), "slow")),
    "four eyes": Way(asked(Plan((WU, HE, MA)), steps=EYES)),
    "urgent": Way(asked(Plan((WU,)), steps=SERVICE, urgent="allergy")),
    "sent anew": Way(asked(kind=Kind.RESHIP, why=Why.WRONG_ITEM)),
    "exchanged": Way(asked(Plan(graded=NOT_OURS), kind=Kind.EXCHANGE, why=Why.WRONG_ITEM)),
    "fetched": Way(asked(kind=Kind.RETURN, why=Why.DEFECTIVE, back=FETCHED)),
    "fetched by another": Way(asked(Plan(is_own=True), kind=Kind.RETURN, why=Why.DEFECTIVE, back=FETCHED)),
    "fetched, and withdrawn": Way(labelled, wishing(Withdraw(by="customer"))),
    "judged, and sent home": Way(asked(Plan(graded=ONE_WORN, is_passed=False), kind=Kind.RETURN)),
    "judged, and exchanged": Way(asked(Plan(graded=ONE_WORN), kind=Kind.EXCHANGE, why=Why.WRONG_SIZE)),
}
ANEW = ("sent anew", "exchanged", "judged, and exchanged")


@pytest.fixture
def is_long(request):
    return request.config.getoption("every_step")


async def test_lost_after_any_step_and_entered_again_a_return_ends_as_it_would_have(env, is_long):
    """One step of three, another third for each life; `--every-step`: each one."""
    kind = partial(MortalStreet, passing=PASSING if is_long else PASSING | OURS)
    async with a_street(env, kind, runner=worker.BARE) as street:
        lives = await losses(street, LIVES, end_of, AT_ONCE, is_long=is_long)

    assert lives.wrongs() == {}
    assert lives.others() == {}
    assert lives.are_most_cut_off()
    assert {name for name, life in lives.whole.items() if life.end.orders} == set(ANEW)
    assert {name: life.end.stage for name, life in lives.whole.items()} == {
        **dict.fromkeys(LIVES, ReturnStage.REFUNDED),
        **dict.fromkeys(["withdrawn", "withdrawn and sent", "fetched, and withdrawn"], ReturnStage.WITHDRAWN),
        **dict.fromkeys(["refused", "refused by finance"], ReturnStage.REFUSED),
        **dict.fromkeys(ANEW, ReturnStage.REPLACED),
        "lapsed": ReturnStage.EXPIRED,
        "judged, and sent home": ReturnStage.SENT_HOME,
        "given by hand": ReturnStage.BY_HAND,
    }


async def test_a_providers_word_ends_the_asking_also_of_a_run_that_was_entered_again(env):
    """It has the task, and answers each question with the same: not yet."""
    async with a_street(env) as street:
        back = await street.begin(Plan(settles="done"), freely=Money(minor=50_00))
        street.treat(back, "slow")
        await back.until(lambda matter: back.mine(What.REFUND) and matter.errands)
        [due] = back.mine(What.REFUND)
        await back.story.terminate()
        times = street.house.wechat.asked.count(due.key)
        assert await stories.revive(street.house.client, back.matter)
        await street.house.until(lambda: street.house.wechat.asked.count(due.key) > times)
        matter = await back.go_on()

    assert (stage_of(matter), back.wrongs()) == (ReturnStage.REFUNDED, [])

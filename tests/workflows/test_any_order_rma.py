"""What a return is told in another order, or twice, through the real story: the same end, and the money goes once."""

import asyncio
from itertools import permutations

import worker
from models.returns import Kind
from models.rma import ReturnStage
from models.stage import Source
from tests.builders import refund_settled
from tests.giving_back import GOOD, Plan, a_street
from tests.losing_returns import end_of
from tests.others import now

WAYS = tuple(permutations(range(5)))[::10]  # the first as it happens
HOMEWARD = tuple(permutations(range(3)))
SENT, ARRIVED, SEEN = "goods_sent_back", "goods_arrived", "goods_inspected"


def facts(back):
    """All that the world will ever say of it, also what it says of refunds that nobody has asked for yet."""
    graded = [{"line": 0, "quantity": units, "grade": grade} for grade, units in GOOD]
    return [
        back.said(SENT, Source.CHANNEL, courier="sf", waybill="own"),
        back.said(ARRIVED, Source.WAREHOUSE, place="east"),
        back.said(SEEN, Source.WAREHOUSE, place="east", graded=graded),
        *(refund_settled(f"{back.number}-refund-{nth}", "done", f"r-{nth}", now()) for nth in (1, 2)),
    ]


async def lived(street, nth):
    back = await street.begin(Plan(sends=False), kind=Kind.RETURN)
    street.treat(back, "slow")  # and nobody else says that it is done
    said = facts(back)
    await back.tell(*(said[place] for place in WAYS[nth]), *said[: nth % 3])
    return end_of(back, await back.go_on())


async def sent_home(street, nth):
    back = await street.begin(Plan(sends=False, is_passed=False), kind=Kind.RETURN)
    _, *said = facts(back)[:3]
    said.append(back.said("goods_sent_home", Source.WAREHOUSE, courier="sf", waybill="home"))
    await back.tell(*(said[place] for place in HOMEWARD[nth]), *said[: nth % 3])
    return end_of(back, await back.go_on())


async def test_goods_may_be_on_their_way_home_before_anybody_heard_that_they_came(env):
    async with a_street(env, runner=worker.BARE) as street:
        first, *others = await asyncio.gather(*(sent_home(street, nth) for nth in range(len(HOMEWARD))))

    assert (first.stage, first.wrongs, first.money) == (ReturnStage.SENT_HOME, (), ())
    assert others == [first] * len(others)


async def test_whatever_comes_first_or_twice_a_return_ends_the_same_and_is_paid_back_once(env):
    async with a_street(env, runner=worker.BARE) as street:
        first, *others = await asyncio.gather(*(lived(street, nth) for nth in range(len(WAYS))))

    assert (first.stage, first.wrongs, len(first.money)) == (ReturnStage.REFUNDED, (), 2)
    assert others == [first] * len(others)

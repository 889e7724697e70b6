"""Plans over many orders in the store: what is meant, what is frozen, and that each order ends once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.bulk import Bulk
from models.bulk import BulkState, Ending, Fate, Mark, Scope, Turn
from models.case import Role
from models.errors import Missing, Refused, Unavailable
from models.order import Record, Standing
from models.stage import Stage
from models.wish import Cancel, Granted, HoldBack
from rules.bulk import digest_of
from rules.learning import hear
from store.audit import Audit
from store.bulks import Bulks, Proposed, Who
from store.cases import CaseFilter, Cases
from store.orders import OrderBook
from tests.builders import NOON, an_order, paid

PLANNER, OTHER = Who("ops-1", Role.OPS), Who("ops-2", Role.OPS)
ALONE = 200
A_HOUR = timedelta(hours=1)


@pytest.fixture
def bulks(db):
    return Bulks(db)


async def keep(db, *, stage=Stage.PAID, is_ended=False, order=None, **fields):
    order = order or an_order(**{"version": 1, "destination": "650102", **fields})
    standing = Standing(stage=stage, since=order.received_at, is_overdue=fields.get("late", False))
    await OrderBook(db).put(Record(order=order, standing=standing, is_ended=is_ended))
    return order


async def planned(bulks, scope=None, wish=None):
    return await bulks.plan(Proposed(scope or Scope(), wish or HoldBack(by="ops-1"), "flood", PLANNER))


async def begun(bulks, **how):
    plan = await planned(bulks, **how)
    return await bulks.confirm(plan.id, digest_of(plan), OTHER, ALONE)


async def fates(bulks, plan):
    return [(row.order_id, row.state, row.code) for row in await bulks.rows(plan.id)]


@pytest.mark.parametrize(
    "scope",
    [
        Scope(district="65"),
        Scope(district="6501"),
        Scope(district="650102"),
        Scope(stage=Stage.PAID),
        Scope(channel="web"),
        Scope(shop="web/shop"),
        Scope(received_from=NOON, received_before=NOON + A_HOUR),
        Scope(district="65", stage=Stage.PAID, channel="web", shop="web/shop", received_from=NOON),
    ],
)
async def test_each_word_of_a_filter_finds_what_is_meant_and_nothing_else(bulks, db, scope):
    meant = await keep(db)
    await keep(db, is_ended=True)
    other = {"id": "app/store/X1", "destination": "660102", "received_at": NOON - A_HOUR}
    await keep(db, stage=Stage.SHIPPED, **other)
    await keep(db, stage=Stage.SHIPPED, **other | {"id": "app/store/X2", "destination": "6", "business_no": "X2"})

    plan = await begun(bulks, scope=scope)

    assert plan.counted.orders == plan.tally.orders == 1
    assert [row.order_id for row in await bulks.rows(plan.id)] == [meant.id]
    assert [row.id for row in await bulks.sample(scope)] == [meant.id]


async def test_overdue_orders_alone(bulks, db):
    await keep(db)
    late = await keep(db, order=an_order(version=1, destination="650102"), late=True)

    assert [row.id for row in await bulks.sample(Scope(overdue=True))] == [late.id]


async def test_a_record_written_again_takes_its_destination_along(bulks, db):
    order = await keep(db)
    await keep(db, order=order.model_copy(update={"destination": "330106", "version": 2}))

    assert await bulks.sample(Scope(district="65")) == ()
    assert len(await bulks.sample(Scope(district="33"))) == 1


async def test_paid_orders_are_counted_apart(bulks, db):
    await keep(db)
    await keep(db, order=hear(an_order(version=1), paid(), NOON))

    assert (await planned(bulks)).counted.model_dump() == {"orders": 2, "paid": 1}


async def test_what_comes_later_is_not_frozen_and_the_set_stays_as_it_was(bulks, db):
    first = await keep(db)
    plan = await planned(bulks)
    await keep(db, received_at=plan.planned_at + A_HOUR)
    plan = await bulks.confirm(plan.id, digest_of(plan), OTHER, ALONE)
    await keep(db)

    assert [row.order_id for row in await bulks.rows(plan.id)] == [first.id]


async def test_more_than_were_counted_are_not_begun_and_nothing_is_left_behind(bulks, db):
    await keep(db)
    plan = await planned(bulks)
    await keep(db)

    with pytest.raises(Refused, match="more_than_counted"):
        await bulks.confirm(plan.id, digest_of(plan), OTHER, ALONE)
    assert (await bulks.get(plan.id)).state is BulkState.PLANNED
    assert await bulks.rows(plan.id) == ()


async def test_over_the_limit_who_planned_it_does_not_confirm_it(bulks, db):
    await keep(db)
    plan = await planned(bulks)

    with pytest.raises(Refused, match="wants_second"):
        await bulks.confirm(plan.id, digest_of(plan), PLANNER, 0)
    assert (await bulks.confirm(plan.id, digest_of(plan), OTHER, 0)).confirmed_by == "ops-2"


async def test_a_plan_that_nobody_saw_is_not_begun(bulks, db):
    await keep(db)
    plan = await planned(bulks)

    with pytest.raises(Refused, match="other_plan"):
        await bulks.confirm(plan.id, "0" * 16, OTHER, ALONE)
    with pytest.raises(Missing):
        await bulks.confirm(plan.id + 1, digest_of(plan), OTHER, ALONE)


async def test_confirmed_by_many_at_once_it_is_begun_once(bulks, db):
    for _ in range(3):
        await keep(db)
    plan = await planned(bulks)
    answers = await asyncio.gather(*(bulks.confirm(plan.id, digest_of(plan), OTHER, ALONE) for _ in range(5)))

    assert {answer.confirmed_at for answer in answers} == {answers[0].confirmed_at}
    assert [row.n for row in await bulks.rows(plan.id)] == [1, 2, 3]
    assert [deed.what for deed in await Audit(db).about(plan.key)] == ["bulk.confirm", "bulk.plan"]


async def test_each_order_ends_once_and_is_counted_once(bulks, db):
    orders = [await keep(db, received_at=NOON + timedelta(seconds=n)) for n in range(4)]
    plan = await begun(bulks)
    endings = [
        Ending(n=1, fate=Fate.GRANTED),
        Ending(n=2, fate=Fate.REFUSED, code="over"),
        Ending(n=3, fate=Fate.ENDED),
    ]
    for _ in range(2):
        await bulks.settle(plan.id, endings)
    await bulks.settle(plan.id, [Ending(n=1, fate=Fate.REFUSED, code="late")])

    tally = (await bulks.get(plan.id)).tally
    assert (tally.granted, tally.refused, tally.ended, tally.left) == (1, 1, 1, 1)
    assert await fates(bulks, plan) == [
        (orders[0].id, "granted", None),
        (orders[1].id, "refused", "over"),
        (orders[2].id, "ended", None),
        (orders[3].id, "waiting", None),
    ]
    deeds = [(deed.who, deed.what) for deed in await Audit(db).about(orders[0].id)]
    assert deeds == [("ops-1", f"bulk/{plan.id}.hold")]
    assert await Audit(db).about(orders[1].id) == ()


async def test_asked_three_times_without_an_answer_is_a_persons_matter(bulks, db):
    await keep(db)
    plan = await begun(bulks)
    silent = [Ending(n=1, fate=Fate.WAITING, code="story_silent")]

    for attempts in (1, 2):
        await bulks.settle(plan.id, silent)
        (row,) = await bulks.rows(plan.id)
        assert (row.state, row.attempts) == (Fate.WAITING, attempts)
    assert await bulks.take(Turn(bulk=plan.id), 10) == ()  # it rests before it is asked again
    await bulks.settle(plan.id, silent)

    assert (await bulks.get(plan.id)).tally.unreachable == 1
    assert (await fates(bulks, plan))[0][1:] == ("unreachable", "story_silent")


async def test_what_paused_by_itself_is_a_case_until_somebody_lets_it_go_on_or_it_ends(bulks, db):
    await keep(db)
    plan = await begun(bulks)

    async def stands(state, code=None):
        await bulks.stand(Mark(bulk=plan.id, state=state, code=code))
        listed = await Cases(db).listing(CaseFilter(open=None))
        return [(known.case.story, known.case.deadline, known.case.closed_at is None) for known in listed]

    opened, closed = (plan.key, "stalled", True), (plan.key, "stalled", False)
    assert await stands(BulkState.PAUSED) == []  # a person did, and knows
    assert await stands(BulkState.PAUSED, "store_away") == [opened]
    assert await stands(BulkState.RUNNING) == [closed]
    assert await stands(BulkState.PAUSED, "too_many_silent") == [opened, closed]
    assert await stands(BulkState.DONE) == [closed, closed]


async def test_what_a_record_says_of_an_order_comes_with_it(bulks, db):
    orders = [await keep(db, received_at=NOON + timedelta(seconds=n)) for n in range(5)]
    plan = await begun(bulks, scope=Scope(stage=Stage.PAID), wish=Cancel(by="ops-1"))
    entry = Granted(wish=Cancel(by="ops-1", key=plan.key), at=NOON)
    others = Granted(wish=Cancel(by="ops-1", key=f"{plan.key}7"), at=NOON)
    again = [order.model_copy(update={"version": 2}) for order in orders]
    await keep(db, order=again[1], is_ended=True)
    await keep(db, order=again[2], stage=Stage.SHIPPED)
    await keep(db, order=again[3].model_copy(update={"wishes": (entry,)}), stage=Stage.CANCELLED, is_ended=True)
    await keep(db, order=again[4].model_copy(update={"wishes": (others,)}))

    taken = await bulks.take(Turn(bulk=plan.id), 10)

    assert [(one.is_meant, one.is_ended, one.is_granted) for one in taken] == [
        (True, False, False),
        (False, True, False),
        (False, False, False),
        (False, True, True),
        (True, False, False),
    ]
    assert {one.wish.key for one in taken} == {plan.key}


async def test_the_last_turn_takes_only_what_was_begun(bulks, db):
    for _ in range(3):
        await keep(db)
    plan = await begun(bulks)
    first = await bulks.take(Turn(bulk=plan.id), 1)
    last = Turn(bulk=plan.id, is_last=True)

    assert (await bulks.reached(last)).left == 1
    assert [one.n for one in await bulks.take(last, 10)] == [one.n for one in first]


async def test_one_at_a_time_the_first_confirmed_first(bulks, db):
    await keep(db)
    first, second = await begun(bulks), await begun(bulks)

    with pytest.raises(Unavailable, match="not_its_turn"):
        await bulks.take(Turn(bulk=second.id), 1)
    await bulks.stand(Mark(bulk=first.id, state=BulkState.PAUSED))
    assert await bulks.take(Turn(bulk=second.id), 1)


async def test_what_is_over_stays_over_and_what_is_stopping_never_runs_again(bulks, db):
    await keep(db)
    plan = await begun(bulks)
    for state, there in [
        ("stopping", "stopping"),
        ("running", "stopping"),
        ("stopped", "stopped"),
        ("done", "stopped"),
    ]:
        await bulks.stand(Mark(bulk=plan.id, state=state))
        assert (await bulks.get(plan.id)).state == there


async def test_whose_story_should_be_there_is_looked_at_once_a_minute(bulks, db):
    await keep(db)
    await planned(bulks)
    plan = await begun(bulks)
    assert await bulks.to_begin() == ()  # the door begins it itself

    async with db.begin() as conn:
        await conn.execute(text("UPDATE bulks SET relay_at = now()"))
    assert [course.bulk for course in await bulks.to_begin()] == [plan.id]
    assert await bulks.to_begin() == ()


async def test_plans_and_rows_come_page_by_page(bulks, db):
    for _ in range(3):
        await keep(db)
    plans = [await begun(bulks) for _ in range(3)]

    newest = await bulks.listing(limit=2)
    assert [plan.id for plan in newest] == [plans[2].id, plans[1].id]
    assert [plan.id for plan in await bulks.listing(newest[-1].id)] == [plans[0].id]
    assert [row.n for row in await bulks.rows(plans[0].id, after=1, limit=1)] == [2]
    assert await bulks.rows(plans[0].id, state=Fate.GRANTED) == ()


async def test_with_temporal_away_no_order_is_to_blame(bulks, db):
    await keep(db)
    plan = await begun(bulks)

    async def ask(*_):
        raise Unavailable("temporal_away")

    with pytest.raises(ApplicationError, match="temporal_away"):
        await ActivityEnvironment().run(Bulk(bulks, ask, 50).grant, Turn(bulk=plan.id))
    (row,) = await bulks.rows(plan.id)
    assert (row.state, row.attempts) == (Fate.WAITING, 0)


async def test_a_hand_that_is_called_back_writes_down_what_is_in_the_air(bulks, db):
    await keep(db)
    plan = await begun(bulks)
    asked, may_answer, hand = asyncio.Event(), asyncio.Event(), ActivityEnvironment()

    async def ask(*_):
        asked.set()
        await may_answer.wait()

    asking = asyncio.create_task(hand.run(Bulk(bulks, ask, 50).grant, Turn(bulk=plan.id)))
    await asked.wait()
    hand.cancel()
    may_answer.set()

    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await bulks.get(plan.id)).tally.granted == 1


async def test_no_more_are_asked_in_a_second_than_the_pace_allows(bulks, db):
    for _ in range(12):
        await keep(db)
    plan, moments = await begun(bulks), []

    async def ask(*_):
        moments.append(asyncio.get_running_loop().time())

    reached = await ActivityEnvironment().run(Bulk(bulks, ask, 10).grant, Turn(bulk=plan.id))

    assert reached.tally.granted == len(moments) == 12
    assert max(moments) - min(moments) > 0.9

"""The house looks through its own books: a real store, a real Temporal, faults that somebody planted."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError

import running
import worker
from activities.housekeeping import Housekeeping
from connectors.registry import Accounts, Registry
from models.bulk import Scope
from models.case import Owner, Role
from models.errors import Refused, Unavailable
from models.finding import Check
from models.line import Line
from models.noun import Money
from models.place import Place
from models.reservation import Reservation
from models.wish import HoldBack
from rules.housekeeping import looked_at
from settings import load
from store.audit import Audit
from store.bulks import Bulks, Proposed, Who
from store.cases import CaseFilter, Cases
from store.findings import Findings
from store.money import MoneyGate
from store.stock import Shelves
from tests.others import Fault, Links, Memory, outage
from tests.sandbox import SANDBOX
from tests.store.conftest import db, pool, postgres, template, url  # noqa: F401 - fixtures
from tests.store.makings import a_message, contacts, inbox
from tests.workflows.conftest import a_line
from workflows.housekeeping import HousekeepingWorkflow

PARCEL = "stray-0000000000000001"
PATIENTLY = 60  # seconds: two busy cores


async def sql(books, *statements):
    async with books.begin() as conn:
        for statement in statements:
            await conn.execute(text(statement))


async def strand(books, number="nobody-knows", code="unaddressed"):
    await inbox(books).keep("sf", "sf", b"raw", [a_message(number, id=f"t-{number}", to="waybill")])
    await sql(books, "UPDATE inbox SET kept_at = now() - interval '11 minutes'", f"UPDATE inbox SET code = '{code}'")  # noqa: S608, the words of this test


async def reserve(books):
    await Shelves(books).add_place(Place(id="sh", name="sh1", district="310115"))
    await Shelves(books).receive("sh", "tea", 5, "delivery", "d1")
    until, lines = datetime.now(UTC) - timedelta(hours=1), (Line(sku="tea", quantity=1, unit_price=Money(minor=1)),)
    made = {"order_id": "web/shop/B1", "business_no": "B1", "destination": "310115", "lines": lines, "until": until}
    await Shelves(books).reserve(Reservation(key="B1-reserve-1", **made))


async def count_wrongly(books):
    await Shelves(books).add_place(Place(id="sh", name="sh1", district="310115"))
    await Shelves(books).receive("sh", "tea", 5, "delivery", "d1")
    await sql(books, "UPDATE stock SET on_hand = on_hand + 1")


async def claim_wrongly(books):
    await MoneyGate(books).claim("B1-refund-1", "web/shop/B1", "tx1", Money(minor=900), Money(minor=700))
    await sql(books, "UPDATE captures SET claimed = 0")


async def tamper(books, who="li"):
    change = f"UPDATE audit SET who = '{who}' WHERE n = 1"  # noqa: S608, the words of this test
    await sql(books, "ALTER TABLE audit DISABLE TRIGGER USER", change, "ALTER TABLE audit ENABLE TRIGGER USER")


async def write_and_tamper(books):
    await Audit(books).note("wang", Role.OPS, "cancel", "web/shop/B1")
    await tamper(books)


async def pause(books):
    await Bulks(books).plan(Proposed(Scope(), HoldBack(by="ops-1"), "flood", Who("ops-1", Role.OPS)))
    await sql(books, "UPDATE bulks SET state = 'paused', code = 'too_many_silent', confirmed_at = now()")


async def leave_a_parcel(books):
    await Shelves(books).add_place(Place(id="sh", name="sh1", district="310115"))
    row = f"INSERT INTO strays (id, code, place, by, arrived_at) VALUES ('{PARCEL}', 'SF1', 'sh', 'B1', now())"  # noqa: S608, the words of this test
    await sql(books, row)


PLANTED = {  # how it goes wrong, how it is mended, and what the case says
    Check.STRANDED: (
        strand,
        lambda books: sql(books, "UPDATE inbox SET state = 'done', ended_at = now()"),
        ("sf/unaddressed", Role.OPS, "sf", None),
    ),
    Check.LAPSED: (
        reserve,
        lambda books: Shelves(books).release("B1-reserve-1"),
        ("web/shop/B1", Role.OPS, None, None),
    ),
    Check.MISCOUNTED: (
        count_wrongly,
        lambda books: sql(books, "UPDATE stock SET on_hand = on_hand - 1"),
        ("sh", Role.WAREHOUSE, None, "sh"),
    ),
    Check.OVERCLAIMED: (
        claim_wrongly,
        lambda books: sql(books, "UPDATE captures SET claimed = 700"),
        ("tx1", Role.FINANCE, None, None),
    ),
    Check.STALLED: (
        pause,
        lambda books: sql(books, "UPDATE bulks SET state = 'running', code = NULL"),
        ("bulk/1", Role.OPS, None, None),
    ),
    Check.TAMPERED: (write_and_tamper, lambda books: tamper(books, "wang"), ("audit/1", Role.ADMIN, None, None)),
    Check.PARCEL_WITHOUT_RETURN: (
        leave_a_parcel,
        lambda books: sql(books, "UPDATE strays SET settled_at = now(), settled_by = 'wang', because = 'sent_on'"),
        (PARCEL, Role.WAREHOUSE, None, "sh"),
    ),
}


class Keeper:
    """Our workers, and one round after the other."""

    def __init__(self, client, books):
        self.client, self.db = client, books
        self.books, self.cases = Findings(books), Cases(books)

    @asynccontextmanager
    async def at_work(self):
        mine = Memory()
        memory = worker.Memory(*[mine] * 7, Links(), Housekeeping(self.books, self.cases))
        async with AsyncExitStack() as ending:
            for hands in (
                worker.stories(self.client, memory, SANDBOX),
                worker.ours(self.client, memory),
            ):
                await ending.enter_async_context(hands)
            yield self

    async def begin(self, checks=()):
        return await self.client.start_workflow(
            HousekeepingWorkflow.run, checks, id=f"round-{uuid4().hex[:8]}", task_queue="stories"
        )

    async def round(self):
        return await asyncio.wait_for((await self.begin(tuple(Check))).result(), PATIENTLY)

    async def listed(self, **which):
        return await self.cases.listing(CaseFilter(**which))


@pytest.fixture
async def keeper(env, db):  # noqa: F811
    async with Keeper(await a_line(env), db).at_work() as keeper:
        yield keeper


async def eventually(holds, within=PATIENTLY):
    async with asyncio.timeout(within):
        while not (found := await holds()):
            await asyncio.sleep(0.05)
    return found


async def test_books_that_are_right_are_no_case(keeper):
    assert await keeper.round() == 0
    assert await keeper.listed() == ()


@pytest.mark.parametrize("check", Check)
async def test_a_planted_fault_is_one_case_that_closes_by_itself_when_it_is_mended(keeper, check):
    plant, mend, said = PLANTED[check]
    await plant(keeper.db)
    assert [await keeper.round(), await keeper.round()] == [1, 1]

    (known,) = await keeper.listed()
    case = known.case
    assert (case.story, case.role, case.party, case.place) == said
    assert (case.deadline, case.rung, known.shop) == (check, Owner.OWNER, None)

    await mend(keeper.db)
    assert await keeper.round() == 0
    (known,) = await keeper.listed(open=None)
    assert (known.case.closed_at is not None, known.closed_by) == (True, None)


async def test_what_comes_back_after_it_was_mended_is_another_case(keeper):
    plant, mend, _ = PLANTED[Check.MISCOUNTED]
    for step in (plant, mend, lambda books: sql(books, "UPDATE stock SET on_hand = on_hand + 1")):
        await step(keeper.db)
        await keeper.round()

    assert [known.case.closed_at is None for known in await keeper.listed(open=None)] == [True, False]


async def test_a_round_looks_at_what_has_its_turn(keeper):
    seen = []

    async def noted(look, check):
        seen.append(check)
        return await look(check)

    with Fault(keeper.books, "look", noted):
        story = await keeper.begin()
        await asyncio.wait_for(story.result(), PATIENTLY)
    assert sorted(seen) == sorted(looked_at((await story.describe()).start_time))


async def test_housekeeping_frees_nothing(keeper):
    await reserve(keeper.db)
    await keeper.round()

    (level,) = await Shelves(keeper.db).levels()
    assert (level.on_hand, level.reserved) == (5, 1)


async def test_a_store_that_is_away_is_asked_again_and_nothing_breaks(keeper):
    await strand(keeper.db)
    with outage(keeper.books, "look"):
        story = await keeper.begin(tuple(Check))

        async def tried():
            hands = (await story.describe()).raw_description.pending_activities
            return len(hands) == len(Check) and min(hand.attempt for hand in hands) > 1

        await eventually(tried)
        assert await keeper.listed() == ()

    assert await asyncio.wait_for(story.result(), PATIENTLY) == 1


async def test_a_look_that_breaks_holds_up_no_other_and_is_seen(keeper):
    await strand(keeper.db)

    async def broken(look, check):
        if check is Check.MISCOUNTED:
            raise Refused("broken")
        if check is Check.STRANDED and activity.info().attempt == 1:
            raise Unavailable("away")
        return await look(check)

    with Fault(keeper.books, "look", broken), pytest.raises(WorkflowFailureError):
        await keeper.round()

    assert [known.case.deadline for known in await keeper.listed()] == [Check.STRANDED]
    assert await keeper.round() == 1


async def test_two_workers_make_one_schedule_whose_rounds_find_what_is_wrong(env, db, tmp_path):  # noqa: F811
    await strand(db)
    async with Registry(Accounts()) as registry:
        clients = [await a_line(env) for _ in range(2)]
        houses = [running.House(load(data=tmp_path), db, client, registry, contacts(db)) for client in clients]
        tasks = [asyncio.create_task(running.work(house)) for house in houses]
        rounds = env.client.get_schedule_handle(worker.ROUNDS)
        try:
            known = await eventually(lambda: _schedules(env.client))
            await worker.schedule(env.client)
            await rounds.trigger()
            await eventually(lambda: _has_ended(rounds, env.client))
        finally:
            with suppress(Exception):
                await rounds.delete()
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)

    assert known == [worker.ROUNDS]
    assert [type(end) for end in ended] == [asyncio.CancelledError] * 2
    assert [row.case.story for row in await Cases(db).listing(CaseFilter())] == ["sf/unaddressed"]


async def _schedules(client):
    return [known.id async for known in await client.list_schedules()]


async def _has_ended(rounds, client):
    done = (await rounds.describe()).info.recent_actions
    about = [await client.get_workflow_handle(one.action.workflow_id).describe() for one in done]
    return about and all(one.status is WorkflowExecutionStatus.COMPLETED for one in about)

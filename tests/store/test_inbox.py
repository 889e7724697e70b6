import asyncio

import pytest
from sqlalchemy import text

from models.errors import Missing
from store.addresses import Addresses
from store.inbox import State
from tests.store.makings import a_message, a_new_order, claims, contacts, inbox

STUCK = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


async def wait(db, seconds):
    """Time passes for the rows."""
    async with db.begin() as conn:
        await conn.execute(text("UPDATE inbox SET due_at = due_at - :by * interval '1 second'"), {"by": seconds})


async def an_order_of_ours(db):
    return (await claims(db).claim(a_new_order(), b"")).order


async def raws(db):
    async with db.begin() as conn:
        return (await conn.execute(text("SELECT count(*) FROM raws WHERE party <> 'web'"))).scalar_one()


async def test_a_message_about_a_number_of_ours_finds_its_order(db):
    order = await an_order_of_ours(db)

    for nth, key in enumerate((f"{order.business_no}-pay-1", order.business_no, order.id)):
        told = a_message(key, id=f"t{nth}")
        [kept] = await inbox(db).keep("wechat", "main", b"raw", [told])
        assert (kept.order_id, kept.telling, kept.is_new) == (order.id, told.telling, True)


async def test_twice_is_once(db):
    order, box = await an_order_of_ours(db), inbox(db)
    message = [a_message(f"{order.business_no}-pay-1")]
    [first] = await box.keep("wechat", "main", b"raw", message)
    [again] = await box.keep("wechat", "main", b"raw again", message)

    assert (first.row, first.is_new) == (again.row, True)
    assert (again.order_id, again.telling, again.is_new) == (first.order_id, first.telling, False)
    assert await raws(db) == 1
    assert await box.raw(first.row) == b"raw"


async def test_the_same_number_from_another_account_is_another_message(db):
    message, box = [a_message("SF1", to="waybill")], inbox(db)
    kept = [await box.keep(*who, b"", message) for who in (("sf", "a"), ("sf", "b"), ("jd", "a"))]

    assert [row.is_new for [row] in kept] == [True, True, True]


async def test_what_somebody_else_is_just_keeping_is_kept_once(db):
    box = inbox(db)
    [kept] = await box.keep("sf", "main", b"raw", [a_message("SF1", id="t0", to="waybill")])
    async with db.begin() as conn:
        await conn.execute(text("UPDATE inbox SET telling_id = 't1'"))  # nobody sees it yet
        keeping = asyncio.create_task(box.keep("sf", "main", b"raw", [a_message("SF1", id="t1", to="waybill")]))
        async with asyncio.timeout(10):
            while not (await conn.execute(STUCK)).scalar_one():
                await asyncio.sleep(0.01)

    assert [(row.row, row.is_new) for row in await keeping] == [(kept.row, False)]


async def test_ten_at_once_are_one_row(db):
    order = await an_order_of_ours(db)
    message = [a_message(f"{order.business_no}-pay-1"), a_message("SF1", id="t2", to="waybill")]

    kept = await asyncio.gather(*(inbox(db).keep("wechat", "main", b"raw", message) for _ in range(10)))

    assert sum(row.is_new for rows in kept for row in rows) == 2
    assert {tuple(row.row for row in rows) for rows in kept} == {tuple(row.row for row in kept[0])}


async def test_a_message_with_a_part_that_is_new_keeps_that_part(db):
    order, box = await an_order_of_ours(db), inbox(db)
    one, two = a_message(order.business_no, id="t1"), a_message(order.business_no, id="t2")
    await box.keep("wechat", "main", b"first", [one])

    kept = await box.keep("wechat", "main", b"second", [one, two])

    assert [(row.telling.id, row.is_new) for row in kept] == [("t1", False), ("t2", True)]
    assert await box.raw(kept[1].row) == b"second"


async def test_a_message_that_says_nothing_for_us_is_kept_all_the_same(db):
    assert await inbox(db).keep("wechat", "main", b"hello", []) == ()
    assert await raws(db) == 1


async def test_one_waybill_of_two_orders_is_told_to_both(db):
    for order in ("web/demo/1", "web/demo/2"):
        await Addresses(db).note("waybill", "SF1", order, "P1")

    kept = await inbox(db).keep("sf", "main", b"raw", [a_message("SF1", to="waybill")])

    assert [row.order_id for row in kept] == ["web/demo/1", "web/demo/2"]
    again = await inbox(db).keep("sf", "main", b"raw", [a_message("SF1", to="waybill")])
    assert [(row.row, row.is_new) for row in again] == [(row.row, False) for row in kept]


async def test_a_message_for_nobody_waits_and_is_told_when_its_waybill_is_known(db):
    box = inbox(db)
    [kept] = await box.keep("sf", "main", b"raw", [a_message("SF1", to="waybill")])
    assert kept.order_id is None
    assert await box.waiting() == (("sf", "unaddressed", 1),)
    await wait(db, 5)
    assert await box.due(10) == ()
    await wait(db, 10)

    for order in ("web/demo/1", "web/demo/2"):
        await Addresses(db).note("waybill", "SF1", order, "P1")

    told = await box.due(10)
    assert [(row.order_id, row.telling.id) for row in told] == [("web/demo/1", "t1"), ("web/demo/2", "t1")]
    assert told[0].row == kept.row
    assert await box.waiting() == (("sf", "unheard", 2),)


async def test_a_message_that_was_faster_than_its_order_is_told_when_the_order_is_ours(db):
    box, new = inbox(db), a_new_order()
    [kept] = await box.keep("web", "demo", b"raw", [a_message(new.id)])
    await claims(db).claim(new, b"")
    await wait(db, 5)

    assert [(row.row, row.order_id) for row in await box.due(10)] == [(kept.row, new.id)]


async def test_a_row_is_told_again_and_each_time_later(db):
    order, box = await an_order_of_ours(db), inbox(db)
    await box.keep("wechat", "main", b"raw", [a_message(order.business_no)])

    for seconds in (5, 15, 60, 180, 600, 600):
        await wait(db, seconds - 1)
        assert await box.due(10) == ()
        await wait(db, 1)
        assert len(await box.due(10)) == 1


async def test_two_workers_get_each_row_once(db):
    order, box = await an_order_of_ours(db), inbox(db)
    await box.keep("wechat", "main", b"raw", [a_message(order.business_no, id=f"t{n}") for n in range(40)])
    await wait(db, 5)

    taken = await asyncio.gather(*(inbox(db).due(8) for _ in range(6)))

    rows = [row.row for batch in taken for row in batch]
    assert len(rows) == len(set(rows)) == 40
    assert max(len(batch) for batch in taken) == 8


async def test_a_worker_that_holds_rows_does_not_hold_up_the_other(db):
    order, box = await an_order_of_ours(db), inbox(db)
    await box.keep("wechat", "main", b"raw", [a_message(order.business_no, id=f"t{n}") for n in range(4)])
    await wait(db, 5)

    async with db.begin() as conn:
        await conn.execute(text("SELECT FROM inbox WHERE telling_id IN ('t0', 't1') FOR UPDATE"))
        assert [row.telling.id for row in await box.due(10)] == ["t2", "t3"]


async def test_a_row_that_could_not_be_told_says_why(db):
    order, box = await an_order_of_ours(db), inbox(db)
    [kept] = await box.keep("wechat", "main", b"raw", [a_message(order.business_no)])

    await box.postpone(kept.row, "temporal_away")

    assert await box.waiting() == (("wechat", "temporal_away", 1),)
    [entry] = await box.listing("waiting", 10)
    assert (entry.id, entry.order_id, entry.kind, entry.code) == (
        kept.row,
        order.id,
        "payment_captured",
        "temporal_away",
    )


async def test_a_parked_row_rests_until_it_is_replayed(db):
    order, box = await an_order_of_ours(db), inbox(db)
    [kept] = await box.keep("wechat", "main", b"raw", [a_message(order.business_no)])
    await box.park(kept.row, "unreadable")
    await wait(db, 600)
    assert (await box.due(10), await box.waiting()) == ((), ())
    assert [row[1:] for row in await box.waiting(State.PARKED)] == [("unreadable", 1)]
    assert [entry.state for entry in await box.listing("parked", 10)] == [State.PARKED]

    await box.replay(kept.row)

    assert [row.row for row in await box.due(10)] == [kept.row]
    with pytest.raises(Missing, match="row_unknown"):
        await box.replay(99)


async def test_the_words_about_a_forgotten_person_are_gone_and_the_telling_stays(db):
    order, box = await an_order_of_ours(db), inbox(db)
    [kept] = await box.keep("wechat", "main", b"raw", [a_message(order.business_no)])

    await contacts(db).forget(order.id)

    with pytest.raises(Missing, match="forgotten"):
        await box.raw(kept.row)
    assert [entry.id for entry in await box.listing("waiting", 10)] == [kept.row]


async def test_what_the_inbox_costs(db, counted):
    order, box = await an_order_of_ours(db), inbox(db)
    message = [a_message(order.business_no, id=f"t{n}") for n in range(3)]
    for ask in (box.keep("wechat", "main", b"raw", message), box.keep("wechat", "main", b"raw", message), box.due(10)):
        with counted(db) as cost:
            await ask
        assert (cost.statements, cost.transactions) == (1, 1)


async def test_a_row_that_nobody_was_there_to_be_told_is_due_at_once_and_has_no_attempt_more(db):
    order, box = await an_order_of_ours(db), inbox(db)
    [kept] = await box.keep("wechat", "main", b"raw", [a_message(f"{order.business_no}-pay-1")])
    await wait(db, 5)
    for _ in range(6):  # an hour without Temporal
        assert [row.row for row in await box.due(10)] == [kept.row]
        assert await box.due(10) == ()
        await box.give_back([kept.row])

    assert [row.row for row in await box.due(10)] == [kept.row]
    assert [row.attempts for row in await box.listing(State.WAITING, 10)] == [1]

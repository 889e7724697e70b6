import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from models.errors import Missing, Refused
from models.fact import ParcelHandedOver, ParcelReceivedBack, PaymentCaptured
from models.line import Line
from models.noun import Money
from models.parcel import Parcel
from models.payment import Payment
from models.place import Level, Place
from models.reservation import Reservation
from models.stage import Paying, Source
from store.database import Broken
from store.stock import Difference, Shelves, settle
from tests.builders import NOON, an_order

SHANGHAI, BEIJING = "310115", "110105"
SOON = NOON + timedelta(minutes=30)


@pytest.fixture
async def shelves(db):
    shelves = Shelves(db)
    await shelves.add_place(Place(id="sh", name="sh1", district=SHANGHAI))
    await shelves.add_place(Place(id="bj", name="bj1", district=BEIJING))
    return shelves


async def filled(shelves, **places):
    for place, things in places.items():
        for sku, quantity in things.items():
            await shelves.receive(place, sku, quantity, "delivery", f"d-{place}-{sku}")


def a_request(key="B1-reserve-1", until=SOON, destination=SHANGHAI, **quantities):
    stem = key.split("-")[0]
    lines = [Line(sku=sku, quantity=some, unit_price=Money(minor=1)) for sku, some in quantities.items()]
    return Reservation(
        key=key,
        order_id=f"web/shop/{stem}",
        business_no=stem,
        lines=tuple(lines),
        destination=destination,
        until=until,
    )


def scan(kind, parcel, at=NOON):
    return kind(id=f"{parcel}-{kind.__name__}", at=at, heard_at=at, source=Source.WAREHOUSE, parcel=parcel)


def the_order(boxes, number="B1", **fields):
    return an_order(id=f"web/shop/{number}", business_no=number, boxes=boxes, **fields)


def out(box, *, is_back=False, parcel="p1"):
    facts = (scan(ParcelHandedOver, parcel), *((scan(ParcelReceivedBack, parcel),) if is_back else ()))
    return Parcel(id=parcel, box=box, facts=facts)


def payment():
    capture = PaymentCaptured(
        id="n1", at=NOON, heard_at=NOON, source=Source.PROVIDER, transaction="tx1", amount=Money(minor=1)
    )
    return Payment(transaction="tx1", captures=(capture,))


async def settled(db, order):
    async with db.begin() as conn:
        await settle(conn, order)


async def counters(shelves):
    return {(level.place, level.sku): (level.on_hand, level.reserved) for level in await shelves.levels()}


async def ledger(db):
    found = text("SELECT move, place, sku, on_hand, reserved FROM stock_ledger ORDER BY id")
    async with db.begin() as conn:
        return [tuple(row) for row in await conn.execute(found)]


async def test_the_nearest_place_that_has_it_reserves_it(shelves, db, counted):
    await filled(shelves, sh={"a": 5}, bj={"a": 5})

    with counted(db) as cost:
        boxes = await shelves.reserve(a_request(a=2))

    assert [(box.id, box.place) for box in boxes] == [("B1-box-1", "sh")]
    assert await counters(shelves) == {("sh", "a"): (5, 2), ("bj", "a"): (5, 0)}
    assert (cost.statements, cost.transactions) == (3, 1)
    assert [step.rule for step in await shelves.explained("B1-reserve-1")][:2] == ["fewest_places", "nearest"]
    assert await shelves.audit() == ()


async def test_the_same_key_is_reserved_once_and_answered_the_same(shelves):
    await filled(shelves, sh={"a": 2, "b": 9}, bj={"a": 1})

    first = await shelves.reserve(a_request(a=3, b=1))
    again = await shelves.reserve(a_request(a=3, b=1))

    assert again == first
    assert await counters(shelves) == {("sh", "a"): (2, 2), ("sh", "b"): (9, 1), ("bj", "a"): (1, 1)}


async def test_a_repeat_of_what_emptied_the_shelf_is_not_refused(shelves):
    await filled(shelves, sh={"a": 1})
    first = await shelves.reserve(a_request(a=1))

    assert await shelves.reserve(a_request(a=1)) == first


async def test_two_attempts_of_one_key_at_once_reserve_once(shelves):
    await filled(shelves, sh={"a": 9})

    answers = await asyncio.gather(*(shelves.reserve(a_request(a=1)) for _ in range(10)))

    assert len(set(answers)) == 1
    assert await counters(shelves) == {("sh", "a"): (9, 1)}


async def test_a_refused_reservation_leaves_nothing(shelves, db):
    await filled(shelves, sh={"a": 5, "b": 1})

    with pytest.raises(Refused, match="out_of_stock"):
        await shelves.reserve(a_request(a=1, b=2))

    assert await counters(shelves) == {("sh", "a"): (5, 0), ("sh", "b"): (1, 0)}
    assert [row[0] for row in await ledger(db)] == ["receive", "receive"]
    async with db.begin() as conn:
        assert (await conn.execute(text("SELECT count(*) FROM reservations"))).scalar_one() == 0


async def outcome(shelves, request):
    try:
        return await shelves.reserve(request)
    except Refused as refusal:
        return refusal.code


async def test_two_hundred_buyers_for_twenty_units_and_exactly_twenty_are_sold(shelves):
    await filled(shelves, sh={"a": 13}, bj={"a": 7})

    asked = [a_request(f"B{number}-reserve-1", a=1) for number in range(200)]
    answers = await asyncio.gather(*(outcome(shelves, request) for request in asked))

    assert sum(isinstance(answer, tuple) for answer in answers) == 20
    assert answers.count("out_of_stock") == 180
    assert await counters(shelves) == {("sh", "a"): (13, 13), ("bj", "a"): (7, 7)}
    assert await shelves.audit() == ()


async def test_whoever_finds_the_shelf_emptied_meanwhile_is_sent_from_the_next_place(shelves, db):
    await filled(shelves, sh={"a": 1}, bj={"a": 1})

    async with db.begin() as conn:
        await conn.execute(text("UPDATE stock SET reserved = 1 WHERE place = 'sh'"))
        late = asyncio.create_task(shelves.reserve(a_request(a=1)))
        await eventually(lambda: waits(db))
    (box,) = await late

    assert box.place == "bj"


async def eventually(holds):
    async with asyncio.timeout(10):
        while not await holds():
            await asyncio.sleep(0.01)


async def waits(db):
    found = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with db.begin() as conn:
        return (await conn.execute(found)).scalar_one()


async def test_buyers_of_the_same_things_in_opposite_order_do_not_lock_each_other_out(shelves):
    await filled(shelves, sh={"a": 20, "b": 20, "c": 5}, bj={"a": 20, "b": 20, "c": 20})

    ways = [{"a": 1, "b": 2, "c": 1}, {"c": 1, "b": 1, "a": 2}]
    asked = [a_request(f"B{number}-reserve-1", **ways[number % 2]) for number in range(60)]
    answers = await asyncio.gather(*(outcome(shelves, request) for request in asked))
    freed = [request.key for request, answer in zip(asked, answers, strict=True) if isinstance(answer, tuple)]
    await asyncio.gather(*(shelves.release(key) for key in freed))

    assert {answer if isinstance(answer, str) else "sold" for answer in answers} == {"sold", "out_of_stock"}
    assert sum(reserved for _, reserved in (await counters(shelves)).values()) == 0
    assert await shelves.audit() == ()


async def test_a_box_that_never_left_is_free_again_once(shelves, db, counted):
    await filled(shelves, sh={"a": 2}, bj={"a": 2})
    first, second = await shelves.reserve(a_request(a=4))

    with counted(db) as cost:
        await shelves.release("B1-reserve-1", first.id)
    await shelves.release("B1-reserve-1", first.id)

    assert await counters(shelves) == {("sh", "a"): (2, 0), ("bj", "a"): (2, 2)}
    assert cost.statements == 1
    assert second.place == "bj"
    assert await shelves.audit() == ()


async def test_what_left_is_off_hand_and_what_came_back_is_on_hand(shelves, db):
    await filled(shelves, sh={"a": 5})
    (box,) = boxes = await shelves.reserve(a_request(a=2))

    await settled(db, the_order(boxes, parcels=(out(box.id),)))
    await settled(db, the_order(boxes, parcels=(out(box.id),)))
    assert await counters(shelves) == {("sh", "a"): (3, 0)}

    await shelves.release("B1-reserve-1", box.id)
    await shelves.release("B1-reserve-1", box.id)

    assert await counters(shelves) == {("sh", "a"): (5, 0)}
    assert await ledger(db) == [
        ("receive", "sh", "a", 5, 0),
        ("reserve", "sh", "a", 0, 2),
        ("out", "sh", "a", -2, -2),
        ("back", "sh", "a", 2, 0),
    ]
    assert await shelves.audit() == ()


async def test_a_scan_that_is_recorded_after_the_box_came_back_changes_nothing_any_more(shelves, db):
    await filled(shelves, sh={"a": 5})
    (box,) = boxes = await shelves.reserve(a_request(a=2))

    await shelves.release("B1-reserve-1", box.id)
    await settled(db, the_order(boxes, parcels=(out(box.id, is_back=True),)))

    assert await counters(shelves) == {("sh", "a"): (5, 0)}
    assert await shelves.audit() == ()


async def test_a_box_that_leaves_after_it_was_freed_is_said_until_it_is_back(shelves, db):
    await filled(shelves, sh={"a": 5})
    (box,) = boxes = await shelves.reserve(a_request(a=2))
    await shelves.release("B1-reserve-1")

    await settled(db, the_order(boxes, parcels=(out(box.id),)))
    assert await shelves.audit() == (Difference("strayed", "sh", "a", 2, 0),)

    await settled(db, the_order(boxes, parcels=(out(box.id, is_back=True),)))
    assert await shelves.audit() == ()


async def test_a_box_with_two_parcels_is_back_only_when_both_are(shelves, db):
    await filled(shelves, sh={"a": 5})
    (box,) = boxes = await shelves.reserve(a_request(a=2))
    await shelves.release("B1-reserve-1")

    both = (out(box.id), out(box.id, parcel="p2", is_back=True))
    await settled(db, the_order(boxes, parcels=both))

    assert [difference.what for difference in await shelves.audit()] == ["strayed"]


async def test_a_release_that_comes_first_bars_the_reservation(shelves):
    await filled(shelves, sh={"a": 1})

    await shelves.release("B1-reserve-1")

    with pytest.raises(Refused, match="released_already"):
        await shelves.reserve(a_request(a=1))
    assert await counters(shelves) == {("sh", "a"): (1, 0)}


async def test_a_released_reservation_does_not_come_back(shelves):
    await filled(shelves, sh={"a": 1})
    await shelves.reserve(a_request(a=1))
    await shelves.release("B1-reserve-1")

    with pytest.raises(Refused, match="released_already"):
        await shelves.reserve(a_request(a=1))


async def test_release_and_reserve_at_once_leave_no_unit_behind(shelves):
    await filled(shelves, sh={"a": 50})
    asked = [a_request(f"B{number}-reserve-1", a=1) for number in range(50)]

    hands = [hand for request in asked for hand in (outcome(shelves, request), shelves.release(request.key))]
    await asyncio.gather(*hands)

    assert await counters(shelves) == {("sh", "a"): (50, 0)}
    assert await shelves.audit() == ()


async def test_a_new_reservation_of_the_same_order_numbers_its_boxes_on(shelves):
    await filled(shelves, sh={"a": 2})
    await shelves.reserve(a_request(a=1))
    await shelves.release("B1-reserve-1")

    (box,) = await shelves.reserve(a_request("B1-reserve-2", a=1))

    assert box.id == "B1-box-2"


async def test_a_paid_order_has_its_units_for_ever(shelves, db):
    await filled(shelves, sh={"a": 3})
    past = NOON - timedelta(days=900)
    one = await shelves.reserve(a_request(until=past, a=1))
    other = await shelves.reserve(a_request("B2-reserve-1", until=past, a=1))
    await shelves.reserve(a_request("B3-reserve-1", until=past, a=1))
    assert len(await shelves.lapsed()) == 3

    await settled(db, the_order(one, payments=(payment(),)))
    await settled(db, the_order(other, "B2", paying=Paying.ON_DELIVERY))

    assert await shelves.lapsed() == (("web/shop/B3", "B3-reserve-1"),)


async def test_a_reservation_that_was_freed_has_not_lapsed(shelves):
    await filled(shelves, sh={"a": 3})
    past = datetime.now(UTC) - timedelta(minutes=5)
    await shelves.reserve(a_request(until=past, a=1))
    assert await shelves.lapsed(timedelta(minutes=4)) == (("web/shop/B1", "B1-reserve-1"),)
    assert await shelves.lapsed(timedelta(minutes=6)) == ()

    await shelves.release("B1-reserve-1")
    assert await shelves.lapsed() == ()


async def test_settling_an_order_costs_nothing_while_nothing_of_it_moved(shelves, db, counted):
    await filled(shelves, sh={"a": 3})
    boxes = await shelves.reserve(a_request(a=1))

    async with db.begin() as conn:
        with counted(db) as idle:
            await settle(conn, the_order(boxes))
            await settle(conn, the_order((), payments=(payment(),)))
        with counted(db) as moved:
            await settle(conn, the_order(boxes, payments=(payment(),), parcels=(out(boxes[0].id),)))

    assert (idle.statements, moved.statements) == (0, 1)


async def test_a_delivery_is_received_once(shelves):
    await shelves.receive("sh", "a", 3, "delivery", "d1")
    await shelves.receive("sh", "a", 3, "delivery", "d1")
    await shelves.receive("sh", "a", 4, "delivery", "d2")

    assert await shelves.levels("a") == (Level(place="sh", sku="a", on_hand=7),)
    with pytest.raises(Missing, match="place_unknown"):
        await shelves.receive("nowhere", "a", 1, "delivery", "d3")
    with pytest.raises(Refused, match="nothing_received"):
        await shelves.receive("sh", "a", 0, "delivery", "d4")


async def test_the_ledger_cannot_be_rewritten_and_the_counters_cannot_be_oversold(shelves, db):
    await filled(shelves, sh={"a": 3})

    for statement in ("UPDATE stock_ledger SET on_hand = 9", "DELETE FROM stock_ledger"):
        with pytest.raises(Broken, match="RestrictViolation"):
            async with db.begin() as conn:
                await conn.execute(text(statement))
    with pytest.raises(Broken, match="never_oversold"):
        async with db.begin() as conn:
            await conn.execute(text("UPDATE stock SET reserved = 4"))


async def test_the_audit_names_what_disagrees(shelves, db):
    await filled(shelves, sh={"a": 3, "b": 3})
    await shelves.reserve(a_request(a=1))

    async with db.begin() as conn:
        await conn.execute(text("UPDATE stock SET on_hand = 4, reserved = 2 WHERE sku = 'a'"))
        await conn.execute(text("DELETE FROM stock WHERE sku = 'b'"))

    assert await shelves.audit() == (
        Difference("held", "sh", "a", 2, 1),
        Difference("on_hand", "sh", "a", 4, 3),
        Difference("reserved", "sh", "a", 2, 1),
        Difference("on_hand", "sh", "b", 0, 3),
    )


async def test_places_are_kept_and_renamed(shelves):
    await shelves.add_place(Place(id="sh", name="sh2", district=SHANGHAI))

    assert [(place.id, place.name) for place in await shelves.places()] == [("bj", "bj1"), ("sh", "sh2")]


async def test_an_explanation_of_nothing_is_missing(shelves):
    with pytest.raises(Missing, match="reservation_unknown"):
        await shelves.explained("B9-reserve-1")

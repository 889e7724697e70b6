"""Scans: kept once, told, answered; one that cannot be read holds up no other."""

import asyncio
import gc
from functools import partial

import pytest
from temporalio.client import WorkflowHandle

from models.case import Role
from models.errors import StoreAway, Unavailable
from models.fact import ParcelHandedOver
from models.line import Box, Units
from models.parcel import Parcel
from models.scan import Answer, Word
from models.stage import Source
from rules.scans import answer_to
from store.scans import KeptScan
from tests.api.conftest import eventually, relaying
from tests.builders import NOON


def a_scan(code, step="pick", id=None, live=True, **more):
    words = {"id": id or f"{step}-{code}", "step": step, "code": code, "place": "east", "operator": "badge-17"}
    return {**words, "at": "2026-11-11T12:00:00+08:00", "live": live, **more}


async def scanned(door, *scans, role=Role.WAREHOUSE):
    answer = await door.post("/scans", role, json={"scans": list(scans)})
    assert answer.status_code == 200, answer.text
    return answer.json()["answers"]


def words(answers):
    return [(answer["scan"], answer["word"], answer["reason"]) for answer in answers]


async def labelled(lively):
    """A paid order with its one parcel."""
    order_id = await lively.living("labelled")
    (parcel,) = (await lively.get(f"/orders/{order_id}")).json()["parcels"]
    return order_id, parcel


async def test_live_scans_are_accepted_and_bring_the_order_further(lively):
    order_id, parcel = await labelled(lively)
    for step in ("pick", "pack", "ship"):
        assert words(await scanned(lively, a_scan(parcel["id"], step))) == [
            (f"{step}-{parcel['id']}", "accepted", None)
        ]

    told = await lively.until(order_id, lambda told: told["stage"] == "shipped")
    assert told["parcels"][0]["shipped_at"] == "2026-11-11T12:00:00+08:00"


async def test_all_steps_of_a_box_may_come_in_one_message_and_by_its_waybill(lively):
    order_id, parcel = await labelled(lively)
    answers = await scanned(lively, *(a_scan(parcel["waybill"], step) for step in ("pick", "pack", "ship")))

    assert [answer["word"] for answer in answers] == ["accepted"] * 3
    await lively.until(order_id, lambda told: told["stage"] == "shipped")


async def test_the_same_scan_gets_the_same_answer_and_another_of_the_same_is_a_duplicate(lively):
    _, parcel = await labelled(lively)
    again = [await scanned(lively, a_scan(parcel["id"], "pick", id=name)) for name in ("s1", "s1", "s2")]

    assert [words(answers)[0] for answers in again] == [
        ("s1", "accepted", None),
        ("s1", "accepted", None),
        ("s2", "duplicate", None),
    ]


async def test_a_stopped_order_is_put_back(lively):
    order_id, parcel = await labelled(lively)
    await scanned(lively, a_scan(parcel["id"], "pick"))
    await lively.post(f"/orders/{order_id}/wishes", json={"kind": "cancel"})

    assert words(await scanned(lively, a_scan(parcel["id"], "ship"))) == [
        (f"ship-{parcel['id']}", "refused", "stopped_put_back")
    ]
    assert words(await scanned(lively, a_scan(parcel["id"], "put_back")))[0][1:] == ("accepted", None)


async def test_a_thing_of_another_order_is_caught_at_the_shelf(lively):
    _, parcel = await labelled(lively)

    assert words(await scanned(lively, a_scan(parcel["id"], "pick", sku="COFFEE")))[0][1:] == ("refused", "wrong_item")


async def test_a_code_that_nobody_knows_is_refused_at_once(door):
    assert words(await scanned(door, a_scan("SF999")))[0][1:] == ("refused", "unknown_code")


async def test_scans_out_of_a_buffer_are_believed_and_their_answer_is_found_later(lively):
    order_id, parcel = await labelled(lively)
    buffered = [a_scan(parcel["id"], step, live=False) for step in ("ship", "pack", "pick")]

    assert [answer["word"] for answer in await scanned(lively, *buffered)] == ["kept"] * 3
    await lively.until(order_id, lambda told: told["stage"] == "shipped")
    assert (await lively.get(f"/scans/ship-{parcel['id']}", Role.WAREHOUSE)).json()["word"] == "accepted"


async def test_one_scan_that_cannot_be_read_holds_up_no_other(door):
    bad = a_scan("SF1", "dance", id="s2") | {"operator": "Zhang San, 13800138000"}
    answers = await scanned(door, a_scan("SF1", id="s1"), bad, "nonsense", {"id": "张三"}, a_scan("SF1", id="s3"))

    assert words(answers) == [
        ("s1", "refused", "unknown_code"),
        ("s2", "refused", "invalid"),
        ("", "refused", "invalid"),
        ("", "refused", "invalid"),
        ("s3", "refused", "unknown_code"),
    ]
    assert [fault["pointer"] for fault in answers[1]["errors"]] == ["#/scans/1/step", "#/scans/1/operator"]
    assert "13800138000" not in str(answers)


@pytest.mark.parametrize("count", [0, 201])
async def test_a_message_has_one_to_two_hundred_scans(door, count):
    answer = await door.post("/scans", json={"scans": [a_scan("SF1", id=f"s{nth}") for nth in range(count)]})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/scans")


async def test_two_hundred_are_answered_in_one_message(lively):
    _, parcel = await labelled(lively)
    some = [a_scan(parcel["id"], id="first"), *(a_scan(f"SF{nth}", id=f"s{nth}") for nth in range(199))]
    answers = await scanned(lively, *some)

    assert [answer["scan"] for answer in answers] == [scan["id"] for scan in some]
    assert [answer["word"] for answer in answers] == ["accepted"] + ["refused"] * 199


async def shelved(door, order_id="web/demo/N1", **fields):
    """An order with a parcel whose story Temporal cannot be asked about."""
    await door.place(number=order_id.rpartition("/")[2])
    boxes = (Box(id="B1-box-1", place="east", units=(Units(sku="TEA-250", quantity=2),)),)
    parcels = (Parcel(id="B1-label-1", box="B1-box-1", courier="sf", waybill="SF1", labelled_at=NOON),)
    return await door.keep(id=order_id, business_no="B1", **{"boxes": boxes, "parcels": parcels, **fields})


@pytest.mark.parametrize("live", [True, False])
async def test_while_temporal_is_away_a_scan_is_kept_and_told_later(door, live):
    await shelved(door)

    assert words(await scanned(door, a_scan("SF1", live=live)))[0][1:] == ("kept", None)
    (row,) = await door.tools.inbox.listing("waiting", 10)
    assert (row.order_id, row.kind, row.telling_id) == ("web/demo/N1", "parcel_picked", "pick-SF1")


async def unsaid(*_):
    """Of a record that does not come."""
    return {}


async def hanging(*_):
    """Of a store that does not answer."""
    await asyncio.sleep(60)


async def dropping(*_):
    """Of a store that is away."""
    raise StoreAway("store_away")


@pytest.mark.parametrize("look", [unsaid, hanging, dropping])
async def test_a_story_that_is_slow_to_record_has_the_scan_all_the_same(lively, monkeypatch, look):
    order_id, parcel = await labelled(lively)
    with monkeypatch.context() as patched:
        patched.setattr(lively.tools.scans, "said", look)
        quick = lively.with_terms(answer_within=0.5)
        async with asyncio.timeout(5):
            assert words(await scanned(quick, a_scan(parcel["id"])))[0][1:] == ("kept", None)
    await lively.until(order_id, lambda told: told["stage"] == "picked")
    assert (await lively.get(f"/scans/pick-{parcel['id']}", Role.WAREHOUSE)).json()["word"] == "accepted"
    assert await lively.tools.inbox.listing("waiting", 10) == ()


async def test_a_scan_that_cannot_be_told_in_time_is_kept_and_nobody_goes_on_telling_it(lively, monkeypatch, caplog):
    order_id, parcel = await labelled(lively)
    left = []

    async def hangs(*_):
        try:
            await asyncio.sleep(60)
        finally:
            left.append(order_id)

    with monkeypatch.context() as patched:
        patched.setattr("api.stories.tell", hangs)
        quick = lively.with_terms(answer_within=0.5)
        assert words(await scanned(quick, a_scan(parcel["id"])))[0][1:] == ("kept", None)

    gc.collect()
    assert (left, caplog.records) == ([order_id], [])
    (row,) = await lively.tools.inbox.listing("waiting", 10)
    assert (row.order_id, row.telling_id) == (order_id, f"pick-{parcel['id']}")


async def test_a_scan_that_a_story_cannot_judge_is_kept_and_nobody_waits_for_it(lively, monkeypatch):
    order_id, parcel = await labelled(lively)

    def breaks(*_):
        raise KeyError("a bug in a judgement")

    with monkeypatch.context() as patched:
        patched.setattr("rules.scans.judge", breaks)
        async with asyncio.timeout(10):
            patient = lively.with_terms(answer_within=60)
            assert words(await scanned(patient, a_scan(parcel["id"])))[0][1:] == ("kept", None)
    (unread,) = (await lively.tools.orders.get(order_id)).order.unread
    assert unread.telling.id == f"pick-{parcel['id']}"


async def test_no_story_is_asked_what_a_scanner_is_told(lively, monkeypatch):
    order_id, parcel = await labelled(lively)

    async def asked(*_, **__):
        raise AssertionError("a query")

    monkeypatch.setattr(WorkflowHandle, "query", asked)

    assert words(await scanned(lively, a_scan(parcel["id"])))[0][1:] == ("accepted", None)
    assert answer_to((await lively.tools.orders.get(order_id)).order, f"pick-{parcel['id']}").word is Word.ACCEPTED
    assert (await lively.get(f"/scans/pick-{parcel['id']}")).json()["word"] == "accepted"


async def test_a_scan_of_an_order_that_has_ended_is_answered_by_its_story_entered_again(lively):
    order_id, parcel = await labelled(lively)
    await lively.post(f"/orders/{order_id}/wishes", json={"kind": "cancel"})
    await eventually(partial(_has_ended, lively, order_id))

    assert words(await scanned(lively, a_scan(parcel["id"], "ship")))[0][1:] == ("refused", "stopped_put_back")


async def _has_ended(lively, order_id):
    return (await lively.tools.orders.get(order_id)).is_ended


async def together(lively):
    """Two paid orders in one box, under one waybill."""
    both = [await labelled(lively) for _ in range(2)]
    for order_id, parcel in both:
        await lively.tools.addresses.note("waybill", "SF-SHARED", order_id, parcel["id"])
    return [order_id for order_id, _ in both]


async def test_a_box_of_two_orders_goes_on_where_both_let_it_and_stays_where_one_does_not(lively):
    first, second = await together(lively)
    assert words(await scanned(lively, a_scan("SF-SHARED")))[0][1:] == ("accepted", None)

    for order_id, step in ((first, "pack"), (second, "ship")):
        await lively.post(f"/orders/{order_id}/wishes", json={"kind": "hold", "reason": "customer_calls_back"})
        scan = a_scan("SF-SHARED", step)
        assert words(await scanned(lively, scan))[0][1:] == ("refused", "held")
        assert (await lively.get(f"/scans/{scan['id']}")).json()["reason"] == "held"
        await lively.post(f"/orders/{order_id}/wishes", json={"kind": "release"})


async def test_a_box_of_which_one_order_says_nothing_yet_decides_nothing(lively, monkeypatch):
    first, _ = await together(lively)
    known = lively.tools.scans.said

    async def half(orders, scans):
        return {of: answer for of, answer in (await known(orders, scans)).items() if of[0] == first}

    monkeypatch.setattr(lively.tools.scans, "said", half)

    quick = lively.with_terms(answer_within=1)
    assert words(await scanned(quick, a_scan("SF-SHARED")))[0][1:] == ("kept", None)


async def test_scans_of_many_orders_are_looked_for_together(lively):
    some = [await labelled(lively) for _ in range(3)]
    scans = [a_scan(parcel["id"], step) for _, parcel in some for step in ("pick", "pack", "ship", "pack")]
    asked = []
    known = lively.tools.scans.said

    async def noted(orders, scans):
        asked.append((set(orders), set(scans)))
        return await known(orders, scans)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lively.tools.scans, "said", noted)
        answers = await scanned(lively, *scans)

    assert [answer["word"] for answer in answers] == ["accepted"] * 12
    assert asked[0] == ({order_id for order_id, _ in some}, {scan["id"] for scan in scans})


async def test_a_buffered_scan_of_a_label_that_we_do_not_know_yet_waits_for_it(lively):
    assert words(await scanned(lively, a_scan("SF-BY-HAND", live=False)))[0][1:] == ("kept", None)
    order_id, parcel = await labelled(lively)
    await lively.tools.addresses.note("waybill", "SF-BY-HAND", order_id, parcel["id"])

    async with relaying(lively.tools):
        await lively.until(order_id, lambda told: told["stage"] == "picked")


async def test_what_was_said_of_an_ended_order_is_known_without_temporal(door):
    told = Answer(scan="s1", word=Word.REFUSED, reason="label_void")
    await shelved(door, is_ended=True, scans=(told,))
    await door.tools.scans.keep([_kept("s1")])

    assert (await door.get("/scans/s1")).json() == {
        "scan": "s1",
        "word": "refused",
        "reason": "label_void",
        "errors": [],
    }


async def test_a_fact_in_the_record_is_an_accepted_scan(door):
    fact = ParcelHandedOver(id="s1", at=NOON, heard_at=NOON, source=Source.WAREHOUSE, parcel="B1-label-1")
    parcels = (Parcel(id="B1-label-1", courier="sf", waybill="SF1", labelled_at=NOON, facts=(fact,)),)
    await shelved(door, is_ended=True, parcels=parcels)
    await door.tools.scans.keep([_kept("s1")])

    assert (await door.get("/scans/s1")).json()["word"] == "accepted"


async def test_a_scan_of_a_box_on_its_way_back_is_kept(door):
    await door.tools.addresses.note("waybill", "SF1", "B1-R1", "B1-R1-label-1")
    await door.tools.scans.keep([_kept("s1")])

    assert (await door.get("/scans/s1")).json()["word"] == "kept"


async def test_a_scan_that_nobody_made(door):
    assert (await door.get("/scans/s1")).json()["code"] == "scan_unknown"


async def test_a_relay_finds_kept_scans_when_temporal_is_back(door, lively, monkeypatch):
    order_id, parcel = await labelled(lively)

    async def away(*_):
        raise Unavailable("temporal_away")

    with monkeypatch.context() as patched:
        patched.setattr("api.stories.tell", away)
        assert words(await scanned(lively, a_scan(parcel["id"], "ship", live=False)))[0][1:] == ("kept", None)

    async with relaying(lively.tools):
        await lively.until(order_id, lambda told: "parcel_handed_over" in str(told), "/timeline")


def _kept(name):
    return KeptScan(id=name, what="handed_over", code="SF1", at=NOON, by="badge-17")

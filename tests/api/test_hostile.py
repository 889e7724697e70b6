"""What nobody should send, at every endpoint: told which field it is, and never a failure of ours."""

from base64 import urlsafe_b64encode

import pytest

from models.case import Role
from models.noun import MOST_MINOR
from tests.api.conftest import TOKEN, an_order_paper
from tests.api.test_scans import a_scan, labelled, scanned, words

HOURS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]


@pytest.mark.parametrize("at", HOURS)
async def test_a_scan_at_an_hour_that_cannot_be_written_down_is_refused_by_its_field(door, at):
    (answer,) = await scanned(door, a_scan("box", at=at, live=False))

    assert (answer["word"], answer["errors"][0]["pointer"]) == ("refused", "#/scans/0/at")


@pytest.mark.parametrize("at", HOURS)
async def test_nobody_vouches_for_an_hour_that_cannot_be_written_down(door, at):
    order = await door.keep()
    fact = {"kind": "parcel_picked", "at": at, "reason": "seen", "body": {"parcel": "p"}}
    answer = await door.post(f"/orders/{order.id}/facts", Role.OPS, json=fact)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/at")


async def test_a_number_that_another_scan_has_is_refused_and_told_to_nobody(lively):
    order_id, parcel = await labelled(lively)
    pick, ship = (a_scan(parcel["id"], step, id="s1") for step in ("pick", "ship"))
    answers = await scanned(lively, pick, ship)

    assert words(answers) == [("s1", "accepted", None), ("s1", "refused", "other_scan")]
    assert words(await scanned(lively, ship | {"live": False})) == [("s1", "refused", "other_scan")]
    assert words(await scanned(lively, pick | {"live": False})) == [("s1", "kept", None)]
    assert (await lively.get(f"/orders/{order_id}")).json()["parcels"][0]["shipped_at"] is None


@pytest.mark.parametrize("wrong", [{"unit_price": MOST_MINOR + 1}, {"quantity": 100_001}])
async def test_more_than_the_store_can_count_is_refused_by_its_field(door, wrong):
    (field,) = wrong
    line = {"sku": "TEA-250", "title": "Tea", "quantity": 1, "unit_price": 1, **wrong}
    total = line["quantity"] * line["unit_price"]
    answer = await door.place(an_order_paper(lines=[line], freight=0, total=total))

    assert answer.status_code == 422
    assert f"#/lines/0/{field}" in [fault["pointer"] for fault in answer.json()["errors"]]


async def test_lines_that_add_up_to_more_than_the_store_can_count_are_refused(door):
    line = {"sku": "TEA-250", "title": "Tea", "quantity": 2, "unit_price": MOST_MINOR}
    answer = await door.place(an_order_paper(lines=[line], freight=0, total=2 * MOST_MINOR))

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/total")


@pytest.mark.parametrize("minor", [-1, MOST_MINOR + 1, 2**63])
async def test_nobody_vouches_for_an_amount_that_nobody_can_have_paid(door, minor):
    order = await door.keep()
    body = {"transaction": "bank-1", "amount": {"minor": minor}}
    fact = {"kind": "payment_captured", "at": "2026-11-11T12:00:00+08:00", "reason": "bank", "body": body}
    answer = await door.post(f"/orders/{order.id}/facts", Role.FINANCE, json=fact)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/body/amount")


async def test_invented_methods_make_no_series_of_figures(door):
    for method in ("FROBNICATE", "GET"):
        await door.ask(method, "/nowhere")
    figures = (await door.get("/metrics")).text

    assert "FROBNICATE" not in figures
    assert all(f'method="{known}",route="none",status="404"' in figures for known in ("other", "GET"))


CURSORS = ["0001-01-01T00:00:00+14:00 a", "9999-12-31T23:59:59-14:00 a", "2026-11-11T12:00:00+00:00 a\0b"]


@pytest.mark.parametrize("cursor", CURSORS)
async def test_a_cursor_that_nobody_gave_is_refused(door, cursor):
    answer = await door.get("/orders", params={"after": urlsafe_b64encode(cursor.encode()).decode()})

    assert (answer.status_code, answer.json()["code"]) == (409, "bad_cursor")


@pytest.mark.parametrize("q", ["web/demo/A\0", "\0", "138001\u206038000"])
async def test_a_search_for_what_cannot_be_written_finds_nothing_and_fails_nobody(door, q):
    assert (await door.get("/orders", params={"q": q})).json() == {"rows": [], "next": None}


async def test_the_largest_number_of_a_case_is_nobodys(door):
    answer = await door.post(f"/cases/{2**63 - 1}/close", Role.OPS, json={})

    assert (answer.status_code, answer.json()["code"]) == (404, "case_unknown")


@pytest.mark.parametrize("path", [f"/webhooks/couriers/sf/sf/{TOKEN}", "/orders"])
async def test_who_hangs_up_in_the_middle_of_a_word_breaks_nothing(door, path, caplog):
    async def receive():
        return {"type": "http.disconnect"}

    told = []

    async def send(message):
        told.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
    await door.app(scope | {"headers": [(b"content-type", b"application/json")]}, receive, send)

    assert told[0]["status"] == 400
    assert "unexpected" not in {record.msg for record in caplog.records}


async def test_a_path_that_no_url_can_hold_is_no_page(door):
    answer = await door.client.get("/%0d%0a")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["sf/sf", f"sf/sf/{'x' * 16}", f"sf/sf/{TOKEN}"])
async def test_what_no_courier_would_say_is_their_fault_and_not_ours(door, path):
    answer = await door.post(f"/webhooks/couriers/{path}", None, content=b"\0")

    assert (answer.status_code, answer.json()["return_code"]) == (400, "1000")


@pytest.mark.parametrize("claims", [[(7, 1)], [(100_000, 1)], [(0, 100_000)] * 2])
async def test_nobody_is_compensated_for_what_the_order_does_not_have(door, claims):
    order = (await door.place()).json()["order"]
    units = [{"line": line, "quantity": quantity} for line, quantity in claims]
    words = {"order": order, "kind": "compensation", "why": "short", "sum": {"minor": 100}, "claims": units}
    answer = await door.post("/returns", Role.SERVICE, json=words)

    assert (answer.status_code, answer.json()["code"]) == (409, "more_than_bought")


@pytest.mark.parametrize("line", [100_001, 2**31, 2**63])
async def test_a_line_that_the_store_cannot_number_is_refused_before_any_story_hears_of_it(door, line):
    units = {"line": line, "quantity": 1}
    asked = {"order": "web/demo/N1", "kind": "return", "why": "short", "claims": [units]}
    body = {"place": "east", "graded": [units | {"grade": "as_new"}]}
    fact = {"kind": "goods_inspected", "at": "2026-11-11T12:00:00+08:00", "body": body}
    answers = [
        await door.post("/returns", Role.SERVICE, json=asked),
        await door.post("/returns/0000000000000001-R1/facts", Role.WAREHOUSE, json=fact),
    ]

    told = [(answer.status_code, answer.json()["errors"][0]["pointer"]) for answer in answers]
    assert told == [(422, "#/claims/0/line"), (422, "#/body/graded/0/line")]


@pytest.mark.parametrize("note", ["a\0b", "\u202ecba", "\u2066x"])
async def test_a_note_that_would_read_otherwise_than_it_was_written_is_refused(door, note):
    asked = {"order": "web/demo/N1", "kind": "refund_only", "why": "short", "claims": [{"line": 0, "quantity": 1}]}
    kept = {"code": "SF404", "place": "east"}
    answers = [
        await door.post("/returns", Role.SERVICE, json=asked | {"note": note}),
        await door.post("/strays", Role.WAREHOUSE, json=kept | {"note": note}),
    ]

    told = [(answer.status_code, answer.json()["errors"][0]["pointer"]) for answer in answers]
    assert told == [(422, "#/note")] * 2
    plain = await door.post("/returns", Role.SERVICE, json=asked | {"note": "破了\r\n👩\u200d👩"})
    assert (plain.status_code, plain.json()["code"]) == (404, "order_unknown")

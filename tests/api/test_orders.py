"""A new order at the door, and every question about one."""

import asyncio
from datetime import timedelta

import pytest

from api.records import last_of
from models.case import Role
from models.errand import What
from models.errors import Unavailable
from models.noun import Money
from models.order import Flag
from models.policy import Policy
from models.stage import Stage
from models.wish import ChangeAddress, Granted
from tests.api.conftest import PEN, an_order_paper, eventually, relaying
from tests.builders import NOON
from tests.store.makings import a_contact
from world.shop_wire import Pen


async def test_an_order_is_placed_and_its_link_to_pay_comes_with_it(lively):
    answer = await lively.with_terms(link_within=10).place(number=await lively.number())
    told = answer.json()

    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/orders/{told['order']}"
    assert told["pay_url"] == await lively.tools.links.get(f"{told['business_no']}-pay-1")
    assert told["total"] == {"minor": 19900, "currency": "CNY"}


async def test_the_same_again_gets_the_same_answer_and_makes_no_second_bill(lively):
    number, patient = await lively.number(), lively.with_terms(link_within=10)
    answers = await asyncio.gather(*(patient.place(number=number) for _ in range(5)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(lively.parties.providers[0].deeds) == 1


async def test_without_temporal_the_order_is_ours_and_the_link_comes_later(door):
    answer = await door.place()
    told = answer.json()

    assert (answer.status_code, told.get("pay_url")) == (202, None)
    assert (await door.get(answer.headers["location"])).json()["stage"] == "received"
    await door.tools.links.put(f"{told['business_no']}-pay-1", "weixin://1")
    assert (await door.get(answer.headers["location"])).json()["pay_url"] == "weixin://1"
    assert (await door.place()).status_code == 201


@pytest.mark.parametrize("prefer", ["respond-async", "wait=0"])
async def test_who_prefers_not_to_wait_need_not(door, prefer):
    impatient = door.with_terms(link_within=60)
    async with asyncio.timeout(10), impatient.client:
        answer = await impatient.place(headers={"prefer": prefer})

    assert answer.status_code == 202


async def test_cash_on_delivery_needs_no_link(door):
    answer = await door.place(paying="on_delivery")

    assert (answer.status_code, answer.json()["pay_url"]) == (201, None)


async def test_other_content_under_the_same_number_is_told_field_by_field(door):
    await door.place()
    answer = await door.place(total=19800, freight=0, receiver=a_contact(phone="13900000000").model_dump())
    told = answer.json()

    assert (answer.status_code, told["code"]) == (409, "content_differs")
    assert sorted(told["differing"]) == ["freight", "receiver.phone", "total"]
    assert "13900000000" not in answer.text


@pytest.mark.parametrize("pen", [Pen(PEN.key, "a guess"), Pen("another-shop", PEN.secret)])
async def test_a_forged_order_is_not_ours(door, pen):
    assert (await door.place(pen=pen)).status_code == 401
    assert (await door.get("/orders/web/demo/DEMO1")).status_code == 404


async def test_a_shop_that_is_not_there_cannot_be_told_from_a_wrong_signature(door):
    answer = await door.place(shop="nowhere")

    assert (answer.status_code, answer.json()["code"]) == (401, "forged")


async def test_an_old_message_is_not_believed(door):
    body = b'{"channel": "web", "shop": "demo"}'
    answer = await door.client.post("/orders", content=body, headers=PEN.headers("POST /orders", body, late_by=301))

    assert (answer.status_code, answer.json()["code"]) == (401, "stale")


async def test_a_message_is_believed_once(door):
    body = b'{"channel": "web", "shop": "demo"}'
    headers = PEN.headers("POST /orders", body)
    first, second = [await door.client.post("/orders", content=body, headers=headers) for _ in range(2)]

    assert first.status_code == 422
    assert (second.status_code, second.json()["code"]) == (401, "replayed")


@pytest.mark.parametrize("number", ["2026/11/0001", "N" * 41, "-1", "..", "N 1"])
async def test_a_number_that_no_address_of_ours_can_hold_is_no_number(door, number):
    answer = await door.place(number=number)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["#/number"]
    assert (await door.get("/orders")).json()["rows"] == []


@pytest.mark.parametrize("number", ["N" * 40, "2026-11:0001_a.b"])
async def test_every_number_that_we_take_is_found_again_by_its_address(door, number):
    assert (await door.place(number=number)).status_code == 202

    assert (await door.get(f"/orders/web/demo/{number}")).json()["id"] == f"web/demo/{number}"


async def test_an_order_shows_every_flag_that_it_has_by_now(door):
    moves = [Granted(wish=ChangeAddress(by="u1", contact_version=n, destination="110101"), at=NOON) for n in (2, 3)]
    policy = Policy(approval_limit=Money(minor=100))
    await door.keep(id="web/demo/F1", flags=(Flag.UNPAID_THRICE,), wishes=tuple(moves), policy=policy)

    assert (await door.get("/orders/web/demo/F1")).json()["flags"] == ["unpaid_thrice", "address_twice", "over_limit"]


async def test_wrong_fields_are_all_named(door):
    answer = await door.place(an_order_paper(total="19900", lines=[{"sku": "", "quantity": 0, "unit_price": 1}]))

    assert answer.status_code == 422
    pointers = {fault["pointer"] for fault in answer.json()["errors"]}
    assert pointers == {"#/total", "#/lines/0/sku", "#/lines/0/quantity"}


async def test_who_wants_to_be_paid_where_we_have_no_account_is_told_so(door):
    answer = await door.place(provider="wechat")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"] == [
        {"pointer": "#/provider", "detail": "must be one of none", "code": "provider_unknown"}
    ]
    assert (await door.get("/orders")).json()["rows"] == []


async def test_sums_that_do_not_add_up_are_wrong(door):
    answer = await door.place(total=19901)

    assert answer.json()["errors"] == [{"pointer": "#/total", "detail": "is not valid", "code": "wrong"}]


async def test_a_story_that_could_not_be_begun_is_begun_by_the_relay(door, lively):
    number = await lively.number()
    assert (await door.place(number=number)).status_code == 202

    async def began():
        return (await lively.place(number=number)).status_code == 201

    async with relaying(lively.tools):
        await eventually(began, within=30)


async def test_five_hundred_lines_fit(door):
    line = {"sku": "S" * 60, "title": "T" * 200, "quantity": 1, "unit_price": 100}
    answer = await door.place(lines=[line | {"sku": f"{'S' * 60}{nth}"} for nth in range(500)], total=50100)

    assert answer.status_code == 202, answer.text


async def test_pages_go_on_where_the_last_one_ended(door):
    for nth in range(5):
        await door.keep(id=f"web/demo/N{nth}", received_at=NOON + timedelta(minutes=nth))
    first = (await door.get("/orders?limit=2")).json()
    second = (await door.get("/orders", params={"limit": 2, "after": first["next"]})).json()
    third = (await door.get("/orders", params={"limit": 2, "after": second["next"]})).json()

    numbers = [row["number"] for page in (first, second, third) for row in page["rows"]]
    assert numbers == ["N4", "N3", "N2", "N1", "N0"]
    assert third["next"] is None


async def test_a_cursor_that_we_did_not_give_is_refused(door):
    assert (await door.get("/orders?after=nonsense")).json()["code"] == "bad_cursor"


@pytest.mark.parametrize("q", ["N7", "138 0013 8000", "B7", "SF100"])
async def test_an_order_is_found_by_number_phone_business_number_and_waybill(door, q):
    await door.keep(id="web/demo/N7", business_no="B7")
    await door.tools.addresses.note("waybill", "SF100", "web/demo/N7", "B7-label-1")
    await door.keep(id="web/demo/X1", business_no="C1", contact=False)

    assert [row["id"] for row in (await door.get("/orders", params={"q": q})).json()["rows"]] == ["web/demo/N7"]


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        (Role.WAREHOUSE, {"name": "张小明", "phone": "13800138000", "address": "文三路 9 号 3 幢 502"}),
        (Role.OPS, {"name": "张**", "phone": "138****8000", "address": "***"}),
        (Role.SERVICE, {"name": "张小明", "phone": "****8000"}),
        (Role.FINANCE, {}),
    ],
)
async def test_a_role_sees_as_much_of_the_receiver_as_it_needs(door, role, shown):
    await door.keep(id="web/demo/N1")
    receiver = (await door.get("/orders/web/demo/N1", role)).json()["receiver"]

    assert {name: receiver.get(name) for name in shown} == shown
    assert bool(receiver) == bool(shown)


async def test_a_forgotten_person_is_not_shown_and_the_order_still_is(door):
    order = await door.keep(id="web/demo/N1", flags=(Flag.OVER_LIMIT,))
    await door.tools.contacts.forget(order.id)
    told = (await door.get("/orders/web/demo/N1")).json()

    assert (told["receiver"], told["flags"]) == ({}, ["over_limit"])


async def test_a_question_is_answered_from_the_record_and_says_as_of_when(door):
    order = await door.keep(id="web/demo/N1")
    for path in ("", "/timeline", "/explain"):
        told = (await door.get(f"/orders/web/demo/N1{path}")).json()
        assert told["as_of"] == order.received_at.isoformat().replace("+00:00", "Z")


async def test_the_timeline_says_when_heard_when_from_whom_and_how_long_after(lively):
    order_id = await lively.living()
    await lively.pay(order_id)
    told = await lively.until(order_id, lambda told: "paid" in [one["what"] for one in told["entries"]], "/timeline")
    entries = {one["what"]: one for one in told["entries"]}

    assert entries["received"]["is_stage"]
    assert entries["paid"]["after"].startswith("PT")
    assert (entries["payment_captured"]["source"], entries["payment_captured"]["evidence"][:3]) == ("provider", "tx-")
    assert entries["payment_captured"]["heard_at"] >= entries["payment_captured"]["at"]


async def test_why_it_waits_until_when_and_what_this_role_may_do(lively):
    order_id = await lively.living()
    told = await lively.until(order_id, lambda told: told["explanation"]["waits_for"] == "unpaid", "/explain")
    shops = (await lively.get(f"/orders/{order_id}/explain", Role.SHOP)).json()["explanation"]

    assert told["explanation"]["until"] > told["explanation"]["since"]
    assert "give_up" not in told["explanation"]["allowed"]
    assert {"cancel", "hold"} <= {*told["explanation"]["allowed"]}
    assert set(shops["allowed"]) <= {"cancel", "cancel_rest", "change_address", "urge"}


async def test_a_question_about_an_ended_order_never_goes_to_temporal(door):
    await door.keep(id="web/demo/N1", stage=Stage.COMPLETED, is_ended=True)

    answers = [await door.get(f"/orders/web/demo/N1{path}") for path in ("", "/timeline", "/explain")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (await last_of(door.tools, "web/demo/N1")()).id == "web/demo/N1"


async def test_the_story_in_temporal_is_linked(door):
    await door.keep(id="web/demo/N1")

    url = (await door.get("/orders/web/demo/N1")).json()["temporal_url"]
    assert url == "http://temporal.example/namespaces/default/workflows/order%2Fweb%2Fdemo%2FN1"


async def test_the_next_attempt_is_known_while_a_party_is_away(lively):
    async def away(*_):
        raise Unavailable("throttled")

    lively.parties.providers[0].moods[What.PAY] = away
    answer = await lively.with_terms(link_within=0).place(number=await lively.number())
    assert answer.status_code == 202

    told = await lively.until(
        answer.json()["order"], lambda told: told["explanation"]["next_retry_at"], "/explain", within=30
    )
    (attempt,) = [one for one in told["explanation"]["tries"] if one["what"] == "pay"]
    assert (attempt["party"], attempt["outcome"]) == ("wechat", "begun")
    assert told["explanation"]["next_retry_at"] > attempt["began_at"]

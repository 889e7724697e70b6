"""Facts that people vouch for, and money that wants a second pair of eyes."""

import pytest

from models.case import Role
from tests.api.conftest import relaying

MONEY = {
    "kind": "payment_captured",
    "at": "2026-11-11T12:00:00+08:00",
    "reason": "bank_transfer",
    "body": {"transaction": "bank-1", "amount": {"minor": 19900, "currency": "CNY"}},
}
PICKED = {
    "kind": "parcel_picked",
    "at": "2026-11-11T12:00:00+08:00",
    "reason": "scanner_broken",
    "body": {"parcel": "B1-label-1"},
}
FACTS = "/orders/web/demo/N1/facts"
SECOND = {"authorization": "Bearer second-pair-of-eyes-for-these-tests"}


async def waiting(door):
    return [(row.kind, row.order_id) for row in await door.tools.inbox.listing("waiting", 10)]


async def claimed(door):
    await door.place(number="N1")


async def test_a_fact_is_kept_and_told_in_the_name_of_who_vouches(lively):
    order_id = await lively.living("labelled")
    (parcel,) = (await lively.get(f"/orders/{order_id}")).json()["parcels"]
    async with relaying(lively.tools):
        said = PICKED | {"body": {"parcel": parcel["id"]}}
        answer = await lively.post(f"/orders/{order_id}/facts", Role.WAREHOUSE, json=said)
        assert (answer.status_code, answer.json()["state"]) == (202, "told")
        await lively.until(order_id, lambda told: told["stage"] == "picked")

    (fact,) = [
        entry
        for entry in (await lively.get(f"/orders/{order_id}/timeline")).json()["entries"]
        if entry["what"] == "parcel_picked"
    ]
    assert (fact["source"], fact["by"]) == ("desk", "warehouse-1")


async def test_money_waits_for_somebody_else(lively):
    order_id = await lively.living()
    answer = await lively.post(f"/orders/{order_id}/facts", Role.FINANCE, json=MONEY)
    told = answer.json()
    assert (answer.status_code, told["state"]) == (202, "waits_for_second")

    agree = f"/orders/{order_id}/facts/{told['proposal']}/second"
    own = await lively.post(agree, Role.FINANCE)
    assert (own.status_code, own.json()["code"]) == (409, "same_person")
    assert (await lively.get(f"/orders/{order_id}")).json()["payments"] == []
    async with relaying(lively.tools):
        assert (await lively.post(agree, None, headers=SECOND)).status_code == 202
        paid = await lively.until(order_id, lambda told: told["payments"])
    assert paid["payments"][0]["transaction"] == "bank-1"
    record = await lively.tools.orders.get(order_id)
    (capture,) = record.order.payments[0].captures
    assert (capture.by, capture.second, capture.reason) == ("finance-1", "finance-2", "bank_transfer")
    deeds = [(deed.who, deed.what) for deed in await lively.tools.audit.about(order_id)]
    assert deeds == [("finance-2", "agree.payment_captured"), ("finance-1", "vouch.payment_captured")]


async def test_a_proposal_belongs_to_its_order(door):
    await claimed(door)
    await door.place(number="N2")
    proposal = (await door.post(FACTS, Role.FINANCE, json=MONEY)).json()["proposal"]
    answer = await door.post(f"/orders/web/demo/N2/facts/{proposal}/second", None, headers=SECOND)

    assert answer.status_code == 404
    assert await waiting(door) == []


async def test_another_fact_under_the_same_key_is_refused(door):
    await claimed(door)
    first, second = [
        await door.post(FACTS, json=PICKED | {"reason": reason}, headers={"idempotency-key": "k1"})
        for reason in ("scanner_broken", "other")
    ]

    assert (first.status_code, second.json()["code"]) == (202, "other_fact")


async def test_the_same_key_again_is_the_same_fact(door):
    await claimed(door)
    for _ in range(2):
        answer = await door.post(FACTS, json=PICKED, headers={"idempotency-key": "k1"})
        assert (answer.status_code, answer.json()["fact"]) == (202, "desk-k1")

    assert await waiting(door) == [("parcel_picked", "web/demo/N1")]


@pytest.mark.parametrize(
    ("kind", "role", "allowed"),
    [
        ("payment_captured", Role.WAREHOUSE, False),
        ("payment_captured", Role.OPS, True),
        ("parcel_picked", Role.FINANCE, False),
        ("parcel_picked", Role.SERVICE, False),
    ],
)
async def test_a_role_vouches_for_what_it_can_see(door, kind, role, allowed):
    await claimed(door)
    answer = await door.post(FACTS, role, json=(MONEY if kind in MONEY.values() else PICKED))

    assert (answer.status_code == 403) is not allowed


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"kind": "parcel_stirred"}, {"#/kind"}),
        ({"kind": "anything"}, {"#/kind"}),
        ({"body": {}}, {"#/body/parcel"}),
        ({"body": {"parcel": "B1-label-1", "by": "somebody", "second": "x"}}, {"#/body/by", "#/body/second"}),
        ({"body": {"parcel": "张三 13800138000"}}, {"#/body/parcel"}),
        ({"at": "2026-11-11T12:00:00"}, {"#/at"}),
    ],
)
async def test_what_no_story_could_read_never_leaves_the_door(door, changes, pointers):
    await claimed(door)
    answer = await door.post(FACTS, json=PICKED | changes)

    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == pointers
    assert "13800138000" not in answer.text
    assert await waiting(door) == []


async def test_a_fact_about_an_order_that_is_not_there(door):
    assert (await door.post(FACTS, json=PICKED)).json()["code"] == "order_unknown"

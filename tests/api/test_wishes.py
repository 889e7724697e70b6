"""Wishes at the door: granted, refused with the reason, or asked again by their key."""

import json
from dataclasses import replace

import pytest

from connectors.registry import Accounts, Registry
from models.case import Role
from models.errors import Unavailable
from store.database import Database
from store.nonces import Nonces
from tests.api.conftest import ACCOUNTS, PEN, SECRETS, Door, tools_for
from tests.store.makings import a_contact
from world.shop_wire import Pen

CANCEL = {"kind": "cancel", "reason": "changed_mind"}


async def test_a_wish_is_granted_in_the_name_of_the_key(lively):
    order_id = await lively.living()
    answer = await lively.post(f"/orders/{order_id}/wishes", Role.SERVICE, json={"kind": "hold"})

    assert answer.json() == {"order": order_id, "kind": "hold", "stage": "received"}
    told = await lively.until(order_id, lambda told: told["hold"] == "asked")
    assert told["hold"] == "asked"
    entries = (await lively.get(f"/orders/{order_id}/timeline")).json()["entries"]
    assert [entry["by"] for entry in entries if entry["what"] == "hold"] == ["service-1"]
    assert [(deed.who, deed.what) for deed in await lively.tools.audit.about(order_id)] == [("service-1", "wish.hold")]


async def test_a_wish_is_refused_with_the_reason(lively):
    order_id = await lively.living()
    answer = await lively.post(f"/orders/{order_id}/wishes", json={"kind": "release"})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_held")


async def test_the_same_key_again_is_the_same_wish(lively):
    order_id = await lively.living()
    answers = [
        await lively.post(f"/orders/{order_id}/wishes", json={"kind": "hold"}, headers={"idempotency-key": "k1"})
        for _ in range(3)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    entries = (await lively.until(order_id, lambda told: told["entries"], "/timeline"))["entries"]
    assert sum(entry["what"] == "hold" for entry in entries) <= 1


async def test_the_same_key_again_is_answered_the_same_when_the_order_has_ended(lively):
    order_id = await lively.living()
    path, again = f"/orders/{order_id}/wishes", {"idempotency-key": "k1"}
    first = await lively.post(path, json=CANCEL, headers=again)
    await lively.until(order_id, lambda told: told["is_ended"])

    assert first.status_code == 200, first.text
    assert (await lively.post(path, json=CANCEL, headers=again)).json() == first.json()
    for other in ({"idempotency-key": "k2"}, {}):
        answer = await lively.post(path, json=CANCEL, headers=other)
        assert (answer.status_code, answer.json()["code"]) == (409, "ended")


async def test_the_same_key_with_another_wish_is_another_wish(lively):
    order_id = await lively.living()
    await lively.post(f"/orders/{order_id}/wishes", json={"kind": "hold"}, headers={"idempotency-key": "k1"})
    answer = await lively.post(
        f"/orders/{order_id}/wishes", json={"kind": "release"}, headers={"idempotency-key": "k1"}
    )

    assert (answer.status_code, answer.json()["kind"]) == (200, "release")


async def test_a_new_address_stays_in_the_store_and_its_number_travels(lively):
    order_id = await lively.living()
    receiver = a_contact(district_code="110105", address="another street 1").model_dump()
    answer = await lively.post(
        f"/orders/{order_id}/wishes", Role.SERVICE, json={"kind": "change_address", "receiver": receiver}
    )

    assert answer.status_code == 200, answer.text
    told = await lively.until(order_id, lambda told: told["receiver"].get("address") == "another street 1")
    assert told["receiver"]["district_code"] == "110105"
    history = await lively.tools.temporal.get_workflow_handle(f"order/{order_id}").fetch_history()
    assert "another street" not in history.to_json()


async def test_a_wrong_address_names_its_fields_and_repeats_nothing(door):
    await door.keep(id="web/demo/N1")
    receiver = a_contact().model_dump() | {"phone": "not-a-phone-13800138000", "district_code": "x"}
    unseen = a_contact().model_dump() | {"name": "王\x00伟", "phone": "12-34"}
    told = (await door.post("/orders/web/demo/N1/wishes", json={"kind": "change_address", "receiver": unseen})).json()
    assert [(fault["pointer"], fault["detail"]) for fault in told["errors"]] == [
        ("#/receiver/name", "has characters that may not be there"),
        ("#/receiver/phone", "must have at least 5 digits"),
    ]
    answer = await door.post("/orders/web/demo/N1/wishes", json={"kind": "change_address", "receiver": receiver})

    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"#/receiver/phone", "#/receiver/district_code"}
    assert "13800138000" not in answer.text


@pytest.mark.parametrize(
    ("words", "pointer"),
    [
        ({"kind": "sing"}, "#/kind"),
        ({"kind": "complete"}, "#/kind"),
        ({"kind": "expire"}, "#/kind"),
        ({}, "#/kind"),
        ({"kind": ["hold"]}, "#/kind"),
        ({"kind": "hold", "by": "somebody-else"}, "#/by"),
        ({"kind": "change_address", "receiver": {}, "contact_version": 9}, "#/contact_version"),
        ({"kind": "change_address", "receiver": {}, "destination": "110105"}, "#/destination"),
        ({"kind": "hold", "more": 1}, "#/more"),
        ({"kind": "amend_policy", "change": {"span": "pay_within", "plus": "P99D"}}, "#/change/plus"),
    ],
)
async def test_what_is_no_wish_is_told_where_it_is_wrong(door, words, pointer):
    await door.keep(id="web/demo/N1")
    answer = await door.post("/orders/web/demo/N1/wishes", json=words)

    assert (answer.status_code, [fault["pointer"] for fault in answer.json()["errors"]]) == (422, [pointer])


async def test_without_an_answer_in_time_the_key_is_given_to_ask_again_by(door):
    await door.keep(id="web/demo/N1")
    answer = await door.post("/orders/web/demo/N1/wishes", json=CANCEL)

    assert (answer.status_code, answer.json()["code"]) == (503, "temporal_away")
    assert answer.headers["retry-after"] == "2"
    assert len(answer.headers["idempotency-key"]) == 32


async def test_a_story_that_is_silent_is_503_within_the_time(lively, monkeypatch):
    order_id = await lively.living()

    async def silent(*_):
        raise Unavailable("story_silent")

    monkeypatch.setattr("api.stories.wish", silent)
    answer = await lively.post(f"/orders/{order_id}/wishes", json=CANCEL, headers={"idempotency-key": "mine"})
    assert (answer.status_code, answer.headers["idempotency-key"]) == (503, "mine")


@pytest.mark.parametrize("key", ["", "a b", "x" * 81, "ü"])
async def test_a_key_that_is_none_is_not_taken(door, key):
    await door.keep(id="web/demo/N1")
    headers = {"idempotency-key": key.encode()}
    answer = await door.post("/orders/web/demo/N1/wishes", json=CANCEL, headers=headers)

    assert answer.status_code == 422


async def test_an_ended_order_wants_nothing(door):
    await door.keep(id="web/demo/N1", is_ended=True)

    assert (await door.post("/orders/web/demo/N1/wishes", json=CANCEL)).json()["code"] == "ended"


async def test_a_wish_for_an_order_that_is_not_there(door):
    assert (await door.post("/orders/web/demo/N1/wishes", json=CANCEL)).json()["code"] == "order_unknown"


async def signed(door, order_id, words, pen=PEN):
    body = json.dumps(words).encode()
    return await door.client.post(
        f"/orders/{order_id}/wishes", content=body, headers=pen.headers(f"POST /orders/{order_id}/wishes", body)
    )


async def test_a_shop_signs_its_wishes_as_it_signs_its_orders(lively):
    order_id = await lively.living()
    answer = await signed(lively, order_id, CANCEL)

    assert answer.status_code == 200, answer.text
    entries = (await lively.until(order_id, lambda told: "cancel" in str(told), "/timeline"))["entries"]
    assert [entry["by"] for entry in entries if entry["what"] == "cancel"] == ["web/demo"]


async def test_a_shop_may_sign_for_its_own_orders_only_and_not_for_every_wish(door):
    await door.keep(id="web/demo/N1")
    await door.keep(id="web/other/N1")

    assert (await signed(door, "web/demo/N1", CANCEL, Pen(PEN.key, "a guess"))).json()["code"] == "bad_signature"
    assert (await signed(door, "web/other/N1", CANCEL)).json()["code"] == "no_key"
    assert (await signed(door, "web/demo/N1", {"kind": "give_up"})).json()["code"] == "not_yours"


async def test_a_wish_that_was_signed_for_one_order_is_forged_for_every_other(door):
    await door.keep(id="web/demo/N1")
    await door.keep(id="web/demo/N2")
    body = json.dumps(CANCEL).encode()
    for_the_first = PEN.headers("POST /orders/web/demo/N1/wishes", body)
    paths = ("/orders/web/demo/N2/wishes", "/orders/web/demo/N1/wishes?really=1", "/orders/web/demo/%4E1/wishes")
    answers = [await door.client.post(path, content=body, headers=for_the_first) for path in paths]

    assert [answer.json()["code"] for answer in answers] == ["bad_signature"] * 3


async def test_a_wish_is_believed_once_at_whichever_door(door, registry):
    await door.keep(id="web/demo/N1")
    path, body = "/orders/web/demo/N1/wishes", json.dumps(CANCEL).encode()
    headers = PEN.headers(f"POST {path}", body)
    async with Registry(Accounts.model_validate(ACCOUNTS)) as fresh:  # as after a restart, or in another process
        doors = door, Door(await tools_for(door.tools.db, door.tools.temporal, fresh))
        answers = [await each.client.post(path, content=body, headers=headers) for each in doors]

    assert [answer.json()["code"] for answer in answers] == ["temporal_away", "replayed"]
    assert answers[1].status_code == 401


async def test_what_is_signed_costs_one_statement_to_believe(door, counted):
    await door.keep(id="web/demo/N1")
    body = json.dumps({"kind": "give_up"}).encode()
    path = "/orders/web/demo/N1/wishes"
    with counted(door.tools.db) as by_key:
        await door.post(path, Role.SHOP, json={"kind": "give_up"})
    with counted(door.tools.db) as by_signature:
        await door.client.post(path, content=body, headers=PEN.headers(f"POST {path}", body))

    assert (by_signature.statements - by_key.statements, by_signature.transactions - by_key.transactions) == (1, 1)


async def test_while_the_store_is_away_nothing_that_is_signed_is_believed(door, registry):
    away = await Database.open("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    shut = Door(replace(door.tools, nonces=Nonces(away)))
    await door.keep(id="web/demo/N1")
    answer = await signed(shut, "web/demo/N1", CANCEL)
    order = await shut.place()
    await away.close()

    assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
    assert (order.status_code, order.json()["code"]) == (503, "store_away")
    assert (await door.get("/orders/web/demo/DEMO1")).status_code == 404


async def test_a_key_and_no_signature_counts_where_there_is_a_key(door):
    await door.keep(id="web/demo/N1")
    body = json.dumps(CANCEL).encode()
    headers = PEN.headers("POST /orders/web/demo/N1/wishes", body) | {
        "authorization": f"Bearer {SECRETS[Role.WAREHOUSE]}"
    }

    assert (await door.client.post("/orders/web/demo/N1/wishes", content=body, headers=headers)).status_code == 403

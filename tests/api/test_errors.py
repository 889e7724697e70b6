"""Whatever goes wrong is answered with a problem document that names fields and repeats nothing."""

import json

import pytest

from api.errors import of_exception
from models.case import Role
from models.errors import Forged, Garbled, Missing, Refused, Unavailable
from store.database import Database
from tests.api.conftest import SECRETS, Door, tools_for

CANARY = "Zhang-13800138000"
WISHES = "/orders/web/demo/N1/wishes"


def told(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    words = answer.json()
    assert (words["status"], words["code"], words["type"]) == (status, code, f"urn:orderhub:problem:{code}")
    assert words["detail"]
    assert words["title"]
    return words


async def test_an_address_that_is_not_there(door):
    words = told(await door.get(f"/nothing/{CANARY}"), 404, "not_found")

    assert CANARY not in json.dumps(words)


async def test_a_method_that_is_not_there(door):
    answer = await door.ask("DELETE", "/orders/web/demo/N1")

    told(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


async def test_a_body_of_another_kind(door):
    answer = await door.post("/scans", Role.WAREHOUSE, content=b"a=1", headers={"content-type": "text/plain"})

    told(answer, 415, "wrong_media_type")


async def test_a_body_that_says_it_is_too_large_is_not_read(door):
    async def endless():
        raise AssertionError("it was read")
        yield b""

    headers = {"content-type": "application/json", "content-length": str(10**9)}
    told(await door.post("/scans", Role.WAREHOUSE, content=endless(), headers=headers), 413, "too_large")


async def test_a_body_that_turns_out_too_large(door):
    async def much():
        for _ in range(1000):
            yield b" " * 1024

    answer = await door.post("/scans", Role.WAREHOUSE, content=much(), headers={"content-type": "application/json"})

    told(answer, 413, "too_large")


async def test_words_that_are_no_json(door):
    answer = await door.post("/scans", Role.WAREHOUSE, content=b"{", headers={"content-type": "application/json"})

    told(answer, 400, "not_json")


async def test_wrong_fields_are_named_and_not_repeated(door):
    answer = await door.post(WISHES.replace("wishes", "facts"), json={"kind": CANARY, "at": CANARY, CANARY: CANARY})
    words = told(answer, 422, "invalid")

    assert [fault["pointer"] for fault in words["errors"]] == ["#/kind", "#/at", "#/reason", "#/body", "#/?"]
    assert CANARY not in answer.text


async def test_wrong_questions_are_named_and_not_repeated(door):
    answer = await door.get("/orders", params={"limit": "x", "stage": CANARY})
    words = told(answer, 422, "invalid")

    assert sorted(fault["pointer"] for fault in words["errors"]) == ["#/query/limit", "#/query/stage"]
    assert CANARY not in answer.text


async def test_guessing_keys_ends_in_patience(door):
    for _ in range(20):
        told(await door.get("/orders", None, headers={"authorization": "Bearer guess"}), 401, "key_unknown")
    answer = await door.get("/orders", None, headers={"authorization": "Bearer guess"})

    told(answer, 429, "too_often")
    assert answer.headers["retry-after"] == "3"
    assert (await door.get("/orders")).status_code == 200


async def test_what_nobody_expected_is_a_document_and_a_line_without_its_message(door, caplog, monkeypatch):
    async def broken(_):
        raise ZeroDivisionError(CANARY)

    monkeypatch.setattr(door.tools.orders, "listing", broken)
    answer = await door.get("/orders")

    words = told(answer, 500, "unexpected")
    (line,) = [record for record in caplog.records if record.msg == "unexpected"]
    assert line.instance == words["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"
    assert line.error == "ZeroDivisionError"
    assert CANARY not in answer.text + caplog.text + str(line.__dict__)


async def test_what_nobody_expected_of_a_page_is_a_page(door, caplog, monkeypatch):
    async def broken(*_, **__):
        raise ZeroDivisionError(CANARY)

    await door.keep(id="web/demo/N1")
    await door.client.post("/login", data={"key": SECRETS[Role.ADMIN]})
    monkeypatch.setattr("api.pages.sheet.known_of", broken)
    answer = await door.client.get("/board/orders/web/demo/N1")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    (line,) = [record for record in caplog.records if record.msg == "unexpected"]
    assert answer.headers["x-request-id"] in line.instance
    assert answer.headers["x-request-id"] in answer.text
    assert CANARY not in answer.text + caplog.text


async def test_where_pages_cannot_be_made_a_document_says_so(door, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError(CANARY)

    await door.client.post("/login", data={"key": SECRETS[Role.ADMIN]})
    monkeypatch.setattr("api.pages.showing.show", broken)

    told(await door.client.get("/board/orders/web/demo/NOBODY"), 500, "unexpected")


@pytest.mark.parametrize("path", ["/scans", "/orders/web/demo/N1/wishes"])
async def test_what_is_wrong_with_the_whole_points_to_the_whole(door, path):
    await door.keep(id="web/demo/N1")
    answer = await door.post(path, content=b"[]", headers={"content-type": "application/json"})

    assert {fault["pointer"] for fault in told(answer, 422, "invalid")["errors"]} == {"#"}


async def test_without_the_store_nothing_is_accepted_and_everybody_is_told_when_to_come_back(door):
    away = await Database.open("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    blind = Door(await tools_for(away, door.tools.temporal, door.tools.registry))

    async with blind.client:
        for answer in (await blind.get("/orders"), await blind.place()):
            told(answer, 503, "store_away")
            assert answer.headers["retry-after"] == "2"
    await away.close()


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (Refused("not_held"), 409, "not_held"),
        (Missing("order_unknown"), 404, "order_unknown"),
        (Missing("forgotten"), 410, "forgotten"),
        (Unavailable("store_away"), 503, "store_away"),
        (Forged("stale"), 401, "stale"),
        (Garbled("unreadable"), 422, "unreadable"),
        (Refused(f"said: {CANARY}"), 409, "refused"),
    ],
)
def test_each_failure_has_its_status(failure, status, code):
    problem = of_exception(failure)

    assert (problem.status, problem.code) == (status, code)


def test_a_connector_names_the_wrong_fields():
    problem = of_exception(Garbled(f"wrong_fields:lines.0.sku,receiver.phone,{CANARY}"))

    assert problem.status == 422
    assert [fault.pointer for fault in problem.errors] == ["#/lines/0/sku", "#/receiver/phone", "#/?"]


async def test_every_answer_is_closed_to_strangers(door):
    answer = await door.get("/orders")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert SECRETS[Role.ADMIN] not in answer.text

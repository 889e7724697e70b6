"""Who may do what: every endpoint has its row, and every role is tried at every endpoint."""

import pytest

import api.return_wishes
import api.returns
from api.openapi import endpoints
from api.wishes import WISHERS
from models.case import Role
from tests.api.conftest import OTHER_SHOP, SECRETS

ADMIN, OPS, WAREHOUSE, FINANCE, SERVICE, SHOP = Role
STAFF = {ADMIN, OPS, WAREHOUSE, FINANCE, SERVICE}
ALL = set(Role)
PUBLIC, SIGNED, SEATED = "public", "signed", "seated"
ORDER = "/orders/{channel}/{shop}/{number}"
HOOK = "/webhooks/{kind}/{party}/{account}"
SHEET = "/board/orders/{channel}/{shop}/{number}"

MATRIX = {
    ("POST", "/orders"): SIGNED,
    ("GET", "/orders"): ALL,
    ("GET", ORDER): ALL,
    ("GET", f"{ORDER}/timeline"): ALL,
    ("GET", f"{ORDER}/explain"): ALL,
    ("POST", f"{ORDER}/wishes"): ALL,  # each kind of wish has its own row below
    ("POST", f"{ORDER}/facts"): STAFF,
    ("POST", f"{ORDER}/facts/{{proposal}}/second"): {ADMIN, FINANCE},
    ("GET", f"{ORDER}/boxes/{{box}}/template"): {ADMIN, OPS, WAREHOUSE},
    ("POST", "/scans"): {ADMIN, WAREHOUSE},
    ("GET", "/scans/{scan}"): {ADMIN, WAREHOUSE},
    ("GET", "/cases"): ALL,
    ("POST", "/cases/{case}/close"): STAFF,
    ("GET", "/incidents"): STAFF,
    ("POST", f"{ORDER}/forget"): {ADMIN},
    ("POST", "/forget"): {ADMIN},
    ("POST", "/bulk"): {ADMIN, OPS},
    ("GET", "/bulk"): {ADMIN, OPS},
    ("GET", "/bulk/{bulk}"): {ADMIN, OPS},
    ("GET", "/bulk/{bulk}/rows"): {ADMIN, OPS},
    ("POST", "/bulk/{bulk}/confirm"): {ADMIN, OPS},
    ("POST", "/bulk/{bulk}/pause"): {ADMIN, OPS},
    ("POST", "/bulk/{bulk}/resume"): {ADMIN, OPS},
    ("POST", "/bulk/{bulk}/stop"): {ADMIN, OPS},
    ("POST", "/returns"): {ADMIN, OPS, SERVICE, SHOP},
    ("GET", "/returns"): ALL,
    ("GET", "/returns/{return_id}"): ALL,
    ("POST", "/returns/{return_id}/wishes"): ALL,  # each kind of wish has its own row below
    ("POST", "/returns/{return_id}/facts"): ALL,  # each kind of fact has its own row below
    ("POST", "/returns/{return_id}/pictures"): {ADMIN, OPS, SERVICE, SHOP, WAREHOUSE},
    ("GET", "/returns/{return_id}/pictures"): ALL,
    ("GET", "/returns/{return_id}/pictures/{picture}"): {ADMIN, OPS, SERVICE, SHOP, WAREHOUSE},
    ("POST", "/returns/decisions"): {ADMIN, OPS, SERVICE},
    ("GET", "/arrivals"): {ADMIN, WAREHOUSE},
    ("POST", "/strays"): {ADMIN, WAREHOUSE},
    ("GET", "/strays"): {ADMIN, OPS, SERVICE, WAREHOUSE},
    ("GET", "/strays/{stray}"): {ADMIN, OPS, SERVICE, WAREHOUSE},
    ("POST", "/strays/{stray}/pictures"): {ADMIN, WAREHOUSE},
    ("GET", "/strays/{stray}/pictures/{picture}"): {ADMIN, OPS, SERVICE, WAREHOUSE},
    ("POST", "/strays/{stray}/assign"): {ADMIN, OPS, SERVICE, WAREHOUSE},
    ("POST", "/strays/{stray}/close"): {ADMIN, OPS, SERVICE, WAREHOUSE},
    ("GET", "/finance/refunds"): {ADMIN, FINANCE},
    ("POST", "/finance/refunds/many"): {ADMIN, FINANCE},
    ("POST", "/finance/refunds/{return_id}/{deed}"): {ADMIN, FINANCE},
    ("POST", HOOK): PUBLIC,
    ("POST", f"{HOOK}/{{token}}"): PUBLIC,
    ("GET", "/health/live"): PUBLIC,
    ("GET", "/health/ready"): PUBLIC,
    ("GET", "/metrics"): {ADMIN, OPS},
    ("GET", "/login"): PUBLIC,
    ("POST", "/login"): PUBLIC,
    ("POST", "/logout"): SEATED,
    ("GET", "/"): SEATED,
    ("POST", "/board/search"): SEATED,
    ("GET", "/board/bulk"): SEATED,
    ("POST", "/board/bulk"): SEATED,
    ("GET", "/board/bulk/{bulk}"): SEATED,
    ("GET", "/board/bulk/{bulk}/report.csv"): SEATED,
    ("POST", "/board/bulk/{bulk}/confirm"): SEATED,
    ("POST", "/board/bulk/{bulk}/steer"): SEATED,
    ("GET", "/board/returns"): SEATED,
    ("GET", "/board/returns/{return_id}"): SEATED,
    ("POST", "/board/returns/{return_id}/wishes"): SEATED,
    ("POST", "/board/returns/{return_id}/sent-home"): SEATED,
    ("GET", "/board/returns/{return_id}/pictures/{picture}"): SEATED,
    ("GET", "/board/inspect"): SEATED,
    ("POST", "/board/inspect/{return_id}"): SEATED,
    ("POST", "/board/inspect/{return_id}/pictures"): SEATED,
    ("POST", "/board/strays"): SEATED,
    ("GET", "/board/strays/{stray}"): SEATED,
    ("POST", "/board/strays/{stray}/pictures"): SEATED,
    ("GET", "/board/strays/{stray}/pictures/{picture}"): SEATED,
    ("POST", "/board/strays/{stray}/settle"): SEATED,
    ("GET", "/board/refunds"): SEATED,
    ("POST", "/board/refunds"): SEATED,
    ("GET", SHEET): SEATED,
    ("POST", f"{SHEET}/wishes"): SEATED,
    ("GET", f"{SHEET}/boxes/{{box}}/template"): SEATED,
    ("POST", f"{SHEET}/boxes/{{box}}/template"): SEATED,
}
BY_KEY = [(*endpoint, roles) for endpoint, roles in MATRIX.items() if isinstance(roles, set)]
FILLED = {
    "channel": "web",
    "shop": "demo",
    "number": "N1",
    "box": "b1",
    "proposal": "p1",
    "scan": "s1",
    "case": "1",
    "bulk": "1",
    "kind": "payments",
    "party": "wechat",
    "account": "main",
    "token": "t" * 20,
    "return_id": "0000000000000000-R1",
    "deed": "trigger",
    "picture": "p1",
    "stray": "stray-0000000000000000",
}
RETURN_WISHES = {
    "decide": {ADMIN, OPS, SERVICE},
    "withdraw": {ADMIN, OPS, SERVICE, SHOP},
    "hold": STAFF,
    "release": STAFF,
    "trigger": {ADMIN, FINANCE},
    "refuse_refund": {ADMIN, FINANCE},
    "judge_goods": {ADMIN, OPS, SERVICE},
    "retry": {ADMIN, OPS, FINANCE},
    "give_up": {ADMIN, OPS, FINANCE},
    "amend_policy": {ADMIN, OPS},
    "dismiss": {ADMIN, OPS},
    "close_case": STAFF,
}
WORN = {"line": 0, "quantity": 1, "grade": "worn"}
RETURN_FACTS = {
    "goods_sent_back": ({ADMIN, OPS, SERVICE, SHOP}, {"courier": "sf", "waybill": "SF1"}),
    "goods_arrived": ({ADMIN, OPS, WAREHOUSE}, {"place": "east"}),
    "goods_sent_home": ({ADMIN, OPS, WAREHOUSE}, {"courier": "sf", "waybill": "SF9"}),
    "goods_inspected": (
        {ADMIN, OPS, WAREHOUSE},
        {"place": "east", "graded": [{"line": 0, "quantity": 1, "grade": "worn"}]},
    ),
}
WISHES = {
    "cancel": {ADMIN, OPS, SERVICE, SHOP},
    "cancel_rest": {ADMIN, OPS, SERVICE, SHOP},
    "hold": STAFF,
    "release": STAFF,
    "change_address": {ADMIN, OPS, SERVICE, SHOP},
    "approve": {ADMIN, OPS, FINANCE},
    "urge": {ADMIN, OPS, SERVICE, SHOP},
    "amend_policy": {ADMIN, OPS},
    "retry": {ADMIN, OPS, WAREHOUSE, FINANCE},
    "give_up": {ADMIN, OPS},
    "dismiss": {ADMIN, OPS},
    "close_case": STAFF,
}


def test_every_endpoint_has_its_row(door):
    there = {(method, one.path_format) for one in endpoints(door.app) for method in one.methods}

    assert there == set(MATRIX)
    assert len(BY_KEY) + len([row for row in MATRIX.values() if row in (PUBLIC, SIGNED, SEATED)]) == len(MATRIX)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path", "roles"), BY_KEY)
async def test_a_role_gets_in_where_its_row_says_so_and_nowhere_else(door, method, path, roles, role):
    answer = await door.ask(method, path.format(**FILLED), role)

    assert (answer.status_code == 403) == (role not in roles)
    assert answer.status_code not in {401, 500}


@pytest.mark.parametrize(("method", "path"), [row[:2] for row in BY_KEY])
async def test_nobody_gets_in_without_a_key(door, method, path):
    answer = await door.ask(method, path.format(**FILLED), None)

    assert answer.status_code == 401
    if not path.endswith("/wishes"):
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), [one for one, roles in MATRIX.items() if roles == SEATED])
@pytest.mark.parametrize("role", [None, ADMIN])
async def test_a_key_is_no_session(door, method, path, role):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await door.ask(method, path.format(**FILLED), role, headers=headers)

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize(("method", "path"), [one for one, roles in MATRIX.items() if roles == PUBLIC])
async def test_what_is_public_asks_for_no_key(door, method, path):
    answer = await door.ask(method, path.format(**FILLED), None)

    assert answer.status_code not in {401, 403} or path == "/login"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", RETURN_WISHES)
async def test_each_kind_of_wish_of_a_return_has_its_row(door, kind, role):
    answer = await door.post(f"/returns/{FILLED['return_id']}/wishes", role, json={"kind": kind})

    known = (404, "return_unknown") if role in RETURN_WISHES[kind] else (403, "not_yours")
    assert (answer.status_code, answer.json()["code"]) == known


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", RETURN_FACTS)
async def test_each_kind_of_fact_of_a_return_has_its_row(door, kind, role):
    roles, body = RETURN_FACTS[kind]
    said = {"kind": kind, "at": "2026-11-11T12:00:00+08:00", "body": body}
    answer = await door.post(f"/returns/{FILLED['return_id']}/facts", role, json=said)

    known = (404, "return_unknown") if role in roles else (403, "not_yours")
    assert (answer.status_code, answer.json()["code"]) == known


def test_no_kind_of_wish_of_a_return_lacks_its_row():
    assert set(RETURN_WISHES) == set(api.return_wishes.WISHERS)
    assert set(RETURN_FACTS) == set(api.returns.TELLERS)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", WISHES)
async def test_each_kind_of_wish_has_its_row(door, kind, role):
    await door.keep(id="web/demo/N1", is_ended=True)
    answer = await door.post("/orders/web/demo/N1/wishes", role, json={"kind": kind})

    assert (answer.status_code, answer.json()["code"]) == (
        (409, "ended") if role in WISHES[kind] else (403, "not_yours")
    )


def test_no_kind_of_wish_lacks_its_row():
    assert {kind: {*roles} for kind, roles in WISHERS.items()} == WISHES


@pytest.mark.parametrize("path", ["", "/timeline", "/explain"])
async def test_a_shop_sees_its_own_orders_and_learns_of_no_others(door, path):
    await door.keep(id="web/other/N1")

    theirs = await door.get(f"/orders/web/other/N1{path}", None, headers={"authorization": f"Bearer {OTHER_SHOP}"})
    ours = await door.get(f"/orders/web/other/N1{path}", SHOP)
    nobodys = await door.get(f"/orders/web/other/N2{path}", SHOP)

    assert theirs.status_code == 200
    assert (
        (ours.status_code, ours.json()["code"])
        == (nobodys.status_code, nobodys.json()["code"])
        == (404, "order_unknown")
    )


async def test_a_shop_lists_its_own_orders_whatever_it_asks_for(door):
    for number in ("web/other/N1", "web/demo/N1"):
        await door.keep(id=number, business_no=number.replace("/", "-"))
    listed = (await door.get("/orders?shop=web/other", SHOP)).json()["rows"]

    assert [row["id"] for row in listed] == ["web/demo/N1"]


async def test_a_taken_away_key_opens_nothing(door):
    fewer = door.with_terms(keys=door.tools.terms.keys[1:])

    async with fewer.client:
        assert (await fewer.get("/orders", ADMIN)).status_code == 401
        assert (await fewer.get("/orders", OPS)).status_code == 200
    assert SECRETS[ADMIN] not in repr(door.tools.terms)

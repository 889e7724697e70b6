"""One wish for many orders at the door: counted and shown, and confirmed by somebody else where it must be."""

import pytest

from models.case import Role
from rules.learning import hear
from tests.api.conftest import SECRETS
from tests.builders import NOON, an_order, paid

HOLD = {"kind": "hold", "reason": "flood"}
FIRST, SECOND = Role.OPS, Role.ADMIN


def words(wish=HOLD, **scope):
    return {"filter": scope, "wish": wish, "reason": "snow_in_xinjiang"}


async def plan(door, role=FIRST, **said):
    answer = await door.post("/bulk", role, json=words(**said))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def confirm(door, planned, role=SECOND):
    path = f"/bulk/{planned['plan']['id']}/confirm"
    return await door.post(path, role, json={"digest": planned["digest"]})


async def test_a_plan_says_how_many_and_shows_some_and_asks_nobody(door):
    for number in range(25):
        await door.keep(id=f"web/demo/N{number}", business_no=f"N{number}", destination="650102")
    await door.keep(id="web/demo/X1", destination="330106")

    answer = await door.post("/bulk", FIRST, json=words(district="65"))
    planned = answer.json()

    assert answer.headers["location"] == f"/bulk/{planned['plan']['id']}"
    assert planned["plan"]["counted"] == {"orders": 25, "paid": 0}
    assert (planned["plan"]["state"], planned["plan"]["by"], planned["needs_second"]) == ("planned", "ops-1", False)
    assert len(planned["sample"]) == 20
    assert {row["id"] for row in planned["sample"]} < {f"web/demo/N{number}" for number in range(25)}
    assert (await door.get("/bulk/1/rows", FIRST)).json() == {"rows": [], "next": None}
    assert (await door.get("/bulk/1", FIRST)).json() == planned


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"filter": {"district": "6"}}, {"#/filter/district"}),
        ({"filter": {"district": "新疆"}}, {"#/filter/district"}),
        ({"filter": {"stage": "nowhere", "q": "13800138000"}}, {"#/filter/stage", "#/filter/q"}),
        ({"filter": {"received_from": "2026-11-11T12:00:00"}}, {"#/filter/received_from"}),
        ({"wish": {"kind": "approve"}}, {"#/wish"}),
        ({"wish": {}}, {"#/wish"}),
        ({"wish": {"kind": "amend_policy", "change": {"span": "x", "plus": "PT1H"}}}, {"#/wish/change/span"}),
        ({"wish": HOLD | {"by": "somebody", "key": "mine"}}, {"#/wish/by", "#/wish/key"}),
        ({"wish": HOLD | {"reason": "张三 13800138000"}}, {"#/wish/reason"}),
        ({"reason": "call 13800138000"}, {"#/reason"}),
        ({"surprise": 1}, {"#/surprise"}),
    ],
)
async def test_what_is_wrong_is_named_field_by_field_and_nothing_is_planned(door, changes, pointers):
    answer = await door.post("/bulk", FIRST, json=words() | changes)

    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == pointers
    assert "13800138000" not in answer.text
    assert (await door.get("/bulk", FIRST)).json()["rows"] == []


async def test_over_the_limit_somebody_else_must_confirm(door):
    for number in range(2):
        await door.keep(id=f"web/demo/N{number}", business_no=f"N{number}")
    strict = door.with_terms(alone=1)
    async with strict.client:
        planned = await plan(strict)
        own = await confirm(strict, planned, FIRST)
        assert planned["needs_second"] is True
        assert (own.status_code, own.json()["code"]) == (409, "wants_second")

        agreed = await confirm(strict, planned)
        assert (agreed.status_code, agreed.json()["plan"]["confirmed_by"]) == (200, "admin-1")
        assert agreed.json()["left"] == 2


async def test_where_money_would_go_back_one_order_is_enough_for_a_second_pair_of_eyes(door):
    order = hear(an_order(version=1, id="web/demo/N1"), paid(), NOON)
    await door.keep(**dict(order))
    cancel, hold = [await plan(door, wish=wish) for wish in ({"kind": "cancel"}, HOLD)]

    assert (cancel["needs_second"], hold["needs_second"]) == (True, False)
    assert (await confirm(door, cancel, FIRST)).json()["code"] == "wants_second"
    assert (await confirm(door, hold, FIRST)).status_code == 200


async def test_another_digest_is_another_plan(door):
    await door.keep(id="web/demo/N1")
    planned = await plan(door)

    assert (await confirm(door, planned | {"digest": "0" * 16})).json()["code"] == "other_plan"
    assert (await confirm(door, planned | {"digest": "x"})).status_code == 422


async def test_what_nobody_confirmed_is_not_steered(door):
    planned = await plan(door)

    for what in ("pause", "resume", "stop"):
        answer = await door.post(f"/bulk/{planned['plan']['id']}/{what}", FIRST)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_confirmed")
    assert (await confirm(door, planned)).json()["code"] == "no_orders"
    assert (await door.get("/bulk/9", FIRST)).json()["code"] == "bulk_unknown"


async def test_with_temporal_away_it_is_confirmed_and_steered_later(door):
    await door.keep(id="web/demo/N1")
    planned = await plan(door)

    assert (await confirm(door, planned)).json()["plan"]["state"] == "running"
    assert (await door.post("/bulk/1/pause", FIRST)).status_code == 503


async def test_a_key_is_not_theirs_to_say(door):
    await door.keep(id="web/demo/N1")
    answer = await door.post("/orders/web/demo/N1/wishes", FIRST, json=HOLD | {"key": "bulk/1"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/key")


@pytest.mark.parametrize("role", Role)
async def test_its_pages_are_for_who_may_and_nobody_else(door, role):
    signed_in = await door.client.post("/login", data={"key": SECRETS[role]})
    door.client.cookies.update(signed_in.cookies)
    answers = [await door.client.get(path) for path in ("/board/bulk", "/board/bulk/1", "/board/bulk/1/report.csv")]

    assert [answer.status_code for answer in answers] == ([200, 404, 404] if role in (FIRST, SECOND) else [403] * 3)

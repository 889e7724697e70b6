"""Cases and incidents, as people see them."""

from datetime import UTC, datetime, timedelta

import pytest

from models.case import Case, Owner, Role
from models.finding import Check, Finding
from tests.api.conftest import SECRETS, eventually

NOW = datetime.now(UTC)


def a_case(story, party="sf", minutes=0, role=Role.OPS, **fields):
    at = NOW + timedelta(minutes=minutes)
    return Case(
        story=story, deadline="unlabelled", since=at, rung=Owner.OWNER, role=role, party=party, opened_at=at, **fields
    )


async def with_cases(door, *parties, shop="web/demo", role=Role.OPS):
    for nth, party in enumerate(parties):
        story = f"{shop}/C{nth}"
        await door.keep(id=story, business_no=f"{shop[4:].upper()}{nth}", cases=(a_case(story, party, nth, role),))


async def test_open_cases_are_listed_page_by_page(door):
    await with_cases(door, "sf", "sf", "jd")
    first = (await door.get("/cases?limit=2")).json()
    second = (await door.get(f"/cases?limit=2&after={first['next']}")).json()

    assert [row["case"]["story"][-2:] for page in (first, second) for row in page["rows"]] == ["C0", "C1", "C2"]
    assert second["next"] is None


async def test_cases_are_found_by_party_and_role(door):
    await with_cases(door, "sf", "jd")

    assert [row["case"]["party"] for row in (await door.get("/cases?party=jd")).json()["rows"]] == ["jd"]
    assert (await door.get("/cases?role=finance")).json()["rows"] == []


async def test_a_shop_sees_its_own_cases_whatever_it_asks_for(door):
    await with_cases(door, "sf")
    await with_cases(door, "sf", shop="web/other")

    rows = (await door.get("/cases?shop=web/other", Role.SHOP)).json()["rows"]
    assert [row["shop"] for row in rows] == ["web/demo"]


async def test_a_case_is_closed_by_name_with_words_that_are_sealed(lively):
    await with_cases(lively, "sf", "jd")
    number = (await lively.get("/cases")).json()["rows"][1]["id"]
    answer = await lively.post(f"/cases/{number}/close", json={"note": "Called 张三 at 13800138000."})

    assert answer.status_code == 204
    (closed,) = (await lively.get("/cases?open=false")).json()["rows"]
    assert (closed["id"], closed["closed_by"]) == (number, "admin-1")
    assert await lively.tools.contacts.note(closed["note_id"]) == "Called 张三 at 13800138000."
    assert [row["id"] for row in (await lively.get("/cases")).json()["rows"]] != [number]


async def test_a_case_is_closed_without_words_too(lively):
    await with_cases(lively, "sf")
    number = (await lively.get("/cases")).json()["rows"][0]["id"]

    assert (await lively.post(f"/cases/{number}/close", json={})).status_code == 204
    assert (await lively.post(f"/cases/{number}/close", json={})).json()["code"] == "closed_already"


async def a_stuck_one(lively):
    """An order that no place has the goods for, and the number of its case."""
    line = {"sku": "SOLD-OUT", "title": "Tea", "quantity": 2, "unit_price": 9900}
    order_id = (await lively.place(number=await lively.number(), lines=[line])).json()["order"]

    async def opened():
        rows = (await lively.get("/cases")).json()["rows"]
        return [row for row in rows if row["case"]["story"] == order_id]

    (row,) = await eventually(opened, within=60)
    assert row["case"]["deadline"] == "stuck"
    return order_id, row["id"]


async def test_the_case_of_a_stuck_order_is_not_closed_by_looking_at_it(lively):
    order_id, number = await a_stuck_one(lively)

    answer = await lively.post(f"/cases/{number}/close", json={"note": "seen"})
    assert (answer.status_code, answer.json()["code"]) == (409, "stuck_retry_or_give_up")
    assert answer.json()["detail"] == "The order is stuck: retry, or give up."
    rows = (await lively.get("/cases")).json()["rows"]
    assert number in [row["id"] for row in rows]
    assert (await lively.get(f"/orders/{order_id}")).json()["is_overdue"]


async def test_a_case_whose_story_has_moved_on_is_closed_all_the_same(lively):
    order_id = await lively.living()
    await lively.until(order_id, lambda told: told["version"] > 0)
    known = await lively.tools.orders.get(order_id)
    later = known.order.model_copy(update={"cases": (a_case(order_id),), "version": known.order.version + 100})
    await lively.tools.orders.put(known.model_copy(update={"order": later, "run": "of-another-day"}))
    number = (await lively.get("/cases")).json()["rows"][0]["id"]

    assert (await lively.post(f"/cases/{number}/close", json={})).status_code == 204


async def test_a_case_stays_open_while_its_story_cannot_be_told(door):
    await with_cases(door, "sf")
    number = (await door.get("/cases")).json()["rows"][0]["id"]

    assert (await door.post(f"/cases/{number}/close", json={})).status_code == 503
    assert len((await door.get("/cases")).json()["rows"]) == 1


@pytest.mark.parametrize("body", [{}, {"note": "x"}])
async def test_a_case_that_is_not_there(door, body):
    assert (await door.post("/cases/7/close", json=body)).json()["code"] == "case_unknown"


async def test_many_cases_of_one_cause_are_one_incident(door):
    await with_cases(door, *["sf"] * 5, "jd")
    incidents = (await door.get("/incidents")).json()["incidents"]

    assert [(one["party"], one["open"]) for one in incidents] == [("sf", 5), ("jd", 1)]


async def test_a_case_of_the_house_is_closed_though_no_story_can_be_told_and_shown_to_no_shop(door):
    await door.tools.cases.found(Check.MISCOUNTED, [Finding(about="WH-SZ", place="WH-SZ")])
    (row,) = (await door.get("/cases")).json()["rows"]
    answer = await door.post(f"/cases/{row['id']}/close", json={"note": "Counted again with 张三."})

    assert (row["shop"], row["case"]["deadline"], row["case"]["role"]) == (None, "miscounted", "warehouse")
    assert (await door.get("/cases?open=false", Role.SHOP)).json()["rows"] == []
    assert answer.status_code == 204
    (closed,) = (await door.get("/cases?open=false")).json()["rows"]
    assert await door.tools.contacts.note(closed["note_id"]) == "Counted again with 张三."


async def test_what_the_house_found_is_on_the_board_but_on_no_shops(door):
    await door.tools.cases.found(Check.MISCOUNTED, [Finding(about="WH-SZ", place="WH-SZ")])

    assert [("WH-SZ" in await board(door, role)) for role in (Role.OPS, Role.SHOP)] == [True, False]


async def board(door, role):
    door.client.cookies.clear()
    await door.client.post("/login", data={"key": SECRETS[role]})
    page = await door.client.get("/")
    assert page.status_code == 200
    return page.text

"""A parcel on the ramp: whose it is by whatever code stands on it, and what becomes of one that is nobody's."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from api.pages.dictionary import WORDS
from models.case import Role
from models.fact import GoodsArrived
from models.place import Place
from models.returns import Kind, Why
from rules.return_stages import told as last
from rules.strays import BECAUSE
from store.forgetting import Forgetting
from store.returns import Returns
from store.stock import Shelves
from tests.api.conftest import relaying
from tests.api.test_return_pages import ONE_LEVEL, YES, told, with_wish
from tests.api.test_returns import asked, bought, decided, stands
from tests.store.makings import contacts
from tests.store.shots import JPEG, png
from tests.store.test_returns import LATER, put, wanted
from tests.store.test_returns import bought as order_in_the_store

WORDS_OF_SOMEBODY = "壶嘴裂了 13800138000"


async def looked_up(door, code, role=Role.WAREHOUSE):
    answer = await door.get("/arrivals", role, params={"code": code})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def kept(door, code="YT9900", role=Role.WAREHOUSE, **fields):
    return await door.post("/strays", role, json={"code": code, "place": "sh", "note": "two cups"} | fields)


async def cases(door):
    rows = (await door.get("/cases?role=warehouse")).json()["rows"]
    return [(row["case"]["story"], row["case"]["deadline"], row["case"]["place"]) for row in rows]


@pytest.fixture
async def ramp(door, db):
    await Shelves(db).add_place(Place(id="sh", name="sh1", district="310115"))
    return door


async def a_return(door, db, *, facts=0):
    """Goods that are to come back, with a customer's words and a picture."""
    order = await order_in_the_store(db)
    note_id = await door.tools.contacts.add_note(order.id, WORDS_OF_SOMEBODY)
    new = wanted(order, kind=Kind.RETURN, why=Why.DEFECTIVE, note_id=note_id)
    made, _ = await Returns(db, contacts(db)).ask(new)
    matter = with_wish(made.model_copy(update={"steps": ONE_LEVEL, "received_at": LATER}), YES)
    for nth in range(facts):
        matter = told(matter, nth)
    await put(Returns(db, contacts(db)), matter)
    await door.post(f"/returns/{made.id}/pictures", Role.SERVICE, content=JPEG)
    return matter


async def test_every_code_on_a_parcel_leads_to_its_return_and_what_is_expected_in_it(ramp, db):
    made = await a_return(ramp, db, facts=1)
    await ramp.tools.addresses.note("waybill", "SF-OUT-1", made.order, "p1")
    await ramp.tools.addresses.note("waybill", "SF-BACK-1", made.id, made.id)
    number = made.id.partition("-")[0]
    codes = (made.id, made.id.lower(), f"{made.id}-label-1", "SF1", "sf1", "SF-OUT-1", "SF-BACK-1", number, made.order)
    found = [await looked_up(ramp, code) for code in codes]

    assert [[one["id"] for one in answer["returns"]] for answer in found] == [[made.id]] * len(codes)
    (one,) = found[0]["returns"]
    assert (one["why"], one["note"], one["stage"], one["refused"]) == (
        "defective",
        WORDS_OF_SOMEBODY,
        "sent_back",
        None,
    )
    assert one["items"] == [{"line": 0, "sku": "tea", "quantity": 1, "inspected": []}]
    assert len(one["pictures"]) == 1
    assert [order["business_no"] for order in found[0]["orders"]] == [number]
    assert found[0]["offers"] == ["receive", "inspect"]

    await put(Returns(db, contacts(db)), told(told(made, 1), 2))
    again = await looked_up(ramp, "SF1", Role.ADMIN)
    assert again["returns"][0]["items"][0]["inspected"] == [
        {"quantity": 1, "grade": "worn", "missing": [], "sku": None}
    ]
    assert again["offers"] == ["inspect"]


async def test_an_order_of_which_nothing_comes_back_is_shown_and_its_parcel_may_be_kept(ramp, db):
    order = await order_in_the_store(db)
    made, _ = await Returns(db, contacts(db)).ask(wanted(order))
    found = await looked_up(ramp, order.business_no)

    assert [one["refused"] for one in found["returns"]] == ["nothing_comes_back"]
    assert (found["orders"][0]["stage"], found["offers"]) == ("paid", ["keep"])
    stray = (await kept(ramp)).json()["id"]
    answer = await ramp.post(f"/strays/{stray}/assign", Role.OPS, json={"return": made.id})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_comes_back")


async def test_what_nobody_expected_is_kept_once_with_its_pictures_and_is_a_case_until_it_is_settled(ramp):
    assert (await looked_up(ramp, "YT9900")) == {
        "code": "YT9900",
        "returns": [],
        "orders": [],
        "stray": None,
        "offers": ["keep"],
    }
    answers = await asyncio.gather(*(kept(ramp) for _ in range(5)))
    (stray,) = {answer.json()["id"] for answer in answers}
    assert await cases(ramp) == [(stray, "parcel_without_return", "sh")]
    nowhere = await kept(ramp, "YT9901", place="moon")
    assert (nowhere.status_code, nowhere.json()["errors"][0]["pointer"]) == (422, "#/place")

    for content in (JPEG, JPEG, png()):
        answer = await ramp.post(f"/strays/{stray}/pictures", Role.WAREHOUSE, content=content)
        assert (answer.status_code, answer.json()["place"]) == (201, "sh")
    found = (await looked_up(ramp, "YT9900"))["stray"]
    assert (found["note"], len(found["pictures"]), found["settled_at"]) == ("two cups", 2, None)
    shown = await ramp.get(f"/strays/{stray}/pictures/{found['pictures'][0]}", Role.SERVICE)
    assert (shown.content, shown.headers["cache-control"]) == (JPEG, "no-store")
    svg = await ramp.post(f"/strays/{stray}/pictures", Role.WAREHOUSE, content=b"<svg/>")
    assert svg.status_code == 415

    (row,) = (await ramp.get("/cases")).json()["rows"]
    looked = await ramp.post(f"/cases/{row['id']}/close", json={})
    assert (looked.status_code, looked.json()["code"]) == (409, "settle_the_parcel")
    roles = (Role.OPS, Role.SERVICE, Role.WAREHOUSE)
    said = [ramp.post(f"/strays/{stray}/close", role, json={"because": "sent_on"}) for role in roles]
    codes = [answer.status_code for answer in await asyncio.gather(*said)]
    assert sorted(codes) == [200, 409, 409]
    assert await cases(ramp) == []
    winner = roles[codes.index(200)]
    settled = (await ramp.get("/strays?open=false")).json()["rows"][0]
    assert (settled["settled_by"], settled["because"]) == (f"{winner}-1", "sent_on")
    again = await ramp.post(f"/strays/{stray}/close", winner, json={"because": "sent_on"})
    other = await ramp.post(f"/strays/{stray}/close", winner, json={"because": "thrown_away"})
    assert (again.status_code, other.status_code, other.json()["code"]) == (200, 409, "stray_settled")
    assert (await kept(ramp)).json()["id"] == stray
    assert await cases(ramp) == []


async def test_a_parcel_that_is_found_to_be_somebodys_goes_when_they_are_forgotten(ramp, db):
    made = await a_return(ramp, db)
    stray = (await kept(ramp)).json()["id"]
    picture = (await ramp.post(f"/strays/{stray}/pictures", Role.WAREHOUSE, content=JPEG)).json()["id"]
    assert (await ramp.post(f"/strays/{stray}/assign", Role.OPS, json={"return": made.id})).status_code == 200
    for table in ("orders", "returns", "claims"):
        await ended(db, table)
    await Forgetting(ramp.tools.contacts, ramp.tools.pictures).order(made.order, "admin-1", Role.ADMIN)

    view = (await ramp.get(f"/strays/{stray}")).json()
    assert (view["note"], view["pictures"], view["assigned_to"]) == (None, [], made.id)
    assert (await ramp.get(f"/strays/{stray}/pictures/{picture}")).status_code == 404
    assert (await looked_up(ramp, made.id))["returns"][0]["note"] is None


async def ended(db, table):
    change = {"claims": "started_at = now()"}.get(table, "is_ended = true")
    async with db.begin() as conn:
        await conn.execute(text(f"UPDATE {table} SET {change}"))  # noqa: S608, the words of this test


async def test_a_parcel_is_assigned_by_one_of_two_and_its_return_hears_of_it_once(lively):
    async with relaying(lively.tools):
        order = await bought(lively)
        number = (await asked(lively, order, kind="return", why="defective")).json()["id"]
        await decided(lively, number, Role.OPS)
        await stands(lively, number, "approved")
        stray = (await kept(lively, place="east")).json()["id"]
        said = (
            lively.post(f"/strays/{stray}/assign", role, json={"return": number}) for role in (Role.OPS, Role.SERVICE)
        )
        answers = await asyncio.gather(*said)
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert [answer.json()["code"] for answer in answers if answer.status_code == 409] == ["stray_settled"]
        told_of = await stands(lively, number, "arrived")

    assert [entry["by"] for entry in told_of["timeline"] if entry["what"] == "goods_arrived"] == ["warehouse-1"]
    matter = (await lively.tools.returns.get(number)).matter
    assert last(matter, GoodsArrived).id == f"{stray}.goods_arrived"
    late = (await kept(lively, "YT9902", place="east")).json()["id"]
    answer = await lively.post(f"/strays/{late}/assign", Role.OPS, json={"return": number})
    assert (answer.status_code, answer.json()["code"]) == (409, "arrived_already")

    picture = (await lively.post(f"/returns/{number}/pictures", Role.WAREHOUSE, content=JPEG)).json()["id"]
    graded = {"place": "east", "graded": [{"line": 0, "quantity": 1, "grade": "as_new"}]}
    fact = {"kind": "goods_inspected", "at": (matter.received_at + timedelta(hours=1)).isoformat()}
    path, twice = f"/returns/{number}/facts", {"idempotency-key": "inspection-1"}
    wrong = fact | {"body": graded | {"pictures": ["picture-of-another"]}}
    assert (await lively.post(path, Role.WAREHOUSE, json=wrong)).json()["errors"][0]["pointer"] == "#/body/pictures"
    right = fact | {"body": graded | {"pictures": [picture]}}
    async with relaying(lively.tools):
        for _ in range(2):
            assert (await lively.post(path, Role.WAREHOUSE, json=right, headers=twice)).status_code == 202
        await stands(lively, number, "due")
    (seen,) = [fact for fact in (await lively.tools.returns.get(number)).matter.facts if fact.kind == "goods_inspected"]
    assert seen.pictures == (picture,)


def test_every_end_of_a_parcel_has_its_words():
    assert [word for word in BECAUSE if f"because.{word}" not in WORDS] == []

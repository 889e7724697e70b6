"""What the scanner's page says to stories, and to whom it is open."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from models.case import Role
from models.place import Place
from models.returns import Why
from store.returns import Returns
from store.stock import Shelves
from tests.api.test_pages import sign_in
from tests.api.test_strays import a_return, kept
from tests.store.makings import contacts
from tests.store.shots import JPEG
from tests.store.test_returns import LATER, put

TOLD = text("SELECT telling FROM inbox WHERE order_id = :id ORDER BY id")


@pytest.fixture
async def ramp(door, db):
    await Shelves(db).add_place(Place(id="sh", name="sh1", district="310115"))
    return door


async def tellings(door, number):
    async with door.tools.db.begin() as conn:
        return [row.telling for row in await conn.execute(TOLD, {"id": number})]


async def test_an_inspection_says_that_the_goods_came_and_how_they_are_once_however_often_it_is_pressed(ramp, db):
    number = (await a_return(ramp, db, facts=1)).id
    token = await sign_in(ramp, Role.WAREHOUSE)
    path = f"/board/inspect/{number}"
    form = {"token": token, "key": "k1", "place": "sh"}
    headers = {"x-form-token": form["token"]}
    shot = await ramp.client.post(f"{path}/pictures?place=sh", content=JPEG, headers=headers)
    picture = shot.json()["id"]
    assert (shot.status_code, shot.json()["occasion"], shot.json()["place"]) == (201, "inspection", "sh")
    assert (await ramp.client.post(f"{path}/pictures", content=JPEG)).status_code == 403

    for wrong, said in (
        ({"verdict": "part", "part.0.as_new": "2"}, "counts"),
        ({"verdict": "refuse", "refuse.0": "as_new"}, "counts"),
        ({"verdict": "part", "part.0": "as_new", "part.0.lacks": "charger"}, "counts"),
        ({"verdict": "refuse", "refuse.0": "damaged", "refuse.0.lacks": "充电器"}, "counts"),
        ({"verdict": "shrug"}, "counts"),
        ({"verdict": "pass", "place": "moon"}, "no_place"),
    ):
        answer = await ramp.client.post(path, data=form | wrong)
        assert (answer.status_code, answer.headers["location"].rpartition("=")[2]) == (303, said)
    assert await tellings(ramp, number) == []
    for _ in range(2):
        grading = {
            "verdict": "refuse",
            "refuse.0": "damaged",
            "refuse.0.lacks": "lid， cup",
            "refuse.fault": "customer",
            f"picture.{picture}": "yes",
        }
        answer = await ramp.client.post(path, data=form | grading)
        assert answer.headers["location"] == f"/board/inspect?place=sh&said=inspected&about={number}"
    arrived, inspected = await tellings(ramp, number)
    assert (arrived["kind"], arrived["source"], arrived["body"]["place"]) == ("goods_arrived", "warehouse", "sh")
    assert inspected["body"] == {
        "by": "warehouse-1",
        "place": "sh",
        "graded": [{"line": 0, "quantity": 1, "grade": "damaged", "missing": ["lid", "cup"]}],
        "pictures": [picture],
        "fault": "customer",
    }


async def test_what_was_sent_wrong_is_named_on_the_page_by_its_own_number(ramp, db):
    matter = await a_return(ramp, db, facts=1)
    wrong = matter.model_copy(update={"why": Why.WRONG_ITEM, "version": 9})
    await put(Returns(db, contacts(db)), wrong, told_at=LATER + timedelta(hours=1))
    token = await sign_in(ramp, Role.WAREHOUSE)
    page = (await ramp.client.get(f"/board/inspect?code={matter.id}")).text
    assert 'name="refuse.0.sku"' in page

    path, form = f"/board/inspect/{matter.id}", {"token": token, "place": "sh", "verdict": "refuse"}
    form["refuse.0"] = "another"
    for wrong in ({"refuse.0.sku": "蓝杯"}, {"refuse.0": "damaged", "refuse.0.sku": "MUG-BLUE"}):
        answer = await ramp.client.post(path, data=form | wrong)
        assert answer.headers["location"].endswith("said=counts")
    await ramp.client.post(path, data=form | {"key": "k1", "refuse.0.sku": "MUG-BLUE"})

    [_, seen] = await tellings(ramp, matter.id)
    assert seen["body"]["graded"] == [{"line": 0, "quantity": 1, "grade": "another", "sku": "MUG-BLUE"}]


async def test_a_parcel_is_only_received_where_nobody_has_time_and_a_stray_is_settled_with_an_answer(ramp, db):
    number = (await a_return(ramp, db, facts=1)).id
    form = {"token": await sign_in(ramp, Role.WAREHOUSE), "key": "k1", "place": "sh"}
    answer = await ramp.client.post(f"/board/inspect/{number}", data=form | {"verdict": "receive"})
    assert "said=received" in answer.headers["location"]
    assert [telling["kind"] for telling in await tellings(ramp, number)] == ["goods_arrived"]
    assert (await ramp.client.get("/board/inspect?code=YT9900")).text.count('action="/board/strays"') == 1

    stray = (await kept(ramp)).json()["id"]
    settle = f"/board/strays/{stray}/settle"
    for words, code in (
        ({"deed": "assign", "code": "nobody"}, "return_unknown"),
        ({"deed": "close", "because": "tired"}, "invalid"),
        ({"deed": "close", "because": "sent_on"}, "granted"),
        ({"deed": "close", "because": "thrown_away"}, "stray_settled"),
    ):
        answer = await ramp.client.post(settle, data=form | words)
        assert answer.headers["location"].rpartition("=")[2] == code
        assert (await ramp.client.get(answer.headers["location"])).status_code == 200
    assert (await ramp.client.post(settle, data={"deed": "close", "because": "sent_on"})).status_code == 403


async def test_the_form_says_once_with_whom_goods_went_home_and_only_in_words_that_a_label_can_have(ramp, db):
    number = (await a_return(ramp, db, facts=1)).id
    path = f"/board/returns/{number}/sent-home"
    form = {"token": await sign_in(ramp, Role.WAREHOUSE), "key": "k1", "courier": "sf", "waybill": " SF9 "}
    for wrong in ({"waybill": ""}, {"courier": "顺丰"}):
        answer = await ramp.client.post(path, data=form | wrong)
        assert answer.headers["location"].endswith("?said=homeward.unreadable")
    for _ in range(2):
        answer = await ramp.client.post(path, data=form)
        assert (answer.status_code, answer.headers["location"].rpartition("=")[2]) == (303, "homeward.told")
    assert "Noted: the goods are on their way home." in (await ramp.client.get(answer.headers["location"])).text
    assert (await ramp.client.post(path, data=form | {"token": "x"})).status_code == 403

    [told] = await tellings(ramp, number)
    assert (told["kind"], told["source"]) == ("goods_sent_home", "warehouse")
    assert told["body"] == {"by": "warehouse-1", "courier": "sf", "waybill": "SF9"}
    await sign_in(ramp, Role.SERVICE)
    assert (await ramp.client.post(path, data=form)).status_code == 403


@pytest.mark.parametrize(("role", "scans", "settles"), [(Role.OPS, 403, 200), (Role.FINANCE, 403, 403)])
async def test_the_ramp_is_the_warehouses_and_who_settles_sees_the_parcel(ramp, role, scans, settles):
    stray = (await kept(ramp)).json()["id"]
    await sign_in(ramp, role)

    assert (await ramp.client.get("/board/inspect")).status_code == scans
    assert (await ramp.client.get(f"/board/strays/{stray}")).status_code == settles
    assert f"/board/strays/{stray}" in (await ramp.client.get("/")).text

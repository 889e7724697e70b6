"""Pictures at the door."""

import pytest

from models.case import Role
from rules.pictures import MOST_BYTES
from rules.rmas import hear
from store.returns import Returns
from tests.api.conftest import OTHER_SHOP
from tests.builders import NOON, a_telling
from tests.store.makings import contacts
from tests.store.shots import JPEG, png
from tests.store.test_returns import bought, put, wanted

PNG = png()
OTHER = {"authorization": f"Bearer {OTHER_SHOP}"}


@pytest.fixture
async def album(door, db):
    made, _ = await Returns(db, contacts(db)).ask(wanted(await bought(db)))
    return f"/returns/{made.id}/pictures"


async def sent(door, album, content, role=Role.SERVICE, **query):
    return await door.post(album, role, content=content, params=query, headers={"content-type": "image/jpeg"})


async def test_a_picture_is_taken_by_its_content_and_shown_as_it_was(door, album):
    answer = await sent(door, album, PNG, place="sh")
    kept = answer.json()
    shown = await door.get(f"{album}/{kept['id']}", Role.SERVICE)

    assert (answer.status_code, kept["kind"], kept["place"], kept["by"]) == (201, "image/png", "sh", "service-1")
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert (shown.headers["x-content-type-options"], shown.headers["cache-control"]) == ("nosniff", "no-store")
    assert (await door.get(album)).json()["pictures"] == [kept]


async def test_twice_is_once_and_three_are_enough(door, album):
    first, again = [await sent(door, album, JPEG) for _ in range(2)]
    for nth in range(2):
        assert (await sent(door, album, JPEG + bytes([nth]))).status_code == 201
    more = await sent(door, album, PNG)

    assert first.json() == again.json()
    assert (more.status_code, more.json()["code"]) == (409, "pictures_full")
    assert (await sent(door, album, PNG, Role.WAREHOUSE, place="sh")).json()["occasion"] == "inspection"


async def test_a_picture_of_an_inspection_has_its_hour_and_its_place(door, album, db):
    unplaced = await sent(door, album, PNG, Role.WAREHOUSE)
    assert (unplaced.status_code, unplaced.json()["errors"][0]["pointer"]) == (422, "#/place")
    told = (await sent(door, album, PNG, Role.WAREHOUSE, place="sh", taken_at="2026-07-01T08:00:00Z")).json()
    assert (told["place"], told["taken_at"]) == ("sh", "2026-07-01T08:00:00Z")

    returns, number = Returns(db, contacts(db)), album.split("/")[2]
    arrived = a_telling("goods_arrived", "warehouse", "a", NOON, place="east")
    await put(returns, hear((await returns.get(number)).matter, arrived, NOON))
    usual = (await sent(door, album, JPEG, Role.WAREHOUSE)).json()
    assert (usual["place"], usual["taken_at"] is None) == ("east", False)


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415), (b"", 415), (JPEG.ljust(MOST_BYTES + 1, b"\0"), 413)],
    ids=["svg", "nothing", "too large"],
)
async def test_what_is_no_picture_is_refused(door, album, content, status):
    assert (await sent(door, album, content)).status_code == status


async def test_another_shop_sees_none(door, album):
    kept = (await sent(door, album, JPEG)).json()

    for path in (album, f"{album}/{kept['id']}"):
        assert (await door.get(path, None, headers=OTHER)).status_code == 404
    assert (await door.get(f"{album}/somebody-elses", Role.SERVICE)).status_code == 404

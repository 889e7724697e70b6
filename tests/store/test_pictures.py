import asyncio

import pytest
from sqlalchemy import text

from models.case import Role
from models.errors import Garbled, Missing, Refused, Unavailable
from models.picture import Occasion, PictureKind
from rules.pictures import MOST, MOST_BYTES
from store.forgetting import Forgetting
from store.pictures import Pictures
from store.shelf import Folder
from tests.builders import NOON
from tests.store.makings import a_new_order, claims, contacts
from tests.store.shots import HEIC, JPEG, WEBP, a_jpeg, a_new_picture, png

ORDER, RETURN = "web/demo/1", "0123456789ABCDEF-R1"
AGE = text("UPDATE pictures SET begun_at = begun_at - make_interval(mins => :minutes)")
A_RETURN = text("""
    INSERT INTO returns (id, order_id, n, shop, digest, seed, kind, amount, currency)
    VALUES (:id, :order, 1, 'web/demo', '', '{}', 'refund_only', 0, 'CNY')
""")
ROWS = text("SELECT id, digest, added_at, gone_at FROM pictures ORDER BY begun_at")


class Away:
    """A shelf that is away, before or after it did what it was asked."""

    def __init__(self, shelf, is_done=False):
        self.shelf, self.is_done = shelf, is_done

    async def put(self, name, sealed):
        if self.is_done:
            await self.shelf.put(name, sealed)
        raise Unavailable("shelf_away")

    async def get(self, name):
        raise Unavailable("shelf_away")

    async def remove(self, name):
        raise Unavailable("shelf_away")


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "pictures")


@pytest.fixture
def pictures(db, folder):
    return Pictures(contacts(db), folder)


def files(pictures):
    return sorted(path.name for path in pictures.shelf.root.rglob("*") if path.is_file())


async def run(db, statement, **values):
    async with db.begin() as conn:
        return await conn.execute(statement, values)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(JPEG, PictureKind.JPEG), (png(), PictureKind.PNG), (WEBP, PictureKind.WEBP), (HEIC, PictureKind.HEIC)],
)
async def test_a_picture_is_read_as_it_was_added(pictures, content, kind):
    added, is_new = await pictures.add(a_new_picture(), content)

    assert is_new
    assert (added.kind, added.size, added.order, added.about, added.by) == (
        kind,
        len(content),
        ORDER,
        RETURN,
        "web/demo",
    )
    assert await pictures.get(added.id) == (added, content)
    assert await pictures.listing(ORDER, RETURN) == (added,)


async def test_inspection_says_when_and_where(pictures):
    new = a_new_picture(occasion=Occasion.INSPECTION, by="badge7", taken_at=NOON, place="WH-SZ")

    added, _ = await pictures.add(new, JPEG)

    assert (added.occasion, added.by, added.taken_at, added.place) == (Occasion.INSPECTION, "badge7", NOON, "WH-SZ")


async def test_five_megabytes_are_a_picture_and_one_byte_more_is_none(pictures):
    added, _ = await pictures.add(a_new_picture(), a_jpeg(size=5 * 1024 * 1024))

    assert (await pictures.get(added.id))[0].size == MOST_BYTES
    with pytest.raises(Garbled, match="picture_too_large"):
        await pictures.add(a_new_picture(), a_jpeg(size=5 * 1024 * 1024 + 1))


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"%PDF-1.7", b"PK\x03\x04" + JPEG])
async def test_what_is_no_picture_leaves_nothing(db, pictures, content):
    with pytest.raises(Garbled, match="picture_unreadable"):
        await pictures.add(a_new_picture(), content)

    assert (await run(db, ROWS)).all() == []
    assert not pictures.shelf.root.exists()


async def test_nothing_of_a_picture_is_readable_where_it_lies(db, pictures):
    canary = b"GPS 22.5431N 114.0579E" * 40
    added, _ = await pictures.add(a_new_picture(), a_jpeg(canary))
    [lying] = [path.read_bytes() for path in pictures.shelf.root.rglob("*") if path.is_file()]

    assert canary[:22] not in lying
    assert JPEG[:16] not in lying
    assert len(lying) == added.size + 12 + 16  # the nonce and the seal
    assert "GPS" not in str((await run(db, text("SELECT p::text FROM pictures AS p"))).all())


async def test_the_same_again_is_the_same_picture(pictures):
    first, _ = await pictures.add(a_new_picture(), JPEG)

    assert await pictures.add(a_new_picture(by="service"), JPEG) == (first, False)
    assert await pictures.listing(ORDER, RETURN) == (first,)
    assert files(pictures) == [first.id]


async def test_the_same_at_once_is_one_picture(pictures):
    added = await asyncio.gather(*(pictures.add(a_new_picture(), JPEG) for _ in range(5)))

    assert {picture.id for picture, _ in added} == set(files(pictures))
    assert len(await pictures.listing(ORDER, RETURN)) == 1
    assert (await pictures.get(added[0][0].id))[1] == JPEG


async def test_a_request_has_three_pictures_however_many_come_at_once(pictures):
    new = a_new_picture()
    came = (pictures.add(new, a_jpeg(bytes([nth]))) for nth in range(6))
    ended = await asyncio.gather(*came, return_exceptions=True)

    assert sorted(error.code for error in ended if isinstance(error, Refused)) == ["pictures_full"] * 3
    assert len(await pictures.listing(ORDER, RETURN)) == MOST[Occasion.REQUEST] == len(files(pictures)) == 3


async def test_one_request_takes_no_place_of_another_and_none_of_an_inspection(pictures):
    for nth in range(3):
        await pictures.add(a_new_picture(), a_jpeg(bytes([nth])))

    await pictures.add(a_new_picture(about="0123456789ABCDEF-R2"), JPEG)
    await pictures.add(a_new_picture(occasion=Occasion.INSPECTION), JPEG)
    await pictures.add(a_new_picture(order="web/demo/2"), JPEG)
    assert not (await pictures.add(a_new_picture(), a_jpeg(b"\2")))[1]  # the third again
    with pytest.raises(Refused, match="pictures_full"):
        await pictures.add(a_new_picture(), JPEG)


@pytest.mark.parametrize("is_done", [False, True])
async def test_what_the_shelf_did_not_thank_for_is_tried_again_as_the_same_picture(db, pictures, folder, is_done):
    with pytest.raises(Unavailable, match="shelf_away"):
        await Pictures(contacts(db), Away(folder, is_done)).add(a_new_picture(), JPEG)

    assert await pictures.listing(ORDER, RETURN) == ()
    [(begun, *_)] = await run(db, ROWS)
    with pytest.raises(Missing, match="picture_unknown"):
        await pictures.get(begun)
    added, is_new = await pictures.add(a_new_picture(), JPEG)
    assert (added.id, is_new) == (begun, True)
    assert files(pictures) == [begun]


async def test_what_was_given_up_makes_place_after_ten_minutes_and_its_file_goes_after_an_hour(db, pictures, folder):
    for nth in range(3):
        with pytest.raises(Unavailable):
            await Pictures(contacts(db), Away(folder, is_done=True)).add(a_new_picture(), a_jpeg(bytes([nth])))
    with pytest.raises(Refused, match="pictures_full"):
        await pictures.add(a_new_picture(), JPEG)
    await run(db, AGE, minutes=11)
    added, _ = await pictures.add(a_new_picture(), JPEG)
    assert await pictures.tidy() == 0
    await run(db, AGE, minutes=50)

    assert await pictures.tidy() == 3
    assert await pictures.tidy() == 0
    assert files(pictures) == [added.id]
    assert (await pictures.get(added.id))[1] == JPEG


async def test_what_was_given_up_and_tidied_can_be_added_anew(db, pictures, folder):
    with pytest.raises(Unavailable):
        await Pictures(contacts(db), Away(folder)).add(a_new_picture(), JPEG)
    await run(db, AGE, minutes=61)
    await pictures.tidy()

    added, is_new = await pictures.add(a_new_picture(), JPEG)

    assert is_new
    assert files(pictures) == [added.id]


async def test_a_forgotten_persons_pictures_are_gone_and_cannot_be_added_any_more(db, pictures):
    added, _ = await pictures.add(a_new_picture(), JPEG)
    others, _ = await pictures.add(a_new_picture(order="web/demo/2"), JPEG)
    book = Forgetting(pictures.contacts, pictures)

    assert await book.order(ORDER, "lin", Role.ADMIN)
    assert not await book.order(ORDER, "lin", Role.ADMIN)

    assert files(pictures) == [others.id]
    assert await pictures.listing(ORDER, RETURN) == ()
    for lost in (pictures.get(added.id), pictures.add(a_new_picture(), JPEG)):
        with pytest.raises(Missing, match="forgotten"):
            await lost
    assert [(row.digest, row.gone_at is None) for row in await run(db, ROWS) if row.id == added.id] == [(None, False)]
    assert (await pictures.get(others.id))[1] == JPEG


async def test_who_sends_something_back_is_forgotten_when_the_return_is_over(db, pictures):
    order = (await claims(db).claim(a_new_order(), b"{}")).order
    added, _ = await pictures.add(a_new_picture(order=order.id), JPEG)
    await run(db, text("UPDATE claims SET started_at = now()"))
    await run(db, A_RETURN, id=RETURN, order=order.id)
    book = Forgetting(pictures.contacts, pictures)

    with pytest.raises(Refused, match="still_under_way"):
        await book.order(order.id, "lin", Role.ADMIN)
    assert (await pictures.get(added.id))[1] == JPEG
    await run(db, text("UPDATE returns SET is_ended = true"))

    assert await book.order(order.id, "lin", Role.ADMIN)


async def test_a_file_that_is_left_is_unreadable_and_goes_when_the_shelf_is_back(db, pictures, folder):
    added, _ = await pictures.add(a_new_picture(), JPEG)

    assert await Forgetting(pictures.contacts, Pictures(pictures.contacts, Away(folder))).order(
        ORDER, "lin", Role.ADMIN
    )

    assert files(pictures) == [added.id]
    with pytest.raises(Missing, match="forgotten"):
        await pictures.get(added.id)
    assert await pictures.tidy() == 1
    assert files(pictures) == []


async def test_who_is_forgotten_while_a_picture_is_laid_down_leaves_no_file(pictures, folder):
    class Slow(Folder):
        async def put(self, name, sealed):
            await super().put(name, sealed)
            await Forgetting(pictures.contacts, pictures).order(ORDER, "lin", Role.ADMIN)
            await super().put(name, sealed)  # after everything was tidied

    with pytest.raises(Unavailable, match="picture_interrupted"):
        await Pictures(pictures.contacts, Slow(folder.root)).add(a_new_picture(), JPEG)

    assert files(pictures) == []
    with pytest.raises(Missing, match="forgotten"):
        await pictures.add(a_new_picture(), JPEG)


async def test_a_file_does_not_open_as_anothers_nor_changed(db, pictures):
    one, _ = await pictures.add(a_new_picture(), JPEG)
    other, _ = await pictures.add(a_new_picture(), WEBP)
    lying = await pictures.shelf.get(one.id)
    await pictures.shelf.put(other.id, lying)
    await pictures.shelf.put(one.id, lying[:-1] + bytes([lying[-1] ^ 1]))

    for changed in (one, other):
        with pytest.raises(Garbled, match="seal_broken"):
            await pictures.get(changed.id)


async def test_a_picture_whose_file_is_lost_says_so(pictures):
    added, _ = await pictures.add(a_new_picture(), JPEG)
    await pictures.shelf.remove(added.id)

    with pytest.raises(Missing, match="picture_gone"):
        await pictures.get(added.id)


async def test_what_a_picture_costs(db, pictures, counted):
    with counted(db) as adding:
        added, _ = await pictures.add(a_new_picture(), JPEG)
    with counted(db) as again:
        await pictures.add(a_new_picture(), JPEG)
    with counted(db) as getting:
        await pictures.get(added.id)

    assert (adding.statements, adding.transactions) == (3, 2)
    assert (again.statements, again.transactions) == (2, 1)
    assert (getting.statements, getting.transactions) == (1, 1)

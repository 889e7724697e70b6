import asyncio

import pytest
from sqlalchemy import text

from models.case import Role
from models.errors import Garbled, Missing
from store.contacts import Contacts, masked
from tests.store.makings import HASH, MASTER, a_contact, contacts

SWAP_SEALED = text("""
    UPDATE contacts SET sealed = theirs.sealed FROM contacts AS theirs WHERE theirs.order_id <> contacts.order_id
""")
SWAP_KEYS = text("""
    UPDATE contact_keys SET wrapped = theirs.wrapped FROM contact_keys AS theirs
    WHERE theirs.order_id <> contact_keys.order_id
""")


async def test_each_address_is_a_version_and_the_old_ones_stay(db):
    book, first, second = contacts(db), a_contact(), a_contact(address="文一路 1 号")

    assert [await book.add("web/shop/1", first), await book.add("web/shop/1", second)] == [1, 2]
    assert await book.get("web/shop/1", 1) == first
    assert await book.get("web/shop/1", 2) == second


async def test_versions_added_in_the_same_instant_are_all_kept(db):
    book = contacts(db)

    versions = await asyncio.gather(*(book.add("web/shop/1", a_contact(address=str(n))) for n in range(10)))

    assert sorted(versions) == list(range(1, 11))


async def test_without_the_key_nobody_reads_a_contact(db):
    await contacts(db).add("web/shop/1", a_contact())

    with pytest.raises(Garbled, match="master_key_unknown"):
        await contacts(db, master_key=b"x" * 32).get("web/shop/1", 1)


async def test_a_new_master_key_reads_what_the_old_one_sealed(db):
    await contacts(db).add("web/shop/1", a_contact())
    rotated = Contacts(db, b"n" * 32, HASH, older=(MASTER,))

    assert await rotated.get("web/shop/1", 1) == a_contact()
    await rotated.add("web/shop/2", a_contact())
    with pytest.raises(Garbled, match="master_key_unknown"):
        await contacts(db).get("web/shop/2", 1)


async def test_one_orders_contact_does_not_open_as_anothers(db):
    book = contacts(db)
    await book.add("web/shop/1", a_contact())
    await book.add("web/shop/2", a_contact(name="李四"))
    async with db.begin() as conn:
        await conn.execute(SWAP_SEALED)
        await conn.execute(SWAP_KEYS)

    with pytest.raises(Garbled, match="seal_broken"):
        await book.get("web/shop/1", 1)


async def test_a_forgotten_person_is_gone_for_good(db):
    book = contacts(db)
    await book.add("web/shop/1", a_contact())
    note = await book.add_note("web/shop/1", "门口有狗, 请打电话")
    await book.forget("web/shop/1")
    await book.forget("web/shop/1")

    for lost in (book.get("web/shop/1", 1), book.note(note), book.add("web/shop/1", a_contact())):
        with pytest.raises(Missing, match="forgotten"):
            await lost
    async with db.begin() as conn:
        assert (await conn.execute(text("SELECT wrapped FROM contact_keys"))).scalar_one() is None
        assert (await conn.execute(text("SELECT phone_hash FROM contacts"))).scalar_one() is None


async def test_who_is_unknown_is_missing(db):
    book = contacts(db)

    for lost in (book.get("web/shop/9", 1), book.forget("web/shop/9")):
        with pytest.raises(Missing, match="contact_unknown"):
            await lost
    with pytest.raises(Missing, match="note_unknown"):
        await book.note("note-9")


async def test_a_note_comes_back_word_for_word(db):
    book = contacts(db)

    note = await book.add_note("web/shop/1", "门口有狗, 请打电话")

    assert await book.note(note) == "门口有狗, 请打电话"


def test_a_phone_is_one_phone_however_it_is_spelt():
    book = Contacts(None, MASTER, HASH)
    spellings = ("13800138000", "+86 138-0013-8000", "0086 13800138000", "8613800138000", " 138 0013 8000 ")

    assert len({book.phone_hash(spelt) for spelt in spellings}) == 1
    assert book.phone_hash("13800138000") != book.phone_hash("13800138001")
    assert book.phone_hash("0571-88886666") == book.phone_hash("057188886666")


def test_without_the_hash_key_a_phone_has_another_hash():
    assert Contacts(None, MASTER, HASH).phone_hash("1380013") != Contacts(None, MASTER, b"x" * 32).phone_hash("1380013")


def test_a_master_key_has_32_bytes():
    with pytest.raises(ValueError, match="32 bytes"):
        Contacts(None, b"short", HASH)


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.FINANCE, {}),
        (Role.SERVICE, {"name": "张小明", "phone": "****8000"}),
        (Role.WAREHOUSE, a_contact().model_dump()),
        (Role.ADMIN, a_contact().model_dump()),
        (Role.OPS, a_contact().model_dump() | {"name": "张**", "phone": "138****8000", "address": "***"}),
        (Role.SHOP, a_contact().model_dump() | {"name": "张**", "phone": "138****8000", "address": "***"}),
    ],
)
def test_each_role_sees_what_its_work_needs(role, seen):
    assert masked(a_contact(), role) == seen


def test_a_short_phone_is_not_shown_whole():
    assert masked(a_contact(phone="12345"), Role.OPS)["phone"] == "****2345"


async def test_what_contacts_cost(db, counted):
    book = contacts(db)
    with counted(db) as cost:
        await book.add("web/shop/1", a_contact())
    assert (cost.statements, cost.transactions) == (2, 1)
    with counted(db) as cost:
        await book.get("web/shop/1", 1)
    assert (cost.statements, cost.transactions) == (1, 1)


async def test_a_contact_that_was_sealed_before_we_asked_for_more_stays_readable(db):
    old = a_contact(name="王\t小明", phone="-----")
    people = contacts(db)

    assert await people.get("web/demo/N1", await people.add("web/demo/N1", old)) == old

"""Nothing personal can be read in the database by whoever has it and not the keys."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from models.contact import Contact
from store.claims import Claims
from store.policies import Policies
from store.scans import KeptScan, ScanBook
from tests.store.makings import a_contact, a_message, a_new_order, claims, contacts, inbox

PERSONAL = {
    "name": "张可纳里",
    "phone": "13987654321",
    "province": "金丝雀省",
    "city": "可丽市",
    "district": "黄羽区",
    "address": "鸟鸣路七十七号",
}
NOTE = "笼子放在门口"
TABLES = text("""
    SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
""")


async def dumped(db):
    """Every row of every table as text, and every value that is bytes as the text it may hide."""
    found = []
    async with db.begin() as conn:
        for table in (await conn.execute(TABLES)).scalars().all():
            rows = await conn.execute(text(f"SELECT t::text AS line, t.* FROM {table} AS t"))  # noqa: S608  # our own tables
            for row in rows:
                found += [row.line, *(value.decode(errors="replace") for value in row if isinstance(value, bytes))]
    return "\n".join(found)


async def everything(db):
    """One order through every door of the memory that takes personal words."""
    new = a_new_order(receiver=a_contact(**PERSONAL), note=NOTE)
    order = (await claims(db).claim(new, new.model_dump_json().encode())).order
    await contacts(db).add(order.id, a_contact(**PERSONAL | {"name": "张可纳里二"}))
    await contacts(db).add_note(order.id, NOTE)
    words = "".join(PERSONAL.values()).encode()
    await inbox(db).keep(
        "sf", "main", words, [a_message(f"{order.business_no}-label-1"), a_message("SF1", to="waybill")]
    )
    await ScanBook(db).keep([KeptScan("s1", "picked", "SF1", datetime.now(UTC), "badge7")])
    return order


def test_every_personal_field_has_its_canary():
    assert {*PERSONAL, "district_code"} == set(Contact.model_fields)


@pytest.mark.parametrize("canary", [*PERSONAL.values(), NOTE, "87654321"])
async def test_nothing_personal_stands_in_any_table(db, canary):
    await everything(db)

    found = await dumped(db)

    assert len(found) > 2000
    assert canary not in found


async def test_the_search_would_find_a_canary(db):
    await contacts(db).add("web/shop/1", a_contact())
    async with db.begin() as conn:
        await conn.execute(
            text("UPDATE contacts SET sealed = convert_to('鸟鸣路七十七号', 'UTF8'), phone_hash = '13987654321'")
        )

    found = await dumped(db)

    assert PERSONAL["address"] in found
    assert PERSONAL["phone"] in found


async def test_no_digest_is_one_that_anybody_could_compute(db):
    order = await everything(db)
    mine = await dumped(db)
    stranger = contacts(db, hash_key=b"x" * 32)

    assert contacts(db).phone_hash(PERSONAL["phone"]) in mine
    again = await Claims(db, stranger, Policies(db)).claim(
        a_new_order(number=order.id.rsplit("/", 1)[1], receiver=a_contact(**PERSONAL), note=NOTE), b""
    )
    assert "receiver.phone" in again.differing

"""A parcel of which nobody knows whose it is, among thousands of them."""

import asyncio
import json

import pytest
from sqlalchemy import text

from models.errors import Refused
from models.finding import Check
from models.place import Place
from models.stray import NewStray
from store import case_statements as say
from store.cases import CaseFilter, Cases
from store.returns import Returns
from store.stock import Shelves
from store.strays import Strays
from tests.builders import NOON
from tests.store.makings import contacts
from tests.store.test_reminder_cost import looked_at
from tests.store.test_returns import bought, wanted

MANY = 3000
CASES = """
    INSERT INTO cases (story, deadline, since, rung, role, opened_at)
    SELECT 'stray-' || n, 'parcel_without_return', now(), 'owner', 'warehouse', now() FROM generate_series(1, :many) n
"""


def a_parcel(code):
    return NewStray(code=code, place="sh", by="wh", arrived_at=NOON)


async def open_cases(db):
    return [known.case.story for known in await Cases(db).listing(CaseFilter(open=True, limit=10))]


async def test_each_parcel_has_a_case_of_its_own_which_closes_with_it_and_leaves_the_others_open(db):
    await Shelves(db).add_place(Place(id="sh", name="sh", district="310115"))
    strays = Strays(db, contacts(db))
    made = [(await strays.keep(a_parcel(code)))[0].id for code in ("A", "B", "C")]
    assert await open_cases(db) == made

    await strays.close(made[1], "sent_on", "ops")
    assert await open_cases(db) == [made[0], made[2]]


async def test_of_two_parcels_that_are_said_to_be_one_return_at_once_one_is(db):
    await Shelves(db).add_place(Place(id="sh", name="sh", district="310115"))
    made, _ = await Returns(db, contacts(db)).ask(wanted(await bought(db)))
    strays = Strays(db, contacts(db))
    ids = [(await strays.keep(a_parcel(str(nth))))[0].id for nth in range(8)]
    said = await asyncio.gather(*(strays.assign(one, made.id, "ops") for one in ids), return_exceptions=True)

    refused = [known.code for known in said if isinstance(known, Refused)]
    assert refused == ["arrived_already"] * 7
    [mine] = (await strays.listing(is_open=False)).rows
    assert await strays.assign(mine.id, made.id, "ops") == mine
    assert len(await open_cases(db)) == 7


async def test_every_parcel_is_on_one_page(db):
    await Shelves(db).add_place(Place(id="sh", name="sh", district="310115"))
    strays = Strays(db, contacts(db))
    ids = [(await strays.keep(a_parcel(str(nth))))[0].id for nth in range(5)]
    for one in ids[:3]:
        await strays.close(one, "sent_on", "ops")

    assert await paged(strays, is_open=True) == [[ids[3]], [ids[4]]]
    assert await paged(strays, is_open=False) == [[ids[2]], [ids[1]], [ids[0]]]


async def paged(strays, *, is_open):
    """Page by page."""
    pages, after = [], None
    while not pages or after:
        found = await strays.listing(is_open=is_open, limit=1, after=after)
        pages, after = [*pages, [stray.id for stray in found.rows]], found.next
    return pages


@pytest.mark.parametrize("statement", [say.OF_ONE, say.TELL_OF_ONE], ids=["known", "told"])
async def test_the_case_of_one_parcel_is_told_without_a_look_at_the_others(db, statement):
    mine = {"story": "stray-7", "deadline": Check.PARCEL_WITHOUT_RETURN.value, "shop": None, "cases": json.dumps([])}
    async with db.begin() as conn:
        await conn.execute(text(CASES), {"many": MANY})
    async with db.begin() as conn:
        await conn.execute(text("ANALYZE cases"))
        explained = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}")
        values = {name: value for name, value in mine.items() if f":{name}" in statement.text}
        [[plan]] = (await conn.execute(explained, values)).scalars()

    assert looked_at(plan["Plan"]) < MANY / 100

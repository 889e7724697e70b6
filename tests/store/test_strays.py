"""A parcel of which nobody knows whose it is, among thousands of them."""

import json

import pytest
from sqlalchemy import text

from models.finding import Check
from models.place import Place
from models.stray import NewStray
from store import case_statements as say
from store.cases import CaseFilter, Cases
from store.stock import Shelves
from store.strays import Strays
from tests.builders import NOON
from tests.store.makings import contacts
from tests.store.test_reminder_cost import looked_at

MANY = 3000
CASES = """
    INSERT INTO cases (story, deadline, since, rung, role, opened_at)
    SELECT 'stray-' || n, 'parcel_without_return', now(), 'owner', 'warehouse', now() FROM generate_series(1, :many) n
"""


async def open_cases(db):
    return [known.case.story for known in await Cases(db).listing(CaseFilter(open=True, limit=10))]


async def test_each_parcel_has_a_case_of_its_own_which_closes_with_it_and_leaves_the_others_open(db):
    await Shelves(db).add_place(Place(id="sh", name="sh", district="310115"))
    strays = Strays(db, contacts(db))
    made = [
        (await strays.keep(NewStray(code=code, place="sh", by="wh", arrived_at=NOON)))[0].id for code in ("A", "B", "C")
    ]
    assert await open_cases(db) == made

    await strays.close(made[1], "sent_on", "ops")
    assert await open_cases(db) == [made[0], made[2]]


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

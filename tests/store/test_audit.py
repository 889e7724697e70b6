import asyncio

import pytest
from sqlalchemy import text

from models.case import Role
from store.audit import HASH, Audit, Deed, Head, noted
from store.database import Broken

ORDER = "web/shop/B1"


@pytest.fixture
def audit(db):
    return Audit(db)


async def three_deeds(audit):
    for who in ("li", "wang", "chen"):
        await audit.note(who, Role.FINANCE, "second_refund", ORDER)


async def tamper(db, statement):
    """As somebody would who owns the database."""
    async with db.begin() as conn:
        await conn.execute(text("ALTER TABLE audit DISABLE TRIGGER append_only"))
        await conn.execute(text(statement))
        await conn.execute(text("ALTER TABLE audit ENABLE TRIGGER append_only"))


async def test_what_was_done_is_told_newest_first(audit, db, counted):
    with counted(db) as cost:
        await audit.note("li", Role.OPS, "cancel", ORDER)
    await audit.note("wang", Role.ADMIN, "release", ORDER)
    await audit.note("wang", Role.ADMIN, "release", "web/shop/B2")

    deeds = await audit.about(ORDER)

    assert [(deed.who, deed.role, deed.what) for deed in deeds] == [
        ("wang", Role.ADMIN, "release"),
        ("li", Role.OPS, "cancel"),
    ]
    assert deeds[0].at > deeds[1].at
    assert (cost.statements, cost.transactions) == (2, 1)


async def test_an_untouched_chain_is_whole(audit):
    assert await audit.verify() is None
    await three_deeds(audit)

    assert await audit.verify() is None


@pytest.mark.parametrize(
    "change",
    [
        "who = 'li'",
        "role = 'admin'",
        "what = 'nothing'",
        "about = 'web/shop/B2'",
        "at = at + interval '1 microsecond'",
        "hash = sha256('x')",
    ],
)
async def test_a_changed_row_is_named(audit, db, change):
    await three_deeds(audit)

    await tamper(db, f"UPDATE audit SET {change} WHERE n = 2")  # noqa: S608, the words of this test

    assert await audit.verify() == 2


async def test_a_row_that_was_changed_with_its_own_hash_is_seen_in_the_row_after_it(audit, db):
    await three_deeds(audit)
    before, fields = "(SELECT hash FROM audit WHERE n = 1)", ("n", "at", "role", "what", "about")
    own = HASH.format(before=before, who="'li'", **{field: field for field in fields})

    await tamper(db, f"UPDATE audit SET who = 'li', hash = {own} WHERE n = 2")  # noqa: S608, the words of this test

    assert await audit.verify() == 3


async def test_a_row_that_is_gone_is_named(audit, db):
    await three_deeds(audit)

    await tamper(db, "DELETE FROM audit WHERE n = 2")
    assert await audit.verify() == 2

    await tamper(db, "DELETE FROM audit WHERE n = 1")
    assert await audit.verify() == 1


async def test_a_row_that_was_slipped_in_is_named(audit, db):
    await three_deeds(audit)

    await tamper(db, "INSERT INTO audit SELECT 4, at, who, role, what, about, hash FROM audit WHERE n = 3")

    assert await audit.verify() == 4


async def test_a_row_that_swapped_its_words_between_fields_is_named(audit, db):
    await audit.note("li", Role.OPS, "cancel", "now")

    await tamper(db, "UPDATE audit SET what = 'cancelnow', about = ''")

    assert await audit.verify() == 1


async def test_a_chain_that_was_cut_or_written_anew_does_not_contain_a_known_head(audit, db):
    await three_deeds(audit)
    head = await audit.head()
    assert await audit.verify(head) is None

    await tamper(db, "DELETE FROM audit WHERE n = 3")
    assert await audit.verify() is None
    assert await audit.verify(head) == 3

    await audit.note("mallory", Role.FINANCE, "second_refund", ORDER)
    assert await audit.verify() is None
    assert await audit.verify(head) == 3


async def test_an_empty_chain_has_an_empty_head(audit):
    assert await audit.head() == Head(0, "")
    assert await audit.verify(Head(0, "")) is None


async def test_many_writers_at_once_make_one_chain(audit, db):
    await asyncio.gather(*(Audit(db).note(f"p{number}", Role.OPS, "cancel", ORDER) for number in range(50)))

    assert (await audit.head()).n == 50
    assert await audit.verify() is None


async def test_a_deed_is_undone_with_what_it_is_about(audit, db):
    async with db.begin() as conn:
        await noted(conn, Deed("li", Role.OPS, "cancel", ORDER))
        await conn.rollback()

    await three_deeds(audit)
    assert (await audit.head()).n == 3


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'x'", "DELETE FROM audit"])
async def test_the_table_refuses_to_be_rewritten(audit, db, statement):
    await three_deeds(audit)

    with pytest.raises(Broken, match="RestrictViolation"):
        async with db.begin() as conn:
            await conn.execute(text(statement))

import asyncio
import importlib
import pkgutil
import traceback

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import String, text
from sqlmodel import AutoString, SQLModel

import store
from models.errors import Refused, Unavailable
from store.database import Broken, Database, is_current, migrate


async def test_the_tables_are_made_once_however_many_ask_at_the_same_time(postgres):
    url = postgres.url(postgres.create())

    assert not await is_current(url)
    await asyncio.gather(*(migrate(url) for _ in range(4)))
    assert await is_current(url)


async def test_what_a_transaction_did_is_undone_when_it_raises(db):
    async def insert_and_fail():
        async with db.begin() as conn:
            await conn.execute(text("INSERT INTO links (bill_key, url) VALUES ('a', 'b')"))
            raise Refused("no")

    with pytest.raises(Refused):
        await insert_and_fail()

    async with db.begin() as conn:
        assert (await conn.execute(text("SELECT count(*) FROM links"))).scalar_one() == 0


async def test_a_database_that_is_away_is_unavailable_and_found_again(postgres, url):
    db = await Database.open(url, size=1)
    async with db.begin() as conn:
        pid = (await conn.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    postgres.run(f"SELECT pg_terminate_backend({pid})")

    with pytest.raises(Unavailable, match="store_away"):
        async with db.begin() as conn:
            await conn.execute(text("SELECT 1"))
    async with db.begin() as conn:
        assert (await conn.execute(text("SELECT 1"))).scalar_one() == 1
    await db.close()


async def test_nobody_listening_is_unavailable():
    db = await Database.open("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    with pytest.raises(Unavailable, match="store_away"):
        async with db.begin():
            pass
    with pytest.raises(Unavailable, match="store_away"):
        await migrate("postgresql+psycopg://nobody@127.0.0.1:1/nothing")


async def test_a_statement_that_hangs_is_given_up(url):
    db = await Database.open(url)

    async def hang():
        async with db.begin() as conn:
            await conn.execute(text("SET statement_timeout = '20ms'"))
            await conn.execute(text("SELECT pg_sleep(5)"))

    with pytest.raises(Unavailable):
        await hang()
    await db.close()


async def test_times_come_back_in_utc(db):
    async with db.begin() as conn:
        now = (await conn.execute(text("SELECT now()"))).scalar_one()

    assert now.utcoffset().total_seconds() == 0


async def test_an_error_of_the_database_repeats_no_value(db):
    with pytest.raises(Broken) as error:
        async with db.begin() as conn:
            await conn.execute(text("INSERT INTO links VALUES (:key, :url)"), {"key": "13800138000", "url": None})

    assert "13800138000" not in "".join(traceback.format_exception(error.value))
    assert str(error.value) == "NotNullViolation"


async def test_an_error_of_the_database_names_the_constraint(db):
    with pytest.raises(Broken) as error:
        async with db.begin() as conn:
            await conn.execute(text("INSERT INTO links VALUES ('a', 'b'), ('a', 'b')"))

    assert error.value.constraint == "links_pkey"


THE_MIGRATIONS_OWN = ("_index", "_constraint")


def has_a_row(_thing, _name, kind, is_reflected, row):
    """A table that only statements know has no row in the code."""
    return kind != "table" or not is_reflected or row is not None


def same_type(_context, _column, _metadata, of_table, of_row):
    """Text is text, whatever length nobody set; for the rest alembic knows."""
    are_text = isinstance(of_table, String) and isinstance(of_row, AutoString)
    return False if are_text else None


def differences(conn):
    """Where the rows in the code and the tables do not agree; indexes and checks are the migrations' own."""
    for module in pkgutil.iter_modules(store.__path__):
        importlib.import_module(f"store.{module.name}")
    context = MigrationContext.configure(conn, opts={"compare_type": same_type, "include_object": has_a_row})
    changes = compare_metadata(context, SQLModel.metadata)
    return [change for change in changes if not str(change[0]).endswith(THE_MIGRATIONS_OWN)]


async def test_the_rows_in_the_code_are_the_tables_of_the_migrations(db):
    async with db.engine.connect() as conn:
        assert await conn.run_sync(differences) == []

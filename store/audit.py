"""Who did what to what, when: rows that hold each other, so that a change to one is seen in all that follow.

Why: a chain proves nothing to somebody who may rewrite all of it. So its head may be written down elsewhere, and
`verify` asked whether the chain still contains it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel, col, select

from models.case import Role
from models.noun import Id
from store.database import Database, Instant


class AuditRow(SQLModel, table=True):
    """One deed."""

    __tablename__ = "audit"
    n: int = Field(primary_key=True, sa_type=BigInteger)
    at: Instant
    who: str
    role: str
    what: str
    about: str
    hash: bytes


@dataclass(frozen=True)
class Deed:
    """What somebody did."""

    who: Id
    role: Role
    what: Id
    about: Id
    at: datetime | None = None  # by the database's clock, once it is written


@dataclass(frozen=True)
class Head:
    """How long the chain is, and the hash that stands for all of it."""

    n: int
    hash: str


# Microseconds since 1970: a spelling that no setting changes. Equal rows have equal spellings, and no two others have.
HASH = """sha256({before} || convert_to(
    jsonb_build_array({n}, (extract(epoch FROM {at}) * 1000000)::bigint, {who}, {role}, {what}, {about})::text, 'UTF8'
))"""
ALONE = text("SELECT pg_advisory_xact_lock(6014)")
WRITE = text(f"""
    WITH head AS (
        SELECT coalesce(max(n), 0) AS n,
            coalesce((SELECT hash FROM audit ORDER BY n DESC LIMIT 1), ''::bytea) AS hash FROM audit
    ), deed AS (
        SELECT head.n + 1 AS n, clock_timestamp() AS at, CAST(:who AS text) AS who, CAST(:role AS text) AS role,
            CAST(:what AS text) AS what, CAST(:about AS text) AS about, head.hash AS before
        FROM head
    )
    INSERT INTO audit (n, at, who, role, what, about, hash)
    SELECT n, at, who, role, what, about,
        {HASH.format(before="before", n="n", at="at", who="who", role="role", what="what", about="about")}
    FROM deed
""")  # noqa: S608, put together from our own words
BROKEN = text(f"""
    WITH chain AS (
        SELECT *, coalesce(lag(hash) OVER by_n, ''::bytea) AS before, row_number() OVER by_n AS place
        FROM audit WINDOW by_n AS (ORDER BY n)
    )
    SELECT least(n, place) FROM chain WHERE hash <>
        {HASH.format(before="before", n="n", at="at", who="who", role="role", what="what", about="about")}
    ORDER BY n LIMIT 1
""")  # noqa: S608, put together from our own words
HEAD = text("SELECT n, encode(hash, 'hex') AS hash FROM audit ORDER BY n DESC LIMIT 1")
HASH_AT = text("SELECT encode(hash, 'hex') FROM audit WHERE n = :n")


class Audit:
    """Append-only; the table refuses everything else."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def note(self, who: Id, role: Role, what: Id, about: Id) -> None:
        """Somebody did something. Two statements; one writer at a time."""
        async with self.db.begin() as conn:
            await noted(conn, Deed(who, role, what, about))

    async def verify(self, known: Head | None = None) -> int | None:
        """The first row that is not as it was written, or is gone; None: the chain is whole. One statement.

        With a head that was written down before, also whether the chain still goes through it: two statements.
        """
        async with self.db.begin() as conn:
            broken = (await conn.execute(BROKEN)).scalar_one_or_none()
            if broken is None and known and known.n:
                found = (await conn.execute(HASH_AT, {"n": known.n})).scalar_one_or_none()
                broken = None if found == known.hash else known.n
        return broken

    async def head(self) -> Head:
        """To be written down where nobody who can write here can write. One statement."""
        async with self.db.begin() as conn:
            row = (await conn.execute(HEAD)).one_or_none()
        return Head(row.n, row.hash) if row else Head(0, "")

    async def about(self, about: Id, limit: int = 100) -> tuple[Deed, ...]:
        """What was done to one thing, newest first. One statement."""
        found = select(AuditRow).where(AuditRow.about == about).order_by(col(AuditRow.n).desc()).limit(limit)
        async with self.db.begin() as conn:
            rows = (await conn.execute(found)).all()
        return tuple(Deed(row.who, Role(row.role), row.what, row.about, row.at) for row in rows)


async def noted(conn: AsyncConnection, deed: Deed) -> None:
    """The deed, in the transaction of whatever it is about. From here to its end no other deed is written."""
    await conn.execute(ALONE)
    await conn.execute(WRITE, {"who": deed.who, "role": deed.role, "what": deed.what, "about": deed.about})

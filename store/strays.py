"""Parcels that nobody expected: each kept once, seen to by people, and settled once."""

import secrets

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.errors import Missing, Refused
from models.finding import Check, Finding
from models.noun import Id
from models.stray import NewStray, Stray
from rules.strays import arrival
from store import cases
from store.contacts import Contacts
from store.cursors import Page, Place, page, read
from store.database import Database
from store.inbox import ToOurs, kept

HOUSE = "house"
FIELDS = "id, code, place, by, arrived_at, note_id, kept_at, settled_at, settled_by, assigned_to, because"
ADD = text(f"""
    INSERT INTO strays (id, code, place, by, arrived_at) VALUES (:id, :code, :place, :by, :arrived_at)
    ON CONFLICT (code) DO NOTHING RETURNING {FIELDS}
""")  # noqa: S608  # our own columns
UNDER = text(f"SELECT {FIELDS} FROM strays WHERE code = :code")  # noqa: S608  # our own columns
GET = text(f"SELECT {FIELDS} FROM strays WHERE id = :id")  # noqa: S608  # our own columns
OPEN_ONES = text(f"""
    SELECT {FIELDS} FROM strays WHERE settled_at IS NULL AND (CAST(:after_at AS timestamptz) IS NULL
        OR (kept_at, id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS text)))
    ORDER BY kept_at, id LIMIT :limit
""")  # noqa: S608  # our own columns
SETTLED = text(f"""
    SELECT {FIELDS} FROM strays WHERE settled_at IS NOT NULL AND (CAST(:after_at AS timestamptz) IS NULL
        OR (settled_at, id) < (CAST(:after_at AS timestamptz), CAST(:after_id AS text)))
    ORDER BY settled_at DESC, id DESC LIMIT :limit
""")  # noqa: S608  # our own columns
# One parcel for one return: of two that are said to be it at once, the second one waits here.
ALONE = text("SELECT id FROM returns WHERE id = :assigned_to FOR UPDATE")
OTHER = text("SELECT EXISTS (SELECT FROM strays WHERE assigned_to = :assigned_to AND id <> :id)")
DESCRIBE = text("UPDATE strays SET note_id = :note_id WHERE id = :id AND note_id IS NULL")
SETTLE = text(f"""
    UPDATE strays SET settled_at = now(), settled_by = :by, assigned_to = :assigned_to, because = :because
    WHERE id = :id AND settled_at IS NULL RETURNING {FIELDS}
""")  # noqa: S608  # our own columns
OPEN = text("SELECT id, place, arrived_at FROM strays WHERE settled_at IS NULL ORDER BY kept_at, id")


class Strays:
    """A parcel is a case from the moment that it is kept until somebody has settled it."""

    def __init__(self, db: Database, contacts: Contacts) -> None:
        self.db, self.contacts = db, contacts

    async def keep(self, new: NewStray) -> tuple[Stray, bool]:
        """The parcel, and whether it is new: the same code again is the same parcel, settled or not."""
        made = new.model_dump() | {"id": f"stray-{secrets.token_hex(8)}"}
        async with self.db.begin() as conn:
            if row := (await conn.execute(ADD, made)).one_or_none():
                await _told(conn, _stray(row))
                return _stray(row), True
            return _stray((await conn.execute(UNDER, {"code": new.code})).one()), False

    async def describe(self, stray: Stray, words: str) -> Stray:
        """What is in it, in free words, sealed with a key of its own; said once."""
        if not words or stray.note_id:
            return stray
        note_id = await self.contacts.add_note(stray.id, words)
        async with self.db.begin() as conn:
            await conn.execute(DESCRIBE, {"id": stray.id, "note_id": note_id})
        return await self.get(stray.id)

    async def get(self, stray_id: Id) -> Stray:
        """One statement. Raises: Missing("stray_unknown")."""
        async with self.db.begin() as conn:
            row = (await conn.execute(GET, {"id": stray_id})).one_or_none()
        if row is None:
            raise Missing("stray_unknown")
        return _stray(row)

    async def listing(self, *, is_open: bool = True, limit: int = 50, after: str | None = None) -> Page[Stray]:
        """Open ones oldest first, others newest first. One statement. Raises: Refused("bad_cursor")."""
        place = read(after) if after else None
        asked = {"limit": limit + 1, "after_at": place and place.at, "after_id": place and place.id}
        async with self.db.begin() as conn:
            rows = (await conn.execute(OPEN_ONES if is_open else SETTLED, asked)).all()
        return page([_stray(row) for row in rows], limit, _place_of)

    async def assign(self, stray_id: Id, return_id: Id, by: Id) -> Stray:
        """It is this return's, which hears of its arrival once. One transaction.

        Raises: Missing("stray_unknown"); Refused("stray_settled"): somebody else was first, or said otherwise;
        Refused("arrived_already"): another parcel is this return's.
        """
        return await self._settle(stray_id, {"by": by, "assigned_to": return_id, "because": None})

    async def close(self, stray_id: Id, because: Id, by: Id) -> Stray:
        """Nobody's, and what became of it. One transaction. Raises: as `assign` does."""
        return await self._settle(stray_id, {"by": by, "assigned_to": None, "because": because})

    async def _settle(self, stray_id: Id, said: dict[str, Id | None]) -> Stray:
        async with self.db.begin() as conn:
            await _must_be_its_only_one(conn, {"id": stray_id, **said})
            row = (await conn.execute(SETTLE, {"id": stray_id, **said})).one_or_none()
            if row is None:
                return await _settled_so(conn, stray_id, said)
            stray = _stray(row)
            if stray.assigned_to:
                telling = arrival(stray)
                words = (HOUSE, "strays", telling.model_dump_json().encode())
                await kept(conn, self.contacts.master, words, (ToOurs(stray.assigned_to, telling),), wait=0)
            await _told(conn, stray)
        return stray


async def open_strays(conn: AsyncConnection) -> tuple[Finding, ...]:
    """Those that nobody has settled. One statement."""
    return tuple(_finding(row) for row in (await conn.execute(OPEN)).all())


async def stray_under(conn: AsyncConnection, code: Id) -> Stray | None:
    """The one that was kept under a code. One statement."""
    row = (await conn.execute(UNDER, {"code": code})).one_or_none()
    return _stray(row) if row else None


async def _told(conn: AsyncConnection, stray: Stray) -> None:
    """Its case, at once, opened or closed: nobody waits for the next round of the house."""
    finding = None if stray.settled_at else _finding(stray)
    await cases.found_one(conn, Check.PARCEL_WITHOUT_RETURN, stray.id, finding)


def _finding(stray: Stray | Row[tuple[object, ...]]) -> Finding:
    return Finding(about=stray.id, since=stray.arrived_at, place=stray.place)


async def _must_be_its_only_one(conn: AsyncConnection, said: dict[str, Id | None]) -> None:
    if said["assigned_to"] is None:
        return
    await conn.execute(ALONE, said)
    if (await conn.execute(OTHER, said)).scalar_one():
        raise Refused("arrived_already")


async def _settled_so(conn: AsyncConnection, stray_id: Id, said: dict[str, Id | None]) -> Stray:
    """The same person says the same again: it is once. Raises: Refused, Missing."""
    row = (await conn.execute(GET, {"id": stray_id})).one_or_none()
    if row is None:
        raise Missing("stray_unknown")
    if (row.settled_by, row.assigned_to, row.because) != (said["by"], said["assigned_to"], said["because"]):
        raise Refused("stray_settled")
    return _stray(row)


def _place_of(stray: Stray) -> Place:
    return Place(stray.settled_at or stray.kept_at, stray.id)


def _stray(row: Row[tuple[object, ...]]) -> Stray:
    return Stray.model_validate({name: getattr(row, name) for name in Stray.model_fields})

"""What people must look at, and that each of them is told of it once.

A case is told by its order's story, or, where it is of no shop, by the house. Who must be reminded is found out here, a
moment later, so that telling stays cheap.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel, col, or_, select

from models.case import Case, Owner, Role
from models.duty import Person
from models.errors import Missing, Refused
from models.finding import Check, Finding
from models.matter import Matter
from models.noun import Id
from models.order import Record
from rules.housekeeping import cases_of
from store import case_statements as say
from store.database import Database, Instant


class CaseRow(SQLModel, table=True):
    """One case, as its story told it, and what people did with it."""

    __tablename__ = "cases"
    id: int = Field(primary_key=True, sa_type=BigInteger)
    story: str
    deadline: str
    since: Instant
    shop: str | None
    rung: str
    role: str
    place: str | None
    party: str | None
    opened_at: Instant
    climbed_at: Instant | None
    closed_at: Instant | None
    closed_by: str | None
    note_id: str | None
    announced: str | None
    announce_at: Instant
    nobody_on_duty: bool
    is_over: bool


@dataclass(frozen=True)
class Known:
    """A case, and what only the store knows of it."""

    id: int
    case: Case
    shop: Id | None  # none: the house's own, of no order's story
    nobody_on_duty: bool  # at a rung where somebody should have been
    closed_by: Id | None  # a person; none: it closed by itself, or is open
    note_id: Id | None


@dataclass(frozen=True)
class CaseFilter:
    """Which cases; what is left open means any. Open ones oldest first, others newest first."""

    open: bool | None = True
    role: Role | None = None
    party: Id | None = None
    shop: Id | None = None  # <channel>/<shop>, or a whole channel
    is_houses: bool | None = None  # of the house's own books; else of orders
    limit: int = 50
    after: int | None = None  # the last number of the page before


@dataclass(frozen=True)
class Incident:
    """Cases of one deadline at one party, none more than ten minutes after the one before it."""

    deadline: Id
    party: Id
    began_at: datetime
    last_at: datetime
    count: int
    open: int
    stories: tuple[Id, ...]  # the first few


@dataclass(frozen=True)
class Reminder:
    """One line of a message."""

    case_id: int
    story: Id
    deadline: Id
    since: datetime
    rung: Owner
    party: Id | None
    nobody_on_duty: bool
    is_unsure: bool = False  # it was in a message before, and nobody knows whether that arrived


@dataclass(frozen=True)
class Gathered:
    """Everything one person is reminded of in one message."""

    person: Person
    reminders: tuple[Reminder, ...]
    message: int | None = None  # its number, once it is claimed


class Cases:
    """The desk's list, and the reminders that go with it."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def listing(self, which: CaseFilter) -> tuple[Known, ...]:
        """A page of cases. One statement."""
        async with self.db.begin() as conn:
            rows = (await conn.execute(_asked(which))).all()
        return tuple(_known(row) for row in rows)

    async def open(self, case_id: int) -> Known:
        """A case that is not closed yet. One statement. Raises: Missing("case_unknown"), Refused("closed_already")."""
        async with self.db.begin() as conn:
            row = (await conn.execute(select(CaseRow).where(col(CaseRow.id) == case_id))).one_or_none()
        if row is None:
            raise Missing("case_unknown")
        if row.closed_at:
            raise Refused("closed_already")
        return _known(row)

    async def close(self, case_id: int, by: Id, note_id: Id | None = None) -> Id:
        """A person has seen to it; which story it was. One statement.

        Raises: Missing("case_unknown"), Refused("closed_already").
        """
        async with self.db.begin() as conn:
            closed = await conn.execute(say.CLOSE, {"id": case_id, "by": by, "note_id": note_id})
            if story := closed.scalar_one_or_none():
                return str(story)
            is_known = (await conn.execute(say.KNOWN, {"id": case_id})).scalar_one()
        raise Refused("closed_already") if is_known else Missing("case_unknown")

    async def found(self, check: Check, findings: Sequence[Finding]) -> int:
        """What the house found in one of its books, all of it; how many cases of it are open then."""
        async with self.db.begin() as conn:
            return await found(conn, check, findings)

    async def incidents(self, within: timedelta = timedelta(days=7)) -> tuple[Incident, ...]:
        """What began so recently and is still open at one party for one reason, most open first. One statement.

        Why: an outage of ten minutes is one thing to see to, not a thousand. A case of no party is no incident.
        """
        async with self.db.begin() as conn:
            rows = (await conn.execute(say.INCIDENTS, {"within": within})).mappings().all()
        return tuple(Incident(**{**row, "stories": tuple(row["stories"])}) for row in rows)

    async def due_reminders(self) -> tuple[Gathered, ...]:
        """Who could be sent a message now, and of what: at most one for each person and minute. Two statements.

        First finds who is on duty for every newly opened or climbed case. With nobody on its rung the next one up is
        reminded at once, and the case says so. A muted robot's people wait; who heard of an incident in the last half
        hour waits until that is over for what came to it since.
        """
        async with self.db.begin() as conn:
            await conn.execute(say.ANNOUNCE)
            rows = (await conn.execute(say.DUE)).all()
        by_person = {row.person: [other for other in rows if other.person == row.person] for row in rows}
        return tuple(_gathered(lines) for lines in by_person.values())

    async def claim_reminder(self, person: Id) -> Gathered | None:
        """Everything pending for a person, claimed for one message; None if another sender has it. One statement.

        Why: the claim comes first and stays, so whatever happens to the sender, nobody is reminded twice of one rung.
        """
        async with self.db.begin() as conn:
            rows = (await conn.execute(say.CLAIM, {"person": person})).all()
        return replace(_gathered(list(rows)), message=rows[0].message) if rows else None

    async def sent(self, message: int) -> None:
        """The messenger took it, and so there is nothing unsure any more. One statement."""
        async with self.db.begin() as conn:
            await conn.execute(say.SENT, {"message": message})

    async def unsent(self, message: int, robot: Id, mute: timedelta) -> None:
        """The robot for sure did not take it: all of it is pending again, the robot rests. One statement.

        Not for silence: what may have arrived is not sent twice.
        """
        async with self.db.begin() as conn:
            await conn.execute(say.UNSENT, {"message": message, "robot": robot, "mute": mute})

    async def unheard(self, message: int, robot: Id, mute: timedelta) -> None:
        """The robot was silent: it rests a while, longer each time. One statement.

        What was said stays claimed; the person's next message tells how much of it is unsure.
        """
        async with self.db.begin() as conn:
            await conn.execute(say.UNHEARD, {"message": message, "robot": robot, "mute": mute})


async def alone(conn: AsyncConnection, check: Check) -> datetime:
    """One finder of a check at a time, until its transaction ends: what it reads from here on nobody overtakes."""
    hour: datetime = (await conn.execute(say.ALONE, {"deadline": check.value})).scalar_one()
    return hour


async def found(conn: AsyncConnection, check: Check, findings: Sequence[Finding]) -> int:
    """Cases of everything that was found: what was found before and no more is closed. How many are open then.

    Three statements in the finder's own transaction, one finder at a time.
    """
    mine = {"deadline": check.value}
    now = await alone(conn, check)
    known = [_case(row) for row in (await conn.execute(say.OF_THE_HOUSE, mine)).all()]
    cases = cases_of(check, known, findings, now)
    await conn.execute(say.TELL_OF_THE_HOUSE, {**mine, "shop": None, "cases": _spelt(cases)})
    return sum(case.closed_at is None for case in cases)


async def found_one(conn: AsyncConnection, check: Check, about: Id, finding: Finding | None) -> None:
    """The case of one thing, however many others of its kind there are; None: it is over. Three statements."""
    mine = {"deadline": check.value, "story": about}
    now = await alone(conn, check)
    known = [_case(row) for row in (await conn.execute(say.OF_ONE, mine)).all()]
    cases = cases_of(check, known, [finding] if finding else [], now)
    await conn.execute(say.TELL_OF_ONE, {**mine, "shop": None, "cases": _spelt(cases)})


async def told(conn: AsyncConnection, record: Record) -> None:
    """The cases of a record, in the record's own transaction; one that it no longer knows is closed.

    Asked for the newest record of a story only, and only when its cases changed. One statement; unchanged cases are not
    written.
    """
    await told_of(conn, record.order)


async def told_of(conn: AsyncConnection, matter: Matter) -> None:
    """The cases of an order, or of a return."""
    newest = {(case.deadline, case.since): case for case in matter.cases}
    await conn.execute(say.TELL, {"story": matter.id, "shop": matter.shop, "cases": _spelt(newest.values())})


def _spelt(cases: Iterable[Case]) -> str:
    return json.dumps([case.model_dump(mode="json") for case in cases])


def _asked(which: CaseFilter) -> Any:
    number, closed_at, shop = col(CaseRow.id), col(CaseRow.closed_at), col(CaseRow.shop)
    found = select(CaseRow).limit(which.limit).order_by(number if which.open else number.desc())
    if which.open is not None:
        found = found.where(closed_at.is_(None) if which.open else closed_at.is_not(None))
    if which.role:
        found = found.where(col(CaseRow.role) == which.role)
    if which.party:
        found = found.where(col(CaseRow.party) == which.party)
    if which.shop:
        found = found.where(or_(shop == which.shop, shop.startswith(f"{which.shop}/", autoescape=True)))
    if which.is_houses is not None:
        found = found.where(shop.is_(None) if which.is_houses else shop.is_not(None))
    if which.after is not None:
        found = found.where(number > which.after if which.open else number < which.after)
    return found


def _known(row: Row[Any]) -> Known:
    return Known(row.id, _case(row), row.shop, row.nobody_on_duty, row.closed_by, row.note_id)


def _case(row: Row[Any]) -> Case:
    return Case.model_validate({name: getattr(row, name) for name in Case.model_fields})


def _gathered(rows: list[Row[Any]]) -> Gathered:
    """The newest of a person's rooms is the one that is read."""
    lines = tuple(
        Reminder(
            row.case_id,
            row.story,
            row.deadline,
            row.since,
            Owner(row.rung),
            row.party,
            row.nobody_on_duty,
            row.is_unsure,
        )
        for row in rows
    )
    return Gathered(Person(id=rows[-1].person, robot=rows[-1].robot), lines)

"""One wish for many orders: the plan, and what became of it, order by order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select

from models.bulk import (
    Bulked,
    BulkState,
    Counted,
    Course,
    Ending,
    Fate,
    Mark,
    Plan,
    Reached,
    Scope,
    Tally,
    Target,
    Turn,
    key_of,
)
from models.case import Role
from models.errors import Missing, Refused, Unavailable
from models.finding import Check, Finding
from models.noun import Id
from rules import bulk as rules
from store import bulk_statements as say
from store import cases
from store.audit import Deed, noted
from store.bulk_statements import LineRow
from store.database import Database
from store.listings import SHOWN, BookRow, OrderRow, order_of

ATTEMPTS = 3  # without an answer, and a person must look
WISH: TypeAdapter[Bulked] = TypeAdapter(Bulked)


@dataclass(frozen=True)
class Who:
    """Somebody at the door, by name and role."""

    name: Id
    role: Role


@dataclass(frozen=True)
class Proposed:
    """What somebody wants of many orders."""

    scope: Scope
    wish: Bulked
    reason: Id
    who: Who


@dataclass(frozen=True)
class Line:
    """One order of a plan, and what became of it."""

    n: int
    order_id: Id
    state: Fate
    code: Id | None
    attempts: int
    ended_at: datetime | None


class Bulks:
    """Plans are kept for ever: who wanted what of how many, who agreed, and how each order ended."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def plan(self, wanted: Proposed) -> Plan:
        """Counted and written down; nothing is asked of any order yet. Raises: Refused("too_many_orders")."""
        words = {"scope": wanted.scope.model_dump_json(), "wish": WISH.dump_json(wanted.wish).decode()}
        who = {"by": wanted.who.name, "role": wanted.who.role, "reason": wanted.reason}
        async with self.db.begin() as conn:
            orders, paid = (await conn.execute(say.counted(wanted.scope))).one()
            if orders > rules.MOST:
                raise Refused("too_many_orders")
            plan = _plan((await conn.execute(say.PLAN, words | who | {"orders": orders, "paid": paid})).one())
            await noted(conn, Deed(wanted.who.name, wanted.who.role, "bulk.plan", plan.key))
        return plan

    async def sample(self, scope: Scope, limit: int = 20) -> tuple[OrderRow, ...]:
        """Some of the orders that a scope is about, the oldest first. One statement."""
        found = select(*SHOWN).where(*say.conditions(scope)).order_by(col(BookRow.received_at), col(BookRow.id))
        async with self.db.begin() as conn:
            return tuple(order_of(row) for row in await conn.execute(found.limit(limit)))

    async def confirm(self, bulk: int, digest: str, who: Who, alone: int) -> Plan:
        """The orders of this moment become rows, and nothing else will be asked. Twice is once. One transaction.

        Raises: Refused with why this person may not begin it, or because it is not what was seen; Missing.
        """
        async with self.db.begin() as conn:
            plan = _known((await conn.execute(say.LOCKED, {"id": bulk})).one_or_none())
            if digest != rules.digest_of(plan):
                raise Refused("other_plan")
            if plan.state is not BulkState.PLANNED:
                return plan
            await conn.execute(say.frozen(bulk, plan.scope, plan.planned_at, rules.MOST))
            orders, paid = (await conn.execute(say.paid_among(bulk))).one()
            now = Counted(orders=orders, paid=paid)
            if reason := rules.refusal(plan, who.name, now, alone, datetime.now(UTC)):
                raise Refused(reason)
            row = (await conn.execute(say.CONFIRM, {"id": bulk, "by": who.name, "orders": orders})).one()
            await noted(conn, Deed(who.name, who.role, "bulk.confirm", plan.key))
        return _plan(row)

    async def get(self, bulk: int) -> Plan:
        """A plan, and how far it is. One statement. Raises: Missing."""
        async with self.db.begin() as conn:
            return _known((await conn.execute(say.GET, {"id": bulk})).one_or_none())

    async def listing(self, after: int | None = None, limit: int = 50) -> tuple[Plan, ...]:
        """The newest first. One statement."""
        async with self.db.begin() as conn:
            return tuple(_plan(row) for row in await conn.execute(say.LISTED, {"after": after, "limit": limit}))

    async def rows(self, bulk: int, after: int = 0, limit: int = 100, state: Fate | None = None) -> tuple[Line, ...]:
        """What became of its orders, the oldest order first. One statement."""
        shown = [getattr(LineRow, name) for name in Line.__dataclass_fields__]
        found = select(*shown).where(col(LineRow.bulk) == bulk, col(LineRow.n) > after)
        found = found.where(col(LineRow.state) == state) if state else found
        async with self.db.begin() as conn:
            rows = await conn.execute(found.order_by(col(LineRow.n)).limit(limit))
            return tuple(Line(**row._asdict() | {"state": Fate(row.state)}) for row in rows)

    async def to_begin(self) -> tuple[Course, ...]:
        """Those whose story should be there, each at most once a minute. One statement."""
        async with self.db.begin() as conn:
            return tuple(Course(bulk=row.id, state=row.state) for row in await conn.execute(say.TO_BEGIN))

    async def take(self, turn: Turn, size: int) -> tuple[Target, ...]:
        """The next orders, written down as begun before anybody is asked. Three statements.

        Raises: Unavailable("not_its_turn") while an earlier one is running: together they would be too fast.
        """
        asked = {"bulk": turn.bulk, "is_last": turn.is_last, "size": size}
        async with self.db.begin() as conn:
            plan = _known((await conn.execute(say.GET, {"id": turn.bulk})).one_or_none())
            if not turn.is_last and (await conn.execute(say.FIRST_IN_TURN)).scalar() != turn.bulk:
                raise Unavailable("not_its_turn")
            taken = [row.n for row in await conn.execute(say.TAKE, asked)]
            found = (await conn.execute(say.judged(turn.bulk, taken, plan.scope, plan.key))).all() if taken else []
        wish = plan.wish.model_copy(update={"key": plan.key})
        return tuple(_target(row, wish) for row in found)

    async def settle(self, bulk: int, endings: Sequence[Ending]) -> None:
        """What became of some orders; each has one end. Whose wish was granted stands in the audit trail."""
        told = {
            "ns": [one.n for one in endings],
            "fates": [one.fate for one in endings],
            "codes": [one.code for one in endings],
        }
        async with self.db.begin() as conn:
            granted = (await conn.execute(say.SETTLE, told | {"bulk": bulk, "most": ATTEMPTS})).scalars().all()
            plan = _known((await conn.execute(say.GET, {"id": bulk})).one_or_none())
            for order in granted:
                await noted(conn, Deed(plan.by, plan.role, f"{plan.key}.{plan.wish.kind}", order))

    async def reached(self, turn: Turn) -> Reached:
        """How far it is, and how many have no end; in the last turn, of those that were begun. Two statements."""
        async with self.db.begin() as conn:
            left = (await conn.execute(say.LEFT, turn.model_dump())).scalar_one()
            plan = _known((await conn.execute(say.GET, {"id": turn.bulk})).one_or_none())
        return Reached(left=left, tally=plan.tally)

    async def stand(self, mark: Mark) -> None:
        """Where its story stands. What paused by itself is a case until somebody lets it go on, or it ends."""
        async with self.db.begin() as conn:
            await conn.execute(say.STAND, {"id": mark.bulk, "state": mark.state, "code": mark.code})
            await cases.alone(conn, Check.STALLED)  # before we look: another's case must not be closed by an old look
            await cases.found(conn, Check.STALLED, await _stalled(conn))

    async def stalled(self) -> tuple[Finding, ...]:
        """Those that paused by themselves. One statement."""
        async with self.db.begin() as conn:
            return await _stalled(conn)

    async def note(self, who: Who, what: Id, bulk: int) -> None:
        """Somebody steered it."""
        async with self.db.begin() as conn:
            await noted(conn, Deed(who.name, who.role, what, f"bulk/{bulk}"))


async def _stalled(conn: AsyncConnection) -> tuple[Finding, ...]:
    return tuple(Finding(about=key_of(row.id)) for row in await conn.execute(say.STALLED))


def _known(row: Row[Any] | None) -> Plan:
    if row is None:
        raise Missing("bulk_unknown")
    return _plan(row)


def _plan(row: Row[Any]) -> Plan:
    words = row._asdict()
    names = [name for name in Plan.model_fields if name in words and name != "counted"]
    return Plan.model_validate(
        {
            **{name: words[name] for name in names},
            "counted": Counted(orders=row.counted, paid=row.counted_paid),
            "tally": Tally(**{name: words[name] for name in Tally.model_fields}),
        }
    )


def _target(row: Row[Any], wish: Bulked) -> Target:
    words = {name: getattr(row, name) for name in ("n", "is_meant", "is_ended", "is_granted")}
    return Target(order=row.order_id, wish=wish, **words)

"""What people at the desk vouch for, and the second pair of eyes that money asks for."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from models.case import Role
from models.errors import Missing, Refused
from models.fact import Telling
from models.noun import Id
from store.database import Database


@dataclass(frozen=True)
class Proposal:
    """A fact by the word of one person."""

    id: Id
    order_id: Id
    telling: Telling  # with both names, once somebody agreed
    by: Id
    role: Role
    needs_second: bool
    proposed_at: datetime
    seconded_by: Id | None = None

    @property
    def is_agreed(self) -> bool:
        """It may be told."""
        return not self.needs_second or self.seconded_by is not None


COLUMNS = "id, order_id, telling, by, role, needs_second, proposed_at, seconded_by"
# The same number again is the same proposal: an update that changes nothing gives back what is known.
PROPOSE = text(f"""
    INSERT INTO desk_facts (order_id, telling, by, role, needs_second)
    VALUES (:order_id, CAST(:telling AS jsonb), :by, :role, :needs_second)
    ON CONFLICT (order_id, (telling ->> 'id')) DO UPDATE SET order_id = excluded.order_id
    WHERE desk_facts.by = excluded.by AND desk_facts.telling = excluded.telling
    RETURNING {COLUMNS}
""")  # noqa: S608, put together from our own words
SECOND = text(f"""
    UPDATE desk_facts SET seconded_by = :by, seconded_at = coalesce(seconded_at, now())
    WHERE id = :id AND needs_second AND lower(by) <> lower(:by) AND (seconded_by IS NULL OR seconded_by = :by)
        AND (CAST(:order_id AS text) IS NULL OR order_id = :order_id)
    RETURNING {COLUMNS}
""")  # noqa: S608, put together from our own words
GET = text(f"SELECT {COLUMNS} FROM desk_facts WHERE id = :id")  # noqa: S608, put together from our own words
WAITING = text(f"""
    SELECT {COLUMNS} FROM desk_facts WHERE needs_second AND seconded_by IS NULL ORDER BY id LIMIT :limit
""")  # noqa: S608, put together from our own words


class DeskFacts:
    """Kept for ever: who said what, and who agreed."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def propose(
        self,
        order_id: Id,
        telling: Telling,
        by: Id,
        role: Role,
        needs_second: bool,  # noqa: FBT001, the door's shape
    ) -> Proposal:
        """A person's word; the same telling again is the same proposal. One statement.

        Raises: Refused("other_fact") for a number under which this order was told something else.
        """
        said = {"order_id": order_id, "telling": telling.model_dump_json(), "by": by, "role": role}
        async with self.db.begin() as conn:
            row = (await conn.execute(PROPOSE, said | {"needs_second": needs_second})).one_or_none()
        if row is None:
            raise Refused("other_fact")
        return _proposal(row)

    async def second(self, proposal_id: Id, by: Id, order_id: Id | None = None) -> Telling:
        """Somebody else agrees: the fact as the word of both; twice by the same person is once. One statement.

        Raises: Refused("same_person"), Refused("seconded_already"), Refused("needs_no_second"); Missing, also for a
        proposal about another order than the one that is named.
        """
        asked = {"id": _number(proposal_id), "by": by, "order_id": order_id}
        async with self.db.begin() as conn:
            row = (await conn.execute(SECOND, asked)).one_or_none()
            if row is None:
                raise await _reason(conn, asked)
        return _proposal(row).telling

    async def waiting(self, limit: int = 100) -> tuple[Proposal, ...]:
        """What nobody has agreed to yet, oldest first. One statement."""
        async with self.db.begin() as conn:
            rows = (await conn.execute(WAITING, {"limit": limit})).all()
        return tuple(_proposal(row) for row in rows)


async def _reason(conn: AsyncConnection, asked: dict[str, Any]) -> Refused | Missing:
    row = (await conn.execute(GET, {"id": asked["id"]})).one_or_none()
    if row is None or asked["order_id"] not in (None, row.order_id):
        return Missing("proposal_unknown")
    if not row.needs_second:
        return Refused("needs_no_second")
    return Refused("same_person" if row.by.lower() == asked["by"].lower() else "seconded_already")


def _proposal(row: Row[Any]) -> Proposal:
    agreed = {"second": row.seconded_by} if row.seconded_by else {}
    telling = Telling.model_validate_json(json.dumps(row.telling | {"body": row.telling["body"] | agreed}))
    told = {name: getattr(row, name) for name in ("order_id", "by", "needs_second", "proposed_at", "seconded_by")}
    return Proposal(id=f"p{row.id}", telling=telling, role=Role(row.role), **told)


def _number(proposal_id: Id) -> int:
    if not re.fullmatch(r"p[0-9]{1,18}", proposal_id):
        raise Missing("proposal_unknown")
    return int(proposal_id[1:])

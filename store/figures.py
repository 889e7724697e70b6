"""How much there is of everything, for those who watch the house."""

from dataclasses import dataclass

from sqlalchemy import text

from models.case import Role
from models.noun import Id
from models.stage import Stage
from store.database import Database
from store.inbox import State

# Each part reads one index. The first reads an entry for each order there ever was: whoever asks does not ask often.
LOOK = text("""
    SELECT 'stage' AS what, stage AS of, '' AS kind, count(*) AS many, 0.0 AS age FROM orders GROUP BY stage
    UNION ALL
    SELECT 'overdue', stage, '', count(*), 0.0 FROM orders WHERE overdue GROUP BY stage
    UNION ALL
    SELECT 'inbox', party, state, count(*), extract(epoch FROM now() - min(kept_at))
    FROM inbox WHERE state <> 'done' GROUP BY party, state
    UNION ALL
    SELECT 'case', role, '', count(*), 0.0 FROM cases WHERE closed_at IS NULL GROUP BY role
    UNION ALL
    SELECT 'claim', '', '', count(*), coalesce(extract(epoch FROM now() - min(claimed_at)), 0.0)
    FROM claims WHERE started_at IS NULL
""")


@dataclass(frozen=True)
class Heap:
    """Messages of one party that wait for their orders, or for a person. Units: seconds."""

    party: Id
    state: State
    many: int
    age: float


@dataclass(frozen=True)
class Muster:
    """Everything counted at one moment. Units: seconds."""

    stages: dict[Stage, int]
    overdue: dict[Stage, int]
    inbox: tuple[Heap, ...]
    cases: dict[Role, int]
    unbegun: int  # orders that were taken, and whose story has not told of itself
    unbegun_age: float


class Counts:
    """Counts everything."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def muster(self) -> Muster:
        """All of it. One statement."""
        async with self.db.begin() as conn:
            rows = (await conn.execute(LOOK)).all()
        (claims,) = [row for row in rows if row.what == "claim"]
        return Muster(
            stages={Stage(row.of): row.many for row in rows if row.what == "stage"},
            overdue={Stage(row.of): row.many for row in rows if row.what == "overdue"},
            inbox=tuple(Heap(r.of, State(r.kind), r.many, float(r.age)) for r in rows if r.what == "inbox"),
            cases={Role(row.of): row.many for row in rows if row.what == "case"},
            unbegun=claims.many,
            unbegun_age=float(claims.age),
        )

"""Refunds as finance looks at them: who asked, who agreed, what makes them risky, and who let the money go."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping

from models.noun import Id, Money
from models.return_policy import ReturnPolicy
from models.returns import Why
from models.rma import Return, ReturnRecord, ReturnStage
from models.wish import Trigger
from rules import return_stages as stages
from store.cursors import Page, page
from store.database import Database
from store.policies import ReturnPolicies
from store.refund_marks import ENOUGH, marks
from store.refund_statements import LONGEST_FIRST, NEWEST_FIRST, TALLIES
from store.return_lists import ReturnFilter, ReturnRow, place_of

HOUSE = ReturnPolicy()
LATELY = 30  # days in which what is over is counted
LIVING = (  # as a return walks
    ReturnStage.ASKED,
    ReturnStage.APPROVED,
    ReturnStage.SENT_BACK,
    ReturnStage.ARRIVED,
    ReturnStage.PASSED,
    ReturnStage.DUE,
    ReturnStage.TRIGGERED,
)
OVER = tuple(stage for stage in ReturnStage if stage not in LIVING)
PLAIN = ("id", "shop", "since", "overdue", "owner", "due_at", "waits_for", "asked_at", "is_ended")


@dataclass(frozen=True)
class RefundRow(ReturnRow):
    """One return whose money is due, on its way, or gone."""

    why: Why
    asked_by: Id
    agreed_by: tuple[Id, ...]  # the people; none: the rules alone
    risks: tuple[Id, ...]
    held: Id | None  # why, in a word
    held_by: Id | None  # a person; none: its story is stuck
    let_go_by: Id | None
    let_go_at: datetime | None


@dataclass(frozen=True)
class Tally:
    """How many returns stand at one stage."""

    count: int
    late: int
    amount: Money


async def refunds(db: Database, which: ReturnFilter) -> Page[RefundRow]:
    """A page, the one that has waited longest first, of what is over the newest; each with its marks. One statement.

    Raises: Refused("bad_cursor").
    """
    asked = {**which.asked(), "days": HOUSE.history_days, "enough": ENOUGH}
    statement = NEWEST_FIRST if which.stage is ReturnStage.REFUNDED else LONGEST_FIRST
    async with db.begin() as conn:
        rows = (await conn.execute(statement, asked)).mappings().all()
    return page([_row(row) for row in rows], which.limit, place_of)


async def tallies(db: Database, shop: Id | None = None) -> dict[ReturnStage, Tally]:
    """Where returns stand, of one shop or of the house; of what is over, those of the last days. One statement."""
    asked = {"shop": shop, "living": list(LIVING), "over": list(OVER), "days": LATELY}
    async with db.begin() as conn:
        rows = (await conn.execute(TALLIES, asked)).all()
    return {ReturnStage(stage): Tally(count, late, Money(minor=minor)) for stage, count, late, minor in rows}


def _row(row: RowMapping) -> RefundRow:
    matter, policy = _matter(row), ReturnPolicies.read(row["policy_version"], row["policy"] or {})
    let_go = min(stages.wished(matter, Trigger), key=lambda wished: wished[0], default=None)
    hold = matter.hold
    return RefundRow(
        **{name: row[name] for name in PLAIN},
        order=matter.order,
        kind=matter.kind,
        stage=ReturnStage(row["stage"]),
        amount=Money(minor=row["amount"]),
        urgent=matter.urgent,
        why=matter.why,
        asked_by=matter.asked_by,
        agreed_by=tuple(made.by for made in stages.decisions(matter) if made.is_agreed),
        risks=marks(dict(row), matter, policy),
        held=hold.code if hold else None,
        held_by=hold.by if hold else None,
        let_go_by=let_go[1].by if let_go else None,
        let_go_at=let_go[0] if let_go else None,
    )


def _matter(row: RowMapping) -> Return:
    return ReturnRecord.model_validate_json(row["body"]).matter if row["body"] else _seed(row)


def _seed(row: RowMapping) -> Return:
    return Return.model_validate_json(row["seed"])

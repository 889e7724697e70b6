"""Returns in lists: which ones, and what a row says of each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from models.noun import Id, Money
from models.returns import Kind
from models.rma import ReturnStage
from store.cursors import Place, read


@dataclass(frozen=True)
class ReturnFilter:
    """Which returns; what is left open means any. The one that has waited longest first."""

    stage: ReturnStage | None = None
    order: Id | None = None
    shop: Id | None = None  # <channel>/<shop>
    overdue: bool = False
    urgent: bool = False  # those in the fast lane
    limit: int = 50
    after: str | None = None  # `next` of the page before

    def asked(self) -> dict[str, Any]:
        """As statements ask for it, with one row more than is shown. Raises: Refused("bad_cursor")."""
        place = read(self.after) if self.after else None
        more = {"limit": self.limit + 1, "after_at": place and place.at, "after_id": place and place.id}
        return vars(self) | more


@dataclass(frozen=True)
class ReturnRow:
    """One return in a list."""

    id: Id
    order: Id
    shop: Id
    kind: Kind
    stage: ReturnStage
    since: datetime
    overdue: bool
    owner: str | None
    due_at: datetime | None
    waits_for: Id | None
    asked_at: datetime
    amount: Money
    urgent: Id | None  # the word that put it into the fast lane
    is_ended: bool


def place_of(row: ReturnRow) -> Place:
    """By what lists of returns are sorted."""
    return Place(row.since, row.id)


def shown(row: RowMapping) -> ReturnRow:
    """A row of a page."""
    plain = {name: row[name] for name in ("id", "shop", "since", "overdue", "owner", "due_at", "waits_for")}
    return ReturnRow(
        **plain,
        order=row["order_id"],
        kind=Kind(row["kind"]),
        stage=ReturnStage(row["stage"]),
        asked_at=row["asked_at"],
        amount=Money(minor=row["amount"], currency=row["currency"]),
        urgent=row["urgent"],
        is_ended=row["is_ended"],
    )

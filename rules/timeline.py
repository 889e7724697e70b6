"""The story of an order as people read it: what happened, when, when we heard, from whom, with what evidence."""

from datetime import datetime

from models.errand import Errand
from models.fact import Fact
from models.order import Order
from models.story import Entry
from models.wish import Granted
from rules import stages


def timeline(order: Order) -> tuple[Entry, ...]:
    """Stages, facts, wishes and errands by the time they happened; stages first where the time is the same."""
    lines = [
        *_stages(order),
        *(_fact(fact) for fact in facts(order)),
        *(_wish(entry) for entry in order.wishes),
        *(_errand(errand) for errand in order.errands),
    ]
    return tuple(sorted(lines, key=lambda line: (line.at, not line.is_stage)))


def facts(order: Order) -> list[Fact]:
    """Every believed fact."""
    captures = [capture for payment in order.payments for capture in payment.captures]
    tracks = [fact for parcel in order.parcels for fact in parcel.facts]
    return [*captures, *order.refunds, *tracks, *order.returns]


def _stages(order: Order) -> list[Entry]:
    lines, before = list[Entry](), order.received_at
    for stage, at in stages.passed(order):
        heard = max((fact.heard_at for fact in facts(order) if fact.happened_at == at), default=at)
        lines.append(Entry(what=stage.value, is_stage=True, at=at, heard_at=heard, after=at - before))
        before = at
    now = stages.stage_of(order)
    if now.value not in [line.what for line in lines]:
        at = stages.since(order)
        lines.append(Entry(what=now.value, is_stage=True, at=at, heard_at=at, after=at - before))
    return lines


def _fact(fact: Fact) -> Entry:
    parcel = getattr(fact, "parcel", None)
    return Entry(
        what=fact.kind,
        at=fact.happened_at,
        heard_at=fact.heard_at,
        source=fact.source,
        by=fact.by,
        parcel=parcel,
        evidence=_evidence(fact),
    )


def _evidence(fact: Fact) -> str | None:
    """The word that proves it."""
    for name in ("proof", "milestone", "transaction", "refund", "return_id", "waybill", "sku"):
        if word := getattr(fact, name, None):
            return str(word)
    return None


def _wish(entry: Granted) -> Entry:
    return Entry(what=entry.wish.kind, at=entry.at, heard_at=entry.at, by=entry.wish.by)


def _errand(errand: Errand) -> Entry:
    ended: datetime = errand.ended_at or errand.began_at
    return Entry(
        what=errand.what.value,
        at=ended,
        heard_at=ended,
        evidence=errand.reference or errand.number,
        outcome=errand.code or errand.state.value,
    )

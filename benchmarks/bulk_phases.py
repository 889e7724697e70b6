"""What is asked of all open orders, one wish after the other, and what each order must say afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from benchmarks.crowd import PATIENT, XINJIANG
from models.order import Record
from models.stage import Stage

LONGER = timedelta(hours=96)
USUAL = PATIENT.deliver_within
BY = "ops"  # who wants it


@dataclass(frozen=True)
class Phase:
    """One wish for many orders. `holds`: of every order, also of those that are not meant."""

    name: str
    wish: dict[str, Any]
    district: str | None
    holds: Callable[[Record], bool]


def _is_held(record: Record) -> bool:
    return record.order.hold is not None and record.order.hold.by == BY


def _is_longer(record: Record) -> bool:
    is_meant = (record.order.destination or "").startswith(XINJIANG)
    return record.order.policy.deliver_within == (USUAL + LONGER if is_meant else USUAL)


def _is_cancelled(record: Record) -> bool:
    return record.is_ended and record.standing.stage in (Stage.CANCELLED, Stage.REFUNDED)


PHASES = (
    Phase("hold all", {"kind": "hold", "reason": "flood"}, None, _is_held),
    Phase(
        "amend Xinjiang +96 h",
        {"kind": "amend_policy", "change": {"span": "deliver_within", "plus": "PT96H"}},
        XINJIANG,
        _is_longer,
    ),
    Phase("cancel all", {"kind": "cancel", "reason": "unworkable"}, None, _is_cancelled),
)

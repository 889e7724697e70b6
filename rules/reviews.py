"""Whether a person should look at an order before it goes on."""

from datetime import datetime

from models.errand import What
from models.order import Flag, Order
from models.wish import Approve, ChangeAddress

TWICE = 2


def flags(order: Order) -> tuple[Flag, ...]:
    """Everything that would make a careful person look."""
    found = list(order.flags)
    if len(_moves(order)) >= TWICE:
        found.append(Flag.ADDRESS_TWICE)
    if _is_over_limit(order):
        found.append(Flag.OVER_LIMIT)
    return tuple(found)


def is_wanted(order: Order) -> bool:
    """The shop decides whether flags count and from which amount on; both are off by default."""
    return _is_over_limit(order) or (order.policy.review_flags and bool(flags(order)))


def approved_at(order: Order) -> datetime | None:
    """When a person agreed to what is known now: an approval before the second move says nothing about it."""
    raised = max([order.received_at, *_moves(order)[TWICE - 1 :]])
    return min((e.at for e in order.wishes if isinstance(e.wish, Approve) and e.at >= raised), default=None)


def _is_over_limit(order: Order) -> bool:
    limit = order.policy.approval_limit
    return limit is not None and order.total.minor >= limit.minor


def _moves(order: Order) -> list[datetime]:
    """Changes of address before any label was asked for."""
    labels = [errand.began_at for errand in order.errands if errand.what is What.LABEL]
    moves = [entry.at for entry in order.wishes if isinstance(entry.wish, ChangeAddress)]
    return [at for at in moves if not labels or at < min(labels)]

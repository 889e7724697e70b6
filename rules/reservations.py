"""How long units wait for money."""

from datetime import datetime, timedelta

from models.order import Order
from models.policy import Span
from models.stage import Paying
from models.wish import AmendPolicy


def is_firm(order: Order) -> bool:
    """Nobody has to pay first, or somebody has."""
    return bool(order.payments) or order.paying is Paying.ON_DELIVERY


def end(order: Order) -> datetime | None:
    """When nobody waits for these units any more; None: they are the order's, or a person holds it.

    Twice as long as the buyer has, for a bill must be closed with its provider before they are free. What a person
    held does not count: until they let go nobody knows when the order goes on.
    """
    if is_firm(order) or (order.hold and order.hold.by):
        return None
    held = sum((pause.until - pause.since for pause in order.pauses), timedelta(0))
    return order.received_at + 2 * order.policy.pay_within + held


def has_moved(order: Order) -> bool:
    """Whether the end may be another than the one that the units were reserved with."""
    is_held = order.pauses or (order.hold and order.hold.by)
    return is_firm(order) or bool(is_held) or any(_is_longer(entry.wish) for entry in order.wishes)


def _is_longer(wish: object) -> bool:
    return isinstance(wish, AmendPolicy) and wish.change.span is Span.PAY_WITHIN

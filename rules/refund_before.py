"""What the order gives back by itself is taken before any return is reckoned."""

from collections import Counter

from models.noun import Id, Money
from models.order import Order
from models.refund import Before, Taken
from models.returns import Fault
from rules import aftersales, boxes, money, undoing
from rules.wishes import is_stopped


def with_own(order: Order, before: Before, return_id: Id | None = None) -> Before:
    """Boxes that were stopped; and of an order that was stopped before it heard of this return, everything.

    An order that was stopped later leaves this return its part. What this return claims is not taken by the order.
    """
    if is_stopped(order):
        is_own = return_id is not None and aftersales.is_its_own(order, return_id)
        return before if is_own else before.model_copy(update={"refunded": order.total})
    stopped = [box.id for box in boxes.dropped(order)]
    return _with_boxes(order, before, stopped, _claimed(order, return_id)) if stopped else before


def _with_boxes(order: Order, before: Before, stopped: list[Id], claimed: Counter[int]) -> Before:
    units = money.units_of(order, stopped, boxes.spared(order, *aftersales.LIVING))
    free = {nth: max(0, line.quantity - claimed[nth]) for nth, line in enumerate(order.lines)}
    counts = [(nth, min(quantity, free[nth])) for nth, quantity in sorted(units.items())]
    taken = tuple(Taken(line=nth, quantity=quantity, fault=Fault.SHOP) for nth, quantity in counts if quantity)
    refunded = before.refunded.minor + undoing.share_of_rest(order, stopped)
    sums = {"refunded": Money(minor=refunded, currency=order.total.currency), "units": (*before.units, *taken)}
    return before.model_copy(update=sums)


def _claimed(order: Order, return_id: Id | None) -> Counter[int]:
    told = aftersales.find(order, return_id) if return_id else None
    return Counter({claim.line: claim.quantity for claim in told.claims} if told else {})

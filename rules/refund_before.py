"""What the order gives back by itself is taken before any return is reckoned."""

from models.noun import Id, Money
from models.order import Order
from models.refund import Before, Taken
from models.returns import Fault
from rules import aftersales, boxes, money, undoing
from rules.wishes import is_stopped


def with_own(order: Order, before: Before, return_id: Id | None = None) -> Before:
    """Boxes that were stopped; and of an order that was stopped before it heard of this return, everything."""
    if is_stopped(order) and not (return_id and aftersales.is_its_own(order, return_id)):
        return before.model_copy(update={"refunded": order.total})
    stopped = [box.id for box in boxes.dropped(order)]
    units = money.units_of(order, stopped, boxes.spared(order, *aftersales.LIVING))
    taken = tuple(Taken(line=line, quantity=quantity, fault=Fault.SHOP) for line, quantity in sorted(units.items()))
    refunded = before.refunded.minor + (undoing.share_of_rest(order, stopped) if stopped else 0)
    sums = {"refunded": Money(minor=refunded, currency=order.total.currency), "units": (*before.units, *taken)}
    return before.model_copy(update=sums) if stopped else before

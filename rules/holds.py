"""What the house itself holds, and lets go again when its reason is gone."""

from datetime import datetime

from models.case import Hold
from models.order import Order
from rules import payments, undoing
from rules.granting import held, let_go
from rules.wishes import is_stopped

HOUSE = "house"
WRONG_AMOUNT = "wrong_amount"


def weighed(order: Order, now: datetime) -> Order:
    """The order as its facts hold it: an undo that nobody wants any more holds nobody, money that is wrong does.

    Why here and not where facts are learnt: those may come in any order, and a hold is what we know now.
    """
    order = undoing.relieved(order) if order.hold else order
    if is_by_house(order):
        return order if _is_wrong(order) else let_go(order, now)
    return held(order, Hold(code=WRONG_AMOUNT, since=now, by=HOUSE)) if _is_wrong(order) else order


def is_by_house(order: Order) -> bool:
    """Nobody wanted it: it ends with its reason."""
    return order.hold is not None and order.hold.by == HOUSE


def _is_wrong(order: Order) -> bool:
    """Money first, and it is not the price. What a courier took at the door is a case: the goods are there already."""
    is_first = payments.is_prepaid(order) and not is_stopped(order)
    return is_first and payments.wrong_since(order) is not None

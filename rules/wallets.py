"""Who keeps the balances of a shop's customers: the shop itself. We keep none."""

from models.noun import Id
from models.order import Order
from models.refund import Way
from rules.undoing import holder


def wallet_of(shop: Id) -> Id:
    """What its account is called; `shop`: channel and shop."""
    return f"wallet/{shop}"


def giver(order: Order, bill: Id | None, way: Way) -> Id:
    """Who is asked to give money back that was paid under this bill."""
    return wallet_of(order.shop) if way is Way.BALANCE else holder(order, bill)

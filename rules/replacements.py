"""What an order knows of goods that were sent for its own."""

from models.order import Order
from rules import aftersales, money
from rules.exchanges import KINDS


def worth(order: Order) -> int:
    """What was paid for units for which others were sent. Units: minor."""
    paid = money.split(order.total.minor, [line.total.minor for line in order.lines])
    told = [known for known in aftersales.of(order, *aftersales.DECIDED) if known.ends_in in KINDS]
    claims = [claim for known in told for claim in known.claims]
    return sum(money.first_units(paid[c.line], order.lines[c.line].quantity, c.quantity) for c in claims)

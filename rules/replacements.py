"""What an order knows of goods that were sent for its own."""

from collections import Counter
from collections.abc import Sequence

from models.noun import Id
from models.order import Order
from models.returns import AfterSale, Claim
from rules import aftersales, money
from rules.exchanges import KINDS


def worth(order: Order) -> int:
    """What was paid for units for which others were sent. Units: minor."""
    paid = money.split(order.total.minor, [line.total.minor for line in order.lines])
    claims = _claims(order, *aftersales.DECIDED)
    return sum(money.first_units(paid[c.line], order.lines[c.line].quantity, c.quantity) for c in claims)


def worth_in(order: Order, stopped: Sequence[Id]) -> int:
    """The same of units in these boxes, also while they are being sent. Units: minor.

    Others were sent for units outside of them first of all: those the customer has.
    """
    paid = money.split(order.total.minor, [line.total.minor for line in order.lines])
    inside, sent = money.units_of(order, stopped), _sent(order)
    bought = [line.quantity for line in order.lines]
    counts = [max(0, sent[nth] - (quantity - inside[nth])) for nth, quantity in enumerate(bought)]
    return sum(money.first_units(paid[nth], bought[nth], count) for nth, count in enumerate(counts) if count)


def _sent(order: Order) -> Counter[int]:
    units = Counter[int]()
    for claim in _claims(order, AfterSale.TRIGGERED, *aftersales.DECIDED):
        units[claim.line] += claim.quantity
    return units


def _claims(order: Order, *standings: AfterSale) -> list[Claim]:
    """Of returns that end in other goods, so far."""
    told = [known for known in aftersales.of(order, *standings) if known.ends_in in KINDS]
    return [claim for known in told for claim in known.claims]

"""Shares of money, to the cent."""

from collections.abc import Sequence

from models.line import Box
from models.noun import Id, Money
from models.order import Order


def split(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """The amount over the weights by largest remainder, earlier ones first: the parts always sum to the amount.

    Units: minor. Weights that are all zero share evenly.
    """
    weights = weights if any(weights) else [1] * len(weights)
    whole = sum(weights)
    parts = [amount * weight // whole for weight in weights]
    rests = sorted(range(len(weights)), key=lambda place: (-(amount * weights[place] % whole), place))
    lucky = rests[: amount - sum(parts)]
    return tuple(part + (place in lucky) for place, part in enumerate(parts))


def share_of(order: Order, boxes: Sequence[Id]) -> Money:
    """What the customer paid for the units of these boxes, discount and freight included.

    Every unit of a line carries the same share of it, the first units the odd cents. Boxes take units in their
    order, so the shares of all boxes sum to the total.
    """
    paid = split(order.total.minor, [line.total.minor for line in order.lines])
    minor = sum(_of_line(order, place, paid[place], boxes) for place in range(len(order.lines)))
    return Money(minor=minor, currency=order.total.currency)


def _of_line(order: Order, place: int, paid: int, boxes: Sequence[Id]) -> int:
    """Two lines of one thing share its units: the second line's come after the first's."""
    line, taken = order.lines[place], 0
    start = -sum(other.quantity for other in order.lines[:place] if other.sku == line.sku)
    for box in order.boxes:
        end = start + _count(box, line.sku)
        if box.id in boxes:
            taken += _first_units(paid, line.quantity, end) - _first_units(paid, line.quantity, start)
        start = end
    return taken


def _first_units(paid: int, quantity: int, count: int) -> int:
    """The share of the first so many units of a line."""
    count = min(max(count, 0), quantity)
    return paid // quantity * count + min(count, paid % quantity)


def _count(box: Box, sku: Id) -> int:
    return sum(units.quantity for units in box.units if units.sku == sku)

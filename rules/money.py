"""Shares of money, to the cent."""

from collections import Counter
from collections.abc import Sequence

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
    lucky = frozenset(rests[: amount - sum(parts)])
    return tuple(part + (place in lucky) for place, part in enumerate(parts))


def share_of(order: Order, boxes: Sequence[Id]) -> Money:
    """What the customer paid for the units of these boxes, discount and freight included.

    Every unit of a line carries the same share of it, the first units the odd cents. Boxes take units in their
    order, so the shares of all boxes sum to the total. Two lines of one thing share its units: the second line's come
    after the first's.
    """
    paid = split(order.total.minor, [line.total.minor for line in order.lines])
    spans, before, minor = _spans(order, boxes), Counter[Id](), 0
    for line, share in zip(order.lines, paid, strict=True):
        for start, end in spans.get(line.sku, ()):
            first, last = start - before[line.sku], end - before[line.sku]
            minor += first_units(share, line.quantity, last) - first_units(share, line.quantity, first)
        before[line.sku] += line.quantity
    return Money(minor=minor, currency=order.total.currency)


def _spans(order: Order, boxes: Sequence[Id]) -> dict[Id, list[tuple[int, int]]]:
    """For each thing, from which unit of it to which these boxes hold."""
    spans, taken = dict[Id, list[tuple[int, int]]](), Counter[Id]()
    for box in order.boxes:
        for units in box.units:
            start = taken[units.sku]
            taken[units.sku] += units.quantity
            spans.setdefault(units.sku, []).extend([(start, taken[units.sku])] if box.id in boxes else [])
    return spans


def first_units(paid: int, quantity: int, count: int) -> int:
    """The share of the first so many units of a line."""
    count = min(max(count, 0), quantity)
    return paid // quantity * count + min(count, paid % quantity)

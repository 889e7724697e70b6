"""Shares of money, to the cent."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from models.noun import Id, Money
from models.order import Order

Less = Mapping[Id, Counter[int]]  # of each box, units of each line
NOTHING_LESS: Less = {}


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


def share_of(order: Order, boxes: Sequence[Id], less: Less = NOTHING_LESS) -> Money:
    """What the customer paid for the units of these boxes, discount and freight included; `less`: without these units.

    Every unit of a line carries the same share of it, the first units the odd cents. Boxes take units in their
    order, so the shares of all boxes sum to the total. Two lines of one thing share its units: the second line's come
    after the first's.
    """
    paid = split(order.total.minor, [line.total.minor for line in order.lines])
    minor = 0
    for nth, first, last in _pieces(order, boxes, less):
        quantity = order.lines[nth].quantity
        minor += first_units(paid[nth], quantity, last) - first_units(paid[nth], quantity, first)
    return Money(minor=minor, currency=order.total.currency)


def units_of(order: Order, boxes: Sequence[Id], less: Less = NOTHING_LESS) -> Counter[int]:
    """How many units of each line, by its place, these boxes hold."""
    units = Counter[int]()
    for nth, first, last in _pieces(order, boxes, less):
        units[nth] += last - first
    return units


def _pieces(order: Order, boxes: Sequence[Id], less: Less) -> Iterator[tuple[int, int, int]]:
    """For each line, from which unit of it to which each of these boxes holds."""
    spans, before = _spans(order, boxes), Counter[Id]()
    for nth, line in enumerate(order.lines):
        for box, start, end in spans.get(line.sku, ()):
            first, last = (min(max(at - before[line.sku], 0), line.quantity) for at in (start, end))
            last -= less.get(box, Counter())[nth]
            if first < last:
                yield nth, first, last
        before[line.sku] += line.quantity


def _spans(order: Order, boxes: Sequence[Id]) -> dict[Id, list[tuple[Id, int, int]]]:
    """For each thing, from which unit of it to which each of these boxes holds."""
    spans, taken = dict[Id, list[tuple[Id, int, int]]](), Counter[Id]()
    for box in order.boxes:
        for units in box.units:
            start = taken[units.sku]
            taken[units.sku] += units.quantity
            spans.setdefault(units.sku, []).extend([(box.id, start, taken[units.sku])] if box.id in boxes else [])
    return spans


def first_units(paid: int, quantity: int, count: int) -> int:
    """The share of the first so many units of a line."""
    count = min(max(count, 0), quantity)
    return paid // quantity * count + min(count, paid % quantity)

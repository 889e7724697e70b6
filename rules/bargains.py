"""What was paid for each line of a sale, and what is lost when the buyer keeps too little of it. Units: minor."""

from collections.abc import Mapping

from models.bargain import Bargain, Promotion
from models.order import Order
from rules.money import first_units, split

Counts = Mapping[int, int]  # units of a line, by its place


def paid(order: Order, bargain: Bargain) -> tuple[int, ...]:
    """For each line, its discounts taken off, freight aside.

    A discount that no promotion names lies on all lines alike.
    """
    return split(order.total.minor - _freight(order, bargain), _weights(order, bargain))


def freights(order: Order, bargain: Bargain) -> tuple[int, ...]:
    """For each line, its part of the freight that was paid."""
    return split(_freight(order, bargain), _weights(order, bargain))


def first(order: Order, parts: tuple[int, ...], counts: Counts) -> int:
    """The parts of so many units of each line, the first units the odd cents."""
    lines = zip(order.lines, parts, strict=True)
    return sum(first_units(part, line.quantity, counts.get(nth, 0)) for nth, (line, part) in enumerate(lines))


def discount_lost(order: Order, bargain: Bargain, taken: Counts, breaking: Counts) -> int:
    """The discount on units that are kept, where too little is left to earn it; for all units back nothing is lost.

    So who returns the rest later has it again: in the end everybody gets back what they paid.
    """
    broken = [promotion for promotion in bargain.promotions if _is_broken(order, promotion, breaking)]
    return sum(_kept(order, promotion, taken) for promotion in broken)


def gifts_kept(order: Order, bargain: Bargain, taken: Counts, breaking: Counts) -> int:
    """The value of gifts that stay where too little is left to earn them."""
    broken = [promotion for promotion in bargain.promotions if _is_broken(order, promotion, breaking)]
    gifts = [gift for promotion in broken for gift in promotion.gifts if gift.line < len(order.lines)]
    return sum(gift.value.minor * (order.lines[gift.line].quantity - taken.get(gift.line, 0)) for gift in gifts)


def _freight(order: Order, bargain: Bargain) -> int:
    return min(max(bargain.freight.minor, 0), order.total.minor)


def _weights(order: Order, bargain: Bargain) -> list[int]:
    offs = [_off(order, promotion) for promotion in bargain.promotions]
    return [max(0, line.total.minor - sum(off[nth] for off in offs)) for nth, line in enumerate(order.lines)]


def _off(order: Order, promotion: Promotion) -> tuple[int, ...]:
    """Its discount on each line, by price. It is never more than the price."""
    prices = [line.total.minor * _counts(promotion, nth) for nth, line in enumerate(order.lines)]
    return split(min(promotion.off.minor, sum(prices)), prices)


def _counts(promotion: Promotion, line: int) -> bool:
    return not promotion.lines or line in promotion.lines


def _is_broken(order: Order, promotion: Promotion, breaking: Counts) -> bool:
    """Earned once, and no more. What never reached the threshold had its discount for another reason."""
    left = _spent(order, promotion, breaking)
    return left < promotion.threshold.minor <= _spent(order, promotion, {})


def _spent(order: Order, promotion: Promotion, gone: Counts) -> int:
    lines = [(nth, line) for nth, line in enumerate(order.lines) if _counts(promotion, nth)]
    return sum(line.unit_price.minor * (line.quantity - gone.get(nth, 0)) for nth, line in lines)


def _kept(order: Order, promotion: Promotion, taken: Counts) -> int:
    """Of its discount, what lies on units that are kept; freight let off as a whole while any is kept, gifts aside."""
    offs = _off(order, promotion)
    is_any_kept = any(taken.get(nth, 0) < line.quantity for nth, line in enumerate(order.lines) if line.total.minor)
    return sum(offs) - first(order, offs, taken) + promotion.freight_off.minor * is_any_kept

"""What one return refunds, line by line, and what is kept back of it, with its word.

Everything that hangs on the units that are back is reckoned for all of them, once with this return and once without:
the difference is this return's. So in whichever steps an order comes back, the refunds sum to the same.
"""

from collections import Counter
from collections.abc import Iterable

from models.bargain import Bargain
from models.errors import Refused
from models.noun import Id, Money
from models.order import Order
from models.refund import Before, Grounds, Taken, Terms
from models.returns import Claim, Fault, Kind, Share
from rules import bargains, refund_wear
from rules.money import first_units

Parts = list[Share]
NO_MONEY = (Kind.EXCHANGE, Kind.RESHIP)


def shares(order: Order, bargain: Bargain, terms: Terms, grounds: Grounds, before: Before) -> tuple[Share, ...]:
    """They sum to the refund: at least nothing, and at most what is left of what was paid. None of them is nothing.

    Raises: Refused, where units are claimed that were never bought, or a second time.
    """
    if grounds.kind in NO_MONEY:
        return ()
    if grounds.kind is Kind.COMPENSATION:
        due = [_share("compensation", max(0, grounds.decided.minor))]
    else:
        due = _carried(_returned(order, bargain, terms, grounds, before), before)
    given = tuple(part for part in _within(order, due, before) if part.amount.minor)
    return tuple(_in(order, part) for part in given)


def refund(parts: Iterable[Share]) -> int:
    """What is refunded in all. Units: minor."""
    return sum(part.amount.minor for part in parts)


def after(grounds: Grounds, given: tuple[Share, ...], before: Before) -> Before:
    """What the next return of the order must know once this one has these shares."""
    owed = sum(part.amount.minor for part in given if part.what == "carried")
    return Before(
        units=before.units + _taken(grounds),
        refunded=_plus(before.refunded, refund(given)),
        owed=_plus(before.owed, owed),
    )


def left(order: Order, before: Before) -> tuple[Claim, ...]:
    """What may still be returned: units of each line that has any."""
    taken = _count(before.units)
    rest = [(nth, line.quantity - taken[nth]) for nth, line in enumerate(order.lines)]
    return tuple(Claim(line=nth, quantity=quantity) for nth, quantity in rest if quantity > 0)


def _returned(order: Order, bargain: Bargain, terms: Terms, grounds: Grounds, before: Before) -> Parts:
    """What is due for these units by themselves; it may be less than nothing."""
    parts = _goods(order, bargain, terms, grounds, before) + _freight(order, bargain, grounds, before)
    return parts + _label(terms, grounds, refund(parts)) + _broken(order, bargain, terms, grounds, before)


def _goods(order: Order, bargain: Bargain, terms: Terms, grounds: Grounds, before: Before) -> Parts:
    """Units that did not come are counted after those that did: they may yet come, at the same price."""
    paid, taken = bargains.paid(order, bargain), _count(before.units)
    parts = Parts()
    for units in sorted(grounds.units, key=lambda units: refund_wear.is_absent(grounds, units)):
        start, end = taken[units.line], taken[units.line] + units.quantity
        if units.line >= len(order.lines) or end > order.lines[units.line].quantity:
            raise Refused("more_than_bought")
        bought, share = order.lines[units.line].quantity, paid[units.line]
        worth = first_units(share, bought, end) - first_units(share, bought, start)
        parts += [_share("goods", worth, units.line), *_kept_back(terms, grounds, units, worth)]
        taken[units.line] = end
    return parts


def _kept_back(terms: Terms, grounds: Grounds, units: Claim, worth: int) -> Parts:
    """Of what these units are worth, and no more than that."""
    if refund_wear.is_absent(grounds, units):
        return [_share("not_returned", -worth, units.line)]
    worn = refund_wear.wear(terms, grounds, units, worth)
    missing = min(worth - worn, refund_wear.parts(terms, grounds, units, worth))
    return [_share("wear", -worn, units.line), _share("part_missing", -missing, units.line)]


def _freight(order: Order, bargain: Bargain, grounds: Grounds, before: Before) -> Parts:
    """The part of the outgoing freight that brought units which are back through no fault of the customer's.

    Why in proportion: one bad unit of two is paid its way at once, and need not wait for the good one to come back.
    """
    freights, blameless = bargains.freights(order, bargain), (Fault.SHOP, Fault.COURIER)
    now = _count(_taken(grounds), blameless)
    earlier = _count(before.units, blameless)
    due = bargains.first(order, freights, earlier + now) - bargains.first(order, freights, earlier)
    return [_share("freight", due)]


def _label(terms: Terms, grounds: Grounds, worth: int) -> Parts:
    """Of what came back with it, and no more than that: nobody is sent a bill for a label."""
    is_charged = terms.is_label_charged and refund_wear.fault(grounds) is Fault.CUSTOMER
    return [_share("return_label", -min(grounds.label.minor, worth) * is_charged)]


def _broken(order: Order, bargain: Bargain, terms: Terms, grounds: Grounds, before: Before) -> Parts:
    """What is no longer earned. More than nothing, where what is kept with it has become less."""
    earlier, now = before.units, before.units + _taken(grounds)
    with_it = (order, bargain, _count(now), _count(now, terms.breaking))
    without = (order, bargain, _count(earlier), _count(earlier, terms.breaking))
    discount = bargains.discount_lost(*without) - bargains.discount_lost(*with_it)
    gifts = bargains.gifts_kept(*without) - bargains.gifts_kept(*with_it)
    return [_share("promotion_broken", discount), _share("gift_kept", gifts)]


def _carried(parts: Parts, before: Before) -> Parts:
    """Less than nothing is nothing, and the rest is carried to the next return."""
    due = refund(parts)
    return [*parts, _share("carried", -min(due, before.owed.minor))]


def _within(order: Order, parts: Parts, before: Before) -> Parts:
    """Why: after a compensation less is left than the goods were worth."""
    over = refund(parts) - max(0, order.total.minor - before.refunded.minor)
    return [*parts, _share("beyond_paid", -max(0, over))]


def _taken(grounds: Grounds) -> tuple[Taken, ...]:
    if grounds.kind in {*NO_MONEY, Kind.COMPENSATION}:
        return ()
    back = [units for units in grounds.units if not refund_wear.is_absent(grounds, units)]
    whose = refund_wear.fault(grounds)
    return tuple(Taken(line=units.line, quantity=units.quantity, fault=whose) for units in back)


def _count(units: Iterable[Taken], faults: Iterable[Fault] = tuple(Fault)) -> Counter[int]:
    """So many of each line, for these faults."""
    counted = Counter[int]()
    for taken in units:
        counted[taken.line] += taken.quantity if taken.fault in faults else 0
    return counted


def _share(what: Id, minor: int, line: int | None = None) -> Share:
    return Share(what=what, line=line, amount=Money(minor=minor))


def _in(order: Order, part: Share) -> Share:
    """In the order's currency."""
    return part.model_copy(update={"amount": Money(minor=part.amount.minor, currency=order.total.currency)})


def _plus(money: Money, minor: int) -> Money:
    return Money(minor=money.minor + minor, currency=money.currency)

"""Over which payments one amount goes back."""

from collections import Counter
from collections.abc import Iterable

from models.errors import Refused
from models.noun import Id, Money
from models.payment import Payment
from models.refund import Portion, Way
from rules.payments import captured_at


def spread(
    payments: Iterable[Payment], back: Iterable[Portion], amount: Money, way: Way = Way.ORIGINAL
) -> tuple[Portion, ...]:
    """Last paid first, and never more of any payment than it still holds.

    Money that goes to the shop's wallet is taken of its payments all the same: it cannot go back another time.
    `back`: what earlier refunds took, done or under way.
    Raises: Refused, where all of them hold less than that.
    """
    taken = _taken(back)
    portions, rest = list[Portion](), max(0, amount.minor)
    for payment in sorted(payments, key=lambda payment: (captured_at(payment), payment.transaction), reverse=True):
        part = min(rest, max(0, payment.amount.minor - taken[payment.transaction]))
        rest -= part
        money = Money(minor=part, currency=payment.amount.currency)
        portions += [Portion(transaction=payment.transaction, amount=money, way=way)] if part else []
    if rest:
        raise Refused("more_than_held")
    return tuple(portions)


def _taken(back: Iterable[Portion]) -> Counter[Id]:
    taken = Counter[Id]()
    for portion in back:
        taken[portion.transaction] += portion.amount.minor
    return taken

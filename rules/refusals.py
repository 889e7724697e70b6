"""What a provider says no to because of how things stand between it and us. It passes, and nobody has to do anything.

Why only money: a courier's no is about this parcel, and there is a next courier.
"""

from datetime import datetime

from models.errand import Errand, State, What
from models.matter import Matter
from models.order import Order
from models.wish import Retry
from rules import errands, payments, undoing, wishes

MONEY = (What.PAY, What.CLOSE, What.REFUND)
FIRST, LONGEST = 1, 15  # times the pause after which a silent provider is asked
MOST = 100  # tries, more than a day of them; then it is a person's alone


def standing(order: Order) -> tuple[Errand, ...]:
    """The unbroken row of tries that a provider refused, with the one under way; the whole of it is one matter."""
    return next((row for what in MONEY if _is_wanted(order, what) for row in _rows(order, what)), ())


def refunds(matter: Matter) -> tuple[Errand, ...]:
    """The same of refunds alone, where they are all that is wanted."""
    return next(iter(_rows(matter, What.REFUND)), ())


def row_of(order: Matter, errand: Errand | None) -> tuple[Errand, ...]:
    """The row that this refusal is the end of; none where it does not pass by itself.

    Why only a refusal: a try with an unknown end is asked about, not begun anew: neither row nor pause would grow.
    """
    is_passing = errand and errand.what in MONEY and errands.passes(errand)
    rows = _rows(order, errand.what) if errand and is_passing else []
    return next((row for row in rows if row[-1] == errand), ())


def again_at(order: Matter) -> tuple[datetime, datetime] | None:
    """Since when the last try is refused, and when the next one is due; none while a person is wanted for it."""
    hold = order.hold
    row = row_of(order, errands.find(order, hold.errand)) if hold and hold.errand and not hold.by else ()
    if not row or len(row) > MOST:
        return None
    since, usual = row[-1].ended_at or row[-1].began_at, order.policy.ask_payment_after
    return since, since + min(FIRST * 2 ** (len(row) - 1), LONGEST) * usual


def again(order: Matter) -> Retry:
    """One more try of what the order is held by, and of nothing else."""
    errand = errands.holding(order)
    return Retry(by="clock", what=errand.what if errand else None)


def _rows(order: Matter, what: What) -> list[tuple[Errand, ...]]:
    known = sorted((e for e in order.errands if e.what is what), key=lambda errand: errand.began_at)
    abouts = dict.fromkeys(errand.about for errand in known)
    rows = [_tail([errand for errand in known if errand.about == about]) for about in abouts]
    return [row for row in rows if row]


def _tail(tries: list[Errand]) -> tuple[Errand, ...]:
    """From the first refusal after the last success to the newest try."""
    ends = [at for at, errand in enumerate(tries, 1) if errand.state is not State.BEGUN and not errands.passes(errand)]
    row = tries[max(ends, default=0) :]
    return tuple(row) if any(errands.passes(errand) for errand in row) else ()


def _is_wanted(order: Order, what: What) -> bool:
    if what is What.REFUND:
        return undoing.refund_due(order) > undoing.given(order)
    if what is What.CLOSE:
        return payments.open_bill(order) is not None
    return payments.is_prepaid(order) and not (order.payments or wishes.is_stopped(order) or payments.is_late(order))


def since(row: tuple[Errand, ...]) -> datetime:
    """When it was refused for the first time."""
    return min(errand.ended_at for errand in row if errand.ended_at)

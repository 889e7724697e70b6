"""What an order knows of its returns."""

from collections import Counter
from datetime import datetime

from models.fact import ParcelDelivered, ReturnTold
from models.noun import Id
from models.order import Order
from models.returns import AfterSale
from models.wish import Cancel

DECIDED = (AfterSale.GIVEN, AfterSale.DONE)
WAITING = (AfterSale.OPEN, AfterSale.TRIGGERED)
LIVING = (*WAITING, *DECIDED)


def learn(returns: tuple[ReturnTold, ...], fact: ReturnTold) -> tuple[ReturnTold, ...]:
    """The newest word of each return, by the count of its records: whatever comes late or twice is older."""
    known = {told.return_id: told for told in returns}
    before = known.get(fact.return_id)
    if before is None or fact.version > before.version:
        known[fact.return_id] = _as_first_heard(before, fact) if before else fact
    return tuple(known[return_id] for return_id in sorted(known))


def _as_first_heard(before: ReturnTold, fact: ReturnTold) -> ReturnTold:
    """Told once more how far it is, it has been so far since it was heard for the first time."""
    is_same = any(before.standing in group and fact.standing in group for group in (DECIDED, (AfterSale.TRIGGERED,)))
    return fact.model_copy(update={"heard_at": before.heard_at}) if is_same else fact


def find(order: Order, return_id: Id) -> ReturnTold | None:
    """The last that was heard of it."""
    return next((told for told in order.returns if told.return_id == return_id), None)


def of(order: Order, *standings: AfterSale) -> list[ReturnTold]:
    """Those that are so far, the first asked first."""
    known = [told for told in order.returns if told.standing in standings]
    return sorted(known, key=lambda told: (told.asked_at, told.return_id))


def given(order: Order) -> Counter[Id]:
    """What returns gave back, or are to, of each payment. Units: minor."""
    back = Counter[Id]()
    for told in of(order, *DECIDED):
        for part in told.parts:
            back[part.transaction] += part.amount.minor
    return back


def is_any_open(order: Order) -> bool:
    """Somebody waits for the end of a return: the order is not complete yet."""
    return bool(of(order, *WAITING, AfterSale.GIVEN))


def is_settling(order: Order) -> bool:
    """The money of a return is on its way: whatever order heard of it stays to see it through."""
    return is_unreckoned(order) or bool(of(order, AfterSale.GIVEN))


def is_unreckoned(order: Order) -> bool:
    """A return takes its part before anything else goes back, and has not said how much."""
    return any(not _lost_to_stop(order, told) for told in of(order, AfterSale.TRIGGERED))


def is_its_own(order: Order, return_id: Id) -> bool | None:
    """Whether the return gives its money back itself; None while the order has not heard that it is to.

    Why: an order that was stopped first gives everything back. Who was first, the order's own story knows and nobody
    else: so no unit is paid back twice, whatever was wanted at the same moment.
    """
    told = find(order, return_id)
    if told is None or told.standing is AfterSale.OPEN:
        return None
    return not _lost_to_stop(order, told)


def _lost_to_stop(order: Order, told: ReturnTold) -> bool:
    stopped = _stopped_at(order)
    return stopped is not None and stopped <= told.heard_at


def _stopped_at(order: Order) -> datetime | None:
    """By a stop that the customer's having the goods did not undo."""
    if any(parcel.first(ParcelDelivered) for parcel in order.parcels):
        return None
    return min((entry.at for entry in order.wishes if isinstance(entry.wish, Cancel)), default=None)

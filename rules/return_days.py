"""When the days of a return begin and when they end.

For a hand or the door, never for a story: zones are read from the machine's tables, and what was judged is remembered.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.fact import ParcelDelivered, Proof
from models.noun import Id
from models.order import Order
from rules import boxes, parcels


def end_of(delivered_at: datetime, days: int, zone: Id) -> datetime | None:
    """The first instant after the last day; None where nobody knows the zone.

    The day of delivery does not count, and the last one is whole, however long a day is when clocks are changed.
    """
    try:
        here = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # not in the tables; not a name; a folder among them
        return None
    day = delivered_at.astimezone(here).date() + timedelta(days=days + 1)
    return datetime.combine(day, time(), here).astimezone(UTC)


def offset_of(at: datetime, zone: Id) -> timedelta:
    """By how much the clocks of a zone are ahead; nothing where nobody knows it."""
    try:
        return at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
    except (KeyError, ValueError, OSError):
        return timedelta(0)


def handed_over_at(order: Order, sku: Id, proofs: Sequence[Proof] = tuple(Proof)) -> datetime | None:
    """When the customer had the last box with this thing in it, by these proofs; None while one is on its way."""
    held = [box.id for box in parcels.living(order) if any(units.sku == sku for units in box.units)]
    times = [_at(order, box, proofs) for box in held]
    known = [at for at in times if at]
    return max(known) if known and len(known) == len(times) else None


def left_at(order: Order, sku: Id) -> datetime | None:
    """When the last box with this thing in it left the house; None while one is still here."""
    held = [box.id for box in parcels.living(order) if any(units.sku == sku for units in box.units)]
    times = [parcels.first_at(order, box, parcels.shipped_at) for box in held]
    known = [at for at in times if at]
    return max(known) if known and len(known) == len(times) else None


def unproven(order: Order, skus: Sequence[Id], proofs: Sequence[Proof]) -> tuple[Id | None, datetime] | None:
    """The last parcel with one of these things that counts as handed over by no proof: whose, and since when."""
    held = [box.id for box in order.boxes if any(units.sku in skus for units in box.units)]
    of_them = [parcel for box in held for parcel in boxes.of_box(order, box)]
    told = [(fact, parcel) for parcel in of_them for fact in parcel.all(ParcelDelivered)]
    proven = [parcel.id for fact, parcel in told if fact.proof in proofs]
    bare = [(parcel.courier, fact.happened_at) for fact, parcel in told if parcel.id not in proven]
    return max(bare, key=lambda known: known[1], default=None)


def with_customer(order: Order, sku: Id) -> int:
    """How many of a thing were handed over, with whatever proof."""
    had = [box for box in order.boxes if boxes.is_with_customer(order, box.id)]
    return sum(units.quantity for box in had for units in box.units if units.sku == sku)


def _at(order: Order, box: Id, proofs: Sequence[Proof]) -> datetime | None:
    facts = [fact for parcel in boxes.of_box(order, box) for fact in parcel.all(ParcelDelivered)]
    return min((fact.happened_at for fact in facts if fact.proof in proofs), default=None)

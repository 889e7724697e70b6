"""Boxes of an order: which parcels they became, what is to be in them, and which of them are stopped."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from models.fact import ParcelDelivered, ParcelHandedOver, ParcelReceivedBack, ReturnTold
from models.line import Box, Units
from models.noun import Id
from models.order import Order
from models.parcel import Parcel
from models.returns import AfterSale, Kind, Why
from models.wish import Cancel, CancelRest
from rules import aftersales, errands, money

Spared = dict[Id, Counter[int]]  # of each box, units of each line
Sparing = tuple[ReturnTold, Id, int, int]  # which return spares of which box how many units of which line
ABOUT_GOODS = frozenset(Why) - {Why.NO_REASON, Why.SHORT, Why.NOT_RECEIVED}  # of which the customer has seen something


def box_of(order: Order, parcel: Parcel) -> Id | None:
    """Which box a parcel is: by its label, by the intent of its label, or because there is only one."""
    if parcel.box:
        return parcel.box
    label = errands.find(order, parcel.id)
    only = order.boxes[0].id if len(order.boxes) == 1 else None
    return label.about if label else only


def of_box(order: Order, box: Id) -> list[Parcel]:
    """Every parcel that a box became, dead ones too."""
    return [parcel for parcel in order.parcels if box_of(order, parcel) == box]


def dropped(order: Order) -> tuple[Box, ...]:
    """Boxes that were stopped, or of which nothing is left, unless the customer has them all the same."""
    named = [box for entry in order.wishes if isinstance(entry.wish, CancelRest) for box in entry.boxes]
    is_whole = any(isinstance(entry.wish, Cancel) for entry in order.wishes)
    empty = [box.id for box in order.boxes if not contents(order, box)] if order.returns else []
    stopped = [box for box in order.boxes if is_whole or box.id in named or box.id in empty]
    return tuple(box for box in stopped if not is_with_customer(order, box.id))


def is_with_customer(order: Order, box: Id) -> bool:
    """The courier handed a parcel of this box over."""
    return any(parcel.first(ParcelDelivered) for parcel in of_box(order, box))


def contents(order: Order, box: Box) -> tuple[Units, ...]:
    """What is to be in it: without the units that were refunded before it left."""
    gone = spared(order, *aftersales.DECIDED).get(box.id)
    if gone is None:
        return box.units
    things = Counter[Id]()
    for line, quantity in gone.items():
        things[order.lines[line].sku] += quantity
    left = [(one.sku, one.quantity - things[one.sku]) for one in box.units]
    return tuple(Units(sku=sku, quantity=quantity) for sku, quantity in left if quantity > 0)


def waits(order: Order, box: Id) -> bool:
    """Somebody asked the money back for a unit in it, and nobody knows yet whether it goes: so it stays here."""
    return box in spared(order, *aftersales.WAITING)


def spared(order: Order, *standings: AfterSale) -> Spared:
    """Units of each box that are refunded instead of sent, by returns that are so far."""
    wanted = Spared()
    for told, box, line, quantity in _spared(order):
        if told.standing in standings:
            wanted.setdefault(box, Counter())[line] += quantity
    return wanted


def spared_at(order: Order, box: Id) -> datetime | None:
    """When the order last heard that units of this box are paid back instead of sent."""
    told = [told.heard_at for told, of, _, _ in _spared(order) if of == box and told.standing in aftersales.DECIDED]
    return max(told, default=None)


def _spared(order: Order) -> list[Sparing]:
    """Why those that are decided come first: what is taken out of a box stays out, whoever asks next."""
    if not order.returns:
        return []
    found, sparing = Spared(), list[Sparing]()
    for told in (*_asking(order, *aftersales.DECIDED), *_asking(order, *aftersales.WAITING)):
        for box, line, quantity in list(_from_boxes(order, told, found)):
            found.setdefault(box, Counter())[line] += quantity
            sparing.append((told, box, line, quantity))
    return sparing


def _asking(order: Order, *standings: AfterSale) -> list[ReturnTold]:
    """Of those that are decided, they that gave something: the others lost what they asked for to somebody else."""
    known = [told for told in aftersales.of(order, *standings) if told.ends_in is Kind.REFUND_ONLY]
    return [told for told in known if told.standing not in aftersales.DECIDED or told.parts]


def _from_boxes(order: Order, told: ReturnTold, found: Spared) -> Iterator[tuple[Id, int, int]]:
    """Out of the last boxes first; never out of one that had left, or had been stopped, when it was asked."""
    held = {box.id: money.units_of(order, [box.id]) for box in order.boxes}
    for claim in told.claims:
        left = claim.quantity - _with_customer(order, told, claim.line)
        for box in [box.id for box in order.boxes[::-1] if _is_here(order, box, told.asked_at)]:
            free = held[box][claim.line] - found.get(box, Counter[int]())[claim.line]
            if part := min(max(0, left), max(0, free)):
                yield box, claim.line, part
                left -= part


def _with_customer(order: Order, told: ReturnTold, line: int) -> int:
    """What is wrong with goods is about those that the customer has, where they have any."""
    away = [box.id for box in order.boxes if _is_away(order, box, told.asked_at)]
    return money.units_of(order, away)[line] if told.why in ABOUT_GOODS else 0


def _is_here(order: Order, box: Box, at: datetime) -> bool:
    stopped = _stopped_at(order, box)
    return not _is_away(order, box, at) and not (stopped and stopped <= at)


def _is_away(order: Order, box: Box, at: datetime) -> bool:
    return is_with_customer(order, box.id) or any(_was_out(parcel, at) for parcel in of_box(order, box.id))


def _was_out(parcel: Parcel, at: datetime) -> bool:
    gone, back = parcel.first(ParcelHandedOver), parcel.first(ParcelReceivedBack)
    return gone is not None and gone.happened_at <= at and not (back and back.happened_at <= at)


def _stopped_at(order: Order, box: Box) -> datetime | None:
    """By a wish for the whole order, or for its rest."""
    stops = [entry.at for entry in order.wishes if isinstance(entry.wish, Cancel) or box.id in entry.boxes]
    return min(stops, default=None)

"""Labels that people write, because no courier's system gives one."""

from itertools import count

from models.errand import What
from models.fact import ParcelLabelled
from models.line import Box
from models.noun import Id, Money
from models.order import Order
from models.parcel import Parcel
from models.stage import Stage
from rules import errands, money, parcels, payments, stages


def asked_for(order: Order) -> Box | None:
    """The box whose label a person is asked to write.

    Why: whoever closes the case has not written it, and the box waits for its label all the same.
    """
    is_held = order.hold is not None and order.hold.by is not None
    box = parcels.to_write(order) if stages.reached(order, Stage.ALLOCATED) and not is_held else None
    return box if box and not refusal(order, box) else None


def refusal(order: Order, box: Box) -> Id | None:
    """Why nobody may write a label for this box now. One that was written may be printed again."""
    if box not in parcels.living(order):
        return "box_is_stopped"
    if errands.is_under_way(order, What.LABEL, box.id):
        return "courier_is_being_asked"
    has_other = parcels.live(order, box.id) and not written(order, box)
    return "box_has_a_label" if has_other else None


def written(order: Order, box: Box) -> Parcel | None:
    """The parcel that the box became by a label that a person wrote."""
    return next((parcel for parcel in parcels.live(order, box.id) if parcel.first(ParcelLabelled)), None)


def number(order: Order, box: Box) -> Id:
    """What to write on it: the box's next free number.

    Why: each box counts for itself, so two labels that are written at the same time never share a number.
    """
    taken = [parcel.id for parcel in order.parcels]
    turns = count(order.boxes.index(box) + 1, len(order.boxes))
    return next(free for turn in turns if (free := f"{order.business_no}-hand-{turn}") not in taken)


def to_collect(order: Order, box: Box) -> Money | None:
    """Each box's share, so that what is stopped or comes back is not paid for at the door."""
    return None if payments.is_prepaid(order) else money.share_of(order, [box.id])

"""What the channel must be told."""

from models.errand import Owed, State, What
from models.order import Order
from models.parcel import Parcel
from rules import boxes, errands, parcels
from rules.wishes import is_stopped, unshipped

TRIED = (*errands.SETTLED, State.REFUSED)


def owed(order: Order) -> Owed | None:
    """The next parcel that left and that the channel does not know of; each waybill once."""
    begun = [errand for errand in errands.under_way(order) if errand.what is What.REPORT]
    if begun:
        return Owed(**{name: getattr(begun[0], name) for name in Owed.model_fields})
    if is_stopped(order) or order.replaces:  # the channel knows of no such order
        return None
    left = [parcel for parcel in order.parcels if parcel.waybill and parcels.is_out(parcel)]
    untold = [parcel for parcel in left if not _is_told(order, parcel)]
    return _report(order, untold) if untold else None


def _is_told(order: Order, parcel: Parcel) -> bool:
    """A refusal counts until the desk says retry."""
    tried = errands.of(order, What.REPORT, *TRIED)
    return any(report.about == parcel.id for report in tried)


def _report(order: Order, untold: list[Parcel]) -> Owed:
    parcel, is_last = untold[0], not unshipped(order) and len(untold) == 1
    return Owed(
        what=What.REPORT,
        about=parcel.id,
        party=order.shop,
        under=parcel.waybill,
        via=parcel.courier,
        box=boxes.box_of(order, parcel),
        is_last=is_last,
    )

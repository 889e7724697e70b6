"""The way back: its label where the shop pays for it (退货面单), and what couriers say of the parcel."""

from collections import Counter
from datetime import datetime

from models.errand import Errand, Owed, State, What
from models.fact import GoodsSentBack, ParcelDelivered
from models.inquiry import Asked, Inquiry
from models.line import Box, Units
from models.noun import LONGEST_SEGMENT, Id
from models.order import Order
from models.parcel import Parcel
from models.return_policy import Labels
from models.returns import Wanted
from models.rma import Return, ReturnStage, WayBack
from rules import boxes, errands, faults, inquiries, parcels
from rules import return_stages as stages


def way_back(order: Order, number: Id, wanted: Wanted, terms: Labels) -> WayBack | None:
    """Where to, and who carries it for us; None where the customer sees to it, or nobody knows where to."""
    known = [claim for claim in wanted.claims if claim.line < len(order.lines)]
    place = terms.place or _came_from(order, [order.lines[claim.line].sku for claim in known])
    if (
        ReturnStage.SENT_BACK not in stages.SPINES[wanted.kind]
        or faults.fault_of(wanted.why) not in terms.faults
        or place is None
    ):
        return None
    units = Counter[Id]()
    for claim in known:
        units[order.lines[claim.line].sku] += claim.quantity
    inside = tuple(Units(sku=sku, quantity=quantity) for sku, quantity in units.items())
    return WayBack(couriers=terms.couriers or order.policy.couriers, box=Box(id=number, place=place, units=inside))


def owed(matter: Return) -> Owed | None:
    """A label, while nothing is on its way back and some courier may still be asked."""
    back, is_due = matter.back, stages.waiting_since(matter, ReturnStage.SENT_BACK)
    if back is None or is_due is None or live(matter):
        return None
    asked = [e.party for e in errands.under_way(matter) if e.what is What.LABEL]
    courier = next(iter(asked), None) or errands.next_party(matter, What.LABEL, matter.id, back.couriers)
    version = matter.contact_version
    return _label(matter.id, courier, back.box, version) if courier else None


def unwanted(matter: Return) -> list[Errand]:
    """Labels that were asked for before the return went another way."""
    asked = [errand for errand in errands.under_way(matter) if errand.what is What.LABEL]
    return asked if owed(matter) is None else []


def to_void(matter: Return) -> Owed | None:
    """A label that nobody will use: the return is over, or the goods travel on another."""
    parcel = live(matter)
    if parcel is None or parcel.facts or not (stages.is_stopped(matter) or _goes_otherwise(matter, parcel)):
        return None
    tried = [e for e in matter.errands if e.what is What.VOID and e.about == parcel.id and e.state is not State.BEGUN]
    asked = parcel.courier or ""
    return None if tried else Owed(what=What.VOID, about=parcel.id, party=asked, under=parcel.waybill)


def live(matter: Return) -> Parcel | None:
    """What our label is on, by its waybill."""
    labels = [e.key for e in matter.errands if e.what is What.LABEL]
    return next((parcel for parcel in matter.parcels if parcel.id in labels and parcel.waybill), None)


def unlabelled_since(matter: Return) -> datetime | None:
    """Since when no courier gives a label, or nobody can tell whether one did."""
    is_due = matter.back is not None and stages.waiting_since(matter, ReturnStage.SENT_BACK) is not None
    tried = [e.ended_at for e in matter.errands if e.what is What.LABEL and e.ended_at]
    is_stuck = is_due and not live(matter) and owed(matter) is None
    return max(tried, default=stages.since(matter)) if is_stuck else None


def told(matter: Return) -> tuple[Parcel, ...]:
    """The parcels, with the one that the customer named at last: a corrected number is another parcel.

    Why others stay: what was heard of one that nobody names yet, or any more, waits in it, whatever came first.
    """
    sent, own = stages.told(matter, GoodsSentBack), f"{matter.business_no}-own-"
    others = tuple(parcel for parcel in matter.parcels if not parcel.id.startswith(own))
    is_named = sent is not None and all(parcel.waybill != sent.waybill for parcel in others)
    named = _named(matter, f"{own}{sent.waybill[:LONGEST_SEGMENT]}", sent) if sent and is_named else None
    theirs = [parcel for parcel in matter.parcels if parcel not in others and parcel.id != (named and named.id)]
    waiting = [Parcel(id=p.id, stirred_at=p.stirred_at, facts=p.facts) for p in theirs if p.facts or p.stirred_at]
    return tuple(sorted((*others, *waiting, *([named] if named else [])), key=lambda parcel: parcel.id))


def _named(matter: Return, number: Id, sent: GoodsSentBack) -> Parcel:
    known = next((parcel for parcel in matter.parcels if parcel.id == number), Parcel(id=number))
    asked = next((c for c in matter.policy.couriers if sent.courier in (c, c.rpartition(".")[2])), None)
    label = {"courier": asked, "waybill": sent.waybill, "labelled_at": sent.happened_at}
    return known.model_copy(update={**label, "contact_version": matter.contact_version})


def question(matter: Return) -> Asked | None:
    """What we ask a courier of whom we expect a word: after a silence, or after somebody else's word."""
    if not _is_awaited(matter):
        return None
    busy = [asked.about for asked in inquiries.open_questions(matter, Inquiry.TRACK)]
    known = [parcel for parcel in _on_the_way(matter) if parcel.id not in busy]
    silent = [
        (parcel.id, at, at + matter.policy.track_after) for parcel in known for at in [_heard_last(matter, parcel)]
    ]
    stirred = [(parcel.id, parcel.stirred_at, parcel.stirred_at) for parcel in known if parcel.stirred_at]
    asked = [Asked(what=Inquiry.TRACK, about=about, since=since, at=at) for about, since, at in (*silent, *stirred)]
    fresh = [one for one in asked if not inquiries.was_asked(matter, one)]
    return min(fresh, key=lambda one: one.at, default=None)


def is_moot(matter: Return, asked: Asked) -> bool:
    """The goods are here, or the courier has spoken by itself."""
    parcel = next((known for known in _on_the_way(matter) if known.id == asked.about), None)
    if parcel is None or not _is_awaited(matter):
        return True
    return max(_heard_last(matter, parcel), parcel.stirred_at or asked.at) > asked.at


def unscanned(matter: Return) -> Parcel | None:
    """A courier says that it reached our house, and nobody has scanned it."""
    is_due = stages.waiting_since(matter, ReturnStage.ARRIVED) is not None
    return next(
        (parcel for parcel in matter.parcels if is_due and parcel.waybill and parcel.first(ParcelDelivered)), None
    )


def _label(number: Id, courier: Id, box: Box, version: int) -> Owed:
    return Owed(what=What.LABEL, about=number, party=courier, contact_version=version, back=box)


def _goes_otherwise(matter: Return, parcel: Parcel) -> bool:
    sent = stages.told(matter, GoodsSentBack)
    return sent is not None and sent.waybill != parcel.waybill


def _is_awaited(matter: Return) -> bool:
    return not stages.is_stopped(matter) and stages.next_of(matter) in (ReturnStage.SENT_BACK, ReturnStage.ARRIVED)


def _on_the_way(matter: Return) -> list[Parcel]:
    """Parcels that a courier of ours can be asked about."""
    known = [parcel for parcel in matter.parcels if parcel.courier and parcel.waybill]
    return [p for p in known if not (parcels.is_void(matter, p) or p.first(ParcelDelivered))]


def _heard_last(matter: Return, parcel: Parcel) -> datetime:
    return max([parcel.labelled_at or stages.since(matter), *(fact.heard_at for fact in parcel.facts)])


def _came_from(order: Order, skus: list[Id]) -> Id | None:
    """The place that sent the first of these things that the customer has."""
    had = [box for box in order.boxes if boxes.is_with_customer(order, box.id)]
    return next((box.place for box in had if any(units.sku in skus for units in box.units)), None)

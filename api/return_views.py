"""A return as it is shown."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.return_words import said
from models.approval import Agreement, Decision, Step
from models.errand import State, What
from models.fact import GoodsInspected, Milestone, ParcelTracked
from models.noun import Id, Money
from models.parcel import Parcel
from models.refund import Way
from models.returns import Claim, Fault, Graded, Instead, Kind, Share, Verdict, Why
from models.rma import Return, ReturnRecord, ReturnStage
from models.wish import Granted
from rules import approvals, errands, homeward, parcels, return_silences
from rules import return_stages as stages

SAME = ("id", "order", "kind", "why", "claims", "instead", "way", "urgent")


class RefundView(BaseModel, frozen=True):
    """Money of one payment on its way back."""

    key: Id
    transaction: Id
    party: Id
    amount: Money | None
    state: State
    began_at: datetime
    ended_at: datetime | None


class ParcelBack(BaseModel, frozen=True):
    """What the goods come back in."""

    id: Id
    courier: Id | None
    waybill: Id | None
    is_label_of_ours: bool
    is_void: bool
    milestone: Milestone | None
    delivered_at: datetime | None


class Looked(BaseModel, frozen=True):
    """What the warehouse found."""

    at: datetime
    by: Id | None
    place: Id
    graded: tuple[Graded, ...]
    fault: Fault | None
    pictures: tuple[Id, ...]


class SentHome(BaseModel, frozen=True):
    """Goods that were not accepted, on their way to the customer again."""

    courier: Id
    waybill: Id
    at: datetime


class Said(BaseModel, frozen=True):
    """A word of ours as people read it."""

    en: str
    zh: str


class Entry(BaseModel, frozen=True):
    """One line of what happened."""

    at: datetime
    what: Id
    by: Id | None = None
    about: Id | None = None
    word: Id | None = Field(None, description="Why, of a decision, a hold or a refusal: in a word of ours.")
    said: Said | None = Field(None, description="What that word says, to the customer too where it is a wording.")


class ReturnView(BaseModel, frozen=True):
    """One return: where it stands, why, who decided, and what goes back."""

    id: Id
    order: Id
    kind: Kind
    why: Why
    claims: tuple[Claim, ...]
    instead: tuple[Instead, ...]
    replaced_by: Id | None
    way: Way
    urgent: Id | None
    stage: ReturnStage
    since: datetime
    is_overdue: bool
    owner: Id | None
    waits_for: Id | None
    words: str | None
    due_at: datetime | None
    held: Id | None
    verdicts: tuple[Verdict, ...]
    agreement: Agreement
    next_step: Step | None
    decisions: tuple[Decision, ...]
    amount: Money
    shares: tuple[Share, ...]
    refunds: tuple[RefundView, ...]
    parcels: tuple[ParcelBack, ...]
    inspected: Looked | None
    sent_home: SentHome | None
    timeline: tuple[Entry, ...]


def view(known: ReturnRecord) -> ReturnView:
    """Of the newest record."""
    matter, standing = known.matter, known.standing
    row = return_silences.LADDER.by_name.get(standing.waits_for or "")
    made = stages.decisions(matter)
    return ReturnView(
        **{name: getattr(matter, name) for name in SAME},
        **{name: getattr(standing, name) for name in ("stage", "since", "is_overdue", "owner", "waits_for", "due_at")},
        replaced_by=stages.new_order(matter),
        words=row.words if row else None,
        held=matter.hold.code if matter.hold else None,
        verdicts=matter.judgement.verdicts,
        agreement=stages.agreement(matter),
        next_step=approvals.next_step(matter.steps, made),
        decisions=made,
        amount=stages.amount(matter),
        shares=matter.assessed.shares if matter.assessed else (),
        refunds=_refunds(matter),
        parcels=tuple(_parcel(matter, parcel) for parcel in matter.parcels),
        inspected=_looked(matter),
        sent_home=_sent_home(matter),
        timeline=_timeline(matter),
    )


def _refunds(matter: Return) -> tuple[RefundView, ...]:
    return tuple(
        RefundView(
            transaction=errand.about,
            **{name: getattr(errand, name) for name in ("key", "party", "amount", "state", "began_at", "ended_at")},
        )
        for errand in matter.errands
        if errand.what is What.REFUND
    )


def _parcel(matter: Return, parcel: Parcel) -> ParcelBack:
    tracks = sorted(parcel.all(ParcelTracked), key=lambda fact: fact.happened_at)
    return ParcelBack(
        **parcel.model_dump(include={"id", "courier", "waybill"}),
        is_label_of_ours=errands.find(matter, parcel.id) is not None,
        is_void=parcels.is_void(matter, parcel),
        milestone=tracks[-1].milestone if tracks else None,
        delivered_at=parcels.delivered_at(matter, parcel),
    )


def _looked(matter: Return) -> Looked | None:
    seen = stages.told(matter, GoodsInspected)
    known = ("by", "place", "graded", "fault", "pictures")
    return Looked(at=seen.happened_at, **{name: getattr(seen, name) for name in known}) if seen else None


def _sent_home(matter: Return) -> SentHome | None:
    sent = homeward.sent(matter)
    return SentHome(courier=sent.courier, waybill=sent.waybill, at=sent.happened_at) if sent else None


def _wish(granted: Granted) -> Entry:
    wish = granted.wish
    word = getattr(wish, "word", None) or getattr(wish, "reason", None)
    known = said(word) if word else None
    read = Said(en=known[0], zh=known[1]) if known else None
    return Entry(at=granted.at, what=wish.kind, by=wish.by, word=word, said=read)


def _timeline(matter: Return) -> tuple[Entry, ...]:
    entries = [
        Entry(at=matter.received_at, what="asked", by=matter.asked_by),
        *(Entry(at=fact.happened_at, what=fact.kind, by=fact.by) for fact in matter.facts),
        *(Entry(at=fact.happened_at, what=fact.kind, about=fact.subject) for p in matter.parcels for fact in p.facts),
        *(_wish(entry) for entry in matter.wishes),
        *(Entry(at=errand.began_at, what=errand.what, about=errand.key) for errand in matter.errands),
        *(Entry(at=e.ended_at, what=f"{e.what}_{e.state}", about=e.key) for e in matter.errands if e.ended_at),
    ]
    return tuple(sorted(entries, key=lambda entry: entry.at))

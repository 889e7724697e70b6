"""What we ask ourselves when the world is silent, and since when it is."""

from datetime import datetime

from models.errand import Owed
from models.fact import ParcelDelivered, Proof
from models.inquiry import Asked, Inquiry
from models.matter import M, Matter
from models.noun import Id
from models.order import Order
from models.parcel import Parcel
from models.stage import Stage
from models.story import Shield
from rules import errands, parcels, payments, stages

PROVEN = (Proof.PHOTO, Proof.OTP, Proof.LOCKER)
LONGEST_PACE = 2  # times the first pause between two questions about a payment


def next_of(order: Order, what: Inquiry) -> Asked | None:
    """The next question of this kind, and when it is to be asked; one at a time about each thing."""
    busy = [asked.about for asked in open_questions(order, what)]
    questions = {Inquiry.PAYMENT: _payment, Inquiry.TRACK: _track, Inquiry.PROOF: _proof}[what](order)
    new = [question for question in questions if question.about not in busy and not was_asked(order, question)]
    return min(new, key=lambda question: question.at, default=None)


def asked(order: M, question: Asked, now: datetime) -> M:
    """The order with the question in it; whoever is free puts it."""
    return order.model_copy(update={"asked": (*order.asked, question.model_copy(update={"at": now}))})


def open_questions(order: Matter, *whats: Inquiry) -> list[Asked]:
    """Questions that wait for an answer."""
    return [question for question in order.asked if question.what in whats and not question.ended_at]


def ended(order: M, question: Asked, now: datetime) -> M:
    """The question was answered, or there is no use in asking further."""
    others = [known for known in order.asked if known != question]
    return order.model_copy(update={"asked": (*others, question.model_copy(update={"ended_at": now}))})


def was_asked(matter: Matter, question: Asked) -> bool:
    """The same, about the same, after the same silence."""
    same = (question.what, question.about, question.since)
    return any((known.what, known.about, known.since) == same for known in matter.asked)


def is_moot(order: Order, question: Asked) -> bool:
    """The world answered by itself."""
    if question.what is Inquiry.PAYMENT and payments.is_prepaid(order):
        return bool(order.payments) or payments.open_bill(order) is None
    if question.what is Inquiry.PAYMENT:
        return question.about not in _uncollected(order)
    parcel = next((known for known in order.parcels if known.id == question.about), None)
    if parcel is None or not parcels.is_out(parcel):
        return True
    news = max(_heard_last(parcel), parcel.stirred_at or question.at)
    return is_proven(parcel) if question.what is Inquiry.PROOF else news > question.at


def asked_until(order: Order, bill: Owed) -> datetime:
    """When nobody can pay a bill any more, and its provider has been asked once after that.

    Why: the order itself may wait longer, held or with a longer policy, and a bill that is over is not asked about.
    """
    billed = errands.find(order, bill.about)
    end = billed.until if billed and billed.until else order.received_at + order.policy.pay_within
    return end + LONGEST_PACE * order.policy.ask_payment_after


def shield(order: Order) -> Shield | None:
    """How sure we are that the customer has everything that was delivered."""
    delivered = [parcel for parcel in order.parcels if parcel.first(ParcelDelivered)]
    if not delivered:
        return None
    if all(is_proven(parcel) for parcel in delivered):
        return Shield.GREEN
    return Shield.RED if given_up(order) else Shield.YELLOW


def customer_stage(order: Order) -> Stage:
    """What the customer is told: 'delivered' only on evidence that a customer would accept.

    Why: a code in the courier's system is not a parcel in somebody's hands, and whoever tells so is answered angrily.
    """
    stage = stages.stage_of(order)
    is_told = stage in (Stage.DELIVERED, Stage.PARTLY_DELIVERED) and shield(order) is not Shield.GREEN
    return Stage.IN_TRANSIT if is_told else stage


def is_proven(parcel: Parcel) -> bool:
    """Evidence on which a customer may be told that the parcel was delivered."""
    return any(fact.proof in PROVEN for fact in parcel.all(ParcelDelivered))


def given_up(order: Order) -> Asked | None:
    """A delivery without proof, after the last question."""
    unproven = [parcel.id for parcel in order.parcels if not is_proven(parcel)]
    over = [q for q in order.asked if q.what is Inquiry.PROOF and q.ended_at and q.about in unproven]
    return over[0] if over else None


def _payment(order: Order) -> list[Asked]:
    """About the bill, or about each parcel that was paid for at the door."""
    since, after = stages.waiting_since(order, Stage.PAID), order.policy.ask_payment_after
    if not since:
        return []
    if not payments.is_prepaid(order):
        return [_question(Inquiry.PAYMENT, parcel, since, since + after) for parcel in _uncollected(order)]
    bill = payments.open_bill(order)
    billed = errands.find(order, bill.about) if bill else None
    since = billed.began_at if billed else since
    return [] if order.payments else [_question(Inquiry.PAYMENT, order.id, since, since + after)]


def _uncollected(order: Order) -> list[Id]:
    """Parcels that the courier handed over, and whose money it has not told of."""
    told = [capture.bill for payment in order.payments for capture in payment.captures]
    delivered = [parcel.id for parcel in order.parcels if parcel.waybill and parcel.first(ParcelDelivered)]
    return [parcel for parcel in delivered if parcel not in told]


def _track(order: Order) -> list[Asked]:
    """Silence since the last word of the courier, or a rumour that is newer than it."""
    out = [p for p in order.parcels if parcels.is_out(p) and p.waybill and not parcels.delivered_at(order, p)]
    silent = [_silence(order, parcel) for parcel in out]
    stirred = [_question(Inquiry.TRACK, p.id, p.stirred_at, p.stirred_at) for p in out if p.stirred_at]
    return [*silent, *stirred]


def _proof(order: Order) -> list[Asked]:
    delivered = [p for p in order.parcels if p.waybill and p.first(ParcelDelivered) and not is_proven(p)]
    times = [(parcel, at) for parcel in delivered if (at := parcels.delivered_at(order, parcel))]
    return [_question(Inquiry.PROOF, p.id, at, at + order.policy.prove_after) for p, at in times]


def _silence(order: Order, parcel: Parcel) -> Asked:
    since = _heard_last(parcel)
    return _question(Inquiry.TRACK, parcel.id, since, since + order.policy.track_after)


def _heard_last(parcel: Parcel) -> datetime:
    return max(fact.heard_at for fact in parcel.facts)


def _question(what: Inquiry, about: Id, since: datetime, at: datetime) -> Asked:
    return Asked(what=what, about=about, since=since, at=at)

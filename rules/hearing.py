"""What every story does with what it hears, whatever it is about."""

from collections.abc import Callable
from datetime import datetime

from models.errand import Errand, Outcome, State, What
from models.fact import ParcelFact, ParcelStirred, RefundEnd, RefundSettled, Telling, Unread
from models.matter import M
from rules import errands, parcels
from rules.keeping import keep

# In the words that a provider's answer has for the same end: whoever was told may do what whoever asked may.
ENDS = {
    RefundEnd.DONE: (State.DONE, "done"),
    RefundEnd.CLOSED: (State.REFUSED, errands.CLOSED),
    RefundEnd.ABNORMAL: (State.REFUSED, errands.KEPT),
}


def learn(matter: M, fact: RefundSettled | ParcelFact | ParcelStirred) -> M:
    """What was refunded, and what became of a parcel. Never judges the order of arrival."""
    match fact:
        case RefundSettled():
            return settled(matter.model_copy(update={"refunds": keep(matter.refunds, fact)}))
        case ParcelStirred():
            return matter.model_copy(update={"parcels": parcels.stirred(matter.parcels, fact)})
        case _:
            return matter.model_copy(update={"parcels": parcels.learn(matter.parcels, fact)})


def find_out(matter: M, errand: Errand, outcome: Outcome, now: datetime) -> M:
    """What a hand found out is learnt too: a waybill makes a parcel."""
    known = errands.became(errand, outcome, now)
    matter = errands.noted(matter, known)
    if outcome.state is not State.DONE:
        return settled(matter)
    if errand.what is What.LABEL:
        return matter.model_copy(update={"parcels": parcels.labelled(matter.parcels, known)})
    return matter


def settled(matter: M) -> M:
    """The provider's last word ends the errand it is about, whichever came first.

    What went back went back, also after a no of theirs, or when a person had taken it over: else it goes back twice.
    """
    for fact in matter.refunds:
        errand, (state, code) = errands.numbered(matter, fact.refund), ENDS[fact.end]
        if errand and (errand.state is State.BEGUN or _is_after_all(errand, state)):
            ended = {"state": state, "code": code, "ended_at": fact.heard_at}
            matter = errands.noted(matter, errand.model_copy(update=ended))
    return matter


def _is_after_all(errand: Errand, end: State) -> bool:
    return end is State.DONE and errand.state is not State.DONE


def set_aside(matter: M, unread: Unread) -> M:
    """Kept once, by the sender's number, until newer code or a person reads it."""
    known = [(entry.telling.source, entry.telling.id) for entry in matter.unread]
    if (unread.telling.source, unread.telling.id) in known:
        return matter
    return matter.model_copy(update={"unread": (*matter.unread, unread)})


def reread(matter: M, hear: Callable[[M, Telling, datetime], M]) -> M:
    """The matter as today's code understands it: what older code could not read is heard again."""
    fresh: M = matter.model_copy(update={"unread": ()})
    for entry in matter.unread:
        fresh = hear(fresh, entry.telling, entry.heard_at)
    return fresh

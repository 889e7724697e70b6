"""The rulebook of returns."""

from datetime import datetime

from models.errand import Errand, State
from models.fact import (
    Fact,
    GoodsArrived,
    GoodsInspected,
    GoodsSentBack,
    GoodsSentHome,
    GoodsShown,
    ParcelDelivered,
    ParcelStirred,
    ParcelTracked,
    RefundSettled,
    ReturnFact,
    Telling,
    Unread,
)
from models.rma import Return, ReturnStanding
from models.stage import Source
from models.wish import Withdraw
from rules import errands, hearing, progress, return_labels, return_permissions, return_silences
from rules import return_stages as stages
from rules.keeping import keep
from rules.reading import read
from rules.rulebook import Rulebook

WITNESSES: dict[type[Fact], Source] = {
    RefundSettled: Source.PROVIDER,
    GoodsShown: Source.CHANNEL,
    GoodsSentBack: Source.CHANNEL,
    GoodsArrived: Source.WAREHOUSE,
    GoodsInspected: Source.WAREHOUSE,
    GoodsSentHome: Source.WAREHOUSE,
    ParcelTracked: Source.COURIER,
    ParcelDelivered: Source.COURIER,
    ParcelStirred: Source.COURIER,
}


def hear(matter: Return, telling: Telling, now: datetime) -> Return:
    """Everything that is told ends somewhere in the return; nothing is dropped."""
    fact = read(telling, now)
    return hearing.set_aside(matter, fact) if isinstance(fact, Unread) else learn(matter, fact)


def learn(matter: Return, fact: Fact) -> Return:
    """Each believed fact once, in whichever order it comes."""
    is_believed = fact.source in (WITNESSES.get(type(fact)), Source.DESK)
    if is_believed and isinstance(fact, RefundSettled | ParcelTracked | ParcelDelivered | ParcelStirred):
        return hearing.learn(matter, fact)
    if is_believed and isinstance(fact, ReturnFact):
        known = matter.model_copy(update={"facts": keep(matter.facts, fact)})
        return known.model_copy(update={"parcels": return_labels.told(known)})
    return matter.model_copy(update={"hearsay": keep(matter.hearsay, fact)})


def may_end(matter: Return) -> bool:
    """At the end of its way, with nothing under way, nothing unread, and nobody waited for now or later."""
    is_final = stages.is_stopped(matter) or stages.next_of(matter) is None
    is_awaited = any(not case.closed_at for case in matter.cases) or return_silences.judged(matter)[0] is not None
    is_awaited = is_awaited or progress.owed(matter) is not None or return_labels.to_void(matter) is not None
    return is_final and not (is_awaited or matter.hold or matter.unread or errands.under_way(matter))


def _unwanted(matter: Return) -> tuple[Errand, ...]:
    """Once the money is on its way nothing turns a return round: only of a label it may not be known what became."""
    return tuple(return_labels.unwanted(matter))


def _weighed(matter: Return, _: datetime) -> Return:
    """The house holds no return, and what happened after all holds it no more."""
    errand = errands.holding(matter)
    return matter.model_copy(update={"hold": None}) if errand and errand.state is State.DONE else matter


RETURNS = Rulebook[Return, ReturnStanding](
    hear=hear,
    find_out=hearing.find_out,
    refusal=return_permissions.refusal,
    granted=return_permissions.granted,
    weighed=_weighed,
    judged=return_silences.judged,
    is_stopped=stages.is_stopped,
    unwanted=_unwanted,
    may_end=may_end,
    ladder=return_silences.LADDER,
    stop=Withdraw(by="temporal-ui"),
)

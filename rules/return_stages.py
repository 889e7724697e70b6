"""Where a return stands: computed from what it holds."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from models.approval import Agreement, Decider, Decision
from models.errand import Errand, Owed, State, What
from models.fact import GoodsArrived, GoodsInspected, GoodsSentBack, ReturnFact
from models.returns import Claim, Graded, Kind
from models.rma import Return, ReturnStage
from models.wish import Decide, Lapse, RefuseRefund, TellProgress, Trigger, Withdraw
from rules import approvals, errands, refund_windows

F = TypeVar("F", bound=ReturnFact)
W = TypeVar("W", Decide, Lapse, RefuseRefund, TellProgress, Trigger, Withdraw)
_MONEY = (ReturnStage.DUE, ReturnStage.TRIGGERED, ReturnStage.REFUNDED)
SPINES = {
    Kind.REFUND_ONLY: (ReturnStage.ASKED, ReturnStage.APPROVED, *_MONEY),
    Kind.COMPENSATION: (ReturnStage.ASKED, ReturnStage.APPROVED, *_MONEY),
    Kind.RETURN: (
        *(ReturnStage.ASKED, ReturnStage.APPROVED, ReturnStage.SENT_BACK, ReturnStage.ARRIVED),
        *_MONEY,
    ),
}


BY_HAND = "by_hand_refund"  # the case of a refund that a person gives
DONE_KINDS = tuple(SPINES)  # kinds of which every stage is known


def wished(matter: Return, kind: type[W]) -> list[tuple[datetime, W]]:
    """Wishes of one kind that were granted, with their instants."""
    return [(entry.at, entry.wish) for entry in matter.wishes if isinstance(entry.wish, kind)]


def decisions(matter: Return) -> tuple[Decision, ...]:
    """Who decided at which level, one after the other."""
    made = tuple[Decision, ...]()
    for at, wish in wished(matter, Decide):
        level = approvals.level_to_decide(matter.steps, made, Decider(by=wish.by, role=wish.role, rung=wish.rung))
        said = {"by": wish.by, "at": at, "is_agreed": wish.is_agreed, "word": wish.word, "note_id": wish.note_id}
        made = (*made, Decision(level=level, **said)) if level else made
    return made


def agreement(matter: Return) -> Agreement:
    """What became of the asking."""
    return approvals.outcome(matter.steps, decisions(matter))


def told(matter: Return, kind: type[F]) -> F | None:
    """The last fact of one kind: whoever looks twice means the second word."""
    known = [fact for fact in matter.facts if isinstance(fact, kind)]
    return max(known, key=lambda fact: (fact.happened_at, fact.id), default=None)


def _decided_at(matter: Return) -> datetime:
    return max((decision.at for decision in decisions(matter)), default=matter.received_at)


def _approved_at(matter: Return) -> datetime | None:
    return _decided_at(matter) if agreement(matter) is Agreement.AGREED else None


def _first_at(*kinds: type[ReturnFact]) -> Callable[[Return], datetime | None]:
    """What comes later proves what came before it."""

    def at(matter: Return) -> datetime | None:
        return min((fact.happened_at for fact in matter.facts if isinstance(fact, kinds)), default=None)

    return at


def _due_at(matter: Return) -> datetime | None:
    if ReturnStage.ARRIVED not in SPINES[matter.kind]:
        return _approved_at(matter)
    graded = told(matter, GoodsInspected)
    return graded.happened_at if graded else None


def _refunded_at(matter: Return) -> datetime | None:
    """By each provider's word; where nothing is left to give back, at once."""
    if matter.assessed is None or owed(matter):
        return None
    ends = [errand.ended_at for errand in _refunds(matter) if errand.ended_at]
    return max([matter.assessed.at, *ends])


REACHED_AT: dict[ReturnStage, Callable[[Return], datetime | None]] = {
    ReturnStage.ASKED: lambda matter: matter.received_at,
    ReturnStage.APPROVED: _approved_at,
    ReturnStage.SENT_BACK: _first_at(GoodsSentBack, GoodsArrived, GoodsInspected),
    ReturnStage.ARRIVED: _first_at(GoodsArrived, GoodsInspected),
    ReturnStage.DUE: _due_at,
    ReturnStage.TRIGGERED: lambda matter: min((at for at, _ in wished(matter, Trigger)), default=None),
    ReturnStage.REFUNDED: _refunded_at,
}
STOPS: Sequence[tuple[type[Withdraw | Lapse | RefuseRefund], ReturnStage]] = (
    (Withdraw, ReturnStage.WITHDRAWN),
    (Lapse, ReturnStage.EXPIRED),
    (RefuseRefund, ReturnStage.REFUSED),
)


def walked(matter: Return) -> tuple[ReturnStage, ...]:
    """The part of the way that is behind it. A fact ahead of its turn waits."""
    way = SPINES[matter.kind]
    ahead = [place for place, stage in enumerate(way) if REACHED_AT[stage](matter) is None]
    return way[: ahead[0]] if ahead else way


def next_of(matter: Return) -> ReturnStage | None:
    """The stage that comes next; None at the end of the way."""
    return next(iter(SPINES[matter.kind][len(walked(matter)) :]), None)


def is_stopped(matter: Return) -> bool:
    """Refused, withdrawn or lapsed."""
    return _stop(matter) is not None


def stage_of(matter: Return) -> ReturnStage:
    """The one answer to where it stands."""
    stop = _stop(matter)
    last = stop[0] if stop else walked(matter)[-1]
    return ReturnStage.BY_HAND if last is ReturnStage.REFUNDED and given_up(matter) else last


def since(matter: Return) -> datetime:
    """Since when it stands there: never before the stage that it had to wait for."""
    stop = _stop(matter)
    return stop[1] if stop else max(at for stage in walked(matter) if (at := REACHED_AT[stage](matter)))


def waiting_since(matter: Return, stage: ReturnStage) -> datetime | None:
    """Since when this stage is the next one; None if it is not."""
    return since(matter) if not is_stopped(matter) and next_of(matter) is stage else None


def within(claims: Sequence[Claim], graded: Sequence[Graded]) -> tuple[Graded, ...]:
    """What was graded of what was claimed: anything beyond it nobody agreed to."""
    left, kept = {claim.line: claim.quantity for claim in claims}, list[Graded]()
    for units in graded:
        counted = min(units.quantity, left.get(units.line, 0))
        left[units.line] = left.get(units.line, 0) - counted
        kept += [units.model_copy(update={"quantity": counted})] if counted else []
    return tuple(kept)


def owed(matter: Return) -> list[Owed]:
    """Refunds that are not done yet: never more of any payment than was decided."""
    parts = matter.assessed.parts if matter.assessed else ()
    return [
        Owed(
            what=What.REFUND,
            about=part.transaction,
            party=part.party,
            amount=part.amount,
            whole=part.whole,
            under=part.bill,
        )
        for part in parts
        if not errands.is_settled(matter, What.REFUND, part.transaction)
    ]


def is_out_of_time(matter: Return, due: Owed, now: datetime) -> bool:
    """Who holds that money would not give it back any more, and has not been asked yet."""
    parts = matter.assessed.parts if matter.assessed else ()
    is_over = any(part.transaction == due.about and refund_windows.is_over(part, now) for part in parts)
    return is_over and not errands.is_under_way(matter, due.what, due.about)


def given_up(matter: Return) -> list[Errand]:
    """Refunds that a person took over: no provider has said that they went back."""
    return [errand for errand in _refunds(matter) if errand.state is State.GIVEN_UP]


def goods_at(matter: Return) -> datetime | None:
    """Since when the goods are in the house."""
    return REACHED_AT[ReturnStage.ARRIVED](matter)


def _refunds(matter: Return) -> list[Errand]:
    return [errand for errand in matter.errands if errand.what is What.REFUND]


def _stop(matter: Return) -> tuple[ReturnStage, datetime] | None:
    for kind, stage in STOPS:
        if ats := [entry.at for entry in matter.wishes if isinstance(entry.wish, kind)]:
            return stage, min(ats)
    is_no = agreement(matter) is Agreement.REFUSED
    return (ReturnStage.REFUSED, _decided_at(matter)) if is_no else None

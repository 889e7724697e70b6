"""Where a return stands: computed from what it holds."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from models.approval import Agreement, Decider, Decision
from models.case import Role
from models.errand import Errand, Owed, State, What
from models.fact import GoodsArrived, GoodsInspected, GoodsSentBack, ReturnFact
from models.noun import Id, Money
from models.returns import Kind
from models.rma import Assessed, Return, ReturnStage
from models.stage import Source
from models.wish import Decide, HoldBack, JudgeGoods, Lapse, RefuseRefund, TellProgress, Trigger, Withdraw
from rules import approvals, errands, gradings, homeward, parcels

F = TypeVar("F", bound=ReturnFact)
W = TypeVar("W", Decide, HoldBack, JudgeGoods, Lapse, RefuseRefund, TellProgress, Trigger, Withdraw)
_MONEY = (ReturnStage.DUE, ReturnStage.TRIGGERED, ReturnStage.REFUNDED)
_AGREED = (ReturnStage.ASKED, ReturnStage.APPROVED)
_GOODS = (ReturnStage.SENT_BACK, ReturnStage.ARRIVED)
SPINES = {
    Kind.REFUND_ONLY: (*_AGREED, *_MONEY),
    Kind.COMPENSATION: (*_AGREED, *_MONEY),
    Kind.RETURN: (*_AGREED, *_GOODS, *_MONEY),
    Kind.RESHIP: (*_AGREED, ReturnStage.REPLACED),
    Kind.EXCHANGE: (*_AGREED, *_GOODS, ReturnStage.PASSED, ReturnStage.REPLACED),
}
BY_HAND = BY_HAND_REFUND, BY_HAND_ORDER = "by_hand_refund", "by_hand_order"  # cases of what a person sees to
TWICE = "given_back_twice"
MORE = "more_than_let_go"  # what holds it until finance has looked at the sum that it is now
NOT_SENT_HOME = "not_sent_home"  # a case that only the goods on their way close
ENDS = (ReturnStage.REFUNDED, ReturnStage.REPLACED)


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


def _sent_at(matter: Return) -> datetime | None:
    """By whoever has it, or has had it; of a parcel that nobody named nothing is believed."""
    named = [parcel for parcel in matter.parcels if parcel.waybill]
    moving = [at for parcel in named if (at := parcels.moving_at(matter, parcel))]
    told = _first_at(GoodsSentBack, GoodsArrived, GoodsInspected)(matter)
    return min([*moving, *([told] if told else [])], default=None)


def _due_at(matter: Return) -> datetime | None:
    if not is_back_expected(matter):
        return _approved_at(matter)
    graded = told(matter, GoodsInspected)
    return graded.happened_at if graded else None


def _passed_at(matter: Return) -> datetime | None:
    """As inspection found it, or as a person judged it; once the new order is meant, no word changes it."""
    meant = [errand.began_at for errand in matter.errands if errand.what is What.REPLACE]
    judged = [at for at, wish in wished(matter, JudgeGoods) if wish.is_passed]
    seen = told(matter, GoodsInspected)
    plain = [seen.happened_at] if seen and _is_plain(matter, seen) else []
    return min([*meant, *judged, *plain], default=None)


def _is_plain(matter: Return, seen: GoodsInspected) -> bool:
    """Nobody has to think: all as it should be, by whoever scans what comes, and it is here."""
    is_seen = seen.source is not Source.DESK and not homeward.sent(matter)
    return is_seen and gradings.passes(matter.why, matter.claims, seen.graded)


def is_kept_back(matter: Return) -> bool:
    """By finance: nobody else lets go of it."""
    since = matter.hold.since if matter.hold else None
    return any(at == since and wish.role is Role.FINANCE for at, wish in wished(matter, HoldBack))


def _replaced_at(matter: Return) -> datetime | None:
    ends = [e.ended_at for e in matter.errands if e.what is What.REPLACE and e.state in errands.SETTLED]
    return min((at for at in ends if at), default=None)


def _refunded_at(matter: Return) -> datetime | None:
    """By each provider's word; where nothing is left to give back, at once."""
    if matter.assessed is None or owed(matter):
        return None
    ends = [errand.ended_at for errand in _refunds(matter) if errand.ended_at]
    return max([matter.assessed.at, *ends])


REACHED_AT: dict[ReturnStage, Callable[[Return], datetime | None]] = {
    ReturnStage.ASKED: lambda matter: matter.received_at,
    ReturnStage.APPROVED: _approved_at,
    ReturnStage.SENT_BACK: _sent_at,
    ReturnStage.ARRIVED: _first_at(GoodsArrived, GoodsInspected),
    ReturnStage.DUE: _due_at,
    ReturnStage.TRIGGERED: lambda matter: min((at for at, _ in wished(matter, Trigger)), default=None),
    ReturnStage.REFUNDED: _refunded_at,
    ReturnStage.PASSED: _passed_at,
    ReturnStage.REPLACED: _replaced_at,
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
    return stop_of(matter) is not None


def stage_of(matter: Return) -> ReturnStage:
    """The one answer to where it stands."""
    stop = _ending(matter)
    last = stop[0] if stop else walked(matter)[-1]
    return ReturnStage.BY_HAND if last in ENDS and given_up(matter) else last


def since(matter: Return) -> datetime:
    """Since when it stands there: never before the stage that it had to wait for."""
    stop = _ending(matter)
    return stop[1] if stop else max(at for stage in walked(matter) if (at := REACHED_AT[stage](matter)))


def waiting_since(matter: Return, stage: ReturnStage) -> datetime | None:
    """Since when this stage is the next one; None if it is not."""
    return since(matter) if not is_stopped(matter) and next_of(matter) is stage else None


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


def amount(matter: Return) -> Money:
    """What goes back: as it was decided, or as it is asked for until then."""
    return whole(matter, matter.assessed) if matter.assessed else matter.expected or matter.amount


def whole(matter: Return, assessed: Assessed) -> Money:
    """All parts together."""
    return Money(minor=sum(part.amount.minor for part in assessed.parts), currency=matter.amount.currency)


def is_let_go(matter: Return, assessed: Assessed) -> bool:
    """Not more than somebody looked at when they let it go; what was asked for is what people agreed to."""
    seen = [(wish.up_to or matter.amount).minor for _, wish in wished(matter, Trigger)]
    return whole(matter, assessed).minor <= max(seen, default=matter.amount.minor)


def is_more(matter: Return) -> bool:
    """It was let go, and is more by now: nothing has left the house."""
    return matter.hold is not None and matter.hold.code == MORE and not matter.hold.by


def replacement(matter: Return) -> Owed:
    """A new order for what was wrong, or came back."""
    return Owed(what=What.REPLACE, about=matter.id, party="house")


def is_replacing(matter: Return) -> bool:
    """The new order is meant, or there."""
    return any(errand.what is What.REPLACE for errand in matter.errands)


def is_irreplaceable(matter: Return) -> bool:
    """No new order was made, as often as it was tried."""
    tried = [errand.state for errand in matter.errands if errand.what is What.REPLACE]
    return bool(tried) and all(state is State.REFUSED for state in tried)


def new_order(matter: Return) -> Id | None:
    """What was sent for it."""
    return next((e.reference for e in matter.errands if e.what is What.REPLACE and e.reference), None)


def is_unjudged(matter: Return) -> bool:
    """Looked at, and not such that it simply passes."""
    is_next = not is_stopped(matter) and next_of(matter) is ReturnStage.PASSED
    return is_next and told(matter, GoodsInspected) is not None


def given_up(matter: Return) -> list[Errand]:
    """What a person took over: no provider has said that it went back, or no new order was made."""
    known = [errand for errand in matter.errands if errand.what in (What.REFUND, What.REPLACE)]
    return [errand for errand in known if errand.state is State.GIVEN_UP]


def goods_at(matter: Return) -> datetime | None:
    """Since when the goods are in the house."""
    return REACHED_AT[ReturnStage.ARRIVED](matter)


def _refunds(matter: Return) -> list[Errand]:
    return [errand for errand in matter.errands if errand.what is What.REFUND]


def is_back_expected(matter: Return) -> bool:
    """Goods come into the house under it."""
    return ReturnStage.ARRIVED in SPINES[matter.kind]


def _ending(matter: Return) -> tuple[ReturnStage, datetime] | None:
    """Goods that were sent home before anybody said no wait for that word."""
    stop = stop_of(matter)
    sent = homeward.sent(matter) if stop and is_back_expected(matter) else None
    return (ReturnStage.SENT_HOME, max(stop[1], sent.happened_at)) if stop and sent else stop


def stop_of(matter: Return) -> tuple[ReturnStage, datetime] | None:
    """Refused, withdrawn or lapsed, and since when; whatever became of the goods."""
    for kind, stage in STOPS:
        if ats := [entry.at for entry in matter.wishes if isinstance(entry.wish, kind)]:
            return stage, min(ats)
    failed = [at for at, wish in wished(matter, JudgeGoods) if not wish.is_passed]
    if failed:
        return ReturnStage.REFUSED, min(failed)
    is_no = agreement(matter) is Agreement.REFUSED
    return (ReturnStage.REFUSED, _decided_at(matter)) if is_no else None

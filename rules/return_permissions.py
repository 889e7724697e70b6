"""What may be wanted of a return, and what it becomes."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from models.approval import Decider
from models.case import Role
from models.errand import State
from models.fact import GoodsInspected
from models.noun import Id
from models.returns import Kind
from models.rma import Return, ReturnStage
from models.stage import Source
from models.wish import (
    AmendPolicy,
    CloseCase,
    Decide,
    Dismiss,
    GiveUp,
    HoldBack,
    JudgeGoods,
    Lapse,
    RefuseRefund,
    Release,
    Retry,
    TellProgress,
    Trigger,
    Withdraw,
)
from rules import approvals, errands, exchanges, granting, homeward, refund_grounds
from rules import return_stages as stages
from rules.granting import Change, is_about, is_granted, let_go

GONE = (ReturnStage.TRIGGERED, ReturnStage.REFUNDED)
REPLACED = "new_order_is_made"
WENT_HOME = "goods_went_home"
CLOCK = "clock"
MONEY = (Role.ADMIN, Role.FINANCE)  # who says what goes out
MONEYS = (stages.BY_HAND_REFUND, stages.TWICE)  # cases that say where money went
# Cases of our own people's next word or deed: looking is not enough, or the customer would wait for ever.
ANSWERED: Mapping[Id, Id] = {
    **dict.fromkeys(("undecided", "uninspected", "unjudged", "untriggered", "held", "kept_back"), "answer_it"),
    stages.NOT_SENT_HOME: "goods_go_home",
}


def refusal(matter: Return, wish: Any) -> Id | None:
    """The reason, one word for each; None if the wish is granted, or was granted before under its key."""
    if is_granted(matter, wish):
        return None
    rule = RULES.get(type(wish))
    return rule(matter, wish) if rule else "not_for_a_return"


def granted(matter: Return, wish: Any, at: datetime) -> Return:
    """The return with the wish in it."""
    return granting.granted(matter, wish, at, CHANGES)


def _decide(matter: Return, wish: Decide) -> Id | None:
    if stages.is_stopped(matter):
        return "over"
    decider = Decider(by=wish.by, role=wish.role, rung=wish.rung)
    return approvals.refusal_to_decide(matter.steps, stages.decisions(matter), decider, matter.asked_by)


def _is_unsure(matter: Return) -> bool:
    """Let go, and it cannot be said how much: nothing has left the house."""
    return stages.stage_of(matter) is ReturnStage.TRIGGERED and matter.assessed is None and matter.hold is not None


def _withdraw(matter: Return, _: Any) -> Id | None:
    if stages.is_replacing(matter) and not stages.is_irreplaceable(matter):
        return REPLACED
    if stages.goods_at(matter) and not stages.is_stopped(matter) and stages.stage_of(matter) not in GONE:
        return "goods_are_here"
    return "money_is_on_its_way" if stages.stage_of(matter) in GONE else _over(matter, _)


def _due(matter: Return, wish: Trigger | RefuseRefund) -> Id | None:
    """Whoever asked for the money, agreed to it, or vouched for the goods at a desk, does not also let it go."""
    is_open = _is_unsure(matter) if isinstance(wish, RefuseRefund) else stages.is_more(matter)
    if stages.stage_of(matter) is not ReturnStage.DUE and not is_open:
        return "not_due"
    if matter.hold and matter.hold.by:
        return "held"
    if isinstance(wish, Trigger) and homeward.sent(matter):
        return WENT_HOME
    if isinstance(wish, Trigger) and refund_grounds.is_empty(matter):
        return "nothing_to_refund"
    hands = (matter.asked_by, *(decision.by for decision in stages.decisions(matter)), *_vouched(matter))
    return "second_pair_of_eyes" if wish.by in hands else None


def _vouched(matter: Return) -> list[Id | None]:
    """Who told at a desk what came back, which no scanner saw."""
    return [fact.by for fact in matter.facts if isinstance(fact, GoodsInspected) and fact.source is Source.DESK]


def _judge(matter: Return, wish: JudgeGoods) -> Id | None:
    """Only goods that inspection did not simply pass need a person; of nothing nothing is exchanged."""
    if stages.is_stopped(matter):
        return "over"
    if not (stages.is_unjudged(matter) or _may_go_home(matter, wish)):
        too_late = keeps_the_goods(matter) if stages.is_back_expected(matter) else None
        return too_late or "not_to_judge"
    if wish.by == matter.asked_by:
        return "asked_for_it_yourself"
    if wish.is_passed and wish.by in _vouched(matter):
        return "second_pair_of_eyes"
    return _not_exchanged(matter) if wish.is_passed else None


def _not_exchanged(matter: Return) -> Id | None:
    """Why there is nothing here that other goods could be sent for."""
    if homeward.sent(matter):
        return WENT_HOME
    return None if exchanges.units(matter) else "nothing_came"


def _may_go_home(matter: Return, wish: JudgeGoods) -> bool:
    """Of goods for money a person may only say no, once they were looked at, and until the money is let go."""
    is_for_money = matter.kind is Kind.RETURN and not wish.is_passed
    return is_for_money and stages.stage_of(matter) is ReturnStage.DUE


def keeps_the_goods(matter: Return) -> Id | None:
    """Why nothing of it goes home: they were paid for or exchanged, or none ever come."""
    if not stages.is_back_expected(matter):
        return "nothing_comes_back"
    if stages.is_replacing(matter):
        return REPLACED
    return "money_is_on_its_way" if stages.stage_of(matter) in (*GONE, ReturnStage.BY_HAND) else None


def is_let_go_by_hand(matter: Return) -> bool:
    """A person let the money go, and not the clock."""
    return any(wish.by != CLOCK for _, wish in stages.wished(matter, Trigger))


def _hands(matter: Return) -> list[Id]:
    """Whoever let the money go, or took it upon themselves to give it back, does not also say that it was.

    Where it went by itself, whoever asked for it or agreed to it.
    """
    people = [entry.wish.by for entry in matter.wishes if isinstance(entry.wish, Trigger | GiveUp)]
    others = (matter.asked_by, *(decision.by for decision in stages.decisions(matter)))
    return [by for by in people if by != CLOCK] or [*others]


def _hold(matter: Return, _: Any) -> Id | None:
    if matter.hold:
        return "already_held"
    return "money_is_on_its_way" if stages.stage_of(matter) in GONE else _over(matter, _)


def _release(matter: Return, wish: Release) -> Id | None:
    if not matter.hold:
        return "not_held"
    if not matter.hold.by:
        return "stuck_retry_or_give_up"
    return "finance_holds_it" if stages.is_kept_back(matter) and wish.role not in MONEY else None


def _stuck(matter: Return, _: Any) -> Id | None:
    if stages.is_more(matter):
        return "let_it_go_again"
    return None if matter.hold and not matter.hold.by else "not_stuck"


def _gives_up(matter: Return, wish: GiveUp) -> Id | None:
    """Also what its provider says nothing about."""
    return _stuck(matter, wish) if matter.hold or not errands.unanswered(matter) else None


def _retry(matter: Return, wish: Retry) -> Id | None:
    return _stuck(matter, wish) or granting.refusal_to_retry(matter)


def _amend(matter: Return, wish: AmendPolicy) -> Id | None:
    longer: timedelta = getattr(matter.policy, wish.change.span.value) + wish.change.plus
    return _over(matter, wish) if longer > timedelta(0) else "too_short"


def _close(matter: Return, wish: CloseCase) -> Id | None:
    if not any(is_about(case, wish) and not case.closed_at for case in matter.cases):
        return "no_such_case"
    if wish.deadline in ANSWERED:
        return ANSWERED[wish.deadline]
    if wish.deadline in MONEYS and wish.role not in MONEY:
        return "finance_only"
    if wish.deadline in stages.BY_HAND and wish.by in _hands(matter):
        return "second_pair_of_eyes"
    is_stuck = wish.deadline == "stuck" and matter.hold and not matter.hold.by
    return _stuck(matter, wish) or "stuck_retry_or_give_up" if is_stuck else None


def _dismiss(matter: Return, wish: Dismiss) -> Id | None:
    return None if wish.telling in [entry.telling.id for entry in matter.unread] else "no_such_telling"


def _clock(_: Return, wish: Lapse | TellProgress) -> Id | None:
    return None if wish.by == CLOCK else "only_the_clock"


def _over(matter: Return, _: Any) -> Id | None:
    return "over" if stages.is_stopped(matter) or stages.next_of(matter) is None else None


RULES: Mapping[type[Any], Callable[[Return, Any], Id | None]] = {
    Decide: _decide,
    Withdraw: _withdraw,
    Trigger: _due,
    RefuseRefund: _due,
    JudgeGoods: _judge,
    HoldBack: _hold,
    Release: _release,
    Retry: _retry,
    GiveUp: _gives_up,
    AmendPolicy: _amend,
    CloseCase: _close,
    Dismiss: _dismiss,
    Lapse: _clock,
    TellProgress: _clock,
}


def _decided(matter: Return, _: Decide, at: datetime) -> Return:
    """What is refused waits for nobody's release."""
    return let_go(matter, at) if stages.is_stopped(matter) else matter


def _triggered(matter: Return, _: Trigger, at: datetime) -> Return:
    """Also what was more than had been looked at."""
    return let_go(matter, at) if stages.is_more(matter) else matter


def _give_up(matter: Return, _: GiveUp, at: datetime) -> Return:
    """A person sees to this refund."""
    errand = errands.holding(matter) if matter.hold else errands.unanswered(matter)
    given = {"state": State.GIVEN_UP, "ended_at": at}
    return let_go(errands.noted(matter, errand.model_copy(update=given)) if errand else matter, at)


CHANGES: Mapping[type[Any], Change] = {
    **granting.EVERYWHERE,
    Decide: _decided,
    Trigger: _triggered,
    GiveUp: _give_up,
    Withdraw: granting.released,
    RefuseRefund: granting.released,
    JudgeGoods: granting.released,
}

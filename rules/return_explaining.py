"""What may be done about a return by whom, and why not."""

from models.approval import Decider
from models.noun import Id
from models.rma import Return
from models.wish import (
    Decide,
    GiveUp,
    HoldBack,
    JudgeGoods,
    RefuseRefund,
    Release,
    Retry,
    ReturnWish,
    Trigger,
    Withdraw,
)
from rules.return_permissions import refusal

WORD = "looked_at"
PERSONAL = ("second_pair_of_eyes", "asked_for_it_yourself", "not_your_level", "finance_holds_it")  # somebody else may


def allowed(matter: Return, decider: Decider) -> tuple[Id, ...]:
    """The wishes that would be granted to this person now."""
    return tuple(dict.fromkeys(wish.kind for wish in _wishes(decider) if refusal(matter, wish) is None))


def may_pass(matter: Return, by: Id) -> bool:
    """Whether goods may also be judged good; else they may only be refused."""
    return refusal(matter, JudgeGoods(by=by, is_passed=True, word=WORD)) is None


def left_to_others(matter: Return, decider: Decider) -> dict[Id, Id]:
    """The wishes that would be granted to somebody else, and why not to this person."""
    refused = {wish.kind: refusal(matter, wish) for wish in _wishes(decider)}
    return {kind: code for kind, code in refused.items() if code in PERSONAL}


def _wishes(decider: Decider) -> tuple[ReturnWish, ...]:
    by = decider.by
    return (
        Decide(by=by, role=decider.role, rung=decider.rung, is_agreed=True, word=WORD),
        Trigger(by=by),
        JudgeGoods(by=by, is_passed=True, word=WORD),
        JudgeGoods(by=by, is_passed=False, word=WORD),
        Release(by=by, role=decider.role),
        Retry(by=by),
        HoldBack(by=by),
        RefuseRefund(by=by, word=WORD),
        GiveUp(by=by),
        Withdraw(by=by),
    )

"""Who must agree to a return before it goes on, and whether they did."""

from collections.abc import Sequence

from models.approval import Agreement, Decider, Decision, Step
from models.case import Owner, Role
from models.noun import Id, Money
from models.return_policy import Judgement, ReturnPolicy
from models.returns import Level

RANKS = tuple(Level)
LEVELS = {
    (Role.SERVICE, Owner.OWNER): Level.SERVICE,
    (Role.SERVICE, Owner.LEAD): Level.SERVICE,
    (Role.SERVICE, Owner.MANAGER): Level.MANAGER,
    (Role.OPS, Owner.OWNER): Level.OPERATIONS,
    (Role.OPS, Owner.LEAD): Level.OPERATIONS,
    (Role.OPS, Owner.MANAGER): Level.MANAGER,
    (Role.ADMIN, Owner.OWNER): Level.MANAGER,
    (Role.ADMIN, Owner.LEAD): Level.MANAGER,
    (Role.ADMIN, Owner.MANAGER): Level.MANAGER,
}


def wanted(
    policy: ReturnPolicy, judgement: Judgement, amount: Money, categories: Sequence[Id] = ()
) -> tuple[Step, ...]:
    """The steps, one after the other; none where a rule says no, and then nobody can agree.

    Made once and remembered: a policy that changes tomorrow asks nobody again.
    """
    if judgement.is_allowed is False:
        return ()
    least = [row.at_least for row in policy.categories if row.category in categories]
    is_looked_at = judgement.is_allowed is None or judgement.looks
    least.extend([Level.SERVICE] if is_looked_at else [])
    return _raised(_by_amount(policy, amount), max(least, key=RANKS.index, default=Level.HOUSE))


def outcome(steps: Sequence[Step], decisions: Sequence[Decision]) -> Agreement:
    """In whichever order the decisions are told: one no is a no, and every level needs a yes of a person of its own."""
    if not steps or any(not decision.is_agreed for decision in decisions):
        return Agreement.REFUSED
    return Agreement.OPEN if _left(steps, decisions) else Agreement.AGREED


def next_step(steps: Sequence[Step], decisions: Sequence[Decision]) -> Step | None:
    """The levels that may decide now, beside one another; None when it is decided."""
    is_open = outcome(steps, decisions) is Agreement.OPEN
    return _left(steps, decisions)[0] if is_open else None


def level_of(decider: Decider) -> Level | None:
    """How high somebody may agree; None: not at all. Finance gives the money, and so agrees to no return."""
    return LEVELS.get((decider.role, decider.rung))


def level_to_decide(steps: Sequence[Step], decisions: Sequence[Decision], decider: Decider) -> Level | None:
    """At which level this person would decide now: the highest that is open to them.

    Why the highest: what is below is easier to find somebody for, so no order of asking leads into a dead end.
    """
    step, own = next_step(steps, decisions), level_of(decider)
    open_to = [level for level in step.levels if RANKS.index(level) <= RANKS.index(own)] if step and own else []
    return open_to[-1] if open_to else None


def refusal_to_decide(
    steps: Sequence[Step], decisions: Sequence[Decision], decider: Decider, asked_by: Id | None = None
) -> Id | None:
    """Why this person may not decide now, one word; None if they may."""
    own = level_of(decider)
    if outcome(steps, decisions) is not Agreement.OPEN:
        return "already_decided"
    if own is None:
        return "not_your_level"
    if decider.by == asked_by:
        return "asked_for_it_yourself"
    if any(decision.by == decider.by for decision in decisions):
        return "second_pair_of_eyes"
    if level_to_decide(steps, decisions, decider):
        return None
    is_done = any(decision.level is own for decision in decisions)
    return "already_decided" if is_done else "not_your_level"


def _by_amount(policy: ReturnPolicy, amount: Money) -> tuple[Step, ...]:
    return [tier.steps for tier in policy.tiers if tier.from_minor <= max(amount.minor, 0)][-1]


def _raised(steps: tuple[Step, ...], least: Level) -> tuple[Step, ...]:
    """At least one of them as high as that; where people agree, the house need not."""
    highest = max((level for step in steps for level in step.levels), key=RANKS.index)
    if RANKS.index(highest) >= RANKS.index(least):
        return steps
    people = tuple(step for step in steps if step.levels != (Level.HOUSE,))
    return (*people, Step(levels=(least,)))


def _left(steps: Sequence[Step], decisions: Sequence[Decision]) -> list[Step]:
    """What is still to be decided of each step, steps that are through left out."""
    done = (Level.HOUSE, *_agreed(decisions))
    left = [tuple(level for level in step.levels if level not in done) for step in steps]
    return [Step(levels=levels) for levels in left if levels]


def _agreed(decisions: Sequence[Decision]) -> list[Level]:
    """Nobody counts twice, and of two at one level the first."""
    people, levels = list[Id](), list[Level]()
    for decision in sorted(decisions, key=lambda made: (made.at, RANKS.index(made.level), made.by)):
        if decision.by not in people and decision.level not in levels:
            people.append(decision.by)
            levels.append(decision.level)
    return levels

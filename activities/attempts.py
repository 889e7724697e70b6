"""How the attempts of hands go, counted among the SDK's own figures of their worker."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.errand import Outcome, State

A = TypeVar("A")
R = TypeVar("R")
Hand = Callable[[Any, A], Awaitable[R]]

ATTEMPTS = "oms_hands_total"
BROKE = "broke"  # a bug of ours
# They answered, and it has not happened yet: nobody fails.
NOT_YET = frozenset(
    {
        *("not_yet", "no_news", "still_processing", "still_deciding"),
        *("still_in_the_air", "buyer_is_paying", "asked_lately", "not_its_turn", "too_soon"),
    }
)


def counted(do: Hand[A, R]) -> Hand[A, R]:
    """By party and outcome: done, refused, not_yet, unavailable, garbled, missing, forged, broke."""

    @functools.wraps(do)
    async def counting(self: Any, about: A) -> R:
        try:
            result = await do(self, about)
        except ApplicationError as failure:
            _count(_word(failure))
            raise
        is_no = isinstance(result, Outcome) and result.state is State.REFUSED
        _count("refused" if is_no else "done")
        return result

    return counting


def _count(outcome: str) -> None:
    """The hand and its queue are labels of the SDK's; `ours` is our own store, on whichever queue."""
    if activity.in_activity():
        queue = activity.info().task_queue
        party = queue.removeprefix("theirs-") if queue.startswith("theirs-") else "ours"
        counter = activity.metric_meter().create_counter(ATTEMPTS, "Attempts of hands")
        counter.add(1, {"party": party, "outcome": outcome})


def _word(failure: ApplicationError) -> str:
    """The boundary gives every failure of ours a code; what has none is a bug."""
    if not failure.details:
        return BROKE
    return "not_yet" if failure.details[0] in NOT_YET else str(failure.type).lower()

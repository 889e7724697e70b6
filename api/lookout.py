"""What others have to be asked for our figures: the store and Temporal, and neither of them often."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Final, TypeVar

from api.figures import Figures
from api.queues import Queue
from models.case import Role
from models.errors import Failure
from models.stage import Stage
from store.figures import Muster
from store.inbox import State

T = TypeVar("T")
Ask = Callable[[], Awaitable[T]]
APART: Final = 10.0  # between two looks, however many scrape
SHARE: Final = 20  # a look that took long rests so many times as long: it is never more than a twentieth of the time
LONGEST: Final = 60.0  # so that whoever comes back is seen
WITHIN: Final = 4.0  # a scrape waits no longer for a part


class Lookout:
    """Looks around, one look at a time. Units: seconds of a monotonic clock."""

    def __init__(self, apart: float = APART, share: float = SHARE) -> None:
        self.apart, self.share = apart, share
        self._next, self._looking = 0.0, asyncio.Lock()

    async def look(self, figures: Figures, muster: Ask[Muster], queues: Ask[tuple[Queue, ...]]) -> None:
        """Both are asked at once. Who is away is said to be away, and no figure of before stands for it."""
        async with self._looking:
            began = perf_counter()
            if began < self._next:
                return
            counted, waiting = await asyncio.gather(_asked(muster), _asked(queues))
            figures.ready.labels("store").set(counted is not None)
            figures.ready.labels("temporal").set(waiting is not None)
            _show_counted(figures, counted)
            _show_waiting(figures, waiting or ())
            now = perf_counter()
            self._next = now + max(self.apart, min(self.share * (now - began), LONGEST))


async def _asked(ask: Ask[T]) -> T | None:
    try:
        async with asyncio.timeout(WITHIN):
            return await ask()
    except (Failure, TimeoutError):
        return None


def _show_counted(figures: Figures, told: Muster | None) -> None:
    for gauge in (figures.stages, figures.overdue, figures.inbox, figures.inbox_age, figures.cases):
        gauge.clear()
    for gauge in (figures.oldest, figures.unbegun):
        gauge.set(math.nan)
    if told is None:
        return
    for stage in Stage:
        figures.stages.labels(stage).set(told.stages.get(stage, 0))
        figures.overdue.labels(stage).set(told.overdue.get(stage, 0))
    for heap in told.inbox:
        figures.inbox.labels(heap.party, heap.state).set(heap.many)
        figures.inbox_age.labels(heap.party, heap.state).set(heap.age)
    for role in Role:
        figures.cases.labels(role).set(told.cases.get(role, 0))
    figures.unbegun.set(told.unbegun_age)
    figures.oldest.set(max((heap.age for heap in told.inbox if heap.state is State.WAITING), default=0))


def _show_waiting(figures: Figures, told: tuple[Queue, ...]) -> None:
    for gauge in (figures.waiting, figures.lag, figures.served):
        gauge.clear()
    for queue in told:
        figures.waiting.labels(queue.name).set(queue.waiting)
        figures.lag.labels(queue.name).set(queue.age)
        figures.served.labels(queue.name).set(queue.pollers)

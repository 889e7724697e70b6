"""Between the door and the relay of one process: what was kept a moment ago and wants to be told at once."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan

from store.inbox import Kept

REMEMBERED = 10_000


class Tray:
    """Holds so many and no more. What does not fit is safe all the same: the inbox gives it out seconds later."""

    def __init__(self, room: int = 1000) -> None:
        self._kept: asyncio.Queue[Kept] = asyncio.Queue(room)
        self._causes = OrderedDict[int, Context]()

    def put(self, kept: Iterable[Kept]) -> None:
        """Safe in the store and new: tell it soon."""
        kept = tuple(kept)
        self._remember(kept)
        for one in kept:
            if self._kept.full():
                return
            if one.is_new and one.order_id is not None:
                self._kept.put_nowait(one)

    async def take(self, at_most: int) -> tuple[Kept, ...]:
        """At least one, in the order they came."""
        taken = [await self._kept.get()]
        while len(taken) < at_most and not self._kept.empty():
            taken.append(self._kept.get_nowait())
        return tuple(taken)

    def cause_of(self, row: int) -> Context | None:
        """The trace of the message that a row came in, as far as this process remembers: also when it is told late."""
        return self._causes.get(row)

    def _remember(self, kept: Iterable[Kept]) -> None:
        spoken = trace.get_current_span().get_span_context()
        if not spoken.is_valid:
            return
        cause = trace.set_span_in_context(NonRecordingSpan(spoken), Context())
        self._causes.update((one.row, cause) for one in kept if one.is_new)
        while len(self._causes) > REMEMBERED:
            self._causes.popitem(last=False)

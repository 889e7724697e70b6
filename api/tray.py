"""Between the door and the relay of one process: what was kept a moment ago and wants to be told at once."""

import asyncio
from collections.abc import Iterable

from store.inbox import Kept


class Tray:
    """Holds so many and no more. What does not fit is safe all the same: the inbox gives it out seconds later."""

    def __init__(self, room: int = 1000) -> None:
        self._kept: asyncio.Queue[Kept] = asyncio.Queue(room)

    def put(self, kept: Iterable[Kept]) -> None:
        """Safe in the store and new: tell it soon."""
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

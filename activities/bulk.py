"""The hand that asks many orders for the same, not faster than it may."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Final, Protocol, TypeVar

from temporalio import activity

from activities.boundary import hand
from models.bulk import Ending, Fate, Mark, Reached, Target, Turn
from models.errors import Missing, Refused, Unavailable
from models.noun import Id
from models.wish import Wish
from rules.bulk import known

A_TURN: Final = 30.0  # seconds that one turn lasts, about: six events of history
A_LOOK: Final = 1.0
CODE: Final = re.compile(r"[a-z][a-z0-9_.:-]{0,79}")
AWAY: Final = "temporal_away"
R = TypeVar("R")
Ask = Callable[[Id, Wish, Id], Awaitable[object]]  # of an order, a wish, under a key


class Plans(Protocol):
    """What is kept of wishes for many orders."""

    async def take(self, turn: Turn, size: int) -> tuple[Target, ...]:
        """The next orders. Raises: Unavailable while it is not its turn."""

    async def settle(self, bulk: int, endings: Sequence[Ending]) -> None:
        """What became of them."""

    async def reached(self, turn: Turn) -> Reached:
        """How far it is."""

    async def stand(self, mark: Mark) -> None:
        """Where the story stands."""


class Bulk:
    """Asks so many orders a second, and no more. Units: orders a second."""

    def __init__(self, plans: Plans, ask: Ask, pace: float) -> None:
        self.plans, self.ask, self.pace = plans, ask, pace

    @hand("ask_orders")
    async def grant(self, turn: Turn) -> Reached:
        """Some orders asked, one after another.

        Why whole seconds: what is in the air is written down together. A worker that dies in between leaves orders
        that were begun and have no end: they are asked again under the same key.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + A_TURN
        while loop.time() < until:
            if taken := await self.plans.take(turn, max(1, round(self.pace))):
                await _to_its_end(self._asked(turn.bulk, taken))
            elif not (await self.plans.reached(turn)).left:
                break
            else:
                await asyncio.sleep(A_LOOK)  # those who did not answer rest a little
            activity.heartbeat()
        return await self.plans.reached(turn)

    @hand("stand_of_bulk")
    async def stand(self, mark: Mark) -> None:
        """The store is told where it stands."""
        await self.plans.stand(mark)

    async def _asked(self, bulk: int, taken: Sequence[Target]) -> None:
        """Raises: Unavailable where Temporal is away: no order is to blame for it."""
        endings = await asyncio.gather(*(self._ending(place, target) for place, target in enumerate(taken)))
        await self.plans.settle(bulk, [ending for ending in endings if ending.code != AWAY])
        if any(ending.code == AWAY for ending in endings):
            raise Unavailable(AWAY)

    async def _ending(self, place: int, target: Target) -> Ending:
        await asyncio.sleep(place / self.pace)
        return known(target) or await self._answer(target)

    async def _answer(self, target: Target) -> Ending:
        try:
            await self.ask(target.order, target.wish, target.wish.key or "")
        except Refused as refused:
            code = refused.code if CODE.fullmatch(refused.code) else "refused"
            return Ending(n=target.n, fate=Fate.REFUSED, code=code)
        except (Missing, Unavailable) as silent:  # just ended, or busy: the next time its record or its story knows
            return Ending(n=target.n, fate=Fate.WAITING, code=silent.code)
        return Ending(n=target.n, fate=Fate.GRANTED)


async def _to_its_end(work: Coroutine[object, object, R]) -> R:
    """What was begun is written down, also by a hand that is called back."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise

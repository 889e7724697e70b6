import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from activities.boundary import hand
from activities.moments import Moment, passed
from models.errand import Outcome, State
from models.errors import NotYet, Refused
from models.noun import Id
from models.rma import Assessed, Return, ReturnRecord

R = TypeVar("R")
# The order is told while this is asked, and mostly knows within a blink: cheaper waited for here than tried again.
MOMENTS: Final = (0.1, 0.2, 0.4, 0.8)  # seconds


class Returns(Protocol):
    """Keeps the newest record of each return, and says what is left of an order's money."""

    async def put_return(self, record: ReturnRecord) -> None:
        """Raises: Refused("older_than_known"): another run of this story has told more."""

    async def assess(self, matter: Return) -> Assessed:
        """How much goes back, and of which payments; twice is once. Raises: Missing, Refused, NotYet."""

    async def replace(self, matter: Return) -> Id:
        """The order that is sent for it; twice is once. Raises: Missing, Refused, NotYet."""


class Rmas:
    """Writes down where returns stand, and asks how much goes back."""

    def __init__(self, returns: Returns) -> None:
        self.returns = returns

    @hand("record_return")
    async def record(self, record: ReturnRecord) -> None:
        """The newest record, for lists, cases and re-opening. Raises: Refused."""
        await self.returns.put_return(record)
        for errand in record.matter.errands:
            if errand.state is not State.BEGUN:
                passed(errand.what, Moment.AFTER_RECORD)

    @hand("assess_refund")
    async def assess(self, matter: Return) -> Assessed:
        """How much goes back: decided once for each return, one return of an order after the other."""
        return await _soon(lambda: self.returns.assess(matter))

    @hand("replace_goods")
    async def replace(self, matter: Return) -> Outcome:
        """A new order without a price, ours from now on; the relay begins it. REFUSED: none is made."""
        try:
            made = await _soon(lambda: self.returns.replace(matter))
        except Refused as no:
            return Outcome(state=State.REFUSED, code=no.code)
        return Outcome(state=State.DONE, reference=made)


async def _soon(ask: Callable[[], Awaitable[R]]) -> R:
    for moment in MOMENTS:
        try:
            return await ask()
        except NotYet:
            await asyncio.sleep(moment)
    return await ask()

"""How a hand does a deed at an outside party once, whoever else was sent with the same key."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from temporalio import activity

from activities.moments import Moment, passed
from models.errand import Errand, Outcome, State
from models.errors import Refused, StoreAway
from models.noun import Id

Deed = Callable[[], Awaitable[Outcome]]


class CallBook(Protocol):
    """Which keys were ever used on a party, and until when an attempt may be in the air."""

    async def take_off(self, key: Id, party: Id, within: timedelta) -> bool:
        """Note an attempt; true for the first one with this key. Raises: Unavailable: one is in the air."""

    async def land(self, key: Id) -> None:
        """They answered."""

    async def refuse_while_in_the_air(self, key: Id) -> None:
        """Raises: Unavailable: as long as an attempt may reach them, 'we do not know it' proves nothing."""


class Once:
    """A key that was ever used is asked about before it is used again, whatever the story remembers."""

    def __init__(self, calls: CallBook) -> None:
        self.calls = calls

    async def do(self, errand: Errand, find: Deed, deed: Deed) -> Outcome:
        """A refusal is an answer, not an error.

        Raises: StoreAway: certainly not done, for nobody is called who is not in the book first. Once they answered,
        what the book does not learn changes nothing: the key stays in the air until its time is over.
        """
        within = activity.info().start_to_close_timeout or timedelta(0)
        is_first = await self.calls.take_off(errand.key, errand.party, within)
        outcome = Outcome(state=State.ABSENT) if is_first else await find()
        if outcome.state is State.ABSENT:
            outcome = await answered(deed)
            passed(f"{errand.what} in the air", Moment.AFTER_CALL)
        with suppress(StoreAway):
            await self.calls.land(errand.key)
        return outcome

    async def find(self, errand: Errand, find: Deed) -> Outcome:
        """What became of it; absent only when no attempt can be in the air any more."""
        outcome = await find()
        if outcome.state is State.ABSENT:
            await self.calls.refuse_while_in_the_air(errand.key)
        return outcome


async def answered(deed: Deed) -> Outcome:
    """Their no, as an outcome."""
    try:
        return await deed()
    except Refused as refusal:
        return Outcome(state=State.REFUSED, code=refusal.code)

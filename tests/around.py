"""Whoever stands around one story and goes on until it ends. They judge by what they hold in their hands and by the
parties' books; of the story they know what the store was told."""

import asyncio
from contextlib import suppress

import pytest
from temporalio.client import WorkflowUpdateFailedError

PATIENCE = 90  # seconds of the machine, not of the story


class Around:
    """Whose story it is, an order's or a return's, is said by those who know what to do in it."""

    def __init__(self, house, story):
        self.house, self.story, self.number = house, story, story.matter.business_no

    @property
    def matter(self):
        """As the store knows it."""
        return self.house.last_known(self.story)

    def mine(self, what):
        """What the parties did for this story, by their own books."""
        deeds = self.house.done(what)
        return [deed for deed in deeds if self.number in f"{deed.key} {deed.about}"]

    async def until(self, holds):
        """The store was told of something."""
        await self.house.until(lambda: holds(self.matter), PATIENCE)
        return self.matter

    async def wish(self, wish):
        hold = self.matter.hold
        await self.house.wish(self.story, wish)
        self._take_note(wish, hold)

    def _take_note(self, wish, hold):
        """What somebody does because that was granted while the story was held so."""

    async def tell(self, *tellings):
        await self.house.tell(self.story, *tellings)

    async def pass_by(self, span):
        await self.house.env.fast_forward(self.story, span)

    async def go_on(self):
        """Until the story ends by itself. Returns the last record."""
        end = asyncio.create_task(self._ended())
        try:
            async with asyncio.timeout(PATIENCE):
                while not end.done():
                    before = self.matter
                    await self._turn()
                    await self._news(end, before)
        except TimeoutError:
            end.cancel()
            pytest.fail(f"no end: {self.matter.hold} {self.matter.cases} {self.matter.errands}")
        return self.matter

    async def _turn(self):
        """What everybody does next, as far as the store knows."""
        raise NotImplementedError

    async def _ended(self):
        await self.story.result()

    async def _news(self, end, before):
        """The store was told of something; or half a second has passed, and a party may have done something."""
        for _ in range(10):
            await asyncio.wait([end], timeout=0.05)
            if end.done() or self.matter is not before:
                return

    async def _word(self, wish):
        """What the store knows may be a moment old: then the story has moved on, and says so."""
        if self.matter == await self.house.current(self.story):
            with suppress(WorkflowUpdateFailedError):
                await self.wish(wish)

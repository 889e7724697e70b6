"""The run of a story is lost, again and again, each time one step later, and entered again with its record.

A step is whatever outlives a run: a record that was written, a deed in somebody's books, an entry in ours. Nobody names
them: every call of every hand is watched, and after each that changed something a life is cut off. So a new hand, a new
chapter or a new record is swept without a word here.
"""

import asyncio
import inspect
from collections import Counter
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from typing import NamedTuple

from temporalio import activity
from temporalio.client import (
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError

from api import stories
from models.errors import Unavailable
from models.order import Order, Record
from models.rma import Return, ReturnRecord
from rules.orders import ORDERS
from rules.rmas import RETURNS

GONE = (RPCError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError)  # a run, or its answer
PASSING = {"asked", "runs", "on_hand", "questions", "heard"}  # notes of these tests, and what belongs to no one story
OURS = {"airborne", "numbers", "claims", "captured", "links"}  # what our hands note for themselves on their way
FATAL = ContextVar("fatal", default=None)
RULES = {Order: ORDERS, Return: RETURNS}


class Losable:
    """Goes on around a story whose run may be lost at any moment; the inbox and the desk say again what it lost."""

    def __init__(self, house, story):
        super().__init__(house, story)
        self.heard, self.told, self.wished = set(), [], []
        self.steps, self.fatal, self.last = (
            0,
            FATAL.get(),
            None,
        )  # steps since the count began; after which one it is lost
        self.lost, self.is_over, self.entered = set(), False, asyncio.Event()
        self.entered.set()

    async def tell(self, *tellings):
        self.told += tellings
        self.is_over = False  # it enters what has ended
        await super().tell(*tellings)

    async def wish(self, wish):
        self.wished.append(wish)
        hold = self.matter.hold
        try:
            await super().wish(wish)
        except GONE:
            if not self.lost:
                raise
            await self.entered.wait()  # and there it was wished again
            self._take_note(wish, hold)

    async def pass_by(self, span):
        """The clock is everybody's: what is waited for comes soon."""

    async def _word(self, wish):
        """By the record alone: nobody asks a story that may be gone."""
        with suppress(*GONE):
            await self.wish(wish)

    async def _ended(self):
        while not self.is_over:
            try:
                return await self.story.result()
            except WorkflowFailureError:
                await self.entered.wait()
        return None

    def lose(self, run):
        """From now on nothing that this run does reaches anybody."""
        self.lost.add(run)
        self.entered.clear()
        self.entering = asyncio.create_task(self._enter_again())

    async def _enter_again(self):
        await self.story.terminate()
        unheard = [telling for telling in self.told if telling.id not in self.heard]
        self.is_over = RULES[type(self.matter)].may_end(self.matter) and not unheard
        if not self.is_over:
            await stories.revive(self.house.client, self.matter)
        await self.house.tell(self.story, *unheard)
        known = [entry.wish for entry in self.matter.wishes]
        for wish in [wish for wish in self.wished if wish not in known]:
            await self._wish_again(wish)
        self.entered.set()

    async def _wish_again(self, wish):
        try:
            await self.house.wish(self.story, wish)
        except GONE:
            return  # granted already, or the story has moved on


class Watched:
    """A town in which every call of every hand is watched."""

    def watch(self, *owners, passing=PASSING):
        self.passing, self.owners, self.worlds = passing, owners, {}
        for owner in owners:
            for name, real in inspect.getmembers(owner, inspect.iscoroutinefunction):
                setattr(owner, name, partial(self._call, real))

    def may_lose(self, world):
        self.worlds[stories.story_of(world.story.matter.id)] = world
        return world

    async def _call(self, real, *about):
        run = activity.info() if activity.in_activity() else None
        world = self.worlds.get(run.workflow_id) if run else None
        if world is None:
            return await real(*about)
        self._alive(world, run.workflow_run_id)
        answer = await real(*about)
        self._alive(world, run.workflow_run_id)
        if isinstance(about[0], Record | ReturnRecord):
            world.heard.update(about[0].heard)
        if self._is_a_step(world):
            world.steps += 1
            if world.steps == world.fatal:
                world.lose(run.workflow_run_id)
        self._alive(world, run.workflow_run_id)
        return answer

    def _alive(self, world, run):
        if run in world.lost:
            raise Unavailable("lost")

    def _is_a_step(self, world):
        before, world.last = world.last, self._left_by(world)
        return before != world.last

    def _left_by(self, world):
        """Everything that outlives a run of its story."""
        known = [
            (name, value) for owner in self.owners for name, value in vars(owner).items() if name not in self.passing
        ]
        return [kept for name, value in known if (kept := _about(world.number, value))]


def _about(number, value):
    if isinstance(value, dict):
        return [(key, _as_it_is(known)) for key, known in value.items() if number in str(key)]
    return [str(known) for known in value if number in str(known)] if isinstance(value, list | set) else []


def _as_it_is(value):
    return value.model_copy(update={"version": 0}) if hasattr(value, "version") else value


class Way(NamedTuple):
    """How one life comes to its turn, and how it turns there."""

    stand: object
    turn: object = None


class Lived(NamedTuple):
    """A life, how many steps it had, and whether it was cut off."""

    end: object
    steps: int
    was_lost: bool


class Losses(NamedTuple):
    """The same lives, each as a whole, and each cut off after some of its steps."""

    whole: dict
    lost: dict

    def wrongs(self):
        return {name: life.end.wrongs for name, life in self.whole.items() if life.end.wrongs}

    def others(self):
        """Lives that broke, or did not end as they would have."""
        return {loss: life for loss, life in self.lost.items() if getattr(life, "end", None) != self.whole[loss[0]].end}

    def are_most_cut_off(self):
        return sum(life.was_lost for life in self.lost.values()) >= len(self.lost) / 2


async def live(town, way, end_of, fatal=None, *, whole=False):
    """One life, lost after that step of its turn; where it has none, or as a whole, of all of it."""
    FATAL.set(fatal if whole or not way.turn else None)
    world = await way.stand(town)
    if way.turn:
        world.steps, world.fatal = (world.steps, fatal) if whole else (0, fatal)
        await way.turn(world)
    town.heal(world)
    end = end_of(world, await world.go_on())
    return Lived(end, world.steps, bool(world.lost))


async def losses(town, ways, end_of, at_once, *, is_long):
    """One step of three, another third for each life; where it is long each one, also those on the way to the turn."""
    places = asyncio.Semaphore(at_once)

    async def lived(name, fatal=None):
        async with places:
            return await live(town, ways[name], end_of, fatal, whole=is_long)

    whole = dict(zip(ways, await asyncio.gather(*map(lived, ways)), strict=True))
    cuts = [cut for nth, name in enumerate(ways) for cut in _steps(name, whole[name].steps, nth, is_long)]
    lives = await asyncio.gather(*(lived(*cut) for cut in cuts), return_exceptions=True)
    return Losses(whole, dict(zip(cuts, lives, strict=True)))


def _steps(name, count, nth, is_long):
    return [(name, step) for step in range(1, count + 1) if is_long or (step + nth) % 3 == 0]


def counted(cases):
    """How often somebody had to look at what."""
    return tuple(sorted(Counter(case.deadline for case in cases).items()))

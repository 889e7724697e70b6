"""The run of a story is lost, again and again, each time one step later, and entered again with its record.

A step is whatever outlives a run: a record that was written, a deed in somebody's books, an entry in ours. Nobody names
them: every call of every hand is watched, and after each that changed something a life is cut off. So a new hand, a new
chapter or a new record is swept without a word here.
"""

import asyncio
import inspect
from collections import Counter, defaultdict
from contextlib import suppress
from contextvars import ContextVar
from datetime import timedelta
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
from models.errand import What
from models.errors import Unavailable
from models.stage import Stage
from rules.endings import may_end
from rules.stages import stage_of
from tests.going_on import World
from tests.standing import REAL, Town

GONE = (RPCError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError)  # a run, or its answer
SOON = timedelta(seconds=1)
PASSING = {"asked", "runs", "on_hand", "questions", "heard"}  # notes of these tests, and what belongs to no one order
OURS = {"airborne", "numbers", "claims", "captured", "links"}  # what our hands note for themselves on their way
FATAL = ContextVar("fatal", default=None)
ONCE = (What.LABEL, What.REFUND)  # money: twice is a loss
HARMLESS = (What.VOID, What.INTERCEPT)


class Frail(World):
    """Goes on around a story whose run may be lost at any moment; the inbox and the desk say again what it lost."""

    def __init__(self, house, story, town):
        super().__init__(house, story)
        self.town, self.told, self.wished, self.seen_to = town, [], [], set()
        self.steps, self.fatal, self.last = (
            0,
            FATAL.get(),
            None,
        )  # steps since the count began; after which one it is lost
        self.lost, self.is_over, self.entered = set(), False, asyncio.Event()
        self.entered.set()

    async def tell(self, *tellings):
        self.told += tellings
        await super().tell(*tellings)

    async def wish(self, wish):
        self.wished.append(wish)
        hold = self.order.hold
        try:
            await super().wish(wish)
        except GONE:
            if not self.lost:
                raise
            await self.entered.wait()  # and there it was wished again
            self._take_note(wish, hold)

    async def pass_by(self, span):
        """The clock is everybody's: what is waited for comes soon."""

    def _see_to(self, errand):
        if errand.key not in self.seen_to:
            self.seen_to.add(errand.key)
            super()._see_to(errand)

    async def _word(self, wish):
        """By the record alone: nobody asks a story that may be gone."""
        with suppress(*GONE):
            await self.wish(wish)

    async def _answer_to(self, scan):
        order = await self.until(lambda order: any(answer.scan == scan.id for answer in order.scans))
        return next(answer for answer in order.scans if answer.scan == scan.id)

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
        self.is_over = may_end(self.order)
        if not self.is_over:
            await stories.revive(self.house.client, self.order)
        heard = self.town.heard[self.story.order.id]
        await self.house.tell(self.story, *[telling for telling in self.told if telling.id not in heard])
        known = [entry.wish for entry in self.order.wishes]
        for wish in [wish for wish in self.wished if wish not in known]:
            await self._wish_again(wish)
        self.entered.set()

    async def _wish_again(self, wish):
        try:
            await self.house.wish(self.story, wish)
        except GONE:
            return  # granted already, or the order has moved on


class Mortal(Town):
    """A town in which every call of every hand is watched."""

    def __init__(self, house, paying, passing=PASSING):
        super().__init__(house, paying)
        self.passing = passing
        self.worlds, self.heard = {}, defaultdict(set)
        self.owners = (house.memory, house.links, *house.parties())
        for owner in self.owners:
            for name, real in inspect.getmembers(owner, inspect.iscoroutinefunction):
                setattr(owner, name, partial(self._call, name, real))

    async def begin(self, *, policy=REAL, two=False, paying=None):
        world = await super().begin(policy=policy.model_copy(update={"complete_after": SOON}), two=two, paying=paying)
        frail = Frail(self.house, world.story, self)
        self.worlds[world.story.order.id] = frail
        return frail

    async def _call(self, name, real, *about):
        if not activity.in_activity():
            return await real(*about)
        run = activity.info()
        world = self.worlds.get((run.workflow_id or "").removeprefix(stories.story_of("")))
        if world is None:
            return await real(*about)
        self._alive(world, run.workflow_run_id)
        answer = await real(*about)
        self._alive(world, run.workflow_run_id)
        if name == "put":
            self.heard[about[0].order.id].update(about[0].heard)
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


class End(NamedTuple):
    """What a life left behind."""

    stage: Stage
    money: tuple  # labels and refunds, as often as they are in the books
    deeds: tuple  # what is harmless twice, and no matter of a moment
    cases: tuple
    wrongs: tuple


class Lived(NamedTuple):
    """A life, how many steps it had, and whether it was cut off."""

    end: End
    steps: int
    was_lost: bool


async def live(town, way, fatal=None, *, whole=False):
    """One life, lost after that step of its turn; where it has none, or as a whole, of all of it."""
    FATAL.set(fatal if whole or not way.turn else None)
    world = await way.stand(town)
    if way.turn:
        world.steps, world.fatal = (world.steps, fatal) if whole else (0, fatal)
        await way.turn(world)
    town.heal(world)
    order = await world.go_on()
    return Lived(_end(world, order), world.steps, bool(world.lost))


def _end(world, order):
    name = partial(_named, world.number)
    return End(
        stage_of(order),
        tuple(sorted(name(deed) for what in ONCE for deed in world.mine(what))),
        tuple(sorted({name(deed) for what in HARMLESS for deed in world.mine(what)})),
        tuple(sorted(Counter(case.deadline for case in order.cases).items())),
        tuple(world.wrongs()),
    )


def _named(number, deed):
    return str(deed).replace(number, "order")

"""One run: a stack of its own, the floor and the orders turn by turn, then callbacks at a steady rate."""

import sys
from asyncio import create_task, sleep
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from statistics import median
from subprocess import Popen

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from temporalio.client import Client

import stack
from benchmarks import floor
from benchmarks.callbacks import thanked_within
from benchmarks.machine import Machine, machine
from benchmarks.metering import FLUSHED_WITHIN, NO_LENGTH, NOTHING, Length, Meter, Reading, length, transactions
from benchmarks.orders import BATCH, SINGLY, SPACED, Street, street
from benchmarks.returns import RETURNS, Counter
from benchmarks.rounds import Live, Load, Round, played
from demo.play import Cast, assembled
from settings import Settings

FLOOR, RETURNS_FLOOR = "floor", "floor of a return"
FLOORS = {FLOOR: floor.ORDER, RETURNS_FLOOR: floor.RETURN}
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
WARM = Load(8, 4)  # lives that nobody measures: code is read, plans are made, connections are opened


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    load: Load
    spaced: int  # lives whose events come alone
    callbacks: int
    settles_within: float = FLUSHED_WITHIN


@dataclass
class Part:
    """All rounds of one kind."""

    rounds: list[Round] = field(default_factory=list)
    cost: Reading = NOTHING
    length: Length = NO_LENGTH

    @property
    def lives(self) -> int:
        """Lives that ended."""
        return sum(len(one.done) for one in self.rounds)

    @property
    def failed(self) -> tuple[str, ...]:
        """What the others failed with."""
        return tuple(words for one in self.rounds for words in one.failed)

    @property
    def per_s(self) -> float:
        """The middle round's."""
        return median([one.per_s for one in self.rounds] or [0.0])


@dataclass(frozen=True)
class Findings:
    """Everything that was measured. Units: seconds."""

    machine: Machine
    parts: Mapping[str, Part]
    idle: Reading  # while nothing happened
    transactions: float  # for one order in batches
    callbacks: tuple[float, ...]


@dataclass(frozen=True)
class Tally:
    """What was spent until an instant."""

    meter: Reading
    known: int  # transactions of our database

    def per_s(self, before: "Tally") -> float:
        """Transactions a second since then."""
        return (self.known - before.known) / self.meter.since(before.meter).at


@dataclass
class Run:
    """Whoever holds the watch."""

    street: Street
    counter: Counter
    bare: Client  # speaks no nouns of ours: the floor has none
    meter: Meter
    bars: Progress
    plan: Plan
    parts: dict[str, Part] = field(default_factory=dict)
    _names: "count[int]" = field(default_factory=lambda: count(1))

    async def whole(self) -> Findings:
        """Turn by turn, so that a noisy minute is everybody's."""
        await self._warm_up()
        idle = (await self._settled(), await self._settled())
        for _ in range(self.plan.rounds):
            await self._rounds(self.plan.load, FLOOR, BATCH.name)
        ended = await self._settled()
        await self._rounds(self.plan.load, SINGLY.name, FLOOR)
        await self._rounds(Load(self.plan.spaced, self.plan.spaced), SPACED.name)
        callbacks = await self._callbacks()
        await self._measure_lengths()  # of orders: a return that is let go opens its order's story again
        await self._returned()
        quiet = idle[1].meter.since(idle[0].meter)
        here = await machine(self.street.cast.house)
        return Findings(here, self.parts, quiet, self._for_each(idle, ended), callbacks)

    async def _warm_up(self) -> None:
        await self._rounds(WARM, FLOOR, BATCH.name, SINGLY.name)
        if failed := [words for part in self.parts.values() for words in part.failed]:
            raise stack.Down(f"Lives fail before anything is measured. The first: {failed[0]}")
        self.parts.clear()

    async def _returned(self) -> None:
        """Something of each order that was measured comes back."""
        await self.counter.opened()
        self.counter.sold = [story for one in self.parts[BATCH.name].rounds for story in one.done]
        finance = create_task(self.counter.looks())
        for _ in range(self.plan.rounds):
            await self._rounds(self.plan.load, RETURNS_FLOOR, RETURNS)
        finance.cancel()
        await self._measure_lengths(RETURNS_FLOOR, RETURNS)

    async def _rounds(self, load: Load, *names: str) -> None:
        for name in names:
            part, before = self.parts.setdefault(name, Part()), self.meter.read()
            part.rounds.append(await played(self._live(name), load, self._bar(name, load.lives)))
            part.cost += self.meter.read().since(before)

    def _live(self, name: str) -> Live:
        if name in FLOORS:
            return lambda: floor.live(self.bare, FLOORS[name], f"floor/{next(self._names)}")
        if name == RETURNS:
            return self.counter.live
        form = next(form for form in (BATCH, SINGLY, SPACED) if form.name == name)
        return partial(self.street.live, form)

    def _bar(self, name: str, total: int) -> Callable[[], None]:
        return partial(self.bars.advance, self.bars.add_task(name, total=total))

    async def _settled(self) -> Tally:
        """Once every connection has told what it did."""
        bar = self.bars.add_task("counting transactions", total=None)
        await sleep(self.plan.settles_within)
        self.bars.remove_task(bar)
        return Tally(self.meter.read(), await transactions(self.street.cast.house.settings.database))

    def _for_each(self, idle: tuple[Tally, Tally], ended: Tally) -> float:
        """For one order, without what our processes ask while nothing happens."""
        _, began = idle
        spent = ended.known - began.known - began.per_s(idle[0]) * ended.meter.since(began.meter).at
        return spent / max(1, self.parts[BATCH.name].lives)

    async def _callbacks(self) -> tuple[float, ...]:
        told = self._bar("callbacks", 2 * self.plan.callbacks)
        return tuple(await thanked_within(self.street.cast, self.plan.callbacks, told))

    async def _measure_lengths(self, *names: str) -> None:
        for part in [self.parts[name] for name in names or self.parts]:
            part.length = await length(self.bare, [story for one in part.rounds for story in one.done])


async def found(settings: Settings, plan: Plan) -> Findings:
    """Start everything, measure, end everything. Raises: stack.Down."""
    async with AsyncExitStack() as ending:
        cast = await ending.enter_async_context(assembled(settings, seed=1))
        await _ours(cast)
        known = await ending.enter_async_context(street(cast))
        ending.callback(stack.let_go, _floor_worker(cast))
        bars = ending.enter_context(Progress(*COLUMNS))
        bare = await Client.connect(cast.house.settings.temporal_address)
        return await Run(known, Counter(cast), bare, Meter(), bars, plan).whole()


async def _ours(cast: Cast) -> None:
    """Nobody else's door is asked for anything. Raises: stack.Down.

    Why: every simulated shop signs alike. Where another stack took our port a moment before us, it would take our
    orders too, but it does not know the keys that were made for this run.
    """
    mine = (await cast.ops.get("/orders", params={"limit": 1})).is_success
    if not mine or any(process.poll() is not None for process in cast.processes.running.values()):
        raise stack.Down("Another stack answers where ours should. Nothing was measured: try again.")


def _floor_worker(cast: Cast) -> Popen[bytes]:
    """A process of its own, as our worker is."""
    known = cast.house.settings
    log = (known.data / "floor.log").open("ab")
    return stack.leash([sys.executable, "-m", "benchmarks.floor_worker", known.temporal_address], log)

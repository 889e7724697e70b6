"""One wish after the other for thousands of open orders, while somebody goes by; each order looked at afterwards."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import mean
from time import monotonic

import httpx
from rich.progress import Progress
from temporalio.client import Client

from benchmarks.bulk_phases import PHASES, Phase
from benchmarks.crowd import Crowd, Size, id_of
from benchmarks.footprint import watched
from benchmarks.machine import Machine, machine
from benchmarks.metering import FLUSHED_WITHIN, Meter, transactions
from benchmarks.orders import street
from benchmarks.passersby import Answers, Passersby, answers, passing
from benchmarks.run import COLUMNS, Tally
from demo.play import Cast, assembled
from demo.premises import CHANNEL_SHOP
from models.bulk import BulkState, Plan
from models.finding import Check
from settings import Settings
from stack import Down
from store.bulks import Bulks
from store.findings import Findings

QUIET = 30.0  # seconds in which only somebody goes by
MEASURED = 200  # stories whose history is read; they are alike
BOOKS = (Check.LAPSED, Check.MISCOUNTED, Check.OVERCLAIMED, Check.TAMPERED)


@dataclass(frozen=True)
class Measured:
    """What one wish cost. Units: seconds."""

    name: str
    orders: int
    took: float
    transactions: float  # for one order
    events: float  # of history, for one order
    own_events: int  # of the bulk's own story
    cpu: float  # for one order, everywhere, with whoever went by
    silent: int  # orders that never answered in time: looked at all the same
    meanwhile: Mapping[str, Answers]

    @property
    def per_s(self) -> float:
        """Orders a second."""
        return self.orders / self.took if self.took else 0.0


@dataclass(frozen=True)
class Found:
    """Everything that was measured."""

    size: Size
    pace: float
    came_per_s: float
    alone: Mapping[str, Answers]  # while nobody asked many orders
    phases: tuple[Measured, ...]
    memory: Mapping[str, int]  # MiB, at its highest
    machine: Machine


@dataclass(frozen=True)
class Others:
    """Transactions that are not the bulk's."""

    per_s: float  # whatever happens
    per_beat: float  # of whoever goes by

    def spent(self, seconds: float, beats: int) -> float:
        """In so long, while so much was asked."""
        return self.per_s * seconds + self.per_beat * beats


@dataclass
class Run:
    """Whoever holds the watch."""

    crowd: Crowd
    passersby: Passersby
    second: httpx.AsyncClient  # another pair of eyes
    bare: Client
    bars: Progress
    came_at: datetime  # the crowd; whoever goes by comes later
    meter: Meter = field(default_factory=Meter)

    @property
    def cast(self) -> Cast:
        """Everybody."""
        return self.crowd.cast

    async def alone(self, nothing_per_s: float) -> tuple[Mapping[str, Answers], Others]:
        """How passers-by fare by themselves, and what each of their beats costs beside what goes on anyway."""
        before, beats = await self._settled(), len(self.passersby.beats)
        await asyncio.sleep(QUIET)
        after = await self._settled()
        spent = after.known - before.known - nothing_per_s * after.meter.since(before.meter).at
        return self._heard(), Others(nothing_per_s, spent / max(1, len(self.passersby.beats) - beats))

    async def phase(self, phase: Phase, others: Others) -> Measured:
        """Begun, watched to its end, every order looked at. Raises: Down where one is not as it should be."""
        meant = self.crowd.there if phase.district else self.crowd.orders
        known = [f"order/{id_of(order)}" for order in meant[:: max(1, len(meant) // MEASURED)]]
        before, events = await self._settled(), await self._events(known)
        self.passersby.beats.clear()
        looks = self.crowd.looks
        bulk = await self._begun(phase, len(meant))
        plan = await self._ended(phase, bulk)
        meanwhile = self._heard()
        await self.crowd.all_are(phase.holds, self.crowd.ids)
        after = await self._settled()
        cost = after.meter.since(before.meter)
        spent = after.known - before.known - others.spent(cost.at, len(self.passersby.beats)) - self.crowd.looks + looks
        return Measured(
            phase.name,
            len(meant),
            _took(plan),
            spent / len(meant),
            await self._events(known) - events,
            int(await self._events([f"bulk/{bulk}"])),
            sum(cost.cpu.values()) / len(meant),
            plan.tally.unreachable,
            meanwhile,
        )

    async def _begun(self, phase: Phase, expected: int) -> int:
        scope = {"shop": CHANNEL_SHOP, "received_before": self.came_at.isoformat()}
        scope |= {"district": phase.district} if phase.district else {}
        words = {"filter": scope, "wish": phase.wish, "reason": "benchmark"}
        planned = (await self.cast.ops.post("/bulk", json=words)).raise_for_status().json()
        bulk, seen = int(planned["plan"]["id"]), {"digest": planned["digest"]}
        confirmed = (await self.second.post(f"/bulk/{bulk}/confirm", json=seen)).raise_for_status().json()
        if (frozen := confirmed["plan"]["tally"]["orders"]) != expected:
            raise Down(f"{phase.name}: {frozen} orders are meant, not {expected}.")
        return bulk

    async def _ended(self, phase: Phase, bulk: int) -> Plan:
        bar, store = self.bars.add_task(phase.name, total=None), Bulks(self.cast.house.db)
        while (plan := await store.get(bulk)).ended_at is None:
            self.bars.update(bar, total=plan.tally.orders, completed=plan.tally.orders - plan.tally.left)
            if plan.state is BulkState.PAUSED:
                self.bars.console.print(f"{phase.name} paused by itself: {plan.code}. It is let go on.")
                await self.second.post(f"/bulk/{bulk}/resume")
            await asyncio.sleep(1)
        self.bars.update(bar, completed=plan.tally.orders)
        if refused := plan.tally.refused + plan.tally.ended:
            raise Down(f"{phase.name}: {refused} orders of {plan.tally.orders} said no.")
        return plan

    async def _settled(self) -> Tally:
        """Once every connection has told what it did."""
        return await settled(self.meter, self.cast)

    async def _events(self, stories: Sequence[str]) -> float:
        told = [await self.bare.get_workflow_handle(story).describe() for story in stories]
        return mean([one.raw_description.workflow_execution_info.history_length for one in told])

    def _heard(self) -> Mapping[str, Answers]:
        return {what: answers(self.passersby.beats, what) for what in ("scan", "wish")}


async def found(settings: Settings, size: Size) -> Found:
    """Start everything, measure, end everything. Raises: stack.Down, also where one order is not as it should be."""
    async with AsyncExitStack() as ending:
        cast = await ending.enter_async_context(assembled(settings, seed=1))
        memory = await ending.enter_async_context(watched())
        known = await ending.enter_async_context(street(cast))
        second = await ending.enter_async_context(_second(cast))
        bars = ending.enter_context(Progress(*COLUMNS))
        crowd, came_per_s = await _come(cast, size, bars)
        came_at, meter = datetime.now(UTC), Meter()
        before = await settled(meter, cast)
        nothing_per_s = (await settled(meter, cast)).per_s(before)
        async with passing(known) as passersby:
            bare = await Client.connect(cast.house.settings.temporal_address)
            run = Run(crowd, passersby, second, bare, bars, came_at)
            alone, others = await run.alone(nothing_per_s)
            phases = tuple([await _told(run, phase, others) for phase in PHASES])
        await crowd.undone()
        await _agreeing(cast)
        return Found(size, settings.bulk.pace, came_per_s, alone, phases, memory.highest, await machine(cast.house))


async def settled(meter: Meter, cast: Cast) -> Tally:
    """What was spent, once every connection has told what it did."""
    await asyncio.sleep(FLUSHED_WITHIN)
    return Tally(meter.read(), await transactions(cast.house.settings.database))


async def _told(run: Run, phase: Phase, others: Others) -> Measured:
    """Said at once: a long run may break later."""
    one = await run.phase(phase, others)
    run.bars.console.print(f"{one.name}: {one.orders} orders in {one.took:.1f} s, each looked at")
    return one


def _second(cast: Cast) -> httpx.AsyncClient:
    key = cast.house.settings.keys.admin.get_secret_value()
    headers = {"authorization": f"Bearer {key}"}
    return httpx.AsyncClient(base_url=cast.town.hub, headers=headers, timeout=60, trust_env=False)


async def _come(cast: Cast, size: Size, bars: Progress) -> tuple[Crowd, float]:
    crowd, bar, began = Crowd(cast, size), bars.add_task("orders come in", total=size.orders), monotonic()
    await crowd.come(lambda: bars.advance(bar))
    return crowd, size.orders / (monotonic() - began)


async def _agreeing(cast: Cast) -> None:
    """Our own books. Raises: Down, with the first entry that is wrong."""
    for check in BOOKS:
        for finding in await Findings(cast.house.db).look(check):
            raise Down(f"{check}: {finding.about}")


def _took(plan: Plan) -> float:
    if plan.ended_at is None or plan.confirmed_at is None:
        raise Down(f"bulk/{plan.id} has no end")
    return (plan.ended_at - plan.confirmed_at).total_seconds()

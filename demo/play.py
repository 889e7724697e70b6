"""A few hundred orders, from checkout to completed, by real protocols, some of them going wrong and healing."""

import asyncio
from collections import Counter as Counts
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, fields
from functools import partial
from time import monotonic

import httpx
from rich.console import Console
from rich.live import Live

import stack
from beside.keeping import LONGEST, Keeper
from commands.household import Member, household
from demo import premises, progress
from demo.aftersales import AfterSales, Desks
from demo.epilogue import told
from demo.picking import Picking
from demo.scenes import Play
from demo.town import Town
from demo.town import opened as town_opened
from models.errors import Missing, Unavailable
from models.order import Record
from models.rma import ReturnRecord, ReturnStage
from rules.return_stages import new_order
from running import House
from settings import Settings
from store.listings import OrderFilter
from store.orders import OrderBook
from store.return_lists import ReturnFilter
from store.returns import Returns
from world.return_bench import Bench
from world.returns import Counter
from world.shop import Shop
from world.warehouse import Warehouse

MOODS = {
    "drop_push": 0.15,
    "delay_push": 0.2,
    "duplicate_push": 0.1,
    "reorder_push": 0.05,
    "forge_push": 0.05,
    "fail": 0.03,
    "does_but_late": 0.02,
    "late_by": 8.0,
}
A_SECOND = 2.0  # orders that two cores carry with everybody else on them
REFUSALS = 0.25  # of labels, by the courier we like best: so that the next one has work too
ALL = ReturnFilter(limit=10_000)
SLOWLY = 100.0  # WeChat's seconds until a refund ends: two of ours
DRY = 8.0  # seconds that our accounts hold too little
Chore = Callable[[], Coroutine[None, None, None]]
console = Console()


@dataclass(frozen=True)
class Script:
    """How long, how much and how badly. Units: seconds."""

    orders: int
    seed: int = 7
    spread: float = 75.0  # in which the orders come
    at_most: float = 240.0  # until the last one must have ended
    moods: Mapping[str, float] = field(default_factory=lambda: MOODS)


@dataclass(frozen=True)
class Cast:
    """Everybody on stage."""

    town: Town
    shop: Shop
    warehouse: Warehouse
    house: House
    ui: str
    ops: httpx.AsyncClient
    desks: Desks
    bench: Bench  # where boxes that came back are opened
    servers: Keeper  # PostgreSQL and Temporal
    processes: Keeper  # the door and the workers

    @property
    def forgeries(self) -> tuple[int, int]:
        """Pushes with a false signature that we believed, and orders."""
        orders = sum(httpx.codes.is_success(status) for status in self.shop.books.forged)  # 0: nobody answered
        return sum(pusher.forged_accepted for pusher in self.town.signing), orders


@dataclass(frozen=True)
class Workforce:
    """Who works for us. Units: seconds."""

    workers: int = 1
    recast: Callable[[Sequence[Member]], Sequence[Member]] = lambda members: members
    longest: float = LONGEST  # until somebody who ended is started again


ONE = Workforce()


async def play(settings: Settings, orders: int, seed: int, *, ends: bool) -> int:
    """The exit code: 0 when every book agrees."""
    spread = max(10.0, orders / A_SECOND)
    script = Script(orders, seed, spread=spread, at_most=spread + 240)
    async with assembled(settings, script.seed) as cast:
        console.print(f"Board {cast.town.hub}/   Temporal UI {cast.ui}   data {settings.data / 'demo'}\n")
        plot = plotted(cast, script.seed)
        await acts(cast, plot, script)
        differing = await told(cast, plot, await records(cast), await returned(cast))
        if not ends:
            console.print(f"\nThe pages stay up: {cast.town.hub}/ and {cast.ui}. Ctrl-C ends everything.")
            await asyncio.Event().wait()
    return 1 if differing else 0


@asynccontextmanager
async def assembled(settings: Settings, seed: int, workforce: Workforce = ONE) -> AsyncIterator[Cast]:
    """Servers, our processes and everyone else, until the block ends. Raises: stack.Down."""
    port, key = stack.free_port(settings.ports.api), premises.shop_key()
    town = Town(seed, f"http://127.0.0.1:{port}")
    async with AsyncExitStack() as ending:
        shop = await ending.enter_async_context(town.shop(key))
        await ending.enter_async_context(town_opened(town, shop))
        home = settings.data / "demo"
        furniture = {
            "home": home,
            "ports": {**settings.ports.model_dump(), "api": port},
            "shops": {premises.CHANNEL_SHOP: key},
        }
        own = premises.furnished(furniture, town.accounts(premises.SHOP))
        console.print("Starting PostgreSQL and Temporal …")
        ours, house = await ending.enter_async_context(premises.standing(own))
        servers = ours.servers or Keeper(console.print)
        members = workforce.recast(premises.members(own, workforce.workers))
        held = await ending.enter_async_context(household(members, home, console.print, workforce.longest))
        await ending.enter_async_context(held.keeping())
        badge = own.keys.warehouse.get_secret_value()
        picking = await ending.enter_async_context(Picking(town.hub, badge))
        warehouse = await ending.enter_async_context(town.warehouse(badge, picking))
        bench = await ending.enter_async_context(town.bench(badge))
        keys = [getattr(own.keys, desk.name).get_secret_value() for desk in fields(Desks)]
        desks = Desks(*[await ending.enter_async_context(_desk(town.hub, key)) for key in keys])
        await _ready(town.hub)
        yield Cast(town, shop, warehouse, house, ours.ui or "", desks.ops, desks, bench, servers, held)


def plotted(cast: Cast, seed: int) -> Play:
    """A play in which some give back what they bought."""
    counter = Counter(cast.shop, partial(cast.town.carry, leave=cast.bench.leave))
    return Play(cast.town, cast.shop, cast.ops, seed, AfterSales(cast.town, cast.shop, counter, cast.desks, seed))


def _desk(hub: str, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=hub, headers={"authorization": f"Bearer {key}"}, timeout=10, trust_env=False)


async def _ready(hub: str) -> None:
    """Everything that the door needs answers it. Raises: stack.Down when that takes too long."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(300):
            with suppress(httpx.HTTPError):
                if (await client.get(f"{hub}/health/ready")).is_success:
                    return
            await asyncio.sleep(0.2)
    raise stack.Down("The door does not open. Look into api.log and worker-1.log beside the demo's data.")


async def acts(cast: Cast, plot: Play, script: Script) -> None:
    """Orders come, boxes are packed, parcels go and come back; the picture is drawn twice a second."""
    cast.town.turn(**script.moods)
    cast.town.sf.dials.set(refuse=REFUSALS)
    cast.warehouse.dials.set(drop_push=0.1, duplicate_push=0.1, seed=cast.town.seed)
    chores: tuple[Chore, ...] = (
        cast.warehouse.run,
        plot.reviews,
        plot.unsticks,
        partial(_brings_back, cast, set[str]()),
        partial(_forges, cast, script),
        *_aftersales(cast, plot, script),
    )
    tasks = [asyncio.create_task(_on_and_on(chore)) for chore in chores]
    lives = asyncio.create_task(_lives(plot, script))
    try:
        await _watched(cast, lives, script)
    finally:
        for task in (*tasks, lives):
            task.cancel()
        await asyncio.gather(*tasks, lives, return_exceptions=True)


def _aftersales(cast: Cast, plot: Play, script: Script) -> tuple[Chore, ...]:
    """Who is at work where somebody gives something back."""
    people = plot.aftersales
    if people is None:
        return ()
    cast.town.wechat.dials.set(settle_after=SLOWLY)
    cast.bench.dials.set(duplicate_push=0.1, seed=cast.town.seed)
    dry = partial(people.runs_dry, script.spread / 2, DRY)
    return cast.bench.run, people.decides, people.lets_go, people.sees_to, dry


async def _on_and_on(chore: Chore) -> None:
    """A chore that meets our door closed, or nobody behind it, begins again in a moment: the world goes on."""
    while True:
        with suppress(httpx.HTTPError, ValueError):
            return await chore()
        await asyncio.sleep(1)


async def _lives(plot: Play, script: Script) -> None:
    running = []
    for _ in range(script.orders):
        running.append(asyncio.create_task(plot.one()))
        await asyncio.sleep(plot.chance.expovariate(script.orders / script.spread))
    await asyncio.gather(*running, return_exceptions=True)


async def _brings_back(cast: Cast, home: set[str]) -> None:
    """What couriers turned round arrives at the warehouse."""
    while True:
        for waybill in [known for known in cast.town.brought_back if known not in home]:
            home.add(waybill)
            await cast.warehouse.receive_back(waybill)
        await asyncio.sleep(0.5)


async def _forges(cast: Cast, script: Script) -> None:
    """Somebody without the secret tries to order."""
    for _ in range(max(1, script.orders // 20)):
        await cast.shop.forge(cast.shop.order())
        await asyncio.sleep(script.spread / 20)


async def _watched(cast: Cast, lives: "asyncio.Task[None]", script: Script) -> None:
    """Until every order has ended, or nobody would believe any more that it does."""
    picture, book = progress.Progress(script.orders), OrderBook(cast.house.db, cast.house.contacts)
    returns = Returns(cast.house.db, cast.house.contacts)
    until = monotonic() + script.at_most
    with Live(console=console, refresh_per_second=4) as live:
        while monotonic() < until and not (lives.done() and await _all_ended(book, returns, script.orders)):
            with suppress(Unavailable):
                counts, overdue = await book.counts(), len(await book.overdue(500))
                back = Counts(row.stage for row in (await returns.listing(ALL)).rows)
                live.update(picture.drawn(counts, overdue, _messages(cast), back))
            await asyncio.sleep(0.5)


async def _all_ended(book: OrderBook, returns: Returns, orders: int) -> bool:
    with suppress(Unavailable):
        rows = (await book.listing(OrderFilter(limit=1000))).rows
        back = (await returns.listing(ALL)).rows
        sent_anew = sum(row.stage is ReturnStage.REPLACED for row in back)
        ends = [*(row.is_ended for row in rows), *(row.is_ended for row in back)]
        return len(rows) >= orders + sent_anew and all(ends)
    return False


def _messages(cast: Cast) -> int:
    pushed = sum(len(pusher.deliveries) for pusher in cast.town.pushers)
    return pushed + len(cast.warehouse.books.heard) + sum(len(p.answers) for p in cast.shop.books.placed.values())


async def records(cast: Cast) -> dict[str, Record]:
    """Our last word on each order that the shop placed, and on those that were sent for goods of theirs."""
    book, found = OrderBook(cast.house.db, cast.house.contacts), dict[str, Record]()
    placed = [f"{premises.CHANNEL_SHOP}/{number}" for number in cast.shop.books.placed]
    linked = [new_order(record.matter) for record in (await returned(cast)).values()]
    for order in (*placed, *filter(None, linked)):
        with suppress(Missing):
            found[order] = await book.get(order)
    return found


async def returned(cast: Cast) -> dict[str, ReturnRecord]:
    """Our last word on each return that we know."""
    book = Returns(cast.house.db, cast.house.contacts)
    return {row.id: await book.get(row.id) for row in (await book.listing(ALL)).rows}

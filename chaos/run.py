"""One seed: orders are played with every fault dial on while a saboteur strikes; then all books are compared."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from time import monotonic

from chaos.saboteur import Blow, Saboteur, blows
from demo.epilogue import differing
from demo.play import Cast, Script, Workforce, acts, assembled, records, returned
from demo.premises import CHANNEL_SHOP, HURRIED, PLACES, PLENTY
from demo.scenes import Play
from models.finding import Check
from models.order import Record
from models.policy import Policy
from models.rma import ReturnRecord
from rules import restocking
from rules.boxes import box_of
from settings import Settings
from store.findings import Findings
from store.inbox import Inbox
from store.policies import Policies
from store.stock import Shelves
from world.shop_books import CATALOGUE

TWO = Workforce(workers=2)
VICTIMS = ("api", "worker-1", "worker-2", "postgres", "temporal")
HEARD_WITHIN = 60.0  # seconds: what waits in the inbox has found its story by then
BOOKS = (Check.LAPSED, Check.MISCOUNTED, Check.OVERCLAIMED, Check.TAMPERED)


def orders_only(cast: Cast, seed: int) -> Play:
    """A play in which nobody asks anything back."""
    return Play(cast.town, cast.shop, cast.ops, seed)


@dataclass(frozen=True)
class Night:
    """How much, for how long, and how often somebody strikes. Units: seconds."""

    orders: int
    spread: float  # in which the orders come
    pause: float = 5.0  # between two blows
    calm: float = 300.0  # after the last order came, until the last one must have ended
    strikes_on: float = 20.0  # after the last order came
    victims: tuple[str, ...] = VICTIMS
    workforce: Workforce = TWO
    policy: Policy = HURRIED
    plot: Callable[[Cast, int], Play] = orders_only


@dataclass
class Verdict:
    """What became of one seed."""

    seed: int
    orders: int
    struck: list[Blow]
    took: float
    wrong: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Every order ended right and all books agree."""
        return not self.wrong


async def played(settings: Settings, seed: int, night: Night, tell: Callable[[str], None]) -> Verdict:
    """Everything up, the play with its saboteur, the books. Raises: stack.Down when it does not come up."""
    began = monotonic()
    async with assembled(settings, seed, night.workforce) as cast:
        await Policies(cast.house.db).put(CHANNEL_SHOP, night.policy, "chaos")
        saboteur = Saboteur((cast.processes, cast.servers), blows(seed, night.victims, night.pause), _teller(tell))
        script = Script(night.orders, seed, night.spread, at_most=night.spread + night.calm)
        plot = night.plot(cast, seed)
        striking = asyncio.create_task(_strikes(saboteur, night))
        try:
            await acts(cast, plot, script)
        finally:
            striking.cancel()
            await asyncio.wait([striking])
        wrong = [words async for words in found(cast, plot)]
    return Verdict(seed, night.orders, saboteur.struck, monotonic() - began, wrong)


def _teller(tell: Callable[[str], None]) -> Callable[[Blow], None]:
    return lambda blow: tell(f"{blow.how} {blow.whom}" + (f" for {blow.lasts:.0f} s" if blow.lasts else ""))


async def _strikes(saboteur: Saboteur, night: Night) -> None:
    async with asyncio.timeout(night.spread + night.strikes_on):
        await saboteur.strike()


async def found(cast: Cast, plot: Play) -> AsyncIterator[str]:
    """Everything that is not as it should be, in words."""
    known, back = await records(cast), await returned(cast)
    for line in differing(cast, plot, known, back)[1]:
        yield f"{line.order}: {line.what}: theirs {line.theirs}, ours {line.ours}"
    if any(cast.forgeries):
        yield f"forged pushes and orders that were believed: {cast.forgeries}"
    for party, state, count in await _unheard(cast):
        yield f"inbox: {count} of {party} are {state}"
    for check in BOOKS:
        for finding in await Findings(cast.house.db).look(check):
            yield f"{check}: {finding.about}"
    async for words in _shelves(cast, known, back):
        yield words


async def _unheard(cast: Cast) -> tuple[tuple[str, str, int], ...]:
    """What was accepted and has not found its story."""
    inbox, until = Inbox(cast.house.db, cast.house.contacts), monotonic() + HEARD_WITHIN
    while (waiting := await inbox.waiting()) and monotonic() < until:  # noqa: ASYNC110 - nothing wakes us, we ask again
        await asyncio.sleep(0.5)
    return waiting


async def _shelves(cast: Cast, known: dict[str, Record], back: dict[str, ReturnRecord]) -> AsyncIterator[str]:
    """No unit is spoken for once all orders have ended, and what is gone the drivers took and nobody returned."""
    levels = await Shelves(cast.house.db).levels()
    if reserved := sum(level.reserved for level in levels):
        yield f"shelves: {reserved} units are reserved and every order has ended"
    gone = len(PLACES) * len(CATALOGUE) * PLENTY - sum(level.on_hand for level in levels)
    returned_units = sum(unit.quantity for record in back.values() for unit in restocking.units(record.matter))
    if gone != (taken := sum(_taken(cast, record) for record in known.values()) - returned_units):
        yield f"shelves: {gone} units are gone, the drivers took {taken} that nobody returned"


def _taken(cast: Cast, record: Record) -> int:
    books = cast.warehouse.books
    away = set(books.handed_over) - set(books.received_back)
    boxes = {box_of(record.order, parcel) for parcel in record.order.parcels if parcel.waybill in away}
    return sum(unit.quantity for box in record.order.boxes if box.id in boxes for unit in box.units)

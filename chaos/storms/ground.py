"""What every storm stands on: a stack of its own, orders from a shop, and what is known of them afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

import httpx

from demo.comparison import compared
from demo.play import Cast, records
from demo.premises import CHANNEL_SHOP
from models.errors import Unavailable
from models.order import Record
from models.policy import Policy
from store.figures import Counts, Muster
from store.inbox import State
from store.policies import Policies
from world.shop_books import Order

EVERY = 0.5  # seconds between two looks
Tell = Callable[[str], None]
Look = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Size:
    """How much of the real thing is played: 1 is all of it."""

    scale: float = 1.0

    def many(self, real: int) -> int:
        """So many of them, one at least."""
        return max(1, round(real * self.scale))

    def long(self, real: float) -> float:
        """So long. Units: seconds."""
        return real * self.scale


@dataclass
class Report:
    """What a storm did. Figures are flat, as the benchmarks' are."""

    storm: str
    figures: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def must(self, holds: bool, words: str) -> None:  # noqa: FBT001 - reads as a sentence
        """Note what does not hold."""
        if not holds:
            self.wrong.append(words)


async def until(holds: Look, within: float) -> bool:
    """Whether it came to hold. A part that is away for a moment is asked again. Units: seconds."""
    end = monotonic() + within
    while monotonic() < end:
        with suppress(Unavailable, httpx.HTTPError):
            if await holds():
                return True
        await asyncio.sleep(EVERY)
    return False


async def rule(cast: Cast, policy: Policy) -> None:
    """What orders live by from now on."""
    await Policies(cast.house.db).put(CHANNEL_SHOP, policy, "storm")


async def placed(cast: Cast, many: int, at_once: int = 16) -> list[Order]:
    """Orders that wait for the buyer's money at WeChat Pay."""
    turn, orders = asyncio.Semaphore(at_once), [cast.shop.order(provider="wechat") for _ in range(many)]

    async def place(order: Order) -> None:
        async with turn:
            await cast.shop.place(order)

    await asyncio.gather(*(place(order) for order in orders))
    return orders


def bill_of(cast: Cast, order: Order) -> str:
    """The number that WeChat Pay knows its bill by."""
    return cast.town.bill(cast.shop.books.placed[order.number].link or "")


async def known(cast: Cast, orders: Sequence[Order]) -> dict[str, Record]:
    """Our last word on each of them, by the shop's number."""
    found = {order.rpartition("/")[2]: record for order, record in (await records(cast)).items()}
    return {order.number: found[order.number] for order in orders if order.number in found}


async def all_are(cast: Cast, orders: Sequence[Order], holds: Callable[[Record], bool], within: float) -> bool:
    """Whether it came to hold for each of them."""

    async def look() -> bool:
        found = await known(cast, orders)
        return len(found) == len(orders) and all(holds(record) for record in found.values())

    return await until(look, within)


async def muster(cast: Cast) -> Muster:
    """Everything counted at this moment. Raises: Unavailable."""
    return await Counts(cast.house.db).muster()


async def unheard(cast: Cast) -> tuple[int, float]:
    """How many tellings no story has accounted for, and the age of the oldest. Units: seconds."""
    heaps = [heap for heap in (await muster(cast)).inbox if heap.state is State.WAITING]
    return sum(heap.many for heap in heaps), max((heap.age for heap in heaps), default=0.0)


async def differing(cast: Cast, but: Sequence[str] = ()) -> list[str]:
    """Where their books and ours differ, in words; `but` names lines that are not asked for."""
    lines = compared(cast.town, cast.shop, cast.warehouse, await records(cast))
    wrong = [line for line in lines if not line.agrees and line.what not in but]
    return [f"{line.order}: {line.what}: theirs {line.theirs}, ours {line.ours}" for line in wrong]

"""The lives that are played: most go well, some go wrong in the ways that orders go wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import httpx

from demo.aftersales import AfterSales
from demo.town import Town
from world.shop import Shop
from world.shop_books import Order


@dataclass
class Play:
    """The shop, its buyers, and the people at our desk."""

    town: Town
    shop: Shop
    ops: httpx.AsyncClient
    seed: int
    aftersales: AfterSales | None = None  # none: nobody gives anything back
    cast: dict[str, str] = field(default_factory=dict)  # order number: its scene

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - chance in a play

    async def one(self) -> None:
        """One order's life, as far as the buyer makes it."""
        scene = self.drawn()
        order = self.shop.order(paying="on_delivery" if scene == "cash" else "prepaid")
        self.cast[order.number] = scene
        placed = await self.shop.place(order)
        if scene == "cash" or placed.link:
            await SCENES[scene][1](self, order)

    def drawn(self) -> str:
        """What kind of life the next one is."""
        played = {name: weight for name, (weight, _) in SCENES.items() if self.aftersales or name != GIVES_BACK}
        return self.chance.choices(list(played), weights=list(played.values()))[0]

    async def pays(self, order: Order) -> None:
        """After a moment, as most do."""
        await asyncio.sleep(self.chance.uniform(0.2, 3))
        await self.shop.pay(order)

    async def pays_twice(self, order: Order) -> None:
        """Two taps, two transactions.

        Neither callback is dropped: a question by our number names one transaction, so one that nobody ever told of
        is found in the provider's bill the next day, and the demo is over by then.
        """
        await asyncio.sleep(self.chance.uniform(0.2, 3))
        dials = (self.town.wechat if order.provider == "wechat" else self.town.alipay).dials
        usual = dials.drop_push
        dials.set(drop_push=0.0)  # nobody else's push is written between here and there
        await self.shop.pay(order)
        await self.shop.pay(order)
        dials.set(drop_push=usual)

    async def pays_wrong(self, order: Order) -> None:
        """A coupon of the provider that nobody told us of; the desk takes the order back."""
        await asyncio.sleep(self.chance.uniform(0.2, 2))
        link = self.shop.books.placed[order.number].link or ""
        await self.shop.payers[order.provider](link, order.total - 100)
        await asyncio.sleep(self.chance.uniform(6, 10))
        await self.desk(order, {"kind": "cancel", "reason": "unworkable"})

    async def walks_away(self, _: Order) -> None:
        """And never pays."""

    async def changes_mind(self, order: Order) -> None:
        """Paid, then cancelled, at whatever stage that is."""
        await self.pays(order)
        await asyncio.sleep(self.chance.uniform(0.5, 9))
        await self.shop.cancel(order)

    async def moves(self, order: Order) -> None:
        """Another address, perhaps too late."""
        await self.pays(order)
        await asyncio.sleep(self.chance.uniform(0.1, 2))
        await self.shop.move(order)

    async def takes_delivery(self, _: Order) -> None:
        """Pays the courier at the door."""

    async def is_urged(self, order: Order) -> None:
        """Asks where it stays."""
        await self.pays(order)
        await asyncio.sleep(2)
        await self.shop.wish(order, {"kind": "urge"})

    async def gives_back(self, order: Order) -> None:
        """Paid, and not happy with what came."""
        await self.pays(order)
        if self.aftersales:
            await self.aftersales.one(order)

    async def desk(self, order: Order, wish: dict[str, str]) -> None:
        """Somebody at our desk decides, and tries again where our door gives no answer."""
        path = f"/orders/web/{self.shop.settings.shop}/{order.number}/wishes"
        for _ in range(self.shop.settings.tries):
            with suppress(httpx.HTTPError):
                if (await self.ops.post(path, json=wish)).status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return
            await asyncio.sleep(self.shop.settings.pause)

    async def unsticks(self) -> None:
        """Somebody at the desk tries again what a party refused."""
        while True:
            await asyncio.sleep(3)
            listed = await self.ops.get("/orders", params={"overdue": "true", "limit": 200})
            for row in listed.json().get("rows", []):
                told = await self.ops.get(f"/orders/{row['id']}")
                if told.json().get("hold"):
                    await self.ops.post(f"/orders/{row['id']}/wishes", json={"kind": "retry"})

    async def reviews(self) -> None:
        """Somebody at the desk approves what waits for approval, a little late."""
        while True:
            await asyncio.sleep(2)
            for stage in ("paid", "received"):  # cash orders are reviewed before anybody pays
                listed = await self.ops.get("/orders", params={"stage": stage, "limit": 200})
                waiting = [row for row in listed.json().get("rows", []) if row["waits_for"] == "unreviewed"]
                for row in waiting:
                    await self.ops.post(f"/orders/{row['id']}/wishes", json={"kind": "approve"})


Scene = Callable[[Play, Order], Awaitable[None]]
GIVES_BACK = "gives_back"
SCENES: dict[str, tuple[int, Scene]] = {
    "pays": (62, Play.pays),
    "cash": (8, Play.takes_delivery),
    "walks_away": (6, Play.walks_away),
    "changes_mind": (8, Play.changes_mind),
    "moves": (5, Play.moves),
    "pays_twice": (4, Play.pays_twice),
    "pays_wrong": (2, Play.pays_wrong),
    "is_urged": (5, Play.is_urged),
    GIVES_BACK: (20, Play.gives_back),
}

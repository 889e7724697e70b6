"""Customers who want something back, and the shop's counter where they ask: each of them in a way of their own."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from world.beijing import now
from world.return_books import ANOTHER, EMPTY, WHOLE, Asked, CounterBooks, Parcel
from world.shop import Shop
from world.shop_books import Order

COURIERS = {"sf": "SF", "yto": "YT"}  # how their waybills begin
CONTENT = {"another_thing": ANOTHER, "empty_box": EMPTY}  # of the box; everybody else is honest
THEIRS = ("no_reason", "wrong_size")  # reasons for which customers pay the way back themselves
KEEPS = ("keeps", "never_sends")  # nothing is sent back: because nothing need be, or all the same


@dataclass
class Counter:
    """The shop's software takes what its customers ask to the hub, and reminds them."""

    shop: Shop
    post: Callable[[Parcel], None]  # to a courier
    pause: float = 1.0  # seconds between two looks
    late_by: float = 5.0  # seconds until a reminder
    looks: int = 240
    label_looks: int = 10
    books: CounterBooks = field(default_factory=CounterBooks)

    def __post_init__(self) -> None:
        self._chance = Random(self.shop.settings.seed)  # noqa: S311 - customers are no secrets

    async def ask(self, order: Order, words: Mapping[str, Any], way: str) -> Asked:
        """Somebody asks something back, and then does what such people do."""
        asked = Asked(order.number, dict(words), way)
        self.books.asked.append(asked)
        about = self.shop.path(order).removeprefix("/orders/")
        asked.status, answer = await self.shop.say("/returns", {"order": about, **words})
        asked.number = answer.get("id")
        if asked.number:
            await self._goes_on(asked)
        return asked

    async def _goes_on(self, asked: Asked) -> None:
        stage = await self._decided(asked)
        if asked.way == "withdraws":
            await self._withdraws(asked)
        elif stage == "approved" and asked.way not in KEEPS:
            await self._sends(asked)

    async def _withdraws(self, asked: Asked) -> None:
        status, _ = await self.shop.say(f"/returns/{asked.number}/wishes", {"kind": "withdraw"})
        asked.is_withdrawn = status == 200  # noqa: PLR2004 - the one word for granted

    async def _sends(self, asked: Asked) -> None:
        """At once, or only when the shop asks where it stays."""
        if asked.way == "late":
            await asyncio.sleep(self.late_by)
            asked.is_reminded = True
        label = None if asked.words["why"] in THEIRS else await self._label(asked)
        courier, asked.waybill = label or self._own()
        content = CONTENT.get(asked.way, WHOLE)
        parcel = Parcel(str(asked.number), courier, asked.waybill, content, is_labelled=label is not None)
        self.books.sent.append(parcel)
        self.post(parcel)
        if not label:
            told = {"courier": courier, "waybill": asked.waybill}
            words = {"kind": "goods_sent_back", "at": now().isoformat(), "body": told}
            await self.shop.say(f"/returns/{asked.number}/facts", words)

    def _own(self) -> tuple[str, str]:
        courier = self._chance.choice(list(COURIERS))
        return courier, f"{COURIERS[courier]}{self._chance.randrange(10**12):013}"

    async def _label(self, asked: Asked) -> tuple[str, str] | None:
        """The shop's, as the hub shows it. Whoever waits in vain sends it by themselves."""
        for _ in range(self.label_looks):
            known = (await self.shop.see(f"/returns/{asked.number}")).get("parcels", [])
            for parcel in known:
                if parcel["is_label_of_ours"] and parcel["waybill"] and not parcel["is_void"]:
                    return parcel["courier"], parcel["waybill"]
            await asyncio.sleep(self.pause)
        return None

    async def _decided(self, asked: Asked) -> str:
        """Where it stands, once somebody has decided."""
        for _ in range(self.looks):
            stage = (await self.shop.see(f"/returns/{asked.number}")).get("stage", "asked")
            if stage != "asked":
                return str(stage)
            await asyncio.sleep(self.pause)
        return "asked"

"""Whole lives of returns: asked by the shop, sent back, opened by the warehouse, let go by finance, given back."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
from temporalio.client import WorkflowHandle

from demo.play import Cast
from demo.premises import CHANNEL_SHOP
from models.return_policy import ReturnPolicy
from store.policies import ReturnPolicies
from world.beijing import now
from world.return_books import WHOLE, Parcel

RETURNS = "returns"
WORDS = {"kind": "return", "why": "no_reason", "claims": [{"line": 0, "quantity": 1}]}
LOOKS_EVERY = 0.25  # seconds
# Approved by itself, so that a life waits for nobody: who asks often, or asks for much, is measured too.
OPEN_HANDED = ReturnPolicy(tiers=ReturnPolicy().tiers[:1], returns=1_000_000)


@dataclass
class Counter:
    """Orders that are over, and of which something comes back; each of them once."""

    cast: Cast
    sold: list[str] = field(default_factory=list)  # stories of orders
    _due: dict[str, asyncio.Event] = field(default_factory=dict)

    async def opened(self) -> None:
        """By rules under which nobody has to agree, at a provider that gives money back at once."""
        await ReturnPolicies(self.cast.house.db).put(CHANNEL_SHOP, OPEN_HANDED, "benchmarks")
        self.cast.town.wechat.dials.set(settle_after=0.0)

    async def live(self) -> str:
        """One return from the shop's counter to its end; the id of its story."""
        order = self.sold.pop().removeprefix("order/")
        _, answer = await self.cast.shop.say("/returns", {"order": order, **WORDS})
        number = answer["id"]
        parcel = Parcel(number, "sf", f"SF{number}", WHOLE)
        told = {"courier": parcel.courier, "waybill": parcel.waybill}
        words = {"kind": "goods_sent_back", "at": now().isoformat(), "body": told}
        await self.cast.shop.say(f"/returns/{number}/facts", words)
        await self.cast.bench.open(parcel)
        await self._let_go(number)
        handle: WorkflowHandle[object, object] = self.cast.house.temporal.get_workflow_handle(f"return/{number}")
        await handle.result()
        return handle.id

    async def _let_go(self, number: str) -> None:
        due = self._due.setdefault(number, asyncio.Event())
        await due.wait()
        answer = await self.cast.desks.finance.post(f"/finance/refunds/{number}/trigger", json={})
        answer.raise_for_status()

    async def looks(self) -> None:
        """Finance at its page, until cancelled: one look for all that are due."""
        while True:
            with suppress(httpx.HTTPError):
                page = await self.cast.desks.finance.get("/finance/refunds", params={"status": "due", "limit": 200})
                for row in page.json().get("rows", []):
                    self._due.setdefault(row["id"], asyncio.Event()).set()
            await asyncio.sleep(LOOKS_EVERY)

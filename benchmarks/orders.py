"""Whole lives of orders: through our door, by the parties' own protocols, with nothing going wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from temporalio.client import WorkflowHandle

from benchmarks.books import Reader
from benchmarks.floor import NAP
from demo.play import Cast
from demo.premises import CHANNEL_SHOP
from models.policy import Policy
from store.policies import Policies
from world.kuaidi100_books import Subscription
from world.pushes import Delivery
from world.shop_books import Order
from world.warehouse import STEPS
from world.warehouse_books import Scan

# An order waits for nothing but the world, as the floor does: its one timer is as short as the floor's four.
STEADY = Policy(complete_after=NAP, couriers=("kuaidi100.yto",))  # all else as the house has it
COLLECTED, FROM_THE_LOCKER = "103", "304"  # Kuaidi100's words: on its way, and with the customer, proven


@dataclass(frozen=True)
class Form:
    """How what happens to a parcel is told."""

    name: str
    is_batch: bool  # three scans in one message of the PDA, two tracks in one list of the courier
    pause: float = 0.0  # seconds before each event


BATCH = Form("in batches", is_batch=True)
SINGLY = Form("one by one", is_batch=False)
SPACED = Form("one by one, with pauses", is_batch=False, pause=1.0)


@dataclass(frozen=True)
class Street:
    """The cast, and those who read what it writes down."""

    cast: Cast
    labels: Reader[Subscription]
    deliveries: Reader[Delivery]

    async def live(self, form: Form) -> str:
        """One order from the shop to its end; the id of its story."""
        order = self.cast.shop.order(provider="wechat")
        try:
            return await self._lived(form, order)
        except BaseException as failure:
            failure.add_note(f"{order.number} {form.name}")
            raise

    async def _lived(self, form: Form, order: Order) -> str:
        link = (await self.cast.shop.place(order)).link
        if link is None:
            raise LookupError("no link to pay")
        stem = self.cast.town.bill(link).partition("-")[0]
        await asyncio.sleep(form.pause)
        await self.cast.shop.pay(order)
        label = await self.labels.entry(stem)
        await self._scanned(form, parcel_on(label), label.number)
        await self._tracked(form, label.number)
        return await self._ended(order)

    async def _scanned(self, form: Form, parcel: str, waybill: str) -> None:
        scans = [(step, waybill if step == "ship" else parcel) for step in STEPS]
        if form.is_batch:
            await self.cast.warehouse.tell([self._beep(step, code, is_live=False) for step, code in scans])
            return
        for step, code in scans:
            await asyncio.sleep(form.pause)
            await self.cast.warehouse.tell([self._beep(step, code, is_live=True)])

    def _beep(self, step: str, code: str, *, is_live: bool) -> Scan:
        return self.cast.warehouse.beep(step, code, is_live=is_live)

    async def _tracked(self, form: Form, waybill: str) -> None:
        await asyncio.sleep(form.pause)
        self.cast.town.kuaidi.move(waybill, COLLECTED, tell=not form.is_batch)
        if not form.is_batch:
            await self.deliveries.entry(f"{waybill}-1-polling")
            await asyncio.sleep(form.pause)
        self.cast.town.kuaidi.move(waybill, FROM_THE_LOCKER)

    async def _ended(self, order: Order) -> str:
        story = f"order/{CHANNEL_SHOP}/{order.number}"
        handle: WorkflowHandle[object, object] = self.cast.house.temporal.get_workflow_handle(story)
        await handle.result()
        return story


@asynccontextmanager
async def street(cast: Cast) -> AsyncIterator[Street]:
    """Orders that nobody reviews and that are complete once they arrived, until the block ends."""
    await Policies(cast.house.db).put(CHANNEL_SHOP, STEADY, "benchmarks")
    labels = Reader(cast.town.kuaidi.books.subscriptions, lambda label: parcel_on(label).partition("-")[0])
    deliveries = Reader(cast.town.kuaidi.pusher.deliveries, lambda told: told.push if told.accepted else None)
    reading = [asyncio.create_task(labels.read()), asyncio.create_task(deliveries.read())]
    try:
        yield Street(cast, labels, deliveries)
    finally:
        for task in reading:
            task.cancel()


def parcel_on(label: Subscription) -> str:
    """The number of ours that stands on the label; they keep it in the address that we want to be told at."""
    return parse_qs(urlsplit(label.callback).query)["parcel"][0]

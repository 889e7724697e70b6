"""Everybody else while many orders are asked: single orders that are placed, held, released, paid for and scanned."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar

from benchmarks.callbacks import percentile
from benchmarks.crowd import id_of
from benchmarks.orders import Street, parcel_on
from world.kuaidi100_books import Subscription
from world.shop_books import Order
from world.warehouse import STEPS

PAUSE = 1.0  # seconds between two orders
BOUND = 3.0  # seconds that the door gives a story: later a scan is only kept, and a wish is to be asked again
R = TypeVar("R")


@dataclass(frozen=True)
class Beat:
    """One thing that somebody waited for."""

    what: str  # scan | wish
    took: float
    is_answered: bool  # by the story itself, in time


@dataclass
class Passersby:
    """One order after the other, as if nothing else were going on."""

    street: Street
    beats: list[Beat] = field(default_factory=list)

    async def go_by(self) -> None:
        """Until cancelled."""
        while True:
            await self._one()
            await asyncio.sleep(PAUSE)

    async def _one(self) -> None:
        cast = self.street.cast
        order = cast.shop.order(provider="wechat")
        if (link := (await cast.shop.place(order)).link) is None:
            self.beats.append(Beat("wish", BOUND, is_answered=False))
            return
        for kind in ("hold", "release"):
            await self._wish(order, kind)
        stem = cast.town.bill(link).partition("-")[0]
        await cast.shop.pay(order)
        await self._scanned(await self.street.labels.entry(stem))

    async def _wish(self, order: Order, kind: str) -> None:
        path = f"/orders/{id_of(order)}/wishes"
        answer, took = await _timed(self.street.cast.ops.post(path, json={"kind": kind}))
        self.beats.append(Beat("wish", took, is_answered=answer.is_success))

    async def _scanned(self, label: Subscription) -> None:
        for step in STEPS:
            await self._scan(step, label.number if step == "ship" else parcel_on(label))

    async def _scan(self, step: str, code: str) -> None:
        warehouse = self.street.cast.warehouse
        beep = warehouse.beep(step, code, is_live=True)
        _, took = await _timed(warehouse.tell([beep]))
        heard = warehouse.books.said(beep.id)
        self.beats.append(Beat("scan", took, is_answered=heard is not None and heard.word == "accepted"))


@dataclass(frozen=True)
class Answers:
    """How quickly one kind of asking was answered. Units: seconds."""

    count: int
    late: int  # not answered by the story within the door's patience
    middle: float
    nearly_all: float  # 99 of 100
    longest: float


def answers(beats: list[Beat], what: str) -> Answers:
    """Of this kind."""
    mine = [beat for beat in beats if beat.what == what]
    took = [beat.took for beat in mine]
    late = sum(not beat.is_answered for beat in mine)
    return Answers(len(mine), late, percentile(took, 0.5), percentile(took, 0.99), max(took, default=0.0))


@asynccontextmanager
async def passing(street: Street) -> AsyncIterator[Passersby]:
    """Somebody goes by as long as the block lasts. What stopped them is raised at its end."""
    known = Passersby(street)
    task = asyncio.create_task(known.go_by())
    try:
        yield known
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled() and (broken := task.exception()):
        raise broken


async def _timed(asked: Awaitable[R]) -> tuple[R, float]:
    began = perf_counter()
    answer = await asked
    return answer, perf_counter() - began

"""How long WeChat Pay waits for our thanks: payment callbacks at a steady rate, each signed, encrypted and new."""

import asyncio
from collections.abc import Callable
from time import perf_counter

import httpx

from demo.play import Cast
from world import wechat_books
from world.beijing import now
from world.pushes import Letter

PER_S = 5.0  # callbacks a second, whatever became of the one before
PATIENCE = 10.0  # seconds


async def thanked_within(cast: Cast, how_many: int, told: Callable[[], None] = lambda: None) -> list[float]:
    """The time of each. Units: seconds. Raises: httpx.HTTPError: one was not thanked."""
    bills = [await _bill(cast, told) for _ in range(how_many)]
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        asked = [asyncio.create_task(_timed(client, cast, bill, turn / PER_S)) for turn, bill in enumerate(bills)]
        for task in asyncio.as_completed(asked):
            await task
            told()
    return [task.result() for task in asked]


async def _bill(cast: Cast, told: Callable[[], None]) -> str:
    placed = await cast.shop.place(cast.shop.order(provider="wechat"))
    told()
    return cast.town.bill(placed.link or "")


async def _timed(client: httpx.AsyncClient, cast: Cast, bill: str, after: float) -> float:
    await asyncio.sleep(after)
    url, letter = _letter(cast, bill)
    began = perf_counter()
    answer = await client.post(url, content=letter.body, headers=letter.headers)
    answer.raise_for_status()
    return perf_counter() - began


def _letter(cast: Cast, bill: str) -> tuple[str, Letter]:
    """What WeChat would send, so that somebody with a watch can send it."""
    known, capture = cast.town.wechat.till.capture(bill, None)
    told = wechat_books.transaction(known, capture, "SUCCESS", "支付成功")
    desk = cast.town.wechat.desk
    notice = {"create_time": wechat_books.instant(now()), "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功"}
    letter = desk.notify({"id": f"EV-{bill}"} | notice, desk.encrypted("transaction", told))
    return str(known.asked["notify_url"]), letter


def percentile(seconds: list[float], part: float) -> float:
    """The time that so many of them did not pass. Units: as given."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0

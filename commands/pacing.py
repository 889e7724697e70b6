"""How a command does something to many orders: so many a second, so that nobody else waits for it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, TypeVar

import typer

T = TypeVar("T")
Rate = Annotated[int, typer.Option("--rate", min=1, max=500, help="How many orders a second, at most.")]


async def paced(each: AsyncIterator[T], rate: int) -> AsyncIterator[T]:
    """The same, no more than `rate` a second."""
    clock = asyncio.get_running_loop()
    due = clock.time()
    async for one in each:
        await asyncio.sleep(due - clock.time())
        due = max(due, clock.time()) + 1 / rate
        yield one

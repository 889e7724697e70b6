"""`python -m benchmarks.recovery`: what open orders take of a worker's memory; killed, how soon all answer again."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.progress import Progress
from temporalio.client import Client
from temporalio.service import RPCError

from api.stories import story_of
from benchmarks.__main__ import apart
from benchmarks.crowd import Crowd, Size
from benchmarks.ledger import keep
from benchmarks.run import COLUMNS
from demo.play import Cast, assembled
from models.noun import Id
from settings import Settings, load
from stack import Down
from workflows.order import OrderWorkflow

WARM = 50  # orders that nobody measures: code is read, connections are opened
ASKED_AT_ONCE = 24
PATIENCE = timedelta(seconds=5)  # for one question; then it is asked again
BACK_WITHIN = 300.0  # seconds
MB = 1_000_000
console = Console()


@dataclass(frozen=True)
class Found:
    """Units: bytes, seconds."""

    orders: int
    taken: int  # of the worker's own memory, by the orders that it keeps in mind
    all_asked: float  # every order, while nothing was wrong
    recovery: float  # from the kill until every order had answered again

    def figures(self) -> dict[str, float]:
        """As they are kept. Units: as each key ends."""
        return {
            "worker.mb_per_1000_orders": round(self.taken / MB * 1000 / self.orders, 1),
            "worker.recovery_s": round(self.recovery, 1),
            "worker.recovery_orders": self.orders,
            "worker.asked_s": round(self.all_asked, 1),
        }


def main(
    *,
    orders: Annotated[int, typer.Option(min=10, help="Open orders, all of them kept in mind by one worker.")] = 1000,
    data: Annotated[Path, typer.Option(help="Folder of a stack of its own; what is in it is thrown away.")] = Path(
        ".data/recovery"
    ),
) -> None:
    """Open orders in one worker, which is then killed with SIGKILL while nobody may lose a word."""
    apart(data)
    os.environ["OMS_SLOTS__STORIES"] = str(orders + 2 * WARM)
    try:
        known = asyncio.run(found(load(data=data), orders)).figures()
    except Down as down:
        console.print(str(down), style="red", soft_wrap=True)
        raise typer.Exit(1) from None
    for key, value in known.items():
        console.print(f"{key}: {value:g}")
    console.print(f"Kept in {keep(known)}. Into the READMEs: python -m benchmarks --table")


async def found(settings: Settings, orders: int) -> Found:
    """Start everything, measure, end everything. Raises: stack.Down."""
    async with AsyncExitStack() as ending:
        cast = await ending.enter_async_context(assembled(settings, seed=1))
        bars = ending.enter_context(Progress(*COLUMNS, console=console))
        bare = await Client.connect(cast.house.settings.temporal_address)
        await _come(cast, WARM, bars)
        before = _own_memory(cast)
        crowd = await _come(cast, orders, bars)
        taken = _own_memory(cast) - before
        everyone = lambda: all_answer(bare, crowd.ids)  # noqa: E731 - asked twice
        alone = await _timed(everyone)
        _kill(cast)
        return Found(orders, taken, alone, await _timed(everyone))


async def _come(cast: Cast, orders: int, bars: Progress) -> Crowd:
    crowd, bar = Crowd(cast, Size(orders, xinjiang=0.3, paid=0.3)), bars.add_task("orders come in", total=orders)
    await crowd.come(lambda: bars.advance(bar))
    return crowd


async def _timed(deed: Callable[[], Awaitable[None]]) -> float:
    began = monotonic()
    await deed()
    return monotonic() - began


async def all_answer(client: Client, orders: Sequence[Id]) -> None:
    """Every story says where it stands. Raises: Down when one does not, however often it is asked."""
    places = asyncio.Semaphore(ASKED_AT_ONCE)

    async def answers(order: Id) -> None:
        async with places:
            while not await _answers(client, order):  # noqa: ASYNC110 - nobody tells us, we ask again
                await asyncio.sleep(0.1)

    try:
        async with asyncio.timeout(BACK_WITHIN), asyncio.TaskGroup() as group:
            for order in orders:
                group.create_task(answers(order))
    except TimeoutError:
        raise Down(f"Not every order answered within {BACK_WITHIN:g} s.") from None


async def _answers(client: Client, order: Id) -> bool:
    try:
        await client.get_workflow_handle(story_of(order)).query(OrderWorkflow.standing.__name__, rpc_timeout=PATIENCE)
    except RPCError:
        return False
    return True


def _own_memory(cast: Cast) -> int:
    """Of the worker alone, without what it shares with others. Units: bytes."""
    return sum(process.memory_full_info().uss for process in _worker(cast))


def _kill(cast: Cast) -> None:
    for process in _worker(cast):
        process.send_signal(signal.SIGKILL)


def _worker(cast: Cast) -> Sequence[psutil.Process]:
    (leash,) = (process for name, process in cast.processes.running.items() if name.startswith("worker"))
    return psutil.Process(leash.pid).children(recursive=True)


if __name__ == "__main__":
    typer.run(main)

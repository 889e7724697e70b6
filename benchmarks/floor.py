"""The floor: what this Temporal does on this machine for a bare workflow, and nothing of ours.

As many workflows, signals, timers and empty activities as an order or a return has: a return opens its order's story
again, which is told twice. Fixed, so that the figures of different days can be compared.

Why the timers run beside the rest: a development server fires timers about once a second. One after the other they
would measure its patience: four seconds for each life, and no core busy.
"""

import asyncio
import sys
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "floor"
NAP, PATIENCE = timedelta(milliseconds=10), timedelta(seconds=60)


@dataclass(frozen=True)
class Shape:
    """How much of everything there is in a life."""

    signals: int
    turns: int  # a timer and an activity for each


Shapes = tuple[Shape, ...]  # of the stories that one life consists of
ORDER: Shapes = (Shape(6, 4),)
RETURN: Shapes = (Shape(5, 3), Shape(2, 0))


@activity.defn
async def nothing() -> None:
    """An empty activity."""


@workflow.defn
class Floor:
    """What the SDK's own first page would look like at this size."""

    def __init__(self) -> None:
        self._heard = 0

    @workflow.run
    async def run(self, shape: Shape) -> int:
        """A timer and an activity for each of the first signals; then the others, and the timers' ends."""
        timers = []
        for turn in range(1, shape.turns + 1):
            await self._has_heard(turn)
            timers.append(asyncio.create_task(workflow.sleep(NAP)))
            await workflow.execute_activity(nothing, start_to_close_timeout=PATIENCE)
        await self._has_heard(shape.signals)
        await asyncio.gather(*timers)
        return self._heard

    @workflow.signal
    def tell(self) -> None:
        """One more."""
        self._heard += 1

    async def _has_heard(self, so_many: int) -> None:
        await workflow.wait_condition(lambda: self._heard >= so_many)


async def live(client: Client, shapes: Shapes, name: str) -> str:
    """One life, driven as a life of an order or a return is; the others of its stories beside its first."""
    await asyncio.gather(*(_live(client, shape, f"{name}/{nth}") for nth, shape in enumerate(shapes)))
    return f"{name}/0"


async def _live(client: Client, shape: Shape, name: str) -> None:
    """One thing after the other, until it has ended."""
    handle = await client.start_workflow(Floor.run, shape, id=name, task_queue=QUEUE)
    for _ in range(shape.signals):
        await handle.signal(Floor.tell)
    await handle.result()


def worker(client: Client) -> Worker:
    """As the SDK makes it, sandbox included."""
    return Worker(client, task_queue=QUEUE, workflows=[Floor], activities=[nothing])


async def work(address: str) -> None:
    """Until cancelled."""
    async with worker(await Client.connect(address)):
        await asyncio.Event().wait()


def main() -> None:
    """A process of its own, like our worker's. Why so: in `__main__` the sandbox would not find the workflow."""
    asyncio.run(work(sys.argv[1]))

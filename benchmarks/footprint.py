"""How much memory each process of a stack takes, at its highest."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import psutil

from benchmarks.metering import WORLD, known

EVERY = 2.0  # seconds between two looks
MIB = 1024 * 1024


class Footprint:
    """Looks now and then. Units: MiB; what processes share is counted once, where the system can say so."""

    def __init__(self) -> None:
        ourselves = psutil.Process()
        self._roots = {**dict(known(ourselves.children())), WORLD: ourselves}
        self.highest = dict.fromkeys(self._roots, 0)

    def look(self) -> None:
        """Now."""
        for name, root in self._roots.items():
            family = [root] if name == WORLD else _family(root)
            self.highest[name] = max(self.highest[name], sum(map(_taken, family)) // MIB)

    async def watch(self) -> None:
        """Until cancelled. In a thread: it asks the system about each page."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(EVERY)


def _family(root: psutil.Process) -> Iterable[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _taken(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(full, "pss", full.rss))


@asynccontextmanager
async def watched() -> AsyncIterator[Footprint]:
    """As long as the block lasts."""
    footprint = Footprint()
    task = asyncio.create_task(footprint.watch())
    try:
        yield footprint
    finally:
        task.cancel()
        await asyncio.wait([task])

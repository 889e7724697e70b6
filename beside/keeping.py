"""Processes that are kept: who ends by itself is started again, each time a little later."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from time import monotonic

from beside.ground import Down
from beside.leash import let_go

FIRST, LONGEST = 1.0, 30.0  # seconds until an ended process is started again
STEADY = 60.0  # seconds after which it did not end because of how it starts
TAIL = 12  # last lines of a log, which explain an end
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Charge:
    """One process, before it runs."""

    name: str
    start: Callable[[], Popen[bytes]]  # on a leash; may block
    answers: Callable[[], Awaitable[bool]]
    diary: Path | None = None

    def last_words(self) -> str:
        """The end of its log, where it has one."""
        if not self.diary:
            return ""
        lines = self.diary.read_text(errors="replace").splitlines()[-TAIL:]
        return "\n".join((f"The end of {self.diary}:", *lines))


@dataclass
class Keeper:
    """Whoever holds them. None outlives this object's process."""

    tell: Tell
    longest: float = LONGEST
    charges: list[Charge] = field(default_factory=list)
    running: dict[str, Popen[bytes]] = field(default_factory=dict)

    async def take(self, charge: Charge) -> None:
        """Start one and hold it from now on."""
        self.charges.append(charge)
        self.running[charge.name] = await asyncio.to_thread(charge.start)

    async def opened(self, within: float) -> None:
        """Wait until each of them answers. Units: seconds.

        Raises: Down with the end of its log, when one ended or does not answer in time.
        """
        try:
            async with asyncio.timeout(within):
                for charge in self.charges:
                    while not await charge.answers():
                        self._lives(charge)
                        await asyncio.sleep(0.05)
        except TimeoutError:
            silent = f"{charge.name} does not answer after {within:g} s."
            raise Down("\n".join(filter(None, (silent, charge.last_words())))) from None

    async def kept(self) -> None:
        """Start again whoever ends by itself, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for charge in self.charges:
                group.create_task(self._keep(charge))

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """The same beside whatever the block does."""
        task = asyncio.create_task(self.kept())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    def let_go(self) -> None:
        """End everybody and wait until they are gone."""
        let_go(*self.running.values())

    async def _keep(self, charge: Charge) -> None:
        pause = FIRST
        while True:
            began, process = monotonic(), self.running[charge.name]
            code = await _end_of(process)
            let_go(process)  # gone already: this closes our end of its leash
            pause = FIRST if monotonic() - began > STEADY else pause
            where = f" Its log: {charge.diary}" if charge.diary else ""
            self.tell(f"{charge.name} ended with code {code}; it is started again in {pause:.0f} s.{where}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, self.longest)
            self.running[charge.name] = await asyncio.to_thread(charge.start)

    def _lives(self, charge: Charge) -> None:
        if (code := self.running[charge.name].poll()) is not None:
            ended = f"{charge.name} ended with code {code} while starting."
            raise Down("\n".join(filter(None, (ended, charge.last_words()))))


async def _end_of(process: Popen[bytes]) -> int:
    while process.poll() is None:  # noqa: ASYNC110 - a thread that waits for it could not be cancelled
        await asyncio.sleep(0.2)
    return process.returncode

"""The door and the workers as processes of their own, for as long as somebody holds them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from time import monotonic

import httpx

from beside.ground import LOCAL
from settings import INSIDE, PREFIX, Settings, passed_on
from stack import Down, free_port, leash, let_go

ALIVE = "/health/live"
ENTRANCE = Path(__file__).parent.parent / "cli.py"
OPEN_WITHIN = 120  # seconds: everything is read and compiled anew on a busy machine's first day
FIRST, LONGEST = 1.0, 30.0  # seconds until an ended process is started again
STEADY = 60.0  # seconds after which it did not end because of how it starts
TAIL = 12
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Member:
    """One process of ours, before it runs."""

    name: str
    command: Sequence[str]
    told: Mapping[str, str]  # settings of its own
    answers_at: str


class Household:
    """Everybody who runs. Each is on a leash: none outlives whoever holds this object's process."""

    def __init__(self, members: Sequence[Member], diaries: Path | None, tell: Tell) -> None:
        self.members, self.diaries, self.tell = members, diaries, tell
        self._running = {member.name: self._start(member) for member in members}

    async def opened(self) -> None:
        """Wait until each of them answers. Raises: Down with the end of its log when one ends instead."""
        try:
            async with asyncio.timeout(OPEN_WITHIN), httpx.AsyncClient(trust_env=False) as client:
                for member in self.members:
                    while not await _answers(client, member.answers_at):
                        self._lives(member)
                        await asyncio.sleep(0.1)
        except TimeoutError:
            silent = f"{member.name} does not answer after {OPEN_WITHIN} s."
            raise Down("\n".join(filter(None, (silent, self._last_words(member))))) from None

    async def kept(self) -> None:
        """Start again whoever ends by itself, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for member in self.members:
                group.create_task(self._keep(member))

    def let_go(self) -> None:
        """End everybody and wait until they are gone."""
        let_go(*self._running.values())

    async def _keep(self, member: Member) -> None:
        pause = FIRST
        while True:
            began, process = monotonic(), self._running[member.name]
            code = await _end_of(process)
            let_go(process)  # gone already: this closes our end of its leash
            pause = FIRST if monotonic() - began > STEADY else pause
            where = f" Its log: {self._diary(member)}" if self.diaries else ""
            self.tell(f"{member.name} ended with code {code}; it is started again in {pause:.0f} s.{where}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST)
            self._running[member.name] = self._start(member)

    def _start(self, member: Member) -> Popen[bytes]:
        with self._diary(member).open("ab") if self.diaries else nullcontext() as ink:
            return leash(member.command, ink, env=passed_on(member.told))  # theirs is ours, and what we found out

    def _lives(self, member: Member) -> None:
        if (code := self._running[member.name].poll()) is not None:
            ended = f"{member.name} ended with code {code} while starting."
            raise Down("\n".join(filter(None, (ended, self._last_words(member)))))

    def _diary(self, member: Member) -> Path:
        return (self.diaries or Path()) / f"{member.name}.log"

    def _last_words(self, member: Member) -> str:
        if not self.diaries:
            return ""
        lines = self._diary(member).read_text(errors="replace").splitlines()[-TAIL:]
        return "\n".join((f"The end of {self._diary(member)}:", *lines))


def members_of(settings: Settings, workers: int) -> tuple[Member, ...]:
    """The door and so many workers, on the usual ports or on free ones."""
    api = free_port(settings.ports.api)
    figures = [free_port(settings.ports.metrics and settings.ports.metrics + turn) for turn in range(workers)]
    door = f"http://{LOCAL}:{api}"
    told = {_name("ports", "api"): str(api), _name("data"): str(settings.data.absolute())}
    return (
        Member("api", _command("api"), told, door + ALIVE),
        *(
            Member(f"worker-{n}", _command("worker"), told | {_name("ports", "metrics"): str(port)}, _figures(port))
            for n, port in enumerate(figures, 1)
        ),
    )


@asynccontextmanager
async def household(members: Sequence[Member], diaries: Path | None, tell: Tell) -> AsyncIterator[Household]:
    """Everybody, as long as the block lasts."""
    async with AsyncExitStack() as ending:
        held = Household(members, diaries, tell)
        ending.push_async_callback(asyncio.to_thread, held.let_go)
        yield held


def _command(what: str) -> tuple[str, ...]:
    """By path, so that it is the same code wherever we were started."""
    return (sys.executable, str(ENTRANCE), what, "--host", LOCAL)


def _name(*steps: str) -> str:
    return PREFIX + INSIDE.join(steps).upper()


def _figures(port: int) -> str:
    return f"http://{LOCAL}:{port}/metrics"


async def _answers(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(address)).is_success
    except httpx.TransportError:
        return False


async def _end_of(process: Popen[bytes]) -> int:
    while process.poll() is None:  # noqa: ASYNC110 - a thread that waits for it could not be cancelled
        await asyncio.sleep(0.2)
    return process.returncode

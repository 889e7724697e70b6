"""The door and the workers as processes of their own, for as long as somebody holds them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import Popen

import httpx

from beside.ground import LOCAL
from beside.keeping import LONGEST, Charge, Keeper, Tell
from settings import INSIDE, PREFIX, Settings, passed_on
from stack import free_port, leash

ALIVE = "/health/live"
ENTRANCE = Path(__file__).parent.parent / "cli.py"
OPEN_WITHIN = 120  # seconds: everything is read and compiled anew on a busy machine's first day


@dataclass(frozen=True)
class Member:
    """One process of ours, before it runs."""

    name: str
    command: Sequence[str]
    told: Mapping[str, str]  # settings of its own
    answers_at: str


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
async def household(
    members: Sequence[Member], diaries: Path | None, tell: Tell, longest: float = LONGEST
) -> AsyncIterator[Keeper]:
    """Everybody, as long as the block lasts, once they answer. Raises: Down with the end of a log when one ends."""
    keeper = Keeper(tell, longest)
    async with AsyncExitStack() as ending:
        ending.push_async_callback(asyncio.to_thread, keeper.let_go)
        client = await ending.enter_async_context(httpx.AsyncClient(trust_env=False))
        for member in members:
            await keeper.take(_charge(member, diaries, client))
        await keeper.opened(OPEN_WITHIN)
        yield keeper


def _charge(member: Member, diaries: Path | None, client: httpx.AsyncClient) -> Charge:
    """Theirs are our settings, and what we found out."""
    diary = diaries / f"{member.name}.log" if diaries else None

    def start() -> Popen[bytes]:
        with diary.open("ab") if diary else nullcontext() as ink:
            return leash(member.command, ink, env=passed_on(member.told))

    return Charge(member.name, start, partial(_answers, client, member.answers_at), diary)


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

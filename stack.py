"""The embedded stack: PostgreSQL and Temporal beside us, when the settings give no addresses.

Both run on leashes (`beside/leash.py`), keep their state under the data folder, and end with whoever started them.
Other processes of ours (door, worker, command line) join the one that runs on their data folder.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import Popen

import psycopg
from temporalio.client import Client

from beside import postgres, temporal
from beside.attributes import ATTRIBUTES, ensure_searchable
from beside.ground import LOCAL, Down, Moved, alone, announced, free_port, overheard, sweep
from beside.keeping import Charge, Keeper, Tell
from beside.leash import Terms, leash, let_go
from settings import DRIVER, Settings

__all__ = ["Down", "Moved", "Stack", "embedded", "free_port", "join", "leash", "let_go", "standing"]

UP_WITHIN = 60  # seconds
Start = Callable[[Path], Popen[bytes]]
log = logging.getLogger("orderhub.stack")


@dataclass(frozen=True)
class Stack:
    """Where everything answers."""

    settings: Settings  # with both addresses
    ui: str | None = None  # Temporal's Web UI, where it is ours
    servers: Keeper | None = None  # who holds those that are ours
    moved: tuple[Moved, ...] = ()  # usual ports that were taken: whoever starts it says so


@asynccontextmanager
async def embedded(settings: Settings, tell: Tell = log.warning) -> AsyncIterator[Stack]:
    """A stack that answers, as long as the block lasts: ours where no address is given, else theirs.

    `tell`: hears of a server of ours that ended by itself and is started again.

    Raises: Down when it cannot stand, or when another one runs on the same data folder.
    """
    async with AsyncExitStack() as ending:
        stack = await _ours(settings, ending, tell) if settings.is_embedded else Stack(settings)
        await check(stack.settings)
        if settings.is_embedded:
            words = {"database": stack.settings.database, "temporal": stack.settings.temporal_address, "ui": stack.ui}
            ending.enter_context(announced(settings.data, words))
        yield stack


@contextmanager
def standing(settings: Settings) -> Iterator[Stack]:
    """The same for those who do not await."""
    with asyncio.Runner() as runner:
        ending = AsyncExitStack()
        try:
            yield runner.run(ending.enter_async_context(embedded(settings)))
        finally:
            runner.run(ending.aclose())


def join(settings: Settings) -> Stack:
    """The stack that another process of ours keeps on this data folder, or the addresses we were given.

    Raises: Down when there is none.
    """
    if not settings.is_embedded:
        return Stack(settings)
    words = overheard(settings.data)
    if words is None:
        raise Down(f"No stack runs on {settings.data}. Start one: orderhub up")
    return Stack(settings.reached_at(database=words["database"], temporal=words["temporal"]), words["ui"])


async def check(settings: Settings) -> None:
    """Both addresses answer, and stories can be searched.

    Raises: Down, which names what does not answer and never a password.
    """
    try:
        async with await psycopg.AsyncConnection.connect(settings.database.replace(DRIVER, "postgresql://")) as reached:
            await reached.execute("SELECT 1")
    except psycopg.OperationalError as error:
        raise Down(f"The database of OMS_DATABASE_URL does not answer: {error}") from None
    await ensure_searchable(await _client(settings))


async def _client(settings: Settings) -> Client:
    at, known = settings.temporal_address, settings.temporal
    try:
        return await Client.connect(at, namespace=known.namespace, tls=known.security, api_key=known.bearer)
    except RuntimeError as error:
        raise Down(f"Temporal at {at} (OMS_TEMPORAL__ADDRESS) does not answer: {error}") from error


async def _ours(settings: Settings, ending: AsyncExitStack, tell: Tell) -> Stack:
    """Start what has no address: first both, then wait for both. Who ends by itself is started again."""
    home = settings.data.absolute()
    lock = await ending.enter_async_context(alone(home))
    ending.push_async_callback(asyncio.to_thread, sweep, home)
    moved: list[Moved] = []
    keeper, ui = Keeper(tell), None
    ending.push_async_callback(asyncio.to_thread, keeper.let_go)
    if settings.temporal.address is None:
        port, ui_port = _port("temporal", settings, moved), _port("ui", settings, moved)
        await keeper.take(_temporal(settings, home, (port, ui_port), lock))
        settings, ui = settings.reached_at(temporal=f"{LOCAL}:{port}"), f"http://{LOCAL}:{ui_port}"
    if settings.database_url is None:
        port = _port("postgres", settings, moved)
        await keeper.take(await asyncio.to_thread(_postgres, settings, home, port, lock))
        settings = settings.reached_at(database=postgres.address(port, _password(settings)))
    await keeper.opened(UP_WITHIN)
    await ending.enter_async_context(keeper.keeping())
    return Stack(settings, ui, keeper, tuple(moved))


def _port(what: str, settings: Settings, moved: list[Moved]) -> int:
    usual: int = getattr(settings.ports, what)
    port = free_port(usual)
    if usual not in {0, port}:
        moved.append(Moved(what, usual, port))
    return port


def _password(settings: Settings) -> str:
    return settings.postgres_password.get_secret_value() if settings.postgres_password else ""


def _postgres(settings: Settings, home: Path, port: int, lock: int) -> Charge:
    files, password = home / "postgres", _password(settings)
    terms = Terms(postgres.STOP, owner=postgres.prepare(files, password))
    answers = partial(postgres.answers, port, password)
    return _charge("postgres", home, partial(_start, postgres.command(files, port), terms, lock), answers)


def _temporal(settings: Settings, home: Path, ports: tuple[int, int], lock: int) -> Charge:
    namespace = settings.temporal.namespace
    searched = [f"{attribute.name}={attribute.kind}" for attribute in ATTRIBUTES]
    command = temporal.command(home / "temporal.db", *ports, namespace, searched)
    answers = partial(temporal.answers, *ports, namespace)
    return _charge("temporal", home, partial(_start, command, Terms(temporal.STOP), lock), answers)


def _charge(name: str, home: Path, start: Start, answers: Callable[[], Awaitable[bool]]) -> Charge:
    """Why swept before each start: somebody may have killed its leash, and it still has the port and the files."""
    diary = home / f"{name}.log"

    def begin() -> Popen[bytes]:
        sweep(home, name)
        return start(diary)

    return Charge(name, begin, answers, diary)


def _start(command: Sequence[str | Path], terms: Terms, lock: int, diary: Path) -> Popen[bytes]:
    with diary.open("ab") as ink:
        return leash(command, ink, terms, keep=(lock,))

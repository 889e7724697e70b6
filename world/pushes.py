"""How a party tells us things: over HTTP, by its own schedule, until we give exactly its word for success."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx

from world.dials import Dials

PATIENCE = 5.0  # seconds that a party waits for our answer
OVERTAKEN_WITHIN = 60.0  # the party's seconds; a push held back for a later one goes out then anyway


@dataclass(frozen=True)
class Letter:
    """What goes over the wire once."""

    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Push:
    """One thing to tell. Written anew for each attempt: most parties put the instant into the signature."""

    id: str
    about: str
    url: str
    write: Callable[[], Letter]


@dataclass(frozen=True)
class Delivery:
    """One attempt and what came of it."""

    push: str
    about: str
    url: str
    attempt: int
    forged: bool
    status: int | None  # none: nobody answered
    answer: str
    accepted: bool


@dataclass(frozen=True)
class Manners:
    """How one kind of party pushes."""

    schedule: tuple[float, ...]  # the party's seconds before each further attempt
    accepts: Callable[[int, bytes], bool]  # whether this answer of ours ends it
    forge: Callable[[Letter], Letter] | None = None


@dataclass
class Pusher:
    """Delivers pushes in the background and remembers each attempt. Close it, or use it as a context."""

    dials: Dials
    manners: Manners
    deliveries: list[Delivery] = field(default_factory=list)
    dropped: list[Push] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _held: list[asyncio.Event] = field(default_factory=list)
    _client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client:
            await self._client.aclose()
            self._client = None

    def push(self, push: Push) -> None:
        """Tell it, in the background."""
        if self.dials.happens("drop_push"):
            self.dropped.append(push)
            return
        if self.manners.forge and self.dials.happens("forge_push"):
            self._begin(self._forged(push, self.manners.forge))
        self._begin(self._deliver(push))

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something of the party's own after so many of its seconds."""
        self._begin(self._after(seconds, do))

    async def idle(self) -> None:
        """Wait until nothing is left to be told."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    @property
    def forged_sent(self) -> int:
        """How many forged letters reached somebody."""
        return sum(delivery.forged and delivery.status is not None for delivery in self.deliveries)

    @property
    def forged_accepted(self) -> int:
        """How many of them were believed."""
        return sum(delivery.forged and delivery.accepted for delivery in self.deliveries)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _after(self, seconds: float, do: Callable[[], None]) -> None:
        await asyncio.sleep(seconds * self.dials.pace)
        do()

    async def _forged(self, push: Push, forge: Callable[[Letter], Letter]) -> None:
        await self._send(push, forge(push.write()), attempt=1, forged=True)

    async def _deliver(self, push: Push) -> None:
        await asyncio.sleep(self.dials.delay_push)
        if self.dials.happens("reorder_push"):
            await self._overtaken()
        if not await self._until_accepted(push):
            return
        if self.dials.happens("duplicate_push"):
            await self._send(push, push.write(), attempt=0)

    async def _until_accepted(self, push: Push) -> bool:
        for attempt, pause in enumerate((0.0, *self.manners.schedule), start=1):
            await asyncio.sleep(pause * self.dials.pace)
            accepted = await self._send(push, push.write(), attempt)
            self._release()
            if accepted:
                return True
        return False

    async def _overtaken(self) -> None:
        later = asyncio.Event()
        self._held.append(later)
        with suppress(TimeoutError):
            await asyncio.wait_for(later.wait(), OVERTAKEN_WITHIN * self.dials.pace)

    def _release(self) -> None:
        while self._held:
            self._held.pop().set()

    async def _send(self, push: Push, letter: Letter, attempt: int, *, forged: bool = False) -> bool:
        status, answer = await self._post(push.url, letter)
        accepted = status is not None and self.manners.accepts(status, answer)
        words = answer.decode(errors="replace")
        self.deliveries.append(Delivery(push.id, push.about, push.url, attempt, forged, status, words, accepted))
        return accepted

    async def _post(self, url: str, letter: Letter) -> tuple[int | None, bytes]:
        self._client = self._client or httpx.AsyncClient(timeout=PATIENCE, trust_env=False)
        try:
            answer = await self._client.post(url, content=letter.body, headers=letter.headers)
        except httpx.HTTPError:
            return None, b""
        return answer.status_code, answer.content

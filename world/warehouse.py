"""A warehouse, simulated: people with scanners, who do what the screen says, and whose network is sometimes gone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.applications import Starlette

from world.beijing import BEIJING, now
from world.controls import controls
from world.dials import Dials, Moody
from world.warehouse_books import Books, Heard, Scan, Work, spelled

STEPS = ("pick", "pack", "ship")
GOES_ON = ("accepted", "duplicate")
AT_ONCE = 200  # scans in one message
UNKNOWN = "unknown"  # nobody answered, as long as we had patience
BUSY = 429
LEFT = "left_receive_it_back"  # the hub believes that a driver has it: its word for the last scan came too late for us


@dataclass(frozen=True)
class Settings:
    """One warehouse, and where the hub is."""

    hub: str
    api_key: str = ""
    place: str = "WH-SZ"
    operators: tuple[str, ...] = ("B1001", "B1002", "B1003")
    skewed_by: float = 0.0  # seconds that the device clocks are ahead
    pause: float = 0.5  # seconds between two looks
    patience: float = 10.0  # seconds for one answer
    asks: int = 40  # how often a kept scan is asked about
    seed: int = 0


@dataclass
class Warehouse:
    """Packs what there is to pack. Close it, or use it as a context.

    Dials: `drop_push` is the chance that a box is handled without network and told of later; `duplicate_push` that a
    scan is sent twice.
    """

    settings: Settings
    to_pack: Callable[[], Awaitable[Sequence[Work]]]
    hand_over: Callable[[Work], None]  # to the courier's driver
    dials: Dials = field(default_factory=Dials)
    books: Books = field(default_factory=Books)
    _buffer: list[Scan] = field(default_factory=list)
    _begun: set[str] = field(default_factory=set)
    _beeps: int = 0

    def __post_init__(self) -> None:
        self.app = Moody(Starlette(routes=controls(self)), self.dials)
        self._chance = Random(self.settings.seed)  # noqa: S311 - no secrets here
        self._client = httpx.AsyncClient(
            base_url=self.settings.hub,
            timeout=self.settings.patience,
            trust_env=False,
            headers={"authorization": f"Bearer {self.settings.api_key}"} if self.settings.api_key else {},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def run(self) -> None:
        """Work until somebody stops it."""
        while True:
            await self.shift()
            await asyncio.sleep(self.settings.pause)

    async def shift(self) -> None:
        """Everything that waits to be packed now, and what the buffers hold."""
        fresh = [work for work in await self.to_pack() if work.parcel not in self._begun]
        self._begun.update(work.parcel for work in fresh)
        await asyncio.gather(*(self.handle(work) for work in fresh))
        await self.empty_buffer()

    async def handle(self, work: Work) -> None:
        """One box from the shelf to the driver's hands, or back to the shelf."""
        is_live = not self.dials.happens("drop_push")
        for step in STEPS:
            scan = self.beep(step, work.waybill if step == "ship" else work.parcel, is_live=is_live)
            word = await self._word_for(scan)
            if word not in GOES_ON:
                await self.put_back(work, again=word == UNKNOWN)
                return
        self.hand_over(work)
        self.books.handed_over.append(work.waybill)
        self.books.done.append(work.parcel)

    async def put_back(self, work: Work, *, again: bool = False) -> None:
        """The screen said no: things go back on the shelf; where it said nothing for too long, for a while."""
        scan = self.beep("put_back", work.parcel, is_live=True)
        await self.tell([scan])
        self.books.put_back.append(work.parcel)
        if await self._reason(scan) == LEFT:
            await self.receive_back(work.waybill)
        elif again:
            self._begun.discard(work.parcel)
            return
        self.books.done.append(work.parcel)

    async def receive_back(self, waybill: str) -> None:
        """A parcel came home."""
        self.books.received_back.append(waybill)
        await self.tell([self.beep("received_back", waybill, is_live=True)])

    def beep(self, step: str, code: str, *, is_live: bool, sku: str | None = None) -> Scan:
        """Somebody pulls the trigger."""
        self._beeps += 1
        at = now().astimezone(BEIJING) + timedelta(seconds=self.settings.skewed_by)
        name = f"{self.settings.place}-{self.settings.seed}-{self._beeps}"
        operator = self._chance.choice(self.settings.operators)
        scan = Scan(name, step, code, self.settings.place, at.isoformat(), operator, is_live, sku)
        self.books.scans.append(scan)
        return scan

    async def tell(self, scans: Sequence[Scan]) -> None:
        """Send them until the hub has them; sometimes twice."""
        for start in range(0, len(scans), AT_ONCE):
            some = scans[start : start + AT_ONCE]
            while not await self._told(some):  # noqa: ASYNC110 - nothing wakes us, we ask again
                await asyncio.sleep(self.settings.pause)
            if self.dials.happens("duplicate_push"):
                await self._told(some)

    async def empty_buffer(self) -> None:
        """The network is back."""
        waiting, self._buffer = self._buffer, []
        await self.tell(waiting)

    async def _word_for(self, scan: Scan) -> str:
        if not scan.is_live:
            self._buffer.append(scan)
            return GOES_ON[0]
        await self.tell([scan])
        return await self._word(scan)

    async def _word(self, scan: Scan) -> str:
        if scan.id in self.books.turned_away:
            return "turned_away"
        for _ in range(self.settings.asks):
            heard = self.books.said(scan.id)
            if heard and heard.word != "kept":
                return heard.word
            await asyncio.sleep(self.settings.pause)
            await self._ask(scan)
        return UNKNOWN

    async def _reason(self, scan: Scan) -> str | None:
        while await self._word(scan) == UNKNOWN:
            continue
        heard = self.books.said(scan.id)
        return heard.reason if heard else None

    async def _ask(self, scan: Scan) -> None:
        try:
            answer = await self._client.get(f"/scans/{scan.id}")
            self._hear([answer.json()] if answer.is_success else [])
        except (httpx.HTTPError, ValueError):
            return

    async def _told(self, scans: Sequence[Scan]) -> bool:
        words = {"scans": [spelled(scan) for scan in scans]}
        try:
            answer = await self._client.post("/scans", json=words)
            self._hear(answer.json()["answers"] if answer.is_success else [])
        except (httpx.HTTPError, ValueError, KeyError):
            return False
        if answer.is_client_error and answer.status_code != BUSY:
            self.books.turned_away.extend(scan.id for scan in scans)
            return True
        return answer.is_success

    def _hear(self, answers: Sequence[dict[str, Any]]) -> None:
        for told in answers:
            name = str(told.get("scan") or told.get("id"))
            self.books.heard.append(Heard(name, str(told["word"]), told.get("reason")))

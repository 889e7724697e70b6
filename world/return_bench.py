"""The table in the warehouse where boxes that came back are opened: people who grade what is really in them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import Any, Self

import httpx

from world.beijing import now
from world.dials import Dials
from world.return_books import ANOTHER, EMPTY, BenchBooks, Inspected, Parcel
from world.warehouse import Settings

BUSY, SERVER_ERROR = 429, 500
GRADES = ("as_new", "as_new", "as_new", "opened", "worn", "damaged")  # of what was really sent back
FOUND = {ANOTHER: "another", EMPTY: "missing"}
Claims = Sequence[Mapping[str, int]]


@dataclass
class Bench:
    """Opens what couriers leave at the dock. Close it, or use it as a context.

    Dials: `duplicate_push` is the chance that a fact is told twice.
    """

    settings: Settings
    dials: Dials = field(default_factory=Dials)
    books: BenchBooks = field(default_factory=BenchBooks)
    _dock: list[Parcel] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = Random(self.settings.seed)  # noqa: S311 - no secrets here
        self._client = httpx.AsyncClient(
            base_url=self.settings.hub,
            timeout=self.settings.patience,
            trust_env=False,
            headers={"authorization": f"Bearer {self.settings.api_key}"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def leave(self, parcel: Parcel) -> None:
        """A courier puts a box down."""
        self._dock.append(parcel)

    async def run(self) -> None:
        """Work until somebody stops it."""
        while True:
            await self.shift()
            await asyncio.sleep(self.settings.pause)

    async def shift(self) -> None:
        """Everything that lies at the dock."""
        while self._dock:
            await self.open(self._dock[0])
            self._dock.pop(0)

    async def open(self, parcel: Parcel) -> None:
        """Scan it in, look what should be in it by its slip, and say what is."""
        if parcel.waybill not in self.books.arrived:
            self.books.arrived.append(parcel.waybill)
        await self._tell(parcel, "goods_arrived", {"place": self.settings.place})
        graded = self._graded(parcel, await self._claims(parcel))
        if graded:
            self.books.inspected.append(Inspected(parcel.number, parcel.waybill, graded))
            rows = [{"line": line, "quantity": count, "grade": grade} for line, count, grade in graded]
            await self._tell(parcel, "goods_inspected", {"place": self.settings.place, "graded": rows})

    def _graded(self, parcel: Parcel, claims: Claims) -> tuple[tuple[int, int, str], ...]:
        found = FOUND.get(parcel.content) or self._chance.choice(GRADES)
        return tuple((claim["line"], claim["quantity"], found) for claim in claims)

    async def _claims(self, parcel: Parcel) -> Claims:
        answer = await self._call("GET", f"/returns/{parcel.number}")
        return answer.json()["claims"] if answer.is_success else ()

    async def _tell(self, parcel: Parcel, kind: str, body: Mapping[str, Any]) -> None:
        words = {"kind": kind, "at": now().isoformat(), "body": body}
        for _ in range(1 + self.dials.happens("duplicate_push")):
            answer = await self._call("POST", f"/returns/{parcel.number}/facts", words, f"{parcel.waybill}-{kind}")
            if not answer.is_success:
                self.books.turned_away.append((parcel.number, kind, answer.status_code))

    async def _call(self, method: str, path: str, words: Any = None, key: str = "") -> httpx.Response:
        """Until there is an answer."""
        headers = {"idempotency-key": key} if key else {}
        while True:
            try:
                answer = await self._client.request(method, path, json=words, headers=headers)
            except httpx.HTTPError:
                answer = httpx.Response(SERVER_ERROR)
            if answer.status_code < SERVER_ERROR and answer.status_code != BUSY:
                return answer
            await asyncio.sleep(self.settings.pause)

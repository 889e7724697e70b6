"""What the warehouse's own software asks our door for: boxes with a label that nobody has packed."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx

from world.warehouse_books import Work

WAITING = ("labelled", "picked", "packed", "partly_shipped")


@dataclass
class Picking:
    """A list that is asked for again and again; each order is opened once while it waits."""

    hub: str
    api_key: str
    _seen: dict[str, int] = field(default_factory=dict)  # order: version that was looked at

    def __post_init__(self) -> None:
        headers = {"authorization": f"Bearer {self.api_key}"}
        self._client = httpx.AsyncClient(base_url=self.hub, headers=headers, timeout=10, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def to_pack(self) -> list[Work]:
        """Boxes that wait; none while our door is away."""
        try:
            return [work for stage in WAITING for work in await self._at(stage)]
        except httpx.HTTPError:
            return []

    async def _at(self, stage: str) -> list[Work]:
        listed = await self._client.get("/orders", params={"stage": stage, "limit": 200})
        rows = listed.raise_for_status().json()["rows"]
        fresh = [row for row in rows if self._seen.get(row["id"]) != row["version"]]
        return [work for row in fresh for work in await self._boxes(row["id"])]

    async def _boxes(self, order: str) -> list[Work]:
        answer = await self._client.get(f"/orders/{order}")
        told = answer.raise_for_status().json()
        self._seen[order] = told["version"]
        places = {box["id"]: box["place"] for box in told["boxes"]}
        return [
            Work(parcel["id"], parcel["waybill"], places.get(parcel["box"], ""), parcel["courier"])
            for parcel in told["parcels"]
            if parcel["waybill"] and not parcel["shipped_at"]
        ]

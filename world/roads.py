"""The courier's side of a simulated courier, for a demo that runs in another process."""

import asyncio
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from world.dials import CONTROLS


class Road(Protocol):
    """Somebody who carries parcels."""

    def hand_over(self, waybill: str, /) -> None:
        """A driver takes the parcel at the customer's door."""

    async def travel(self, waybill: str, /, evidence: str, pause: float) -> None:
        """The whole way to the door."""


def road_controls(party: Road) -> list[Route]:
    """Routes to hand a parcel over, and to let it travel."""
    underway: set[asyncio.Task[None]] = set()

    async def hand_over(request: Request) -> Response:
        told = await request.json()
        party.hand_over(told["waybill"])
        return JSONResponse({"ok": True})

    async def travel(request: Request) -> Response:
        told = await request.json()
        way = party.travel(told["waybill"], evidence=told["evidence"], pause=told.get("pause", 0.0))
        task = asyncio.create_task(way)
        underway.add(task)
        task.add_done_callback(underway.discard)
        return JSONResponse({"ok": True}, 202)

    deeds = {"hand_over": hand_over, "travel": travel}
    return [Route(f"{CONTROLS}/{name}", deed, methods=["POST"]) for name, deed in deeds.items()]

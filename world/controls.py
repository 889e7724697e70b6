"""The unsigned door of a simulated party, for tests and demos that run in another process: its books and its dials."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from world.dials import CONTROLS, Dials, readings
from world.pushes import Pusher

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Party(Protocol):
    """Somebody outside who keeps books."""

    @property
    def books(self) -> "DataclassInstance":
        """What was really done, however often."""

    @property
    def dials(self) -> Dials:
        """How it behaves."""


class Telling(Party, Protocol):
    """Somebody outside who also tells us things."""

    @property
    def pusher(self) -> Pusher:
        """How it tells us."""


def controls(party: Party) -> list[Route]:
    """Routes to look into the books and to turn the dials. They are never moody."""

    async def books(_request: Request) -> Response:
        words = json.dumps(asdict(party.books), default=str, ensure_ascii=False)
        return Response(words, media_type="application/json")

    async def dials(request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(readings(party.dials))
        return _turned(party.dials, await request.json())

    return [Route(f"{CONTROLS}/books", books), Route(f"{CONTROLS}/dials", dials, methods=["GET", "POST"])]


def push_controls(party: Telling) -> list[Route]:
    """The same, and a look at every push that was sent."""

    async def pushes(_request: Request) -> Response:
        sent = [asdict(delivery) for delivery in party.pusher.deliveries]
        return JSONResponse({"deliveries": sent, "dropped": [push.id for push in party.pusher.dropped]})

    return [*controls(party), Route(f"{CONTROLS}/pushes", pushes)]


def _turned(dials: Dials, values: dict[str, Any]) -> Response:
    try:
        dials.set(**values)
    except ValueError as error:
        return PlainTextResponse(str(error), 400)
    return JSONResponse(readings(dials))

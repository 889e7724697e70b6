"""An own shop's wallet, simulated: balances of its customers, and who was credited what for which order."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from world.controls import controls
from world.dials import Dials, Moody
from world.shop_wire import Pen, Reader


@dataclass(frozen=True)
class Credit:
    """One that was asked for. Units: fen."""

    number: str
    order: str
    minor: int
    reason: str = ""  # why it was refused; empty: it was done


@dataclass
class Books:
    """What was really done, and how often it was asked for."""

    credits: dict[str, Credit] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def balances(self) -> Counter[str]:
        """What lies there for whoever placed each order. Units: fen."""
        known = Counter[str]()
        for credit in self.credits.values():
            known[credit.order] += 0 if credit.reason else credit.minor
        return known


class Wallet:
    """Signed for with the shop's pen. `without`: orders whose customers have no balance here."""

    def __init__(self, pen: Pen, without: tuple[str, ...] = (), dials: Dials | None = None) -> None:
        self.pen, self.without, self.dials = pen, without, dials or Dials()
        self.books = Books()
        self._reader = Reader(pen)
        told = [
            Route("/credits", self._believed(self._credited), methods=["POST"]),
            Route("/credits/{number}", self._believed(self._known)),
        ]
        self.app = Moody(Starlette(routes=[*told, *controls(self)]), self.dials)

    def _believed(self, take: Callable[[Request, bytes], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            body = await request.body()
            asked = f"{request.method} {request.scope['raw_path'].decode()}"
            is_ours = self._reader.believes(asked, request.headers, body)
            return take(request, body) if is_ours else _no(401, "not_signed")

        return answer

    def _credited(self, _: Request, body: bytes) -> Response:
        told: dict[str, Any] = json.loads(body)
        credit = Credit(told["number"], told["order"], told["amount"]["minor"])
        self.books.asked[credit.number] += 1
        before = self.books.credits.get(credit.number)
        if before and (before.order, before.minor) != (credit.order, credit.minor):
            return _no(409, "number_used")
        if credit.order in self.without:
            return _no(422, "no_wallet")
        if not before:
            reason = "frozen" if self.dials.happens("refuse") else ""
            self.books.credits[credit.number] = Credit(credit.number, credit.order, credit.minor, reason)
        return self._said(credit.number)

    def _known(self, request: Request, _: bytes) -> Response:
        return self._said(request.path_params["number"])

    def _said(self, number: str) -> Response:
        credit = self.books.credits.get(number)
        if credit is None:
            return JSONResponse({"number": number, "state": "unknown"})
        words = {"number": number, "state": "refused" if credit.reason else "done", "reason": credit.reason}
        return JSONResponse(words)


def _no(status: int, code: str) -> Response:
    return JSONResponse({"error": code}, status)

"""An own shop, simulated: its software, and the buyers in front of it, who change their minds."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from random import Random
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from world.beijing import now
from world.controls import controls
from world.dials import Dials, Moody
from world.people import moved
from world.shop_books import COURIERS, Books, Order, Placed, Shipped, drawn, spelled
from world.shop_wire import Pen, Reader

ACCEPTED, NO_LONGER_FINE, BUSY, SERVER_ERROR = 202, 300, 429, 500
Payer = Callable[[str, int], Awaitable[object]]  # a link to pay, and the amount in fen


@dataclass(frozen=True)
class Settings:
    """One shop, and where its hub is."""

    hub: str  # http://…, without a slash at the end
    shop: str = "demo"
    key: str = "demo-shop"
    secret: str = "f0r-the-demo-shop-only"  # noqa: S105 - of a shop that does not exist
    api_key: str = ""  # with it the shop may look at its orders; without it, it sends an order again
    seed: int = 0
    patience: float = 5.0  # seconds for one answer
    tries: int = 20
    pause: float = 0.5  # seconds between two of them


class Shop:
    """Takes orders from its buyers to the hub, and hears of parcels. Close it, or use it as a context."""

    def __init__(
        self, settings: Settings, payers: Mapping[str, Payer] | None = None, dials: Dials | None = None
    ) -> None:
        self.settings = settings
        self.payers = payers or {}
        self.dials = dials or Dials()
        self.books = Books()
        self.pen = Pen(settings.key, settings.secret)
        told = [
            ("/hub/shipped", self._shipped),
            ("/hub/returns", self._progressed),
            ("/hub/cancelled", self._cancelled),
        ]
        routes = [Route(path, take, methods=["POST"]) for path, take in told]
        self.app = Moody(Starlette(routes=[*routes, *controls(self)]), self.dials)
        self._baskets = 0
        self._reader = Reader(self.pen)
        self._chance = Random(settings.seed)  # noqa: S311 - buyers are no secrets
        self._client = httpx.AsyncClient(timeout=settings.patience, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    # What buyers do. ----------------------------------------------------------------------------------------------

    def order(self, **changes: Any) -> Order:
        """Somebody fills a basket."""
        self._baskets += 1
        number = f"{self.settings.shop.upper()}{self.settings.seed:03}{self._baskets:06}"
        return replace(drawn(self._chance, number, now()), **changes)

    async def place(self, order: Order) -> Placed:
        """The order goes to the hub, again and again until it has it and says where to pay."""
        placed = self.books.placed.setdefault(order.number, Placed(order.number, order.total, order.paying))
        body = spelled(order, self.settings.shop)
        for _ in range(self.settings.tries):
            status, answer = await self.tell(body)
            placed.answers.append(status)
            placed.link = answer.get("pay_url") or placed.link
            if 0 < status < SERVER_ERROR:
                break
            await asyncio.sleep(self.settings.pause)
        if status == ACCEPTED and order.paying == "prepaid":
            placed.link = await self.link(order)
        return placed

    async def link(self, order: Order) -> str | None:
        """Where to pay, once the hub has made a bill."""
        for _ in range(self.settings.tries):
            await asyncio.sleep(self.settings.pause)
            _, answer = await self._look(order)
            if answer.get("pay_url"):
                return str(answer["pay_url"])
        return None

    async def pay(self, order: Order) -> None:
        """The buyer follows the link."""
        placed = self.books.placed[order.number]
        if placed.link is None:
            raise LookupError("the hub gave no link to pay")
        await self.payers[order.provider](placed.link, order.total)
        placed.is_paid = True

    async def cancel(self, order: Order) -> int:
        """The buyer changes their mind."""
        self.books.placed[order.number].wants_cancel = True
        return await self.wish(order, {"kind": "cancel", "reason": "changed_mind"})

    async def move(self, order: Order) -> int:
        """The buyer wants it sent elsewhere."""
        elsewhere = moved(order.receiver, self._chance)
        return await self.wish(order, {"kind": "change_address", "receiver": asdict(elsewhere)})

    # What the shop's software says. -------------------------------------------------------------------------------

    async def tell(self, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """One order, once."""
        return await self._call("POST", "/orders", body, headers)

    async def wish(self, order: Order, words: dict[str, Any]) -> int:
        """What a buyer wants of an order that the hub has: asked under one key until there is an answer."""
        status, _ = await self.say(f"{self.path(order)}/wishes", words)
        self.books.wishes.append((order.number, str(words["kind"]), status))
        return status

    async def say(self, path: str, words: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Something signed, under one key until the hub answers it."""
        body, key = json.dumps(words, ensure_ascii=False).encode(), {"idempotency-key": token_hex(16)}
        status, answer = 0, dict[str, Any]()
        for _ in range(self.settings.tries):
            status, answer = await self._call("POST", path, body, self._signed("POST", path, body) | key)
            if 0 < status < SERVER_ERROR and status != BUSY:
                break
            await asyncio.sleep(self.settings.pause)
        return status, answer

    async def see(self, path: str) -> dict[str, Any]:
        """What the hub shows to the shop's key; nothing where it answers nothing."""
        headers = {"authorization": f"Bearer {self.settings.api_key}"}
        status, told = await self._call("GET", path, headers=headers)
        return told if 0 < status < NO_LONGER_FINE else {}

    async def forge(self, order: Order) -> int:
        """Somebody who does not know the secret sends an order."""
        body = spelled(order, self.settings.shop)
        guess = Pen(self.settings.key, "a guess")
        status, _ = await self.tell(body, self._signed("POST", "/orders", body, guess))
        self.books.forged.append(status)
        return status

    async def _look(self, order: Order) -> tuple[int, dict[str, Any]]:
        if not self.settings.api_key:
            return await self.tell(spelled(order, self.settings.shop))
        headers = {"authorization": f"Bearer {self.settings.api_key}"}
        return await self._call("GET", self.path(order), headers=headers)

    def path(self, order: Order) -> str:
        """The order at the hub's door."""
        return f"/orders/web/{self.settings.shop}/{order.number}"

    def _signed(self, method: str, path: str, body: bytes, pen: Pen | None = None) -> dict[str, str]:
        target = httpx.URL(self.settings.hub + path).raw_path.decode()
        return (pen or self.pen).headers(f"{method} {target}", body)

    async def _call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        signed = headers or self._signed(method, path, body)
        try:
            answer = await self._client.request(method, self.settings.hub + path, content=body, headers=signed)
            told = answer.json() if answer.content else {}
        except httpx.HTTPError:
            return 0, {}
        except ValueError:
            return SERVER_ERROR, {}
        return answer.status_code, told if isinstance(told, dict) else {}

    # What the hub tells the shop. ---------------------------------------------------------------------------------

    async def _shipped(self, request: Request) -> Response:
        body = await request.body()
        if not self._reader.believes(_asked(request), request.headers, body):
            return _no(401, "not_signed")
        told = json.loads(body)
        if wrong := self._unfit(told):
            self.books.refused.append((str(told.get("number")), wrong))
            return _no(422, wrong)
        return self._written_down(told)

    def _unfit(self, told: dict[str, Any]) -> str | None:
        if told["number"] not in self.books.placed:
            return "unknown_order"
        if told["courier"] not in COURIERS:
            return "unknown_courier"
        return "refused" if self.dials.happens("refuse") else None

    def _written_down(self, told: dict[str, Any]) -> Response:
        if any(known.key == told["key"] for known in self.books.shipped):
            self.books.repeated.append(told["key"])
            return JSONResponse({"ok": True})
        units = tuple((unit["sku"], unit["quantity"]) for unit in told["units"])
        parcel = (told["key"], told["number"], told["courier"], told["waybill"], units, told["is_last"])
        self.books.shipped.append(Shipped(*parcel))
        return JSONResponse({"ok": True})

    async def _progressed(self, request: Request) -> Response:
        """How far an urgent return is, for its customer to hear."""
        body = await request.body()
        if not self._reader.believes(_asked(request), request.headers, body):
            return _no(401, "not_signed")
        told = json.loads(body)
        if told["number"] not in self.books.placed:
            return _no(422, "unknown_order")
        if told["key"] not in self.books.progress:
            self.books.progress[told["key"]] = (told["return"], told["stage"])
        return JSONResponse({"ok": True})

    async def _cancelled(self, request: Request) -> Response:
        body = await request.body()
        if not self._reader.believes(_asked(request), request.headers, body):
            return _no(401, "not_signed")
        self.books.cancelled.append(json.loads(body)["number"])
        return JSONResponse({"ok": True})


def _asked(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.method} {request.scope['raw_path'].decode()}{query}"


def _no(status: int, code: str) -> Response:
    return JSONResponse({"ok": False, "error": code}, status)

"""WeChat Pay v3, as a merchant of mainland China meets it: order, query, close, refund, encrypted notifies."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from world import wechat_books as shown
from world.beijing import now
from world.controls import push_controls
from world.dials import CONTROLS, Moody
from world.keys import Key
from world.pushes import Manners, Push, Pusher
from world.wechat_books import Books, Refund
from world.wechat_till import MoneyDials, Till
from world.wechat_wire import SCHEDULE, Desk, Merchant, No

ORDERS, REFUNDS = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
PUBLIC_KEY_ID = "PUB_KEY_ID_0117000000012026112200000000000001"
Handler = Callable[[Request, dict[str, Any]], tuple[int, dict[str, Any] | None]]


class WeChatPay:
    """One merchant's WeChat Pay. `key` and `serial` are the platform's own: what its answers are signed with."""

    def __init__(self, merchant: Merchant, key: Key | None = None, serial: str = PUBLIC_KEY_ID) -> None:
        self.dials, self.key, self.serial = MoneyDials(), key or Key(), serial
        self.desk = Desk(merchant, self.key, serial, now)
        self.till = Till(merchant, self.dials, now)
        self.pusher = Pusher(self.dials, Manners(SCHEDULE, lambda status, _: status in (200, 204), self.desk.forge))
        self.app: ASGIApp = Moody(Starlette(routes=self._routes(), lifespan=self._life), self.dials)

    @property
    def books(self) -> Books:
        """What was really done."""
        return self.till.books

    def pay(self, out_trade_no: str, times: int = 1, amount: int | None = None) -> tuple[str, ...]:
        """A buyer pays, and WeChat tells the merchant. Units: fen. Raises: No: the phone says it cannot be paid."""
        return tuple(self._pay(out_trade_no, amount) for _ in range(times))

    def lose_card(self, out_trade_no: str) -> None:
        """The buyer closes the account that it was paid from: whatever is given back ends abnormal."""
        self.books.bills[out_trade_no].is_card_gone = True

    def _pay(self, out_trade_no: str, amount: int | None) -> str:
        bill, capture = self.till.capture(out_trade_no, amount)
        resource = self.desk.encrypted("transaction", shown.transaction(bill, capture, "SUCCESS", "支付成功"))
        self._tell("TRANSACTION.SUCCESS", "支付成功", capture.transaction_id, bill.asked["notify_url"], resource)
        return capture.transaction_id

    def _settle(self, refund: Refund) -> None:
        self.till.settle(refund)
        if refund.notify_url:
            resource = self.desk.encrypted("refund", shown.refund_notice(refund, self.desk.merchant.mchid))
            self._tell(f"REFUND.{refund.status}", "退款通知", refund.refund_id, refund.notify_url, resource)

    def _tell(self, event: str, summary: str, about: str, url: str, resource: dict[str, Any]) -> None:
        number = f"EV-{now():%Y%m%d}{next(self.till.numbers):012}"
        notice = {"id": number, "create_time": shown.instant(now()), "event_type": event, "summary": summary}
        self.pusher.push(Push(number, about, url, lambda: self.desk.notify(notice, resource)))

    def _routes(self) -> list[Route]:
        return [
            Route(ORDERS + "/out-trade-no/{no}/close", self._signed(self._close), methods=["POST"]),
            Route(ORDERS + "/out-trade-no/{no}", self._signed(self._query)),
            Route(ORDERS + "/id/{id}", self._signed(self._query_transaction)),
            Route(ORDERS + "/native", self._signed(self._native), methods=["POST"]),
            Route(ORDERS + "/jsapi", self._signed(self._jsapi), methods=["POST"]),
            Route(REFUNDS, self._signed(self._refund), methods=["POST"]),
            Route(REFUNDS + "/{no}", self._signed(self._query_refund)),
            Route(CONTROLS + "/pay", self._buyer, methods=["POST"]),
            *push_controls(self),
        ]

    @asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        async with self.pusher:
            yield

    def _signed(self, handle: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                self.desk.check(request, body)
                self._check_open()
                return self.desk.answer(*handle(request, _read(body)))
            except No as no:
                return self.desk.answer(no.status, no.body)

        return endpoint

    def _check_open(self) -> None:
        if self.dials.happens("shut"):
            raise No(403, "NO_AUTH", "商户号功能已被限制,请前往商户平台查看")

    async def _buyer(self, request: Request) -> Response:
        try:
            return JSONResponse({"transaction_ids": self.pay(**await request.json())})
        except No as no:
            return JSONResponse(no.body, 409)

    def _native(self, _request: Request, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {"code_url": self.till.order("native", asked).code_url}

    def _jsapi(self, _request: Request, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {"prepay_id": self.till.order("jsapi", asked).prepay_id}

    def _query(self, request: Request, _asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        bill = self.till.known(request.path_params["no"], request.query_params.get("mchid", ""))
        return 200, self.till.transaction(bill, bill.captures[0] if bill.captures else None)

    def _query_transaction(self, request: Request, _asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, self.till.transaction(*self.till.paid(request.path_params["id"]))

    def _close(self, request: Request, asked: dict[str, Any]) -> tuple[int, None]:
        self.till.close(self.till.known(request.path_params["no"], asked.get("mchid", "")))
        return 204, None

    def _refund(self, _request: Request, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        refund, is_new = self.till.refund(asked)
        if is_new:
            self.pusher.later(self.dials.settle_after, lambda: self._settle(refund))
        return 200, shown.refund_answer(refund)

    def _query_refund(self, request: Request, _asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        refund = self.books.refund(request.path_params["no"])
        if refund is None:
            raise No(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return 200, shown.refund_answer(refund)


def _read(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise No(400, "PARAM_ERROR", "请求体不是合法的JSON")
    return asked

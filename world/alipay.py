"""Alipay's gateway v2, as a merchant with codes to scan (当面付) meets it, with its signed notifies.

Source: https://opendocs.alipay.com/common/02km9f (codes of the gateway), official SDKs for the signatures, read
2026-11. What the gateway itself refuses is answered without a signature, as the real one does.
"""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from world import alipay_books as shown
from world.alipay_books import Bill, Books, Capture, Refund
from world.alipay_till import AlipayDials, No, Till
from world.beijing import now, wall_text
from world.controls import push_controls
from world.dials import CONTROLS, Moody
from world.keys import Key, Seal
from world.pushes import Letter, Manners, Push, Pusher

SCHEDULE = (240, 600, 600, 3600, 7200, 21600, 54000)
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@dataclass(frozen=True)
class Merchant:
    """One merchant's app as Alipay knows it."""

    app_id: str
    seller_id: str
    public_key: str  # PEM


class Alipay:
    """One merchant's Alipay. `key` is Alipay's own: what its answers and notifies are signed with."""

    def __init__(self, merchant: Merchant, key: Key | None = None) -> None:
        self.merchant, self.key, self.dials = merchant, key or Key(), AlipayDials()
        self.till = Till(self.dials, now)
        self._seal = Seal(merchant.public_key)
        self._tricks = cycle((self._strange, self._altered, self._weaker, self._bare))
        self.pusher = Pusher(self.dials, Manners(SCHEDULE, lambda _, answer: answer == b"success", self._forge))
        self.app: ASGIApp = Moody(Starlette(routes=self._routes(), lifespan=self._life), self.dials)

    @property
    def books(self) -> Books:
        """What was really done."""
        return self.till.books

    def scan(self, out_trade_no: str) -> str:
        """A buyer opens the code and thinks about it. Raises: No."""
        return self.till.scan(out_trade_no)[1].trade_no

    def pay(self, out_trade_no: str, times: int = 1, amount: int | None = None) -> tuple[str, ...]:
        """A buyer pays, and Alipay tells the merchant. Units: fen. Raises: No: the phone says it cannot be paid."""
        paid = [self.till.pay(out_trade_no, amount) for _ in range(times)]
        for bill, trade in paid:
            self._tell(bill, trade)
        return tuple(trade.trade_no for _, trade in paid)

    def _tell(self, bill: Bill, trade: Capture, refund: Refund | None = None) -> None:
        if bill.notify_url is None:
            return
        about = refund.out_request_no if refund else trade.trade_no
        told = shown.notice(bill, trade, refund) | {
            "notify_id": f"{now():%Y%m%d}{secrets.token_hex(13)}",
            "app_id": self.merchant.app_id,
            "auth_app_id": self.merchant.app_id,
            "seller_id": self.merchant.seller_id,
            "version": "1.0",
            "charset": "utf-8",
        }
        self.pusher.push(Push(told["notify_id"], about, bill.notify_url, lambda: self._letter(told)))

    def _routes(self) -> list[Route]:
        return [
            Route("/gateway.do", self._gateway, methods=["GET", "POST"]),
            Route(CONTROLS + "/pay", self._buyer, methods=["POST"]),
            *push_controls(self),
        ]

    @asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        async with self.pusher:
            yield

    async def _buyer(self, request: Request) -> Response:
        try:
            return JSONResponse({"transaction_ids": self.pay(**await request.json())})
        except No as no:
            return JSONResponse(no.body, 409)

    async def _gateway(self, request: Request) -> Response:
        sent = dict(request.query_params) | dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        method = sent.get("method", "")
        try:
            asked = self._checked(sent)
        except No as no:
            return _answer(method, json.dumps(no.body, ensure_ascii=False), None)
        try:
            words = {"code": "10000", "msg": "Success"} | self._do(method, asked, sent.get("notify_url"))
        except No as no:
            words = no.body
        raw = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
        return _answer(method, raw, self.key.sign(raw))

    def _checked(self, sent: dict[str, str]) -> dict[str, Any]:
        if sent.get("app_id") != self.merchant.app_id:
            raise _invalid("isv.invalid-app-id", "无效的AppID参数")
        text = "&".join(f"{name}={sent[name]}" for name in sorted(sent) if name != "sign" and sent[name])
        if sent.get("sign_type") != "RSA2" or not self._seal.fits(text, sent.get("sign", "")):
            raise _invalid("isv.invalid-signature", "无效签名")
        try:
            asked = json.loads(sent.get("biz_content", "{}"))
        except ValueError:
            raise _invalid("isv.invalid-parameter", "参数无效") from None
        return dict(asked)

    def _do(self, method: str, asked: dict[str, Any], notify_url: str | None) -> dict[str, Any]:
        match method:
            case "alipay.trade.precreate":
                answer = self.till.precreate(asked, notify_url)
            case "alipay.trade.query":
                return self.till.query(asked)
            case "alipay.trade.close":
                answer = self.till.close(asked)
            case "alipay.trade.refund":
                answer = self._refund(asked)
            case "alipay.trade.fastpay.refund.query":
                return self.till.refund_query(asked)
            case _:
                raise _invalid("isv.invalid-method", "不存在的方法名")
        if self.dials.happens("unknown"):
            raise No("isp.unknow-error", "系统繁忙", "20000", "Service Currently Unavailable")
        return answer

    def _refund(self, asked: dict[str, Any]) -> dict[str, Any]:
        answer, made = self.till.refund(asked)
        if made:
            self._tell(*self.till.meant(asked), made)
        return answer

    def _letter(self, told: dict[str, str], key: Key | None = None) -> Letter:
        told = {**told, "notify_time": wall_text(now())}
        text = "&".join(f"{name}={told[name]}" for name in sorted(told))
        signed = told | {"sign_type": "RSA2", "sign": (key or self.key).sign(text)}
        return Letter(FORM, urlencode(signed).encode())

    def _forge(self, letter: Letter) -> Letter:
        return next(self._tricks)(letter)

    @cached_property
    def _stranger(self) -> Key:
        return Key()

    def _strange(self, letter: Letter) -> Letter:
        told = dict(parse_qsl(letter.body.decode()))
        return self._letter({name: told[name] for name in told if name not in ("sign", "sign_type")}, self._stranger)

    def _altered(self, letter: Letter) -> Letter:
        return Letter(FORM, letter.body.replace(b"total_amount=", b"total_amount=9"))

    def _weaker(self, letter: Letter) -> Letter:
        return Letter(FORM, letter.body.replace(b"sign_type=RSA2", b"sign_type=RSA"))

    def _bare(self, letter: Letter) -> Letter:
        return Letter(FORM, letter.body.partition(b"&sign_type=")[0])


def _invalid(sub_code: str, sub_msg: str) -> No:
    return No(sub_code, sub_msg, "40002", "Invalid Arguments")


def _answer(method: str, raw: str, sign: str | None) -> Response:
    """Put together as text: the signature is over the characters, so nobody may write them anew."""
    member = method.replace(".", "_") + "_response" if method else "error_response"
    signed = f',"sign":"{sign}"' if sign else ""
    return Response(f'{{"{member}":{raw}{signed}}}', media_type="text/html;charset=utf-8")

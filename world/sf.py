"""SF Express, simulated: the customer's gate of 丰桥, its drivers, and its books.

Source: the protocol's envelope, service codes and answers as public integrations of 丰桥 write them; read 2026-11.
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from world.beijing import now, wall_text
from world.controls import push_controls
from world.dials import Dials, Moody
from world.pushes import Letter, Manners, Push, Pusher
from world.roads import road_controls
from world.sf_books import (
    BACK,
    DIGESTS,
    LAST,
    ROAD,
    WORDS,
    Books,
    Label,
    Node,
    Settings,
    collects,
    numbers,
    sheet,
    station,
)

RETRIES = (60.0, 300.0, 900.0, 3600.0)  # their real schedule is not published
Words = dict[str, Any]


class Refusal(Exception):
    """SF says no, on its second level."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code, self.words = code, words


class SfExpress:
    """One account at SF, with everything behind it."""

    def __init__(self, settings: Settings | None = None, dials: Dials | None = None) -> None:
        self.settings = settings or Settings()
        self.dials = dials or Dials()
        self.books = Books()
        self.pusher = Pusher(self.dials, Manners(RETRIES, accepts=_is_thanked, forge=_forged))
        routes = [Route("/std/service", self._gate, methods=["POST"]), *push_controls(self), *road_controls(self)]
        self.app = Moody(Starlette(routes=routes, lifespan=self._life), self.dials)
        self._services: dict[str, Callable[[Words], Words | None]] = {
            "EXP_RECE_CREATE_ORDER": self._create,
            "EXP_RECE_SEARCH_ORDER_RESP": self._search,
            "EXP_RECE_UPDATE_ORDER": self._update,
            "EXP_RECE_SEARCH_ROUTES": self._routes,
            "EXP_RECE_REGISTER_ROUTE": self._register,
            "EXP_RECE_WANTED_INTERCEPT": self._intercept,
        }

    @asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        async with self.pusher:
            yield

    # What the road does. ------------------------------------------------------------------------------------------

    def hand_over(self, waybill: str) -> None:
        """A driver takes the parcel at the customer's door."""
        self.books.handed_over.append(waybill)
        self.move(waybill, "50")

    def move(self, waybill: str, code: str, *, reason: str = "", tell: bool = True) -> Node:
        """The parcel passes a station, and whoever wants to know is told."""
        label = self.books.by_waybill(waybill) or Label(order_id="", waybill=waybill, phones=())
        place, words = "深圳市", WORDS.get(code, "信息记录")
        node = Node(str(uuid4().int)[:18], waybill, label.order_id, wall_text(now()), place, words, code, reason)
        self.books.nodes.setdefault(waybill, []).append(node)
        if tell and self.settings.push_url:
            self.pusher.push(self._push(node, self.settings.push_url))
        return node

    async def travel(self, waybill: str, evidence: str = "photo", pause: float = 0.0) -> None:
        """The whole way from the driver's van to the door, with what evidence; back, if it was intercepted."""
        for code in ROAD:
            self.move(waybill, code)
            await asyncio.sleep(pause)
        label = self.books.by_waybill(waybill)
        if label and label.is_intercepted:
            self.bring_back(waybill)
            return
        for code in LAST[evidence]:
            self.move(waybill, code)
        self.books.delivered[waybill] = evidence
        if label and label.collect_fen:
            self.books.collected[waybill] = label.collect_fen

    def bring_back(self, waybill: str) -> None:
        """The parcel goes home."""
        for code in BACK:
            self.move(waybill, code)
        self.books.brought_back.append(waybill)

    def _push(self, node: Node, url: str) -> Push:
        told = {
            "mailno": node.waybill,
            "acceptAddress": node.place,
            "reasonName": "",
            "orderid": node.order_id,
            "acceptTime": node.at,
            "remark": node.words,
            "opCode": node.code,
            "id": node.id,
            "reasonCode": node.reason,
        }
        body = json.dumps({"Body": {"WaybillRoute": [told]}}, ensure_ascii=False).encode()
        letter = Letter({"content-type": "application/json;charset=UTF-8"}, body)
        return Push(node.id, node.waybill, url, lambda: letter)

    # What the customer's gate does. -------------------------------------------------------------------------------

    async def _gate(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        if platform := self._unfit(form):
            return _envelope(*platform)
        words = json.loads(form["msgData"])
        self.books.calls.append((form["serviceCode"], str(words.get("orderId") or words.get("waybillNo") or "")))
        try:
            told = self._services[form["serviceCode"]](words)
        except Refusal as no:
            return _envelope("A1000", "", {"success": False, "errorCode": no.code, "errorMsg": no.words})
        fine = {"success": True, "errorCode": "S0000", "errorMsg": None, "msgData": told}
        return _envelope("A1000", "", fine)

    def _unfit(self, form: dict[str, str]) -> tuple[str, str] | None:
        if not {"partnerID", "requestID", "serviceCode", "timestamp", "msgDigest", "msgData"} <= form.keys():
            return "A1001", "必传参数不可为空"
        if form["partnerID"] != self.settings.partner_id or form["serviceCode"] not in self._services:
            return "A1004", "无对应服务权限"
        signed = form["msgData"] + form["timestamp"] + self.settings.checkword
        if not hmac.compare_digest(DIGESTS[self.settings.digest](signed), form["msgDigest"]):
            return "A1006", "数字签名无效"
        return None

    def _create(self, asked: Words) -> Words:
        if self.books.by_order(asked["orderId"]):
            raise Refusal("8016", "重复下单")
        if self.dials.happens("refuse"):
            return {"orderId": asked["orderId"], "filterResult": 3, "remark": "1", "waybillNoInfoList": None}
        if asked.get("monthlyCard") != self.settings.monthly_card:
            raise Refusal("8119", "月结卡号不匹配")
        waybill = f"SF{self.settings.first_waybill + len(self.books.labels)}"
        phones = tuple(str(who.get("mobile") or who.get("tel")) for who in asked["contactInfoList"])
        self.books.labels.append(Label(asked["orderId"], waybill, phones, collects(asked)))
        return sheet(self.books.labels[-1])

    def _search(self, asked: Words) -> Words:
        label = self._known(asked["orderId"])
        if label.is_void:
            raise Refusal("8037", "订单已取消")
        return sheet(label)

    def _update(self, asked: Words) -> Words:
        label = self._known(asked["orderId"])
        if label.is_void:
            raise Refusal("8037", "订单已取消")
        if asked["dealType"] != 2:  # noqa: PLR2004 - 2: cancel
            raise Refusal("8017", "订单号与运单号不匹配")
        if self.books.nodes.get(label.waybill) or self.dials.happens("refuse"):
            raise Refusal("8252", "已收件的订单不可取消")
        label.is_void = True
        return {"orderId": label.order_id, "resStatus": 2, "waybillNoInfoList": numbers(label)}

    def _routes(self, asked: Words) -> Words:
        return {
            "routeResps": [self._way(number, str(asked.get("checkPhoneNo", ""))) for number in asked["trackingNumber"]]
        }

    def _way(self, waybill: str, tail: str) -> Words:
        label = self.books.by_waybill(waybill)
        may_see = label is not None and any(phone.endswith(tail) for phone in label.phones) and tail
        nodes = self.books.nodes.get(waybill, []) if may_see else []
        return {"mailNo": waybill, "routes": [station(node) for node in nodes]}

    def _register(self, asked: Words) -> None:
        self.books.registered.append(str(asked["attributeNo"]))

    def _intercept(self, asked: Words) -> None:
        label = self.books.by_waybill(asked["waybillNo"])
        self.books.intercepts.append(asked["waybillNo"])
        if label is None:
            raise Refusal("8018", "未获取到订单信息")
        if label.waybill in self.books.delivered or self.dials.happens("refuse"):
            raise Refusal("8252", "快件当前状态不可拦截")
        label.is_intercepted = True

    def _known(self, order_id: str) -> Label:
        label = self.books.by_order(order_id)
        if label is None:
            raise Refusal("6150", "找不到该订单")
        return label


def _envelope(code: str, words: str, told: Words | None = None) -> Response:
    inner = json.dumps(told, ensure_ascii=False) if told else ""
    envelope = {"apiErrorMsg": words, "apiResponseID": uuid4().hex, "apiResultCode": code, "apiResultData": inner}
    return JSONResponse(envelope)


def _is_thanked(status: int, answer: bytes) -> bool:
    try:
        return status < 300 and json.loads(answer).get("return_code") == "0000"  # noqa: PLR2004
    except ValueError:
        return False


def _forged(letter: Letter) -> Letter:
    """Says that the parcel was signed for. SF does not sign, so nothing else is wrong with it."""
    told = json.loads(letter.body)
    told["Body"]["WaybillRoute"][0] |= {"opCode": "80", "remark": WORDS["80"], "id": "1"}
    return replace(letter, body=json.dumps(told).encode())

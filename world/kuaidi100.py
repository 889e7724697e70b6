"""Kuaidi100, simulated: it sells e-waybills of many companies, follows their parcels, and tells whoever subscribed.

Source: the official Java demo (github.com/kuaidi100-api/java-demo, SDK 1.1.3); read 2026-11.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from world.beijing import now, wall_text
from world.controls import push_controls
from world.dials import Dials, Moody
from world.kuaidi100_books import (
    BACK,
    LAST,
    NUMBERS,
    ROAD,
    WANTS_PHONE,
    Books,
    Settings,
    Step,
    Subscription,
    Words,
    answer,
    label_from,
    md5,
    sheet,
    track,
)
from world.pushes import Letter, Manners, Push, Pusher
from world.roads import road_controls

RETRIES = (1800.0, 1800.0, 1800.0)
FORM = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}


class Kuaidi100:
    """One customer at Kuaidi100, and the roads of the companies behind it."""

    def __init__(self, settings: Settings | None = None, dials: Dials | None = None) -> None:
        self.settings = settings or Settings()
        self.dials = dials or Dials()
        self.books = Books()
        self.pusher = Pusher(self.dials, Manners(RETRIES, accepts=_is_thanked, forge=_forged))
        desks = [("/poll", self._subscribe), ("/poll/query.do", self._query), ("/label/order", self._label)]
        routes = [Route(path, desk, methods=["POST"]) for path, desk in desks]
        watched = [*routes, *push_controls(self), *road_controls(self)]
        self.app = Moody(Starlette(routes=watched, lifespan=self._life), self.dials)
        self._methods: dict[str, Callable[[Words], Words]] = {
            "order": self._order,
            "cancel": self._cancel,
            "custom": self._print,
            "interceptOrder": self._intercept,
        }

    @asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        async with self.pusher:
            yield

    # What the road does. ------------------------------------------------------------------------------------------

    def hand_over(self, number: str) -> None:
        """A driver takes the parcel at the customer's door."""
        self.books.handed_over.append(number)
        self.move(number, "103")

    def move(self, number: str, code: str, *, tell: bool = True) -> None:
        """The parcel makes a step, and whoever subscribed is told the whole list."""
        self.books.steps.setdefault(number, []).append(Step(wall_text(now()), code))
        for wish in self.books.subscribed(number) if tell else ():
            status = "shutdown" if code.startswith("3") else "polling"
            self._tell(wish, {"status": status, "message": "", "autoCheck": "1" if wish.company_before else "0"})

    async def travel(self, number: str, evidence: str = "locker", pause: float = 0.0) -> None:
        """The whole way from the driver's van to the door; back, if it was intercepted."""
        for code in ROAD:
            self.move(number, code)
            await asyncio.sleep(pause)
        label = self.books.by_number(number)
        if label and label.is_intercepted:
            self.bring_back(number)
            return
        for code in LAST[evidence]:
            self.move(number, code)
        self.books.delivered[number] = evidence
        if label and label.collect_fen:
            self.books.collected[number] = label.collect_fen

    def bring_back(self, number: str) -> None:
        """The parcel goes home."""
        for code in BACK:
            self.move(number, code)
        self.books.brought_back.append(number)

    def correct_company(self, number: str, company: str) -> None:
        """Three days of nothing: they know better whose number it is, say so, and subscribe under the right company."""
        for wish in self.books.subscribed(number):
            told = {"status": "abort", "message": "3天查询无记录", "autoCheck": "0", "comOld": "", "comNew": company}
            self._tell(wish, told)
            wish.company_before, wish.company = wish.company, company

    def _tell(self, wish: Subscription, told: Words) -> None:
        last = track(wish.company, wish.number, self.books.steps.get(wish.number, []))
        companies = {"comOld": wish.company_before or "", "comNew": wish.company if wish.company_before else ""}
        words = {"billstatus": "", **companies, **told, "lastResult": last}
        letter = _signed(json.dumps(words, ensure_ascii=False), wish.salt)
        name = f"{wish.number}-{len(last['data'])}-{told['status']}"
        self.pusher.push(Push(name, wish.number, wish.callback, lambda: letter))

    # What the desks do. -------------------------------------------------------------------------------------------

    async def _subscribe(self, request: Request) -> Response:
        asked = json.loads((await _form(request))["param"])
        self.books.calls.append(("subscribe", asked["number"]))
        if asked["key"] != self.settings.key or self.dials.happens("refuse"):
            return _told("600", "您不是合法的订阅者(即授权Key出错)")
        if asked["company"] not in NUMBERS:
            return _told("700", "不支持的快递公司")
        details = asked["parameters"]
        wish = Subscription(asked["company"], asked["number"], details["callbackurl"], details.get("salt"))
        if any(known.company == wish.company for known in self.books.subscribed(wish.number)):
            return _told("501", "重复订阅")
        self.books.subscriptions.append(wish)
        return _told("200", "提交成功")

    async def _query(self, request: Request) -> Response:
        form = await _form(request)
        if form["sign"] != md5(form["param"] + self.settings.key + self.settings.customer):
            return _told("503", "验证签名失败")
        asked = json.loads(form["param"])
        self.books.calls.append(("query", asked["num"]))
        if asked["com"] in WANTS_PHONE and not self._knows_phone(asked):
            return _told("408", "验证码错误")
        steps = self.books.steps.get(asked["num"], [])
        if not steps:
            return _told("500", "查询无结果,请隔段时间再查")
        return JSONResponse(track(asked["com"], asked["num"], steps))

    def _knows_phone(self, asked: Words) -> bool:
        label = self.books.by_number(asked["num"])
        tail = str(asked.get("phone") or "")
        return bool(tail) and (label is None or any(phone.endswith(tail) for phone in label.phones))

    async def _label(self, request: Request) -> Response:
        form = {**dict(request.query_params), **await _form(request)}
        if form["sign"] != md5(form["param"] + form["t"] + self.settings.key + self.settings.secret):
            return JSONResponse(answer(code=30002, words="验证签名失败"))
        asked = json.loads(form["param"])
        self.books.calls.append((form["method"], str(asked.get("orderId") or asked.get("kuaidinum") or "")))
        if self.dials.happens("refuse"):
            return JSONResponse(answer(code=30010, words="快递公司返回: 不可操作"))
        return JSONResponse(self._methods[form["method"]](asked))

    def _order(self, asked: Words) -> Words:
        known = self.books.by_order(asked["orderId"]) if asked.get("orderId") else None
        if known and asked.get("reorder") is False:
            return answer(sheet(known))
        if not {"recMan", "sendMan"} <= asked.keys():
            return answer(code=30003, words="参数错误: 收寄件人不能为空")
        if asked["kuaidicom"] not in NUMBERS or asked["partnerId"] not in self.settings.partners:
            return answer(code=30005, words="电子面单账号或快递公司不可用")
        number = f"{NUMBERS[asked['kuaidicom']]}{self.settings.first_number + len(self.books.labels)}"
        self.books.labels.append(label_from(asked, number))
        return answer(sheet(self.books.labels[-1]))

    def _cancel(self, asked: Words) -> Words:
        label = self.books.by_number(asked["kuaidinum"])
        if label is None or label.company != asked["kuaidicom"]:
            return answer(code=30006, words="单号不存在")
        if self.books.steps.get(label.number):
            return answer(code=30007, words="快件已揽收,不可取消")
        label.is_void = True
        return answer()

    def _print(self, asked: Words) -> Words:
        self.books.printed.append(str(asked["tempId"]))
        return answer({"taskId": f"P{len(self.books.printed)}"})

    def _intercept(self, asked: Words) -> Words:
        label = self.books.by_number(asked["kuaidinum"])
        self.books.intercepts.append(asked["kuaidinum"])
        if label is None or label.number in self.books.delivered:
            return answer(code=30008, words="当前状态不支持拦截")
        label.is_intercepted = True
        return answer()


async def _form(request: Request) -> dict[str, str]:
    return {key: str(value) for key, value in (await request.form()).items()}


def _told(code: str, words: str) -> Response:
    told: dict[str, Any] = {"result": code == "200", "returnCode": code, "message": words}
    return JSONResponse(told)


def _signed(param: str, salt: str | None) -> Letter:
    sign = {} if salt is None else {"sign": md5(param + salt)}
    return Letter(FORM, urlencode({**sign, "param": param}).encode())


def _is_thanked(status: int, body: bytes) -> bool:
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return status < 300 and told.get("result") is True and told.get("returnCode") == "200"  # noqa: PLR2004


def _forged(letter: Letter) -> Letter:
    """Says that the parcel was signed for, with a signature by somebody who does not know the salt."""
    words = json.loads(parse_qs(letter.body.decode())["param"][0])
    words["status"] = "shutdown"
    words["lastResult"] |= {"state": "3", "ischeck": "1"}
    for step in words["lastResult"]["data"][:1]:
        step |= {"statusCode": "304", "status": "签收"}
    return replace(letter, body=_signed(json.dumps(words), "a guess").body)

"""The quadruple: a word of ours, their request, their answer, and a word of ours again. And what they tell us."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from pydantic import TypeAdapter

from connectors.http import Answer
from connectors.payments.alipay import Alipay
from connectors.payments.wechat import WeChatPay
from connectors.ports import Addressed, Bill, Message, RefundOrder
from models.errors import Failure
from tests.connectors.payments.conftest import OURS, THEIRS, a_wechat, alipay_account, wechat_account
from world.keys import Seal

RECORDINGS = Path(__file__).parents[2] / "recordings"
NOW = datetime.fromisoformat("2026-11-22T13:05:30+08:00")
NOUNS = {"bill": TypeAdapter(Bill), "refund": TypeAdapter(RefundOrder)}


def recorded(party, kind):
    files = sorted((RECORDINGS / party).glob("*.json"))
    pages = {file.stem: json.loads(file.read_text()) for file in files}
    return [pytest.param(page, id=name) for name, page in pages.items() if kind in page]


class Theirs:
    """Answers one question, and keeps it."""

    def __init__(self, answer):
        self.answer, self.asked = answer, None

    async def send(self, ask):
        self.asked = ask
        return self.answer


def in_words(noun):
    return TypeAdapter(type(noun)).dump_python(noun, mode="json")


def as_noun(name, given):
    return NOUNS[name].validate_python(given) if isinstance(given, dict) else given


async def ours_again(provider, page):
    details = {name: as_noun(name, given) for name, given in page["ours"].items()}
    try:
        return in_words(await getattr(provider, page["call"])(**details))
    except Failure as failure:
        return [type(failure).__name__, failure.code]


def same(page):
    """What is expected, with instants as they are dumped."""
    expected = page.get("raises") or page["again"]
    if "at" in expected:
        return expected | {"at": datetime.fromisoformat(expected["at"]).isoformat()}
    return expected


def wechat_desk():
    desk = a_wechat()[0].desk
    desk.now = lambda: NOW
    return desk


@pytest.mark.parametrize("page", recorded("wechat", "call"))
async def test_wechat_is_asked_and_understood(page):
    said = wechat_desk().answer(page["answer"]["status"], page["answer"]["body"])
    line = Theirs(Answer(said.status_code, dict(said.headers), bytes(said.body)))
    account = wechat_account("https://shop.example/webhooks/payments/wechat/main")

    assert await ours_again(WeChatPay(account, line, lambda: NOW), page) == same(page)
    sent = {"method": line.asked.method, "target": line.asked.target, "body": json.loads(line.asked.body or "null")}
    assert sent == page["request"]


@pytest.mark.parametrize("page", recorded("wechat", "notice"))
def test_wechat_tells_and_is_understood(page):
    desk = wechat_desk()
    letter = desk.notify(page["notice"], desk.encrypted(page["original_type"], page["content"]))
    message = Message({name.lower(): value for name, value in letter.headers.items()}, {}, letter.body, NOW)

    heard = WeChatPay(wechat_account("https://shop.example/told"), Theirs(None)).read(message)
    assert heard == tuple(TypeAdapter(list[Addressed]).validate_python(page["heard"]))


def alipay_says(page):
    member, raw = page["request"]["method"].replace(".", "_") + "_response", page["answer"]["raw"]
    sign = f',"sign":"{THEIRS.sign(raw)}"' if page["answer"]["signed"] else ""
    return Answer(200, {}, f'{{"{member}":{raw}{sign}}}'.encode())


@pytest.mark.parametrize("page", recorded("alipay", "call"))
async def test_alipay_is_asked_and_understood(page):
    line = Theirs(alipay_says(page))
    account = alipay_account("https://shop.example/webhooks/payments/alipay/main")

    assert await ours_again(Alipay(account, line, lambda: NOW), page) == same(page)
    sent = dict(parse_qsl(line.asked.body.decode()))
    text = "&".join(f"{name}={sent[name]}" for name in sorted(sent) if name != "sign")
    assert Seal(OURS.public_pem).fits(text, sent["sign"])
    assert (sent["sign_type"], sent["timestamp"], sent["charset"]) == ("RSA2", "2026-11-22 13:05:30", "utf-8")
    assert {"method": sent["method"], "biz_content": json.loads(sent["biz_content"])} == {
        name: page["request"][name] for name in ("method", "biz_content")
    }
    assert sent.get("notify_url") == page["request"]["notify_url"]


@pytest.mark.parametrize("page", recorded("alipay", "notice"))
def test_alipay_tells_and_is_understood(page):
    told = page["notice"]
    text = "&".join(f"{name}={told[name]}" for name in sorted(told))
    body = urlencode(told | {"sign_type": "RSA2", "sign": THEIRS.sign(text)}).encode()

    heard = Alipay(alipay_account("https://shop.example/told"), Theirs(None)).read(Message({}, {}, body, NOW))
    assert heard == tuple(TypeAdapter(list[Addressed]).validate_python(page["heard"]))


def test_alipay_may_leave_empty_fields_out_of_its_signature():
    (page,) = [case.values[0] for case in recorded("alipay", "notice") if case.id == "notify_empty_fields"]
    told = page["notice"]
    text = "&".join(f"{name}={told[name]}" for name in sorted(told) if told[name])
    body = urlencode(told | {"sign_type": "RSA2", "sign": THEIRS.sign(text)}).encode()

    (heard,) = Alipay(alipay_account("https://shop.example/told"), Theirs(None)).read(Message({}, {}, body, NOW))
    assert heard.telling.body["amount"] == {"minor": 8800, "currency": "CNY"}


async def test_an_answer_that_nobody_signed_is_not_believed():
    (page,) = [case.values[0] for case in recorded("wechat", "call") if case.id == "close"]
    account = wechat_account("https://shop.example/told")

    assert await ours_again(WeChatPay(account, Theirs(Answer(204, {}, b"")), lambda: NOW), page) == [
        "Garbled",
        "answer_unsigned",
    ]


async def test_an_answer_of_yesterday_is_not_believed():
    (page,) = [case.values[0] for case in recorded("wechat", "call") if case.id == "query_paid"]
    said = wechat_desk().answer(200, page["answer"]["body"])
    line = Theirs(Answer(200, dict(said.headers), bytes(said.body)))
    tomorrow = WeChatPay(wechat_account("https://shop.example/told"), line, lambda: NOW + timedelta(days=1))

    assert await ours_again(tomorrow, page) == ["Garbled", "answer_stale"]

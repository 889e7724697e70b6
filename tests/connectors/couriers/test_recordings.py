"""The quadruple: a word of ours, their request, their answer, and a word of ours again. And what they tell us."""

import base64
import hashlib
import json
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote_plus, urlencode

import pytest
from pydantic import TypeAdapter

from connectors.couriers.kuaidi100 import Kuaidi100
from connectors.couriers.kuaidi100_envelope import salt
from connectors.couriers.sf import SfExpress
from connectors.http import Answer
from connectors.ports import Addressed, Booking, Message, Shipped
from models.errors import Failure
from models.fact import Telling
from models.noun import Money
from tests.connectors.couriers.conftest import KEY, TOKEN, kuaidi100_account, sf_account

RECORDINGS = Path(__file__).parents[2] / "recordings"
NOW = datetime.fromisoformat("2026-11-22T13:05:30+08:00")
AT = "1795323930000"
NOUNS = {
    "booking": TypeAdapter(Booking),
    "parcel": TypeAdapter(Shipped),
    "label": TypeAdapter(Shipped),
    "amount": TypeAdapter(Money),
}
HEARD, TELLINGS = TypeAdapter(tuple[Addressed, ...]), TypeAdapter(tuple[Telling, ...])


def pages(party):
    return {file.stem: json.loads(file.read_text()) for file in sorted((RECORDINGS / party).glob("*.json"))}


def recorded(party, kind):
    return [pytest.param(page, id=name) for name, page in pages(party).items() if kind in page]


class Theirs:
    """Answers one question, and keeps it."""

    def __init__(self, answer=None):
        self.answer, self.asked = answer, None

    async def send(self, ask):
        self.asked = ask
        return self.answer


def md5(*words):
    return hashlib.md5("".join(words).encode())  # noqa: S324


def said(page):
    body = page["answer"]["body"]
    return Answer(page["answer"]["status"], {}, (body if isinstance(body, str) else json.dumps(body)).encode())


async def ours_again(courier, page):
    details = {
        name: NOUNS[name].validate_python(given) if name in NOUNS else given for name, given in page["ours"].items()
    }
    try:
        noun = await getattr(courier, page["call"])(**details)
    except Failure as failure:
        return [type(failure).__name__, failure.code]
    return noun if noun is None else TypeAdapter(type(noun)).dump_python(noun, mode="json", serialize_as_any=True)


def comparable(page, again):
    """Instants as instants: they dump them in UTC, recordings have the wall's time."""
    is_told = page["call"] == "routes" and (not again or isinstance(again[0], dict))
    return TELLINGS.validate_python(again) if is_told else again


@pytest.mark.parametrize("page", recorded("sf", "call"))
async def test_sf_is_asked_and_understood(page):
    body = page["answer"]["body"]
    if isinstance(body, dict) and isinstance(body.get("apiResultData"), dict):
        body["apiResultData"] = json.dumps(body["apiResultData"], ensure_ascii=False)  # they put text into text
    line = Theirs(said(page))
    courier = SfExpress(sf_account(registers=True), line, lambda: NOW, lambda: "request-1")

    assert comparable(page, await ours_again(courier, page)) == comparable(page, page["again"])
    form = dict(parse_qsl(line.asked.body.decode(), strict_parsing=True))
    assert (line.asked.method, line.asked.target) == ("POST", "/std/service")
    assert {"serviceCode": form["serviceCode"], "msgData": json.loads(form["msgData"])} == page["request"]
    words = quote_plus(form["msgData"] + AT + "checkword~of*the account", safe="*-._").replace("~", "%7E")
    assert form["msgDigest"] == base64.b64encode(md5(words).digest()).decode()
    assert (form["partnerID"], form["timestamp"], form["requestID"]) == ("OHUB001", AT, "request-1")


@pytest.mark.parametrize("page", recorded("kuaidi100", "call"))
async def test_kuaidi100_is_asked_and_understood(page):
    line = Theirs(said(page))
    account = kuaidi100_account()
    courier = Kuaidi100(account, line, line, lambda: NOW)

    assert comparable(page, await ours_again(courier, page)) == comparable(page, page["again"])
    form = dict(parse_qsl(line.asked.body.decode(), strict_parsing=True))
    param = json.loads(form.pop("param"))
    assert {"target": line.asked.target, "method": form.get("method"), "param": param} == page["request"]
    assert form.get("sign") == sign_of(account, line.asked, page["request"]["target"])


def sign_of(account, asked, target):
    param = dict(parse_qsl(asked.body.decode()))["param"]
    key, secret, customer = (getattr(account, name).get_secret_value() for name in ("key", "secret", "customer"))
    words = {"/label/order": (param, AT, key, secret), "/poll/query.do": (param, key, customer)}.get(target)
    return words and md5(*words).hexdigest().upper()


@pytest.mark.parametrize("page", recorded("sf", "told"))
def test_sf_tells_and_is_understood(page):
    body = json.dumps(page["told"], ensure_ascii=False).encode()
    heard = SfExpress(sf_account(), Theirs()).read(Message({}, {}, body, NOW, TOKEN))

    assert heard == HEARD.validate_python(page["heard"])


@pytest.mark.parametrize("page", recorded("kuaidi100", "told"))
def test_kuaidi100_tells_and_is_understood(page):
    account, param = kuaidi100_account(), json.dumps(page["told"], ensure_ascii=False)
    sign = md5(param, salt(account, KEY)).hexdigest().upper()
    body = urlencode({"sign": sign, "param": param}).encode()
    heard = Kuaidi100(account, Theirs(), Theirs()).read(Message({}, {"parcel": KEY}, body, NOW, TOKEN))

    assert heard == HEARD.validate_python(page["heard"])


@pytest.mark.parametrize(
    ("party", "thanks"),
    [
        ("sf", '{"return_code": "0000", "return_msg": "成功"}'),
        ("kuaidi100", '{"result": true, "returnCode": "200", "message": "成功"}'),
    ],
)
def test_the_exact_words_of_thanks(party, thanks):
    couriers = {
        "sf": SfExpress(sf_account(), Theirs()),
        "kuaidi100": Kuaidi100(kuaidi100_account(), Theirs(), Theirs()),
    }
    reply = couriers[party].thanks()

    assert (reply.status, json.loads(reply.body), reply.media_type) == (200, json.loads(thanks), "application/json")


@pytest.mark.parametrize("party", ["sf", "kuaidi100"])
def test_every_call_is_recorded(party):
    calls = {page.get("call") for page in pages(party).values()}

    assert {"book", "booked", "void", "intercept", "subscribe", "routes"} <= calls

"""A shop with an account at each simulated provider, and a door of ours at which the provider knocks."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request
from starlette.responses import Response

from connectors.http import Line
from connectors.payments import alipay, wechat
from connectors.ports import Bill, Message, RefundOrder
from models.errors import Failure
from models.noun import Money
from world import alipay as world_alipay
from world.keys import Key
from world.server import serve
from world.wechat import PUBLIC_KEY_ID
from world.wechat import WeChatPay as WorldWeChatPay
from world.wechat_wire import Merchant

OURS, THEIRS = Key(), Key()
SERIAL = "444F4864EA9B34415AB12CD34EF56A7890123456"
API_V3_KEY = "0123456789abcdef0123456789abcdef"
NUMBER = "ABCDEFGHJKMNPQRS-pay-1"


@dataclass
class Door:
    """What our door does with a message: read it, thank or be sorry."""

    provider: object = None
    address: str = ""
    heard: list = field(default_factory=list)  # what was addressed to whom
    refused: list = field(default_factory=list)  # codes
    messages: list = field(default_factory=list)  # as they came

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        message = Message(dict(request.headers), dict(request.query_params), await request.body(), datetime.now(UTC))
        self.messages.append(message)
        reply = self.answer(message)
        await Response(reply.body, reply.status, media_type=reply.media_type)(scope, receive, send)

    def answer(self, message):
        try:
            self.heard.extend(self.provider.read(message))
        except Failure as failure:
            self.refused.append(failure.code)
            return self.provider.sorry(failure.code)
        return self.provider.thanks()


@dataclass
class Shop:
    """One account, seen from both sides."""

    provider: object
    world: object
    door: Door
    notify_url: str

    def bill(self, number=NUMBER, fen=8800, minutes=30):
        expires_at = datetime.now(UTC) + timedelta(minutes=minutes)
        return Bill(number=number, amount=Money(minor=fen), subject="ABCDEFGHJKMNPQRS", expires_at=expires_at)

    def pays(self, number=NUMBER, times=1, amount=None):
        return self.world.pay(self.theirs(number), times, amount)

    def theirs(self, number):
        return number.replace("-", "_") if self.provider.name == "alipay-main" else number

    def given_back(self):
        """Every refund in their books, in fen."""
        books = self.world.books
        if self.provider.name == "alipay-main":
            return [r.amount for bill in books.bills.values() for trade in bill.trades for r in trade.refunds]
        return [refund.refund for refund in books.refunds]

    async def paid(self, **details):
        """A bill that was created and paid; the transaction."""
        await self.provider.create(self.bill())
        (transaction,) = self.pays(**details)
        await self.world.pusher.idle()
        return transaction


def refund_of(transaction, number="ABCDEFGHJKMNPQRS-refund-1", fen=3000, captured=8800):
    return RefundOrder(number, NUMBER, transaction, Money(minor=fen), Money(minor=captured))


def wechat_account(notify_url, address=""):
    return wechat.Account(
        name="wechat-main",
        appid="wxd678efh567hg6787",
        mchid="1230000109",
        serial=SERIAL,
        private_key=OURS.private_pem,
        api_v3_key=API_V3_KEY,
        platform_keys=({"serial": PUBLIC_KEY_ID, "key": THEIRS.public_pem},),
        notify_url=notify_url,
        address=address,
    )


def alipay_account(notify_url, address=""):
    return alipay.Account(
        name="alipay-main",
        app_id="2021000000000001",
        seller_id="2088000000000001",
        private_key=OURS.private_pem,
        alipay_public_key=THEIRS.public_pem,
        notify_url=notify_url,
        address=address,
    )


def a_wechat():
    merchant = Merchant("wxd678efh567hg6787", "1230000109", SERIAL, OURS.public_pem, API_V3_KEY)
    return WorldWeChatPay(merchant, THEIRS), wechat.WeChatPay, wechat_account


def an_alipay():
    merchant = world_alipay.Merchant("2021000000000001", "2088000000000001", OURS.public_pem)
    return world_alipay.Alipay(merchant, THEIRS), alipay.Alipay, alipay_account


async def a_shop(kind):
    world, provider, account = kind()
    world.dials.set(pace=0.0001)
    door = Door()
    async with serve(world.app) as address, serve(door) as ours:
        told = account(f"{ours}/webhooks/payments/it/main", address)
        async with Line(told.name, address, answer_within=timedelta(seconds=1)) as line:
            door.provider = provider(told, line)
            yield Shop(door.provider, world, door, told.notify_url)


@pytest.fixture(params=[a_wechat, an_alipay], ids=["wechat", "alipay"])
async def shop(request):
    async for made in a_shop(request.param):
        yield made


@pytest.fixture
async def wechat_shop():
    async for made in a_shop(a_wechat):
        yield made


@pytest.fixture
async def alipay_shop():
    async for made in a_shop(an_alipay):
        yield made

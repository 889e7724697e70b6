"""An account at each simulated courier, and a door of ours at which the courier knocks."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request
from starlette.responses import Response

from connectors.couriers import kuaidi100, kuaidi100_envelope, sf, sf_envelope
from connectors.http import Line
from connectors.ports import Booking, Message, Shipped
from models.contact import Contact
from models.errors import Failure
from models.line import Units
from models.noun import Money
from world.kuaidi100 import Kuaidi100 as WorldKuaidi100
from world.server import serve
from world.sf import SfExpress as WorldSf
from world.sf_books import Settings as SfSettings

KEY = "ABCDEFGHJKMNPQRS-label-1"
TOKEN = "b7Jf-unguessable-Qx2"  # noqa: S105
WAREHOUSE = Contact(
    name="南山仓",
    phone="075526000000",
    province="广东省",
    city="深圳市",
    district="南山区",
    district_code="440305",
    address="科技园路1号",
)
BUYER = Contact(
    name="王小伟",
    phone="13800001234",
    province="上海市",
    city="上海市",
    district="浦东新区",
    district_code="310115",
    address="世纪大道100号",
)


@dataclass
class Door:
    """What our door does with a message: read it, thank or be sorry."""

    courier: object = None
    heard: list = field(default_factory=list)  # what was addressed to whom
    refused: list = field(default_factory=list)  # codes
    messages: list = field(default_factory=list)  # as they came

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        token = request.url.path.rpartition("/")[2]
        headers, query = dict(request.headers), dict(request.query_params)
        self.messages.append(Message(headers, query, await request.body(), datetime.now(UTC), token))
        reply = self.answer(self.messages[-1])
        await Response(reply.body, reply.status, media_type=reply.media_type)(scope, receive, send)

    def answer(self, message):
        try:
            self.heard.extend(self.courier.read(message))
        except Failure as failure:
            self.refused.append(failure.code)
            return self.courier.sorry(failure.code)
        return self.courier.thanks()


@dataclass
class Counter:
    """One account, seen from both sides."""

    courier: object
    world: object
    door: Door
    callback: str
    id: str  # what orders call it
    line: Line

    def booking(self, key=KEY, collect=None):
        units = (Units(sku="TEA-250", quantity=2),)
        return Booking(key, self.id, WAREHOUSE, BUYER, units, collect and Money(minor=collect))

    def parcel(self, waybill, key=KEY, tail="1234"):
        return Shipped(key, self.id, waybill, tail)

    async def booked(self, **details):
        """A label; its waybill."""
        return (await self.courier.book(self.booking(**details))).reference

    async def said(self, waybill):
        """What the courier says of the parcel, in short."""
        tellings = await self.courier.routes(self.parcel(waybill))
        return [telling.body.get("milestone") or telling.body["proof"] for telling in tellings]


def sf_account(address="", **changes):
    known = SfSettings()
    details = {
        "address": address,
        "partner_id": known.partner_id,
        "checkword": known.checkword,
        "monthly_card": known.monthly_card,
        "push_token": TOKEN,
        "home": WAREHOUSE,
    }
    return sf_envelope.Account(**details | changes)


def kuaidi100_account(address="", **changes):
    known = WorldKuaidi100().settings
    details = {
        "address": address,
        "label_address": address,
        "key": known.key,
        "customer": known.customer,
        "secret": known.secret,
        "push_token": TOKEN,
        "salt_key": "of this installation",
        "partners": {"yto": {"partner_id": "K210001"}, "zto": {"partner_id": "K210001"}},
        "ask_again_after": timedelta(0),
    }
    return kuaidi100_envelope.Account(**details | changes)


async def an_sf(**changes):
    door = Door()
    async with serve(door) as ours:
        world = WorldSf(SfSettings(push_url=f"{ours}/webhooks/couriers/sf/main/{TOKEN}"))
        world.dials.set(pace=0.0001)
        async with serve(world.app) as address:
            account = sf_account(address, **changes)
            async with Line(account.name, account.address) as line:
                door.courier = sf.SfExpress(account, line)
                yield Counter(door.courier, world, door, world.settings.push_url, "sf", line)


async def a_kuaidi100(**changes):
    world, door = WorldKuaidi100(), Door()
    world.dials.set(pace=0.0001)
    async with serve(door) as ours, serve(world.app) as address:
        account = kuaidi100_account(address, **changes)
        async with Line(account.name, address) as line:
            door.courier = kuaidi100.Kuaidi100(account, line, line)
            callback = f"{ours}/webhooks/couriers/kuaidi100/main/{TOKEN}"
            yield Counter(door.courier, world, door, callback, "kuaidi100.yto", line)


@pytest.fixture(params=[an_sf, a_kuaidi100], ids=["sf", "kuaidi100"])
async def counter(request):
    async for made in request.param():
        yield made


@pytest.fixture
async def sf_counter():
    async for made in an_sf():
        yield made


@pytest.fixture
async def kuaidi100_counter():
    async for made in a_kuaidi100():
        yield made


@pytest.fixture
async def unsigned_counter():
    async for made in a_kuaidi100(salt_key=None):
        yield made

"""A whole door: the real app on the real store, real connectors; Temporal where a test needs it."""

import asyncio
import json
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from temporalio.client import Client

import worker
from api import stories
from api.app import Terms, Tools, create_app
from api.records import last_of
from api.relay import relay
from api.visitors import Visitor, key_for
from connectors.registry import Accounts, Registry
from models.case import Role
from models.order import Record, Standing
from models.place import Place
from models.stage import Stage
from rules.deadlines import standing
from store.addresses import Addresses
from store.audit import Audit
from store.boxes import Boxes
from store.bulks import Bulks
from store.calls import CallBook
from store.cases import Cases
from store.claims import Claims
from store.deskfacts import DeskFacts
from store.inbox import Inbox
from store.links import Links
from store.money import MoneyGate
from store.nonces import Nonces
from store.orders import OrderBook
from store.pictures import Pictures
from store.policies import Policies
from store.returns import Returns
from store.scans import ScanBook
from store.shelf import Folder
from store.stock import Shelves
from store.strays import Strays
from store.temporal import CONVERTER
from store.whereabouts import Whereabouts
from tests.builders import a_telling, an_order
from tests.others import Courier, Provider, Shop
from tests.sandbox import SANDBOX
from tests.store.conftest import counted, db, pool, postgres, template, url  # noqa: F401 - fixtures
from tests.store.makings import a_contact, contacts
from tests.workflows.conftest import a_line, dropped, env  # noqa: F401 - a fixture
from world.shop_wire import Pen

SECRETS = {role: f"{role}-key-for-these-tests-only" for role in Role}
OTHER_SHOP = "other-shop-key-for-these-tests-only"
KEYS = (
    *(key_for(SECRETS[role], Visitor(f"{role}-1", role)) for role in Role if role is not Role.SHOP),
    key_for(SECRETS[Role.SHOP], Visitor("web/demo", Role.SHOP, "web/demo")),
    key_for(OTHER_SHOP, Visitor("web/other", Role.SHOP, "web/other")),
    key_for("second-pair-of-eyes-for-these-tests", Visitor("finance-2", Role.FINANCE)),
)
PEN = Pen("demo-shop", "a secret of these tests")
TOKEN = "an-unguessable-path-of-these-tests"  # noqa: S105 - of an account that does not exist
NOBODY = "127.0.0.1:1"  # nothing listens here
PICTURES = tempfile.TemporaryDirectory(prefix="orderhub-pictures-")


ACCOUNTS = {
    "channels": {"ownshop": [{"shop": "demo", "address": "http://127.0.0.1:1", "key": PEN.key, "secret": PEN.secret}]},
    "couriers": {"sf": [{"partner_id": "p", "checkword": "c", "monthly_card": "m", "push_token": TOKEN}]},
}
TERMS = Terms(
    keys=KEYS,
    session_key=b"s" * 32,
    temporal_ui="http://temporal.example",
    relays=False,
    link_within=0.3,
    answer_within=3.0,
)


@dataclass
class Door:
    """The app and a client in front of it."""

    tools: Tools

    @cached_property
    def app(self):
        return create_app(self.tools)

    @cached_property
    def client(self):
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://door")

    def with_terms(self, **changes):
        return Door(replace(self.tools, terms=replace(self.tools.terms, **changes)))

    async def ask(self, method, path, role=Role.ADMIN, **request):
        headers = {"authorization": f"Bearer {SECRETS[role]}"} if role else {}
        return await self.client.request(method, path, headers=headers | request.pop("headers", {}), **request)

    async def get(self, path, role=Role.ADMIN, **request):
        return await self.ask("GET", path, role, **request)

    async def post(self, path, role=Role.ADMIN, **request):
        return await self.ask("POST", path, role, **request)

    async def place(self, words=None, pen=PEN, headers=None, **changes):
        body = json.dumps((words or an_order_paper()) | changes, ensure_ascii=False).encode()
        return await self.client.post(
            "/orders", content=body, headers=pen.headers("POST /orders", body) | (headers or {})
        )

    async def keep(self, stage=Stage.RECEIVED, *, is_ended=False, contact=True, **fields):
        """An order that told of itself."""
        order = an_order(**{"version": 1, "destination": "330106", **fields})
        told = standing(order)
        told = told if stage is None else Standing(**{**told.model_dump(), "stage": stage})
        if contact:
            await self.tools.contacts.add(order.id, a_contact())
        await self.tools.orders.put(Record(order=order, standing=told, is_ended=is_ended))
        return order


def an_order_paper(**changes):
    """As an own shop writes it."""
    receiver = a_contact().model_dump()
    line = {"sku": "TEA-250", "title": "Tea", "quantity": 2, "unit_price": 9900}
    words = {"channel": "web", "shop": "demo", "number": "DEMO1", "paying": "prepaid", "currency": "CNY"}
    sums = {"discount": 0, "freight": 100, "total": 19900, "placed_at": "2026-11-11T12:00:00+08:00"}
    return {**words, **sums, "lines": [line], "receiver": receiver, "note": "", **changes}


async def tools_for(db, temporal, registry, **terms):  # noqa: F811 - the fixture's own name
    people = contacts(db)
    return Tools(
        terms=replace(TERMS, **terms),
        temporal=temporal,
        db=db,
        registry=registry,
        claims=Claims(db, people, Policies(db)),
        contacts=people,
        inbox=Inbox(db, people),
        addresses=Addresses(db),
        boxes=Boxes(db),
        orders=OrderBook(db, people),
        links=Links(db),
        nonces=Nonces(db),
        scans=ScanBook(db),
        cases=Cases(db),
        desk=DeskFacts(db),
        audit=Audit(db),
        bulks=Bulks(db),
        returns=Returns(db, people),
        pictures=Pictures(people, Folder(Path(PICTURES.name) / uuid4().hex)),
        strays=Strays(db, people),
        whereabouts=Whereabouts(db),
    )


@pytest.fixture
async def registry():
    async with Registry(Accounts.model_validate(ACCOUNTS)) as known:
        yield known


@pytest.fixture
async def door(db, registry):  # noqa: F811 - the fixture's own name
    """A door whose Temporal is away."""
    away = await Client.connect(NOBODY, lazy=True, data_converter=CONVERTER)
    door = Door(await tools_for(db, away, registry))
    async with door.client:
        yield door


async def eventually(holds, within=10):
    """Until it holds; whatever it gave then."""
    async with asyncio.timeout(within):
        while not (found := await holds()):
            await asyncio.sleep(0.02)
    return found


@asynccontextmanager
async def relaying(tools):
    """The relay at work."""
    stop = asyncio.Event()
    task = asyncio.create_task(relay(tools, stop))
    try:
        yield
    finally:
        stop.set()
        await task


class Lively(Door):
    """A door with Temporal, our workers and parties that answer behind it."""

    def __init__(self, tools, parties):
        super().__init__(tools)
        self.parties = parties

    async def number(self):
        return f"N{uuid4().hex[:10].upper()}"

    async def living(self, stage=None, **changes):
        """An order that was placed, with a link to pay; or further."""
        answer = await self.with_terms(link_within=10).place(number=await self.number(), **changes)
        assert answer.status_code == 201, answer.text
        order_id = answer.json()["order"]
        if stage:
            await self.pay(order_id)
            await self.until(order_id, lambda told: told["stage"] == stage)
        return order_id

    async def pay(self, order_id, amount=19900):
        order = await self.tools.claims.seed(order_id)
        body = {"transaction": f"tx-{order.business_no}", "amount": {"minor": amount, "currency": "CNY"}}
        telling = a_telling("payment_captured", "provider", f"n-{order.business_no}", datetime.now(UTC), **body)
        await stories.tell(self.tools.temporal, order_id, telling, last_of(self.tools, order_id))

    async def until(self, order_id, holds, path="", within=15):
        async def told():
            words = (await self.get(f"/orders/{order_id}{path}")).json()
            return words if holds(words) else None

        return await eventually(told, within)


async def memory_of(tools):
    """What the hands behind a door remember with, and a shelf that is full."""
    memory = worker.Memory(
        book=tools.orders,
        shelves=Shelves(tools.db),
        gate=MoneyGate(tools.db),
        calls=CallBook(tools.db),
        contacts=tools.contacts,
        boxes=Boxes(tools.db),
        addresses=tools.addresses,
        links=tools.links,
        returns=tools.returns,
    )
    await memory.shelves.add_place(Place(id="east", name="east", district="330106"))
    await memory.shelves.receive("east", "TEA-250", 1000, "counted", "first")
    await memory.boxes.send_from("east", a_contact())
    return memory


def hands_of(client, memory, parties):
    """Everybody who works behind a door."""
    return [
        worker.stories(client, memory, SANDBOX),
        worker.ours(client, memory),
        *worker.theirs(client, memory, parties),
    ]


@pytest.fixture
async def lively(db, registry, env):  # noqa: F811 - the fixture's own name
    client = await a_line(env)
    tools = await tools_for(db, client, registry)
    memory = await memory_of(tools)
    couriers, shops = (Courier("sf"), Courier("kuaidi100")), (Shop("web/demo"),)
    parties = worker.Parties((Provider("wechat"),), couriers, shops, wallets=registry.wallets)
    async with AsyncExitStack() as stack:
        for hands in hands_of(client, memory, parties):
            await stack.enter_async_context(hands)
        door = await stack.enter_async_context(_entered(Lively(tools, parties)))
        yield door
        async for story in env.client.list_workflows("ExecutionStatus='Running'"):
            await dropped(env.client.get_workflow_handle(story.id))


@asynccontextmanager
async def _entered(door):
    async with door.client:
        yield door

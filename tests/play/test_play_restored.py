"""Everything is lost but one backup and the keys: every order comes back from the store, and nothing is done twice."""

import asyncio
import json
import os
import secrets
import shutil
import sys
from asyncio.subprocess import PIPE
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta

import httpx
import pytest

import cli
import settings
import stack
from api.stories import story_of
from commands.household import household
from demo import premises
from demo.comparison import compared
from demo.picking import Picking
from demo.premises import CHANNEL_SHOP, HURRIED, SHOP
from demo.town import Town
from demo.town import opened as town_opened
from models.errand import What
from models.errors import Missing, Unavailable
from models.finding import Check
from models.noun import Money
from models.stage import Stage
from rules.stages import stage_of
from running import opened
from settings import Ports
from store.findings import Findings
from store.orders import OrderBook
from store.policies import Policies
from workflows.order import OrderWorkflow
from world.shop_books import spelled
from world.warehouse import Settings as WarehouseSettings
from world.warehouse import Warehouse

LONG = 150  # seconds of a busy machine
AN_HOUR = timedelta(hours=1)
# Everybody waits for an approval, nobody loses patience; but after a few seconds of silence we ask.
SPANS = [name for name in type(HURRIED).model_fields if name.endswith("_within")]
CALM = HURRIED.model_copy(
    update=dict.fromkeys(SPANS, AN_HOUR)
    | {name: getattr(HURRIED, name) for name in ("answer_within", "known_within")}
    | {"lead_after": AN_HOUR, "manager_after": AN_HOUR, "approval_limit": Money(minor=1)}
)
BOOKS = (Check.LAPSED, Check.MISCOUNTED, Check.OVERCLAIMED, Check.TAMPERED)
OUT = (Stage.SHIPPED, Stage.IN_TRANSIT)
WIDE = {"COLUMNS": "250", "NO_COLOR": "1", "TERM": "dumb"}


async def orderhub(home, *words):
    """A command as a process of its own; what it says beside its answer."""
    told = {**os.environ, **WIDE, "OMS_DATA": str(home)} | {f"OMS_PORTS__{n.upper()}": "0" for n in Ports.model_fields}
    command = [sys.executable, cli.__file__, *words]
    asked = await asyncio.create_subprocess_exec(*command, env=told, stdout=PIPE, stderr=PIPE)
    _, aside = await asyncio.wait_for(asked.communicate(), LONG)
    assert asked.returncode == 0, aside.decode()
    return aside.decode()


class World:
    """Everyone else, with their own books; and our house, which comes and goes."""

    def __init__(self, homes, town, shop, key, port):
        self.homes, self.town, self.shop, self.key, self.port = homes, town, shop, key, port
        self.road, self.picking = [], None  # what the drivers have; the list on the warehouse's screen
        self.warehouse = Warehouse(WarehouseSettings(town.hub, "later"), self._to_pack, self._taken)

    async def _to_pack(self):
        return await self.picking.to_pack()

    def _taken(self, work):
        self.town.sf.hand_over(work.waybill)
        self.road.append(work.waybill)

    def labels(self):
        return sorted(label.order_id for label in (*self.town.sf.books.labels, *self.town.kuaidi.books.labels))

    async def arrive(self):
        """Every parcel goes its way, and those that were called back come home."""
        while self.road:
            waybill = self.road.pop()
            await self.town.sf.travel(waybill, "photo", 0.05)
            if waybill in self.town.sf.books.brought_back:
                await self.warehouse.receive_back(waybill)

    def settled(self, home):
        ports = dict.fromkeys(Ports.model_fields, 0) | {"api": self.port}
        file, shops = self.homes / "parties.json", {CHANNEL_SHOP: self.key}
        return settings.load(data=home, parties_file=file, ports=ports, keys={"shops": shops})

    @asynccontextmanager
    async def house(self, home, *, is_new=False):
        """Our servers, door and worker, and people at the desk and in the warehouse."""
        own = self.settled(home)
        async with AsyncExitStack() as ending:
            if is_new:
                _, house = await ending.enter_async_context(premises.standing(own))
                await Policies(house.db).put(CHANNEL_SHOP, CALM, "test")
            else:
                ours = await ending.enter_async_context(stack.embedded(own))
                house = await ending.enter_async_context(opened(ours.settings))
            await ending.enter_async_context(household(premises.members(own, 1), home, print))
            badge = own.keys.warehouse.get_secret_value()
            self.picking = await ending.enter_async_context(Picking(self.town.hub, badge))
            self.warehouse._client.headers["authorization"] = f"Bearer {badge}"  # noqa: SLF001 - its badge is made just now
            headers = {"authorization": f"Bearer {own.keys.ops.get_secret_value()}"}
            ops = httpx.AsyncClient(base_url=self.town.hub, headers=headers, timeout=20, trust_env=False)
            yield Open(self, house, await ending.enter_async_context(ops))


class Open:
    """Our house while it is open."""

    def __init__(self, world, house, ops):
        self.world, self.house, self.ops = world, house, ops
        self.book = OrderBook(house.db, house.contacts)

    async def record(self, order):
        return await self.book.get(f"{CHANNEL_SHOP}/{order.number}")

    async def until(self, order, holds):
        """Its last record says so."""
        try:
            async with asyncio.timeout(LONG):
                while True:
                    with suppress(Missing, Unavailable):
                        if holds(record := await self.record(order)):
                            return record.order
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pytest.fail(f"it never came: {await self.record(order)}")

    async def stands(self, order, *stages):
        return await self.until(order, lambda record: record.standing.stage in stages)

    def story(self, order):
        return self.house.temporal.get_workflow_handle(story_of(f"{CHANNEL_SHOP}/{order.number}"))

    async def told_stage(self, order):
        """What its story says itself."""
        return (await self.story(order).query(OrderWorkflow.standing)).stage

    async def placed(self):
        order = self.world.shop.order(provider="wechat", paying="prepaid")
        assert (await self.world.shop.place(order)).link
        return order

    async def paid(self):
        order = await self.placed()
        await self.world.shop.pay(order)
        await self.stands(order, Stage.PAID)
        return order

    async def approved(self, order):
        """Somebody at the desk does so, and it gets its label."""
        answer = await self.ops.post(f"/orders/{CHANNEL_SHOP}/{order.number}/wishes", json={"kind": "approve"})
        assert answer.is_success, answer.text
        return await self.stands(order, Stage.LABELLED)

    async def labelled(self):
        order = await self.paid()
        await self.approved(order)
        return order

    async def shipped(self, count):
        orders = [await self.labelled() for _ in range(count)]
        while len(self.world.warehouse.books.handed_over) < count:
            await self.world.warehouse.shift()
        for order in orders:
            await self.stands(order, *OUT)
        return orders

    async def to_the_end(self, orders):
        packing = asyncio.create_task(self.world.warehouse.run())
        try:
            for order in orders:
                while not (await self.record(order)).is_ended:
                    await self.world.arrive()
                    await asyncio.sleep(0.2)
        finally:
            packing.cancel()
            await asyncio.wait([packing])
        return {record.order.id: record for record in [await self.record(order) for order in orders]}


@pytest.fixture
async def world(home):
    port, key = stack.free_port(0), secrets.token_urlsafe(24)
    town = Town(3, f"http://127.0.0.1:{port}")
    async with town.shop(key) as shop, town_opened(town, shop):
        (home / "parties.json").write_text(json.dumps(town.accounts(SHOP)))
        world = World(home, town, shop, key, port)
        async with world.warehouse:
            yield world


async def stopped_with_the_money_in_the_air(house, world):
    """The provider gives it back and does not say so; whoever asks gets no answer either."""
    order = await house.labelled()
    world.town.wechat.dials.set(does_but_late=1.0, drop_push=1.0)
    assert await world.shop.cancel(order) < 300
    await house.until(order, lambda record: any(errand.what is What.REFUND for errand in record.order.errands))
    async with asyncio.timeout(LONG):
        while not world.town.wechat.books.refunds:
            await asyncio.sleep(0.1)
    return order


async def test_from_a_backup_and_the_keys_every_order_goes_on_in_an_empty_temporal_and_nothing_is_done_twice(world):
    first, second, file = world.homes / "first", world.homes / "second", world.homes / "store.dump"
    town, shop = world.town, world.shop
    async with world.house(first, is_new=True) as house:
        shipped, turned = await house.shipped(2)
        assert await shop.cancel(turned) < 300
        await house.until(turned, lambda record: any(errand.what is What.INTERCEPT for errand in record.order.errands))
        unpaid, paid, labelled = resting = await house.placed(), await house.paid(), await house.labelled()
        stopping = await stopped_with_the_money_in_the_air(house, world)
        await house.story(labelled).terminate("lost")

        assert "Of 6 open orders and returns 1 go on" in await orderhub(first, "order", "revive", "--all")
        assert await house.told_stage(labelled) is Stage.LABELLED

        assert "secrets.json" in await orderhub(first, "backup", str(file))
        town.wechat.dials.set(does_but_late=0.0, drop_push=0.0)
        await house.approved(paid)
        late = await house.paid()
    before = world.labels()
    second.mkdir()
    shutil.copy(first / "secrets.json", second)
    shutil.rmtree(first)

    assert "orderhub order revive --all" in await orderhub(second, "restore", str(file))
    async with world.house(second) as house:
        assert "Of 6 open orders and returns 6 go on" in await orderhub(second, "order", "revive", "--all")
        stages = [await house.told_stage(order) for order in resting]
        assert stages == [Stage.RECEIVED, Stage.PAID, Stage.LABELLED]
        assert " 0 go on" in await orderhub(second, "order", "revive", "--all")

        await shop.tell(spelled(late, SHOP))  # we know nothing of it: the shop sends it again
        await house.stands(late, Stage.PAID)  # and the provider knows that it is paid
        number = (await house.approved(late)).business_no
        await house.approved(paid)  # this was approved after the backup: once more, and it has its label

        assert [label for label in world.labels() if label not in before] == [f"{number}-label-1"]
        assert len(world.labels()) == len(before) + 1

        await shop.pay(unpaid)
        await house.stands(unpaid, Stage.PAID)
        await house.approved(unpaid)
        async with asyncio.timeout(LONG):
            records = await house.to_the_end([*resting, stopping, shipped, turned, late])
        differing = [line for line in compared(town, shop, world.warehouse, records) if not line.agrees]
        wrong = [(check, finding) for check in BOOKS for finding in await Findings(house.house.db).look(check)]

    assert differing == []
    assert wrong == []
    assert len(town.wechat.books.refunds) == 2
    assert {stage_of(record.order) for record in records.values()} == {Stage.COMPLETED, Stage.REFUNDED}

"""Wishes for many orders, from the door to each order: real stories, a real store, workers that are killed."""

import asyncio
import csv
import io
import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion

import worker
from activities.bulk import Bulk
from api import stories
from api.relay import begin_bulks
from models.case import Role
from models.line import Line
from models.noun import Money
from models.place import Place
from models.policy import Policy
from models.wish import Cancel, HoldBack
from store.boxes import Boxes
from store.calls import CallBook
from store.money import MoneyGate
from store.stock import Shelves
from store.temporal import CONVERTER
from tests.api.conftest import NOBODY, Door, eventually, tools_for
from tests.builders import an_order
from tests.others import Courier, Provider, Shop
from tests.releases import DEPLOYMENT, FIRST, SECOND, Releases
from tests.sandbox import SANDBOX
from tests.store.makings import a_contact
from tests.workflows.conftest import AT_ONCE, a_line, a_server, dropped
from workflows.bulk import BulkWorkflow

HOUSE = Path(__file__).parent.parent.parent
PATIENTLY = 120  # seconds: two busy cores
LONGER = {"kind": "amend_policy", "change": {"span": "deliver_within", "plus": "PT96H"}}
HOLD = {"kind": "hold", "reason": "flood"}
USUAL = Policy().deliver_within
XINJIANG, HANGZHOU = "650102", "330106"
ENDED = ("done", "stopped")
BILLED = """
    SELECT count(*) FROM orders
    WHERE number LIKE :name AND jsonb_path_exists(body, '$.order.errands[*] ? (@.what == "pay" && @.state == "done")')
"""
HAS_ENDED = "SELECT is_ended FROM orders WHERE id = :id"
MOVED = "UPDATE orders SET body = jsonb_set(body, '{order,destination}', to_jsonb(CAST(:to AS text))) WHERE id = :id"


class Fleet(Door):
    """A door with many orders behind it."""

    def __init__(self, tools, url, pace):
        super().__init__(tools)
        self.url, self.pace = url, pace
        db, client = tools.db, tools.temporal
        self.memory = worker.Memory(
            tools.orders, Shelves(db), MoneyGate(db), CallBook(db), tools.contacts, Boxes(db), tools.addresses,
            tools.links, bulk=Bulk(tools.bulks, partial(stories.wish, client), pace),
        )  # fmt: skip

    @asynccontextmanager
    async def serving(self):
        """Those who tell stories, and our own hands, in this process."""
        async with (
            worker.stories(self.tools.temporal, self.memory, SANDBOX, crew=AT_ONCE),
            worker.ours(self.tools.temporal, self.memory, crew=AT_ONCE),
        ):
            yield

    async def orders(self, count, destination=XINJIANG):
        """So many orders that wait for their money."""
        name = f"N{uuid4().hex[:8]}-"
        lines = (Line(sku="TEA-250", quantity=1, unit_price=Money(minor=19900)),)
        made = [
            an_order(
                id=f"web/demo/{name}{number}", lines=lines, destination=destination, policy=Policy(),
                received_at=datetime.now(UTC),
            )
            for number in range(count)
        ]  # fmt: skip
        for some in range(0, count, 20):
            await asyncio.gather(*(stories.begin(self.tools.temporal, order) for order in made[some : some + 20]))
        await eventually(partial(self._all_are_billed, name, count), PATIENTLY)
        return [order.id for order in made]

    async def _all_are_billed(self, name, count):
        return await self.sql(BILLED, name=f"{name}%") == count

    async def sql(self, statement, **words):
        async with self.tools.db.begin() as conn:
            found = await conn.execute(text(statement), words)
            return found.scalar() if found.returns_rows else None

    async def plan(self, wish, **scope):
        answer = await self.post("/bulk", Role.OPS, json={"filter": scope, "wish": wish, "reason": "snow"})
        return answer.json()

    async def confirm(self, planned):
        path = f"/bulk/{planned['plan']['id']}/confirm"
        return await self.post(path, Role.ADMIN, json={"digest": planned["digest"]})

    async def begin(self, wish, **scope):
        planned = await self.plan(wish, **scope)
        assert (await self.confirm(planned)).status_code == 200
        return planned["plan"]["id"]

    async def steer(self, bulk, what):
        answer = await self.post(f"/bulk/{bulk}/{what}", Role.OPS)
        assert answer.status_code == 200, answer.text

    async def until(self, bulk, holds, within=PATIENTLY):
        async def told():
            shown = (await self.get(f"/bulk/{bulk}")).json()
            return shown if holds(shown["plan"]) else None

        return (await eventually(told, within))["plan"]

    async def ended(self, bulk):
        return await self.until(bulk, lambda plan: plan["state"] in ENDED)

    async def granted(self, bulk, least):
        return await self.until(bulk, lambda plan: plan["tally"]["granted"] >= least)

    async def rows(self, bulk):
        return {row["order_id"]: row for row in (await self.get(f"/bulk/{bulk}/rows?limit=1000")).json()["rows"]}

    async def fates(self, bulk):
        return Counter(row["state"] for row in (await self.rows(bulk)).values())

    async def spans(self, orders):
        """How long each order may be under way, by its own story's word."""
        found = []
        for some in range(0, len(orders), 20):
            found += await asyncio.gather(*(self.known(order) for order in orders[some : some + 20]))
        return Counter(order.policy.deliver_within for order in found)

    async def known(self, order_id):
        handle = self.tools.temporal.get_workflow_handle_for(stories.OrderWorkflow.run, f"order/{order_id}")
        return await handle.query(stories.OrderWorkflow.current)

    def story(self, bulk):
        return self.tools.temporal.get_workflow_handle_for(BulkWorkflow.run, f"bulk/{bulk}")

    def spawn(self):
        """Those who tell stories and our own hands, as a process that can be killed."""
        key = b64encode(b"k" * 32).decode()
        told = {
            "DATABASE_URL": self.url, "TEMPORAL__ADDRESS": self.tools.temporal.service_client.config.target_host,
            "TEMPORAL__NAMESPACE": self.tools.temporal.namespace, "QUEUES": "stories,ours", "BULK__PACE": self.pace,
            "CONTACTS_KEY": key, "PHONE_KEY": key, "SESSION_KEY": key, "PUBLIC_URL": "http://door.example",
            "PORTS__METRICS": 0,
            **{f"KEYS__{role.upper()}": f"{role}-key-for-these-tests-only" for role in Role if role is not Role.SHOP},
        }  # fmt: skip
        env = os.environ | {f"OMS_{name}": str(word) for name, word in told.items()}
        return subprocess.Popen([sys.executable, HOUSE / "cli.py", "worker"], env=env, cwd=HOUSE)


@asynccontextmanager
async def versioned(env, fleet, build):
    """Those who tell stories, and our own hands, as one version of the worker."""
    client, crew = await a_line(env), worker.Crew(WorkerDeploymentVersion(DEPLOYMENT, build), timedelta(0))
    async with (
        worker.stories(client, fleet.memory, SANDBOX, crew=crew),
        worker.ours(client, fleet.memory, crew=crew),
    ):
        yield


@asynccontextmanager
async def a_fleet(env, db, registry, url, pace):
    client = await a_line(env)
    tools = await tools_for(db, client, registry)
    fleet = Fleet(tools, url, pace)
    await fleet.memory.shelves.add_place(Place(id="east", name="east", district=HANGZHOU))
    await fleet.memory.shelves.receive("east", "TEA-250", 10_000, "counted", "first")
    await fleet.memory.boxes.send_from("east", a_contact())
    parties = worker.Parties((Provider("wechat"),), (Courier("sf"), Courier("kuaidi100")), (Shop("web/demo"),))
    async with AsyncExitStack() as stack:
        for hands in worker.theirs(client, fleet.memory, parties, crew=AT_ONCE):
            await stack.enter_async_context(hands)
        await stack.enter_async_context(fleet.client)
        yield fleet
        async for story in env.client.list_workflows("ExecutionStatus='Running'"):
            await dropped(env.client.get_workflow_handle(story.id))


@pytest.fixture
async def fleet(env, db, registry, url):
    async with a_fleet(env, db, registry, url, pace=50) as fleet, fleet.serving():
        yield fleet


@pytest.fixture
async def slow(env, db, registry, url):
    async with a_fleet(env, db, registry, url, pace=4) as fleet, fleet.serving():
        yield fleet


async def test_every_open_order_in_xinjiang_gets_four_days_more_and_no_other(fleet):
    there, elsewhere = await fleet.orders(20), await fleet.orders(3, HANGZHOU)
    bulk = await fleet.begin(LONGER, district="65")
    plan = await fleet.ended(bulk)

    assert (plan["state"], plan["by"], plan["confirmed_by"]) == ("done", "ops-1", "admin-1")
    assert plan["tally"] == {"orders": 20, "granted": 20, "refused": 0, "ended": 0, "unreachable": 0}
    assert await fleet.spans(there) == {USUAL + timedelta(hours=96): 20}
    assert await fleet.spans(elsewhere) == {USUAL: 3}
    assert (await fleet.story(bulk).query(BulkWorkflow.progress)).tally.granted == 20
    for how in ({"params": {"format": "csv"}}, {"headers": {"accept": "text/csv"}}):
        report = await fleet.get(f"/bulk/{bulk}/rows", **how)
        assert report.headers["content-type"].startswith("text/csv")
        told = list(csv.DictReader(io.StringIO(report.text)))
        assert [(row["order_id"], row["state"]) for row in told] == [(order, "granted") for order in there]


async def test_an_order_that_says_no_says_why_one_that_ended_has_ended_and_one_without_a_story_is_found(fleet):
    held, ended, moved, free = await fleet.orders(4)
    lost = (await fleet.keep(id=f"web/demo/L{uuid4().hex[:8]}", destination=XINJIANG)).id
    away = await Client.connect(NOBODY, lazy=True, data_converter=CONVERTER)
    door = Door(replace(fleet.tools, temporal=away))
    async with door.client:
        planned = await fleet.plan(HOLD, district="65")
        answer = await door.post(f"/bulk/{planned['plan']['id']}/confirm", json={"digest": planned["digest"]})
        assert answer.json()["plan"]["state"] == "running"  # nobody could tell its story yet
    await stories.wish(fleet.tools.temporal, held, HoldBack(by="u1"))
    await stories.wish(fleet.tools.temporal, ended, Cancel(by="u1"))
    await eventually(partial(fleet.sql, HAS_ENDED, id=ended), PATIENTLY)
    await fleet.sql(MOVED, id=moved, to=HANGZHOU)
    await fleet.sql("UPDATE bulks SET relay_at = now()")

    assert await begin_bulks(fleet.tools) == 1
    bulk = planned["plan"]["id"]

    async def over():
        await fleet.sql("UPDATE bulk_rows SET due_at = now()")  # they need not rest here
        return (await fleet.get(f"/bulk/{bulk}")).json()["plan"]["state"] in ENDED

    await eventually(over, PATIENTLY)
    assert {order: (row["state"], row["code"]) for order, row in (await fleet.rows(bulk)).items()} == {
        held: ("refused", "already_held"),
        ended: ("ended", None),
        moved: ("refused", "moved_on"),
        free: ("granted", None),
        lost: ("unreachable", "story_not_running"),
    }


async def test_twice_confirmed_is_once(fleet):
    orders = await fleet.orders(6)
    planned = await fleet.plan(LONGER, district="65")
    answers = await asyncio.gather(*(fleet.confirm(planned) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    await fleet.ended(planned["plan"]["id"])
    assert (await fleet.confirm(planned)).json()["plan"]["state"] == "done"

    assert await fleet.spans(orders) == {USUAL + timedelta(hours=96): 6}
    assert await fleet.sql("SELECT count(*) FROM audit WHERE what LIKE 'bulk/%.amend_policy'") == 6


async def test_paused_it_asks_nobody_resumed_it_goes_on_and_stopped_it_never_asks_the_rest(slow):
    orders = await slow.orders(40)
    others = await slow.orders(2, HANGZHOU)
    bulk = await slow.begin(HOLD, district="65")
    await slow.granted(bulk, 3)
    await slow.steer(bulk, "pause")
    paused = (await slow.until(bulk, lambda plan: plan["state"] == "paused"))["tally"]["granted"]
    await slow.ended(await slow.begin(HOLD, district="33"))  # another one has its turn meanwhile
    assert paused < 40
    assert (await slow.get(f"/bulk/{bulk}")).json()["plan"]["tally"]["granted"] == paused

    again = await slow.post(f"/bulk/{bulk}/pause", Role.OPS)
    assert (again.status_code, again.json()["code"]) == (409, "already_paused")
    await slow.steer(bulk, "resume")
    await slow.granted(bulk, paused + 3)
    await slow.steer(bulk, "stop")
    plan = await slow.ended(bulk)

    assert plan["state"] == "stopped"
    assert 0 < plan["tally"]["granted"] < 40
    rows = await slow.rows(bulk)
    for order in orders:
        assert bool((await slow.known(order)).hold) == (rows[order]["state"] == "granted"), order
    assert {row["state"] for row in rows.values()} == {"granted", "waiting"}
    assert (await slow.post(f"/bulk/{bulk}/resume", Role.OPS)).json()["code"] == "bulk_is_over"
    deeds = [deed.what for deed in await slow.tools.audit.about(f"bulk/{bulk}")]
    assert deeds == ["bulk.stop", "bulk.resume", "bulk.pause", "bulk.confirm", "bulk.plan"]
    assert all([(await slow.known(order)).hold for order in others])


async def test_killed_in_the_middle_again_and_again_each_order_is_granted_once(env, db, registry, url):
    async with a_fleet(env, db, registry, url, pace=20) as fleet:
        one = fleet.spawn()
        try:
            orders = await fleet.orders(40)
            bulk = await fleet.begin(LONGER, district="65")
            for least in (5, 20):
                await fleet.granted(bulk, least)
                one.send_signal(signal.SIGKILL)
                one.wait()
                one = fleet.spawn()
            plan = await fleet.ended(bulk)

            assert plan["tally"]["granted"] == 40
            assert await fleet.spans(orders) == {USUAL + timedelta(hours=96): 40}
            deeds = await fleet.sql("SELECT count(*) FROM audit WHERE what LIKE 'bulk/%.amend_policy'")
            assert deeds == 40
        finally:
            one.kill()
            one.wait()


async def test_what_was_granted_and_not_written_down_is_granted_once_also_after_the_story_moved(fleet):
    """The worker died between the order's yes and our book, and the run of the order that remembered it is gone."""
    (order,) = await fleet.orders(1)
    planned = await fleet.plan(LONGER, district="65")
    bulk = planned["plan"]["id"]
    wish = (await fleet.tools.bulks.get(bulk)).wish.model_copy(update={"key": f"bulk/{bulk}"})
    await stories.wish(fleet.tools.temporal, order, wish, f"bulk/{bulk}")
    told = await fleet.known(order)
    await fleet.tools.temporal.get_workflow_handle(f"order/{order}").terminate()
    await stories.revive(fleet.tools.temporal, told)
    assert (await fleet.confirm(planned)).status_code == 200
    plan = await fleet.ended(bulk)

    assert plan["tally"]["granted"] == 1
    assert await fleet.spans([order]) == {USUAL + timedelta(hours=96): 1}


async def test_a_lost_story_is_told_again_where_it_stood(slow):
    await slow.orders(12)
    bulk = await slow.begin(HOLD, district="65")
    await slow.granted(bulk, 1)
    await slow.story(bulk).terminate()
    await slow.sql("UPDATE bulks SET relay_at = now()")
    assert await begin_bulks(slow.tools) == 1

    assert (await slow.ended(bulk))["tally"]["granted"] == 12


async def test_with_a_long_history_it_continues_as_new(db, registry, url):
    async with (
        await a_server("limit.historyCount.suggestContinueAsNew=20") as env,
        a_fleet(env, db, registry, url, pace=4) as fleet,
        fleet.serving(),
    ):
        orders = await fleet.orders(16)
        bulk = await fleet.begin(LONGER, district="65")
        first = (await fleet.story(bulk).describe()).run_id
        for _ in range(4):
            await fleet.steer(bulk, "pause")
            await fleet.steer(bulk, "resume")
        plan = await fleet.ended(bulk)

        await asyncio.wait_for(fleet.story(bulk).result(), PATIENTLY)
        assert (await fleet.story(bulk).describe()).run_id != first
        assert plan["tally"]["granted"] == 16
        assert await fleet.spans(orders) == {USUAL + timedelta(hours=96): 16}
        history = [event async for event in fleet.story(bulk).fetch_history_events()]
        assert len(history) < 100


async def test_with_newer_code_it_goes_on_there_and_asks_each_order_once(db, registry, url):
    async with await a_server(log="never") as env, a_fleet(env, db, registry, url, pace=4) as fleet:
        releases = Releases(env)
        async with AsyncExitStack() as stack:
            for build in (FIRST, SECOND):
                await stack.enter_async_context(versioned(env, fleet, build))
            await releases.make_current(FIRST)
            orders = await fleet.orders(16)
            bulk = await fleet.begin(LONGER, district="65")
            await fleet.granted(bulk, 1)
            await releases.make_current(SECOND)
            for what in ("pause", "resume"):
                await fleet.steer(bulk, what)
            plan = await fleet.ended(bulk)

            assert await releases.told_by(fleet.story(bulk)) == [FIRST, SECOND]
            assert plan["tally"]["granted"] == 16
            assert await fleet.spans(orders) == {USUAL + timedelta(hours=96): 16}

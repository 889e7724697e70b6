"""Two versions of the worker at once: who tells which order, what moves and when, and that nothing is done twice."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio.service import RPCStatusCode

import running
from connectors.registry import Accounts, Registry
from models.policy import Policy
from models.stage import Stage
from models.wish import Urge
from rules.stages import stage_of
from settings import load
from tests import others
from tests.builders import an_order, delivered, paid, shipped
from tests.releases import FIRST, LONG, NONE, SECOND, UNHURRIED, Releases
from tests.workflows.conftest import a_server

DRAINAGE = {"VersionDrainageStatusVisibilityGracePeriod": "15s", "VersionDrainageStatusRefreshInterval": "5s"}


@pytest.fixture
async def house():
    """On a server of its own: which version is current, and who ever served which queue, holds for everybody on it."""
    async with a_house() as house:
        yield house


@asynccontextmanager
async def a_house(**matching):
    settings = [f'matching.wv.{name}="{known}"' for name, known in matching.items()]
    async with await a_server(*settings, log="never") as env:  # it complains while many queues come at once
        house = Releases(env)
        yield house
        await house.close()


@pytest.fixture
async def attentive():
    """A server that looks sooner who may go.

    Why not at once: its looks begin what keeps the versions anew, and who then waits for the end of a change waits for
    ever (temporalio/temporal#11842). So the first one comes when the change has long ended.
    """
    async with a_house(**DRAINAGE) as house:
        yield house


async def lives_on(house, story):
    await house.tell(story, shipped(story.parcel), delivered(story.parcel))
    return await house.end(story, within=LONG)


def assert_once(house, *stories):
    """Each order has one bill and one label, and came to its end."""
    for what in ("pay", "label"):
        assert sorted(deed.key for deed in house.done(what)) == [f"{s.order.business_no}-{what}-1" for s in stories]
    assert {stage_of(house.record(story)) for story in stories} == {Stage.COMPLETED}


async def test_orders_at_rest_move_when_they_wake_new_ones_begin_on_the_new_version_and_the_old_one_may_go(attentive):
    house = attentive
    async with house.serving(SECOND):
        async with house.serving(FIRST):
            await house.make_current(FIRST)
            old, idle = await house.shippable(), await house.shippable()
            await house.make_current(SECOND)
            new = await house.shippable()
            await house.current(old)  # a question wakes nobody

            assert [await house.told_by(story) for story in (old, idle, new)] == [[FIRST], [FIRST], [SECOND]]

            for story in (old, idle):
                await house.wish(story, Urge(by="u1"))
                await house.moved(story, FIRST, SECOND)
            await house.drained(FIRST)
        for story in (old, idle, new):
            await lives_on(house, story)

    assert [await house.told_by(story) for story in (old, new)] == [[FIRST, SECOND], [SECOND]]
    assert_once(house, old, idle, new)


async def test_rolled_back_the_orders_come_back(house):
    async with house.serving(FIRST), house.serving(SECOND):
        await house.make_current(FIRST)
        old = await house.shippable()
        await house.make_current(SECOND)
        new = await house.shippable()
        await house.wish(old, Urge(by="u1"))
        await house.moved(old, FIRST, SECOND)
        await house.make_current(FIRST)
        for story, builds in ((old, (FIRST, SECOND, FIRST)), (new, (SECOND, FIRST))):
            await house.wish(story, Urge(by="u2"))
            await house.moved(story, *builds)
            await lives_on(house, story)

    assert_once(house, old, new)


async def test_a_fact_a_wish_and_the_clock_wake_an_order_at_rest(house):
    async with house.serving(FIRST), house.serving(SECOND):
        await house.make_current(FIRST)
        told, asked, overdue = stories = [await house.shippable(policy=Policy(couriers=("sf",))) for _ in range(3)]
        await house.make_current(SECOND)

        assert [await house.told_by(story) for story in stories] == [[FIRST]] * 3

        await house.tell(told, shipped(told.parcel))
        await house.wish(asked, Urge(by="u1"))
        await house.env.fast_forward(overdue, timedelta(hours=13))  # nobody picked it in time
        for story in stories:
            await house.moved(story, FIRST, SECOND)


async def test_what_is_in_the_air_is_finished_by_the_version_that_began_it(house):
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slowly(party, errand):
        begun.set()
        await may_end.wait()
        return party.does(errand)

    house.sf.moods["label"] = slowly
    async with house.serving(FIRST), house.serving(SECOND):
        await house.make_current(FIRST)
        story = await house.begin(an_order(policy=UNHURRIED))
        await house.billed(story)
        await house.tell(story, paid())
        await asyncio.wait_for(begun.wait(), LONG)
        await house.make_current(SECOND)
        await house.wish(story, Urge(by="u1"))  # heard by the first version, which knows by now

        assert await house.told_by(story) == [FIRST]

        may_end.set()
        await house.moved(story, FIRST, SECOND)
        story.parcel = await house.labelled(story, within=LONG)
        await lives_on(house, story)

    assert await house.handed_to(story) == [{FIRST}, {SECOND}]
    assert_once(house, story)


async def test_our_own_store_is_reached_by_hands_of_the_same_version_when_it_was_away(house):
    async with house.serving(FIRST), house.serving(SECOND):
        await house.make_current(FIRST)
        story = await house.shippable()
        for known in ((FIRST,), (FIRST, SECOND)):
            await house.make_current(known[-1])
            with others.outage(house.memory, "put"):
                await house.wish(story, Urge(by=known[-1]))
                await house.waiting_on("ours", story, *known)
            await house.handed(story, "ours", known[-1])
        await lives_on(house, story)

    assert await house.handed_to(story, "ours") == [{FIRST}, {SECOND}]
    assert_once(house, story)


async def test_orders_of_workers_without_versions_are_taken_on_where_they_stand(house):
    async with house.serving(NONE), house.serving(FIRST):
        story = await house.shippable()
        await house.make_current(FIRST)
        await lives_on(house, story)

    assert await house.handed_to(story) == [{"none", FIRST}]
    assert_once(house, story)


async def test_an_order_left_with_a_version_that_went_waits_for_it_and_loses_nothing(house):
    async with house.serving(SECOND):
        async with house.serving(FIRST):
            await house.make_current(FIRST)
            story = await house.shippable()
            await house.make_current(SECOND)
        await house.tell(story, shipped(story.parcel), delivered(story.parcel))
        later = await house.shippable()

        assert await house.told_by(story) == [FIRST]

        async with house.serving(FIRST):
            await house.end(story, within=LONG)
            await lives_on(house, later)

    assert_once(house, story, later)


async def test_hands_without_a_version_serve_a_story_that_has_one(house):
    async with house.serving(NONE), house.serving(FIRST, hands=False):
        await house.make_current(FIRST)
        story = await house.shippable()
        await lives_on(house, story)

    assert await house.told_by(story) == [FIRST]
    assert await house.handed_to(story) == [{"none"}]


async def test_a_version_that_leaves_a_queue_to_nobody_is_not_made_current(house):
    async with house.serving(FIRST), house.serving(SECOND, hands=False):
        await house.make_current(FIRST)
        await lives_on(house, await house.shippable())
        async with asyncio.timeout(LONG):
            while (refused := await house.refused(SECOND)) is RPCStatusCode.NOT_FOUND:
                await asyncio.sleep(0.1)

    assert refused is RPCStatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize("build", [None, "0.2.0"])
async def test_every_worker_of_a_process_comes_as_the_version_it_is_told(env, tmp_path, monkeypatch, build):
    monkeypatch.setenv("OMS_TEMPORAL__BUILD_ID", build or "")
    async with Registry(Accounts.read(None)) as registry:
        house = running.House(load(data=tmp_path), None, env.client, registry, None)
        configs = [each.config(active_config=True)["deployment_config"] for each in running.workers(house)]

    assert {config and config.version.to_canonical_string() for config in configs} == {build and f"order-hub.{build}"}

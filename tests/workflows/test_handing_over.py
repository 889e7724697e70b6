"""Orders are handed over from version to version: some new ones first, then those at rest, awake or woken."""

import asyncio
import time

import pytest

from commands.deploy import wake
from commands.pacing import paced
from commands.versions import Deployment
from models.stage import Stage
from rules.stages import stage_of
from stack import Down
from tests import releases
from tests.builders import an_order, delivered, paid, shipped
from tests.releases import DEPLOYMENT, FIRST, LONG, SECOND, UNHURRIED, Releases
from tests.workflows.conftest import a_server
from tests.yesterday import Yesterday
from workflows.order import OrderWorkflow

FAST = 100
ENOUGH = 40  # orders, and units: there is no chance that fewer than two go either way


@pytest.fixture
async def house():
    async with await a_server(log="never") as env:
        house = Releases(env)
        house.known = Deployment(env.client, DEPLOYMENT)
        yield house
        await house.close()


async def left(house, count):
    """Temporal's list knows by now that so many are left behind."""
    async with asyncio.timeout(LONG):
        while await house.known.count_left() != count:
            await asyncio.sleep(0.2)


async def begun_until_both_tell(house):
    """Orders until each version has at least two of them. Who tells an order is seen from its first task on."""
    told = {FIRST: [], SECOND: []}
    house.memory.on_hand["east"] = ENOUGH
    while min(map(len, told.values())) < 2:
        story = await house.shippable()
        [build] = await house.told_by(story)
        told[build].append(story)
        assert sum(map(len, told.values())) < ENOUGH
    return told


async def live_on(house, *stories):
    for story in stories:
        await house.tell(story, shipped(story.parcel), delivered(story.parcel))
        await house.end(story, within=LONG)
    for what in ("pay", "label"):
        assert sorted(deed.key for deed in house.done(what)) == sorted(
            f"{s.order.business_no}-{what}-1" for s in stories
        )
    assert {stage_of(house.record(story)) for story in stories} == {Stage.COMPLETED}


def content(house, story):
    """All that is known of an order, but for how often it was written down."""
    return house.record(story).model_copy(update={"version": 0})


async def test_with_a_ramp_new_orders_divide_and_at_nought_those_begun_are_back_without_harm(house):
    async with house.serving(FIRST), house.serving(SECOND):
        await house.make_current(FIRST)
        await house.known.ramp(SECOND, 50)
        told = await begun_until_both_tell(house)

        assert {v.build_id: (v.state, v.percentage) for v in await house.known.versions()} == {
            FIRST: ("current", None),
            SECOND: ("ramping", 50),
        }
        await left(house, 0)
        for build, stories in told.items():
            assert [await house.told_by(story) for story in stories] == [[build]] * len(stories)

        await house.known.ramp(SECOND, 0)
        await left(house, len(told[SECOND]))
        await wake(house.known, len(told[SECOND]), FAST)
        for story in told[SECOND]:
            await house.moved(story, SECOND, FIRST)

        assert [await house.told_by(story) for story in told[FIRST]] == [[FIRST]] * len(told[FIRST])
        await live_on(house, *told[FIRST], *told[SECOND])


async def test_nudged_orders_at_rest_move_with_nothing_new_in_them_and_twice_is_once(house):
    async with house.serving(FIRST), house.serving(SECOND):
        await house.make_current(FIRST)
        stories = [await house.shippable() for _ in range(3)]
        await house.known.make_current(SECOND)
        await left(house, 3)
        before = [content(house, story) for story in stories]

        assert [await house.told_by(story) for story in stories] == [[FIRST]] * 3

        await wake(house.known, 3, FAST)
        for story in stories:
            await house.moved(story, FIRST, SECOND)
        await left(house, 0)
        await wake(house.known, 0, FAST)
        for story in stories:
            await story.signal(OrderWorkflow.nudge)
            await house.eventually(story, lambda _: True)

        assert [await house.told_by(story) for story in stories] == [[FIRST, SECOND]] * 3
        assert [content(house, story) for story in stories] == before
        await live_on(house, *stories)


async def test_who_ends_a_nudge_in_the_middle_goes_on_where_it_was(house):
    async with house.serving(FIRST), house.serving(SECOND):
        await house.make_current(FIRST)
        stories = [await house.shippable() for _ in range(3)]
        await house.known.make_current(SECOND)
        await left(house, 3)
        waking = asyncio.create_task(wake(house.known, 3, 1))
        await left(house, 2)
        waking.cancel()
        await asyncio.wait([waking])

        assert [FIRST] in [await house.told_by(story) for story in stories]

        await wake(house.known, 2, FAST)
        for story in stories:
            await house.moved(story, FIRST, SECOND)


async def test_tomorrows_fact_is_kept_by_todays_worker_and_read_by_tomorrows(house, monkeypatch):
    monkeypatch.setitem(releases.CODE, FIRST, Yesterday)
    monkeypatch.setitem(releases.CODE, SECOND, OrderWorkflow)
    async with house.serving(FIRST), house.serving(SECOND):
        await house.make_current(FIRST)
        story = await house.begin(an_order(policy=UNHURRIED))
        await house.billed(story)
        await house.tell(story, paid())
        await house.until(lambda: story.order.id in house.memory.records and house.record(story).cases, LONG)
        kept = house.record(story)

        assert [entry.telling.kind for entry in kept.unread] == ["payment_captured"]
        assert (kept.payments, [case.deadline for case in kept.cases]) == ((), ["unread"])

        await house.known.make_current(SECOND)
        await left(house, 1)
        await wake(house.known, 1, FAST)
        story.parcel = await house.labelled(story, within=LONG)
        read = house.record(story)

        assert await house.told_by(story) == [FIRST, SECOND]
        assert (read.unread, len(read.payments), bool(read.cases[0].closed_at)) == ((), 1, True)
        await live_on(house, story)


async def test_what_temporal_refuses_says_what_to_do_next(house):
    with pytest.raises(Down, match=f"No worker ever came as a version of {DEPLOYMENT}.*OMS_TEMPORAL__BUILD_ID"):
        await house.known.versions()
    async with house.serving(FIRST):
        await house.make_current(FIRST)
        with pytest.raises(Down, match=f"has no version v9. It has: {FIRST}. Start a worker"):
            await house.known.make_current("v9")
        await house.shippable()  # whoever was never needed is no loss to Temporal
        async with house.serving(SECOND, hands=False):
            await a_version_has_come(house, SECOND)
            with pytest.raises(Down, match=f"Start workers of {SECOND} for every queue"):
                await house.known.make_current(SECOND)
            with pytest.raises(Down, match=f"Start workers of {SECOND} for every queue"):
                await house.known.ramp(SECOND, 10)


async def a_version_has_come(house, build):
    async with asyncio.timeout(LONG):
        while build not in [version.build_id for version in await house.known.versions()]:
            await asyncio.sleep(0.2)


async def test_no_more_than_so_many_a_second():
    async def many():
        for number in range(11):
            yield number

    began = time.monotonic()

    assert [number async for number in paced(many(), 20)] == list(range(11))
    assert time.monotonic() - began >= 0.5

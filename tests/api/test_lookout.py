"""What a scrape costs, and what it says when somebody is away."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api import queues, stories
from api.figures import Figures
from api.lookout import Lookout
from models.case import Case, Owner, Role
from models.errors import Unavailable
from models.stage import Stage
from store.database import Database
from tests.api.conftest import Door, eventually
from tests.builders import an_order
from tests.store.makings import a_message
from tests.workflows.conftest import dropped

LATE = Case(
    story="web/demo/L1",
    deadline="pick",
    since=datetime(2026, 11, 11, tzinfo=UTC),
    rung=Owner.OWNER,
    role=Role.WAREHOUSE,
    opened_at=datetime(2026, 11, 11, tzinfo=UTC),
)


def sharp_eyed(door, **changes):
    """Looks around at every scrape."""
    return Door(replace(door.tools, lookout=Lookout(apart=0, share=0), **changes))


async def told_by(door):
    text = (await door.get("/metrics")).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_look_is_one_statement_and_the_scrapes_after_it_are_none(door, counted):
    await door.keep()
    with counted(door.tools.db) as first:
        await door.get("/metrics")
    with counted(door.tools.db) as more:
        for _ in range(5):
            await door.get("/metrics")

    assert (first.statements, first.transactions) == (1, 1)
    assert (more.statements, more.transactions) == (0, 0)


@pytest.mark.parametrize(("took", "rests"), [(0.1, 10), (1, 20), (4, 60)])
async def test_a_look_that_took_long_rests_longer_but_never_more_than_a_minute(took, rests, monkeypatch):
    """Units: seconds of a clock that stands still between two looks."""
    clock, looks = [100.0], []
    monkeypatch.setattr("api.lookout.perf_counter", lambda: clock[0])

    async def slow():
        looks.append(clock[0])
        clock[0] += took
        raise Unavailable("store_away")

    async def quick():
        return ()

    lookout = Lookout()
    for wait in (0, rests - 0.01, 0.02):
        clock[0] += wait
        await lookout.look(Figures(), slow, quick)

    assert looks == [100.0, pytest.approx(100.0 + took + rests + 0.01)]


async def test_what_waits_is_told_by_stage_party_and_role(door):
    order = an_order(version=1, destination="330106", cases=(LATE,))
    await door.keep(stage=Stage.PACKED, id=order.id, business_no=order.business_no, cases=(LATE,))
    await door.tools.inbox.keep("wechat", "main", b"raw", (a_message("nobody"),))
    (kept,) = await door.tools.inbox.keep("sf", "main", b"other", (a_message("nobody", id="m2"),))
    await door.tools.inbox.park(kept.row, "unreadable")
    told = await told_by(sharp_eyed(door))

    assert told["oms_orders_by_stage", "packed"] == 1
    assert told["oms_orders_overdue", "packed"] == 1
    assert told["oms_orders_overdue", "shipped"] == 0
    assert told["oms_cases_open", "warehouse"] == 1
    assert told["oms_cases_open", "finance"] == 0
    assert told["oms_inbox_rows", "wechat", "waiting"] == told["oms_inbox_rows", "sf", "parked"] == 1
    assert 0 < told["oms_inbox_age_seconds", "wechat", "waiting"] < 300
    assert told["oms_inbox_oldest_seconds",] == told["oms_inbox_age_seconds", "wechat", "waiting"]


async def test_an_order_without_a_story_grows_old(door):
    await door.place(number="W1")
    told = await told_by(sharp_eyed(door))

    assert 0 < told["oms_orders_unbegun_seconds",] < 300


async def test_while_the_store_is_away_nothing_of_before_stands_for_it(door):
    away = await Database.open("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    await door.keep(stage=Stage.PACKED)
    door = sharp_eyed(door)
    assert (await told_by(door))["oms_orders_by_stage", "packed"] == 1
    told = await told_by(Door(replace(door.tools, db=away)))

    assert told["oms_part_ready", "store"] == 0
    assert "oms_orders_by_stage" not in {name for name, *_ in told}
    assert math.isnan(told["oms_inbox_oldest_seconds",])
    await away.close()


async def test_a_queue_that_nobody_serves_says_so_and_how_long_it_waits(door, env):
    story = await env.client.start_workflow("Nobody", id="order/web/demo/Q1", task_queue=stories.STORIES)
    door = sharp_eyed(door, temporal=env.client)

    async def waiting():
        told = await told_by(door)
        return told if told["oms_queue_lag_seconds", "stories"] > 1 else None

    told = await eventually(waiting, within=20)
    assert told["oms_queue_backlog", "stories"] >= 1
    assert told["oms_part_ready", "temporal"] == 1
    assert [queue.pollers for queue in await queues.queues(env.client, ["theirs-nobody"])] == [0]
    await dropped(story)


async def test_every_queue_of_the_house_is_looked_at(lively):
    names = queues.names(lively.tools.registry)

    assert names == ("stories", "ours", "theirs-sf", "theirs-web/demo")

    async def served():
        found = await queues.queues(lively.tools.temporal, names)
        return all(queue.pollers for queue in found)

    await eventually(served)

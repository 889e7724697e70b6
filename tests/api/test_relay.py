"""What was kept is told, whatever goes away in between."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from api import relay, stories
from connectors.ports import Addressed
from models.errors import Unavailable
from tests.api.conftest import eventually, relaying
from tests.builders import a_telling


def captured(business_no, id):
    body = {"transaction": f"tx-{id}", "amount": {"minor": 19900, "currency": "CNY"}}
    return Addressed("ours", f"{business_no}-pay-1", a_telling("payment_captured", "provider", id, **body))


async def keep(door, order_id, *ids):
    business_no = (await door.tools.claims.seed(order_id)).business_no
    rows = [captured(business_no, name) for name in ids]
    return await door.tools.inbox.keep("wechat", "main", b"raw", rows)


async def test_what_the_door_kept_is_told_at_once_and_finished_by_the_record(lively):
    order_id = await lively.living()
    async with relaying(lively.tools):
        lively.tools.tray.put(await keep(lively, order_id, "n1"))
        await lively.until(order_id, lambda told: told["payments"], within=4)  # before the row is due

        async def done():
            return await lively.tools.inbox.listing("done", 10)

        assert [row.telling_id for row in await eventually(done)] == ["n1"]


async def test_what_another_process_kept_is_told_when_it_is_due(lively):
    order_id = await lively.living()
    await keep(lively, order_id, "n1")

    async with relaying(lively.tools):
        await lively.until(order_id, lambda told: told["payments"], within=20)


async def test_the_relay_outlives_an_hour_without_temporal(lively, monkeypatch):
    order_id, real, calls = await lively.living(), relay.stories.tell, []

    async def away_at_first(*told):
        calls.append(told)
        if len(calls) < 3:
            raise Unavailable("temporal_away")
        return await real(*told)

    async def is_there(_):
        return len(calls) >= 3

    monkeypatch.setattr(relay, "FIRST", 0.05)
    monkeypatch.setattr(relay, "_is_there", is_there)
    monkeypatch.setattr("api.stories.tell", away_at_first)
    async with relaying(lively.tools):
        lively.tools.tray.put(await keep(lively, order_id, "n1"))
        await lively.until(order_id, lambda told: told["payments"], within=40)


async def test_the_relay_outlives_a_store_that_is_away(lively, monkeypatch, caplog):
    order_id, real, calls = await lively.living(), lively.tools.inbox.due, []

    async def away_at_first(limit):
        calls.append(limit)
        if len(calls) < 3:
            raise Unavailable("store_away")
        return await real(limit)

    monkeypatch.setattr(relay, "FIRST", 0.05)
    monkeypatch.setattr(lively.tools.inbox, "due", away_at_first)
    await keep(lively, order_id, "n1")
    async with relaying(lively.tools):
        await lively.until(order_id, lambda told: told["payments"], within=20)
    assert [(line.code, line.pause) for line in caplog.records if line.msg == "relay rests"] == [
        ("store_away", 0.05),
        ("store_away", 0.1),
    ]


async def test_a_message_for_an_order_that_is_not_there_waits_and_says_why(lively, monkeypatch):
    order_id = await lively.living()
    kept = await keep(lively, order_id, "n1")
    lost = [type(one)(one.row, "web/demo/NOWHERE", one.telling, one.is_new) for one in kept]

    assert await relay.tell_due(lively.tools) == 0
    lively.tools.tray.put(lost)
    assert await relay.tell_fresh(lively.tools) == 1
    (row,) = await lively.tools.inbox.listing("waiting", 10)
    assert row.code == "order_unknown"


async def test_what_nobody_was_there_to_hear_is_told_as_soon_as_somebody_is(door):
    hasty = door.with_terms(answer_within=0.3)
    (kept,) = await keep(hasty, (await hasty.place()).json()["order"], "n1")
    for _ in range(3):
        await hasty.tools.inbox.replay(kept.row)
        with pytest.raises(Unavailable, match="temporal_away"):
            await relay.tell_due(hasty.tools)

    (row,) = await hasty.tools.inbox.listing("waiting", 10)
    assert (row.attempts, row.due_at <= datetime.now(UTC)) == (0, True)


async def test_a_message_that_nobody_can_ever_hear_keeps_nobody_elses_waiting(door):
    hasty = door.with_terms(answer_within=0.3)
    kept = await keep(hasty, (await hasty.place()).json()["order"], "n1")
    lost = await keep(hasty, (await hasty.place(number="DEMO2")).json()["order"], "n2")
    of_nobody = [replace(one, telling=one.telling.model_copy(update={"body": {"waybill": "SF0"}})) for one in lost]
    hasty.tools.tray.put([*kept, *of_nobody])

    with pytest.raises(Unavailable, match="temporal_away"):
        await relay.tell_fresh(hasty.tools)
    due = {row.telling_id: row.due_at <= datetime.now(UTC) for row in await hasty.tools.inbox.listing("waiting", 10)}
    assert due == {"n1": True, "n2": False}


async def test_an_order_that_does_not_answer_is_asked_less_and_less_while_temporal_answers(lively, monkeypatch):
    order_id = await lively.living()
    (kept,) = await keep(lively, order_id, "n1")

    async def silent(*_):
        raise Unavailable("story_silent")

    monkeypatch.setattr(stories, "tell", silent)
    await lively.tools.inbox.replay(kept.row)
    assert await relay.tell_due(lively.tools) == 1
    (row,) = await lively.tools.inbox.listing("waiting", 10)
    assert row.attempts == 1
    assert row.due_at > datetime.now(UTC)


async def test_two_relays_share_the_work(lively):
    order_id = await lively.living()
    async with relaying(lively.tools), relaying(lively.tools):
        lively.tools.tray.put(await keep(lively, order_id, *(f"n{nth}" for nth in range(20))))
        told = await lively.until(order_id, lambda told: len(told["payments"]) == 20)

    assert len({payment["transaction"] for payment in told["payments"]}) == 20


async def test_a_late_fact_for_an_ended_order_enters_it_again(lively):
    order_id = await lively.living()
    await lively.post(f"/orders/{order_id}/wishes", json={"kind": "cancel"})
    await lively.until(order_id, lambda told: told["is_ended"])

    async with relaying(lively.tools):
        lively.tools.tray.put(await keep(lively, order_id, "late"))
        told = await lively.until(order_id, lambda told: told["payments"] and told["stage"] == "refunded")
    assert told["payments"][0]["transaction"] == "tx-late"


async def test_a_relay_that_is_told_to_stop_stops(lively):
    stop = asyncio.Event()
    task = asyncio.create_task(relay.relay(lively.tools, stop))
    await asyncio.sleep(0)
    stop.set()

    async with asyncio.timeout(2):
        await task


async def test_the_app_relays_while_it_is_open(lively):
    open_door = lively.with_terms(relays=True)
    order_id = await lively.living()

    async with open_door.app.router.lifespan_context(open_door.app):
        lively.tools.tray.put(await keep(lively, order_id, "n1"))
        await lively.until(order_id, lambda told: told["payments"], within=4)

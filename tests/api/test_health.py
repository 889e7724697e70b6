"""Whether it lives, whether it can work, and what is away."""

from dataclasses import replace
from datetime import timedelta

from api.lookout import Lookout
from models.case import Role
from models.stage import Stage
from store.database import Database
from tests.api.conftest import Door, tools_for
from tests.store.makings import a_message


def told_by(answer):
    words = answer.json()
    return words["store"], words["temporal"], words["detail"]


def sharp_eyed(door):
    """Looks around at every scrape."""
    return Door(replace(door.tools, lookout=Lookout(apart=0, share=0)))


async def test_it_lives_while_everything_else_is_away(door):
    away = await Database.open("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    alone = Door(await tools_for(away, door.tools.temporal, door.tools.registry))

    async with alone.client:
        live, ready = await alone.get("/health/live", None), await alone.get("/health/ready", None)
    assert live.status_code == 200
    assert ready.status_code == 503
    assert told_by(ready) == ("store_away", "away", "Away: store, temporal.")
    await away.close()


async def test_ready_names_the_part_that_is_away(door, url):
    answer = await door.with_terms(database_url=url).get("/health/ready", None)

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert told_by(answer) == ("ready", "away", "Away: temporal.")
    assert (answer.json()["status"], answer.json()["code"]) == (503, "not_ready")


async def test_tables_of_another_age_are_not_ready(door, postgres):
    empty = postgres.url(postgres.create())

    assert (await door.with_terms(database_url=empty).get("/health/ready", None)).json()["store"] == "not_migrated"


async def test_figures_count_answers_by_route_and_never_by_path(door):
    await door.keep(stage=Stage.PACKED)
    await door.get("/orders/web/demo/SECRET1")
    told = (await door.get("/metrics", Role.OPS)).text

    assert 'oms_requests_total{method="GET",route="/orders/{channel}/{shop}/{number}",status="404"} 1.0' in told
    assert 'oms_orders_by_stage{stage="packed"} 1.0' in told
    assert "SECRET1" not in told


async def test_a_stage_that_emptied_is_counted_empty(door):
    door = sharp_eyed(door)
    order = await door.keep(stage=Stage.PACKED)
    await door.get("/metrics")
    await door.keep(stage=Stage.SHIPPED, id=order.id, business_no=order.business_no, version=2, contact=False)
    told = (await door.get("/metrics")).text

    assert 'oms_orders_by_stage{stage="packed"} 0.0' in told
    assert 'oms_orders_by_stage{stage="shipped"} 1.0' in told


async def test_the_age_of_the_oldest_message_is_shown(door):
    await door.tools.inbox.keep("wechat", "main", b"raw", (a_message("nobody"),))
    told = (await door.get("/metrics")).text

    (line,) = [line for line in told.splitlines() if line.startswith("oms_inbox_oldest_seconds ")]
    assert 0 < float(line.split()[1]) < timedelta(minutes=5).total_seconds()

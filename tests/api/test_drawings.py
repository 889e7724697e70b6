from datetime import timedelta

from api.pages.drawings import FLOW, TALL, lateness, pipeline, way
from models.stage import Stage
from models.story import Entry
from tests.builders import NOON


def reached(stage, minutes):
    at = NOON + timedelta(minutes=minutes)
    return Entry(what=stage, is_stage=True, at=at, heard_at=at, after=timedelta(minutes=minutes))


def test_the_fullest_stage_is_the_longest_bar_and_one_order_can_be_seen():
    drawn = pipeline({Stage.RECEIVED: 1, Stage.PAID: 1000, Stage.COMPLETED: 7}, {Stage.PAID: 250})
    bars = {bar.stage: bar for bar in drawn.bars}

    assert (bars[Stage.PAID].tall, bars[Stage.PAID].tall_late) == (TALL, TALL / 4)
    assert bars[Stage.RECEIVED].tall == 3
    assert bars[Stage.PACKED].tall == 0
    assert drawn.living == 1001
    assert dict(drawn.ended)[Stage.COMPLETED] == 7


def test_nothing_at_all_is_drawn_flat():
    assert {bar.tall for bar in pipeline({}, {}).bars} == {0.0}


def test_every_stage_is_drawn_once():
    drawn = pipeline({}, {})

    assert sorted([*(bar.stage for bar in drawn.bars), *(stage for stage, _ in drawn.ended)]) == sorted(Stage)


def test_a_way_shows_what_is_behind_where_it_is_and_what_is_ahead():
    drawn = way([reached(Stage.RECEIVED, 0), reached(Stage.PAID, 5)], Stage.PAID, FLOW[:4])

    assert [(one.stage, one.state) for one in drawn.stations] == [
        (Stage.RECEIVED, "passed"),
        (Stage.PAID, "here"),
        (Stage.REVIEWED, "ahead"),
        (Stage.ALLOCATED, "ahead"),
    ]
    assert drawn.stations[1].after == timedelta(minutes=5)
    assert drawn.done_to == drawn.stations[1].x


def test_a_stage_between_two_is_drawn_where_it_stands():
    drawn = way([reached(Stage.RECEIVED, 0), reached(Stage.PARTLY_SHIPPED, 9)], Stage.PARTLY_SHIPPED, (Stage.SHIPPED,))

    assert [one.stage for one in drawn.stations] == [Stage.RECEIVED, Stage.PARTLY_SHIPPED, Stage.SHIPPED]


def test_lateness_is_a_share_of_the_worst():
    assert lateness([timedelta(hours=10), timedelta(hours=5), timedelta(0)]) == (100, 50, 2)
    assert lateness([]) == ()

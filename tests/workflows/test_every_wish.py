"""Every wish at every stage of an order that is paid first, on the real server, each to the end of its story."""

import pytest

from api import stories
from models.errors import Missing
from models.stage import Paying, Stage
from tests import standing
from tests.builders import an_order
from tests.wishing import WISHES, Table, at, lives_of

STANDS = {
    "received": standing.received,
    "paid": standing.paid_and_to_review,
    "asked": standing.asked,
    "unwritten": standing.unwritten,
    "labelled": standing.labelled,
    "picked": standing.picked,
    "packed": standing.packed,
    "partly_shipped": standing.partly_shipped,
    "shipped": standing.shipped,
    "in_transit": standing.in_transit,
    "partly_delivered": standing.partly_delivered,
    "delivered": standing.delivered,
    "completed": standing.completed,
    "stopping": standing.stopping,
    "stopping_stuck": standing.stopping_stuck,
    "cancelled": standing.cancelled,
    "refunded": standing.refunded,
    "held": standing.held,
    "stuck": standing.stuck,
    "overdue": standing.overdue,
}
STAGES = {  # what stands at another stage than its name says
    **dict.fromkeys(["asked", "unwritten", "stuck"], Stage.ALLOCATED),
    **dict.fromkeys(["held", "overdue"], Stage.LABELLED),
    "stopping_stuck": Stage.STOPPING,
}
IN_THE_HOUSE = ("labelled", "picked", "packed", "held", "overdue")
AHEAD_OF_LABEL = ("paid", "asked", "unwritten")
ON_THE_ROAD = ("shipped", "in_transit")
THERE = ("partly_delivered", "delivered")
TURNED = ("stopping", "stopping_stuck")
UNDONE = ("cancelled", "refunded")
OVER = ("completed", *UNDONE)


ALL = tuple(STANDS)
BEFORE_SHIPPING = ("received", *AHEAD_OF_LABEL, *IN_THE_HOUSE, "stuck")
FORWARD = (*BEFORE_SHIPPING, "partly_shipped", *ON_THE_ROAD, *THERE)
GOES_ON = {
    **at("completed", *FORWARD, "completed"),
    **at("refunded", *TURNED, "refunded"),
    "cancelled": "cancelled",
}
ROWS = {  # a stage of the end where the wish is granted, else the reason
    "cancel": {
        "received": "-> cancelled",
        **at("-> refunded", *BEFORE_SHIPPING[1:], "partly_shipped", *ON_THE_ROAD),
        **at("delivered_ask_for_a_return", *THERE),
        **at("already_stopping", *TURNED),
        **at("over", *UNDONE),
        "completed": "completed",
    },
    "cancel_rest": {
        **at("nothing_shipped_cancel_instead", *BEFORE_SHIPPING),
        "partly_shipped": "-> completed",
        **at("nothing_left_to_stop", *ON_THE_ROAD, *THERE, "completed"),
        **at("already_stopping", *TURNED),
        **at("over", *UNDONE),
    },
    "hold": {
        **at("-> completed", *FORWARD),
        **at("already_held", "held", "stuck"),
        **at("already_stopping", *TURNED),
        **at("over", *OVER),
    },
    "release": {
        **at("not_held", *ALL),
        "held": "-> completed",
        **at("stuck_retry_or_give_up", "stuck", "stopping_stuck"),
    },
    "change_address": {
        **at("-> completed", *BEFORE_SHIPPING),
        **at("handed_over", "partly_shipped", *ON_THE_ROAD, *THERE),
        **at("over", *TURNED, *OVER),
    },
    "approve": {**at("nothing_to_approve", *ALL), "paid": "-> completed"},
    "urge": {**at("-> completed", *FORWARD), **at("-> refunded", *TURNED), **at("over", *OVER)},
    "amend_policy": {**at("-> completed", *FORWARD), **at("-> refunded", *TURNED), **at("over", *OVER)},
    "retry": {
        **at("not_stuck", *ALL),
        **at("-> completed", "unwritten", "stuck"),
        "stopping_stuck": "-> refunded",
    },
    "give_up": {**at("not_stuck", *ALL), **at("-> refunded", "stuck", "stopping_stuck")},
    "dismiss": {**at("no_such_telling", *ALL), "completed": "-> completed", "cancelled": "-> cancelled"},
    "close_case": {
        **at("no_such_case", *ALL),
        **at("-> completed", "unwritten", "overdue", "completed"),
        **at("stuck_retry_or_give_up", "stuck", "stopping_stuck"),
        "cancelled": "-> cancelled",
    },
    "complete": at("only_the_clock", *ALL),
    "expire": at("only_the_clock", *ALL),
}
TABLE = Table(STANDS, ROWS, GOES_ON, STAGES)
CELLS = [(stage, wish) for stage in ALL for wish in WISHES]


@pytest.fixture(scope="module")
async def lives(env):
    return await lives_of(env, Paying.PREPAID, TABLE)


def test_the_table_says_something_of_every_wish_at_every_stage():
    assert {wish: set(row) for wish, row in ROWS.items()} == {wish: set(ALL) for wish in WISHES}


@pytest.mark.parametrize(("stage", "wish"), CELLS)
async def test_it_is_granted_or_refused_and_the_order_goes_on_to_its_end_with_its_books_right(lives, stage, wish):
    assert TABLE.seen(lives, stage, wish) == TABLE.expected(stage, wish)


@pytest.mark.parametrize("wish", WISHES)
async def test_nothing_is_wished_of_a_story_that_has_ended_and_nobody_enters_it_again(house, wish):
    story = await house.begin(an_order())
    await house.wish(story, WISHES["cancel"])
    await house.end(story)
    run = (await story.describe()).run_id

    with pytest.raises(Missing, match="story_not_running"):
        await stories.wish(house.client, story.order.id, WISHES[wish])
    assert (await story.describe()).run_id == run

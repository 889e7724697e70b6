"""Every wish at every stage of an order that is paid at the door, on the real server, each to the end of its story."""

import pytest

from models.stage import Paying, Stage
from tests import standing
from tests.wishing import WISHES, Table, at, lives_of

STANDS = {
    "received": standing.received,
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
    "paid": standing.settled,
    "completed": standing.completed,
    "stopping": standing.stopping,
    "stopping_stuck": standing.stopping_stuck,
    "cash_back": standing.cash_back,
    "cancelled": standing.cancelled,
    "to_put_back": standing.refunded,
    "held": standing.held,
    "stuck": standing.stuck,
    "overdue": standing.overdue,
}
STAGES = {  # what stands at another stage than its name says
    **at(Stage.ALLOCATED, "asked", "unwritten", "stuck"),
    **at(Stage.LABELLED, "held", "overdue"),
    **at(Stage.STOPPING, "stopping_stuck", "cash_back"),
    "to_put_back": Stage.CANCELLED,
}
IN_THE_HOUSE = ("asked", "unwritten", "labelled", "picked", "packed", "held", "overdue")
ON_THE_ROAD = ("shipped", "in_transit")
THERE = ("partly_delivered", "delivered", "paid")
TURNED = ("stopping", "stopping_stuck", "cash_back")
UNDONE = ("cancelled", "to_put_back")
OVER = ("completed", *UNDONE)
ALL = tuple(STANDS)
BEFORE_SHIPPING = ("received", *IN_THE_HOUSE, "stuck")
FORWARD = (*BEFORE_SHIPPING, "partly_shipped", *ON_THE_ROAD, *THERE)
GOES_ON = {
    **at("completed", *FORWARD, "completed"),
    **at("cancelled", *TURNED, *UNDONE),
    "cash_back": "refunded",
}
TURNED_ROUND = {**at("-> cancelled", *TURNED), "cash_back": "-> refunded"}
ROWS = {  # the end where the wish is granted, else the reason
    "cancel": {
        **at("-> cancelled", *BEFORE_SHIPPING, "partly_shipped", *ON_THE_ROAD),
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
        **at("stuck_retry_or_give_up", "stuck", "stopping_stuck", "cash_back"),
    },
    "change_address": {
        **at("-> completed", *BEFORE_SHIPPING),
        **at("handed_over", "partly_shipped", *ON_THE_ROAD, *THERE),
        **at("over", *TURNED, *OVER),
    },
    "approve": {**at("nothing_to_approve", *ALL), "received": "-> completed"},
    "urge": {**at("-> completed", *FORWARD), **TURNED_ROUND, **at("over", *OVER)},
    "amend_policy": {**at("-> completed", *FORWARD), **TURNED_ROUND, **at("over", *OVER)},
    "retry": {
        **at("not_stuck", *ALL),
        **at("-> completed", "unwritten", "stuck"),
        "stopping_stuck": "-> cancelled",
        "cash_back": "-> refunded",
    },
    "give_up": {
        **at("not_stuck", *ALL),
        **at("-> cancelled", "stuck", "stopping_stuck"),
        "cash_back": "-> refunded",
    },
    "dismiss": {**at("no_such_telling", *ALL), "completed": "-> completed", "cancelled": "-> cancelled"},
    "close_case": {
        **at("no_such_case", *ALL),
        **at("-> completed", "unwritten", "overdue", "completed"),
        **at("stuck_retry_or_give_up", "stuck", "stopping_stuck", "cash_back"),
        "cancelled": "-> cancelled",
    },
    "complete": at("only_the_clock", *ALL),
    "expire": at("only_the_clock", *ALL),
}
TABLE = Table(STANDS, ROWS, GOES_ON, STAGES)
CELLS = [(stage, wish) for stage in ALL for wish in WISHES]


@pytest.fixture(scope="module")
async def lives(env):
    return await lives_of(env, Paying.ON_DELIVERY, TABLE)


def test_the_table_says_something_of_every_wish_at_every_stage():
    assert {wish: set(row) for wish, row in ROWS.items()} == {wish: set(ALL) for wish in WISHES}


@pytest.mark.parametrize(("stage", "wish"), CELLS)
async def test_it_is_granted_or_refused_and_the_order_goes_on_to_its_end_with_its_books_right(lives, stage, wish):
    assert TABLE.seen(lives, stage, wish) == TABLE.expected(stage, wish)

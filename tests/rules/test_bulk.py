"""Who may begin a wish for many orders, what is asked of each, and that the same wish is granted once."""

from datetime import timedelta

import pytest

from models.bulk import BulkState, Counted, Ending, Fate, Plan, Scope, Steering, Tally, Target
from models.case import Role
from models.policy import Amendment, Span
from models.wish import AmendPolicy, Cancel, HoldBack
from rules.bulk import digest_of, is_alarming, known, needs_second, refusal, steered, steering_refusal
from rules.permissions import refusal as refused
from rules.wishes import granted
from tests.builders import NOON, an_order

LONGER = Amendment(span=Span.DELIVER_WITHIN, plus=timedelta(hours=96))
HOLD, CANCEL = HoldBack(by="u1"), Cancel(by="u1")
ALONE = 200


def a_plan(wish=HOLD, orders=10, paid=0, **fields):
    counted = Counted(orders=orders, paid=paid)
    made = {"id": 7, "scope": Scope(), "reason": "flood", "by": "u1", "role": Role.OPS, "planned_at": NOON}
    return Plan(**{**made, "wish": wish, "counted": counted, "state": BulkState.PLANNED, **fields})


def a_target(**fields):
    words = {"is_meant": True, "is_ended": False, "is_granted": False}
    return Target(**{"n": 1, "order": "web/shop/B1", "wish": HOLD, **words, **fields})


@pytest.mark.parametrize(
    ("wish", "orders", "paid", "is_needed"),
    [
        (HOLD, ALONE, ALONE, False),
        (HOLD, ALONE + 1, 0, True),
        (CANCEL, 1, 0, False),
        (CANCEL, 1, 1, True),
        (CANCEL, ALONE + 1, 0, True),
    ],
)
def test_many_orders_or_money_that_goes_back_want_a_second_pair_of_eyes(wish, orders, paid, is_needed):
    plan = a_plan(wish, orders, paid)

    assert needs_second(plan, plan.counted, ALONE) is is_needed


def test_money_that_came_since_it_was_counted_wants_a_second_pair_of_eyes_too():
    plan, now = a_plan(CANCEL, 5), Counted(orders=5, paid=1)

    assert refusal(plan, "u1", now, ALONE, NOON) == "wants_second"
    assert refusal(plan, "U1", now, ALONE, NOON) == "wants_second"
    assert refusal(plan, "u2", now, ALONE, NOON) is None


@pytest.mark.parametrize(
    ("orders", "later", "reason"),
    [
        (10, timedelta(hours=24), None),
        (10, timedelta(hours=25), "plan_too_old"),
        (0, timedelta(), "no_orders"),
        (11, timedelta(), "more_than_counted"),
        (9, timedelta(), None),
    ],
)
def test_what_nobody_counted_is_not_begun(orders, later, reason):
    assert refusal(a_plan(), "u2", Counted(orders=orders, paid=0), ALONE, NOON + later) == reason


@pytest.mark.parametrize(
    ("fields", "ending"),
    [
        ({}, None),
        ({"is_granted": True, "is_ended": True, "is_meant": False}, (Fate.GRANTED, None)),
        ({"is_ended": True, "is_meant": False}, (Fate.ENDED, None)),
        ({"is_meant": False}, (Fate.REFUSED, "moved_on")),
    ],
)
def test_what_a_record_says_needs_no_asking_and_granted_comes_first(fields, ending):
    assert known(a_target(**fields)) == (Ending(n=1, fate=ending[0], code=ending[1]) if ending else None)


def test_the_same_wish_under_the_same_key_is_granted_once():
    wish = AmendPolicy(by="u1", key="bulk/7", change=LONGER)
    once = granted(an_order(), wish, NOON)

    assert refused(once, wish) is None
    assert granted(once, wish, NOON) == once
    assert once.policy.deliver_within == timedelta(days=7, hours=96)
    assert granted(once, wish.model_copy(update={"key": "bulk/8"}), NOON).policy.deliver_within == timedelta(days=15)


def test_a_wish_without_a_key_is_another_one_each_time():
    wish = AmendPolicy(by="u1", change=LONGER)

    assert granted(granted(an_order(), wish, NOON), wish, NOON).policy.deliver_within == timedelta(days=15)


def test_a_wish_without_a_key_is_written_as_workers_of_before_read_it():
    assert "key" not in HOLD.model_dump(mode="json")


@pytest.mark.parametrize(
    ("state", "what", "reason"),
    [
        (BulkState.RUNNING, Steering.PAUSE, None),
        (BulkState.RUNNING, Steering.RESUME, "already_running"),
        (BulkState.PAUSED, Steering.PAUSE, "already_paused"),
        (BulkState.PAUSED, Steering.RESUME, None),
        (BulkState.PAUSED, Steering.STOP, None),
        *((over, what, "bulk_is_over") for over in list(BulkState)[3:] for what in Steering),
    ],
)
def test_it_is_steered_while_it_is_under_way(state, what, reason):
    assert steering_refusal(state, what) == reason
    if reason is None:
        assert steered(what) is not state


@pytest.mark.parametrize(
    ("orders", "unreachable", "seen", "is_so"),
    [(50, 19, 0, False), (50, 20, 0, True), (5000, 49, 0, False), (5000, 50, 0, True), (50, 39, 20, False)],
)
def test_so_many_that_do_not_answer_are_no_single_orders_fault(orders, unreachable, seen, is_so):
    assert is_alarming(Tally(orders=orders, unreachable=unreachable), seen) is is_so


def test_whoever_saw_another_plan_has_another_digest():
    plans = [a_plan(), a_plan(orders=11), a_plan(CANCEL), a_plan(scope=Scope(district="65")), a_plan(id=8)]

    assert len({digest_of(plan) for plan in plans}) == len(plans)
    assert digest_of(a_plan()) == digest_of(a_plan(state=BulkState.RUNNING))

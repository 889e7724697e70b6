"""What the house holds by itself: money that is not the price."""

from datetime import timedelta
from itertools import permutations

import pytest

from models.case import Hold, Pause
from models.noun import Money
from models.policy import Policy
from models.stage import Paying, Stage
from models.wish import Approve, Cancel, CloseCase, HoldBack, Release, Urge
from rules.deadlines import climbed, moved_on, next_alarm
from rules.explaining import explain
from rules.holds import weighed
from rules.payments import wrong_since
from rules.permissions import refusal
from rules.stages import stage_of
from rules.undoing import owed
from rules.wishes import granted
from tests.builders import NOON, PRICE, after, an_order, delivered, label_of, paid, ready, reserved, shipped

LATER, HOUR = NOON + timedelta(hours=1), timedelta(hours=1)
HELD = Hold(code="wrong_amount", since=NOON, by="house")
CENT, TOO_MUCH = Money(minor=1), Money(minor=20000)
REFUSAL = "wrong_amount_approve_or_cancel"


def told(order, *tellings, at=NOON):
    """As the story keeps it: weighed whenever something was heard."""
    for telling in tellings:
        order = weighed(after(order, telling, heard_at=at), at)
    return order


def wished(order, wish, at=LATER):
    return weighed(granted(order, wish, at), at)


def cases(order, until):
    """Nothing happens until then."""
    while (alarm := next_alarm(order)) and alarm.at <= until:
        order = moved_on(climbed(order, alarm, alarm.at), alarm.at)
    return [(case.deadline, case.rung) for case in order.cases if not case.closed_at]


def refunds(order):
    return [(due.about, due.amount.minor) for due in owed(order) if due.what == "refund"]


@pytest.mark.parametrize("amount", [CENT, TOO_MUCH])
def test_money_that_is_not_the_price_is_held_by_the_house(amount):
    order = told(reserved(an_order(policy=Policy())), paid(amount=amount))

    assert (order.hold, stage_of(order)) == (HELD, Stage.RECEIVED)
    assert (explain(order).words, explain(order).waits_for) == ("held: wrong_amount", "wrong_amount")
    assert cases(order, NOON) == [("wrong_amount", "owner")]
    assert cases(order, NOON + 30 * HOUR) == [("wrong_amount", "manager")]


def test_the_right_payment_lets_it_go_and_the_wrong_one_goes_back():
    order = told(reserved(an_order()), paid("tx1", amount=CENT))
    order = told(order, paid("tx2", "n2", at=LATER), at=LATER)

    assert (order.hold, order.pauses) == (None, (Pause(since=NOON, until=LATER),))
    assert (stage_of(order), refunds(order)) == (Stage.ALLOCATED, [("tx1", 1)])


def test_what_was_missing_lets_it_go_too_and_nothing_goes_back():
    order = told(reserved(an_order()), paid("tx1", amount=CENT))
    order = told(order, paid("tx2", "n2", amount=Money(minor=PRICE.minor - 1)))

    assert (order.hold, stage_of(order), refunds(order)) == (None, Stage.ALLOCATED, [])


def test_the_three_payments_of_a_confused_buyer_end_the_same_in_any_order():
    tellings = [paid("tx1", "n1", amount=CENT), paid("tx2", "n2"), paid("tx3", "n3", amount=TOO_MUCH)]
    ends = [told(reserved(an_order(id="web/shop/x", business_no="B1")), *order) for order in permutations(tellings)]

    assert {(order.hold, stage_of(order)) for order in ends} == {(None, Stage.ALLOCATED)}
    assert [refunds(order) for order in ends] == 6 * [[("tx3", TOO_MUCH.minor), ("tx1", 1)]]


def test_finance_takes_what_is_too_much_and_the_rest_goes_back():
    order = wished(told(reserved(an_order()), paid(amount=TOO_MUCH)), Approve(by="fin"))

    assert (order.hold, stage_of(order), refunds(order)) == (None, Stage.ALLOCATED, [("tx1", 100)])


def test_cancelled_it_gives_back_what_was_really_captured():
    order = wished(told(reserved(an_order()), paid(amount=CENT)), Cancel(by="fin"))

    assert (order.hold, refunds(order)) == (None, [("tx1", 1)])


def test_nobody_lets_it_go_without_deciding_or_closes_its_case():
    order = told(reserved(an_order()), paid(amount=CENT))
    order = climbed(order, next_alarm(order), NOON)
    [case] = order.cases

    assert refusal(order, Release(by="ops")) == REFUSAL
    assert refusal(order, CloseCase(by="ops", deadline=case.deadline, since=case.since)) == REFUSAL
    assert refusal(order, Approve(by="fin")) == "nothing_to_approve"


def test_a_person_holds_it_first_and_the_house_after():
    order = granted(reserved(an_order(policy=Policy())), HoldBack(by="ops"), NOON)
    order = told(order, paid(amount=CENT))

    assert order.hold.by == "ops"
    assert ("wrong_amount", "owner") in cases(order, NOON)
    assert wished(order, Release(by="ops")).hold == HELD.model_copy(update={"since": LATER})


def test_an_urge_is_heard_while_the_order_is_held():
    order = granted(ready(policy=Policy()), HoldBack(by="ops"), NOON)

    assert cases(granted(order, Urge(by="u1"), LATER), LATER) == [("urged", "owner")]


def test_another_sum_at_the_door_is_a_case_and_holds_nothing():
    order = ready(paying=Paying.ON_DELIVERY)
    order = told(order, shipped(label_of(order)), delivered(label_of(order)))
    order = told(order, paid(source="courier", amount=CENT))

    assert (order.hold, wrong_since(order)) == (None, NOON)

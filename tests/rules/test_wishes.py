"""Every wish at every stage: granted, or refused with its reason."""

import pytest

from models.case import Hold
from models.noun import Money
from models.order import Flag
from models.policy import Amendment, Policy, Span
from models.stage import Paying, Stage
from models.wish import (
    AmendPolicy,
    Approve,
    Cancel,
    CancelRest,
    ChangeAddress,
    CloseCase,
    Complete,
    Expire,
    GiveUp,
    HoldBack,
    Release,
    Retry,
    Urge,
)
from rules.deadlines import climbed, next_alarm
from rules.granting import held
from rules.holds import weighed
from rules.ladder import is_overdue
from rules.payments import wrong_since
from rules.permissions import refusal
from rules.reviews import flags
from rules.stages import next_of, stage_of
from rules.wishes import granted
from tests.builders import (
    NOON,
    PRICE,
    a_telling,
    after,
    an_order,
    delivered,
    label_of,
    paid,
    picked,
    ready,
    released,
    reserved,
    shipped,
    tracked,
    two_boxes,
)

LABELLED = ready()
SHIPPED = after(LABELLED, shipped(label_of(LABELLED)))
DELIVERED = after(SHIPPED, delivered(label_of(LABELLED)))
HALF = ready(two_boxes(), ("east", "west"))
PARTLY = after(HALF, shipped(label_of(HALF, 1)))
AT = {
    "received": an_order(),
    "paid": after(reserved(an_order()), paid()),
    "labelled": LABELLED,
    "picked": after(LABELLED, picked(label_of(LABELLED))),
    "partly_shipped": PARTLY,
    "shipped": SHIPPED,
    "in_transit": after(SHIPPED, tracked(label_of(LABELLED))),
    "delivered": DELIVERED,
    "completed": granted(DELIVERED, Complete(by="clock"), NOON),
    "stopping": granted(LABELLED, Cancel(by="u1"), NOON),
    "cancelled": released(granted(an_order(paying=Paying.ON_DELIVERY), Cancel(by="u1"), NOON)),
    "held": granted(LABELLED, HoldBack(by="u1"), NOON),
    "stuck": held(LABELLED, Hold(code="came_back", since=NOON)),
    "wrong_amount": weighed(after(reserved(an_order()), paid(amount=Money(minor=20000))), NOON),
}
WISHES = {
    "cancel": Cancel(by="u1"),
    "cancel_rest": CancelRest(by="u1"),
    "hold": HoldBack(by="u1"),
    "release": Release(by="u1"),
    "change_address": ChangeAddress(by="u1", contact_version=2, destination="110101"),
    "approve": Approve(by="u1"),
    "urge": Urge(by="u1"),
    "amend_policy": AmendPolicy(by="u1", change=Amendment(span=Span.SHIP_WITHIN, plus=Policy().ship_within)),
    "retry": Retry(by="u1"),
    "give_up": GiveUp(by="u1"),
    "complete": Complete(by="u1"),
    "expire": Expire(by="u1"),
}
RETURN, ALREADY, NOTHING = "delivered_ask_for_a_return", "already_stopping", "nothing_left_to_stop"
NOT_YET = "nothing_shipped_cancel_instead"
BY_THEIR_OWN_WORD = {
    "held": None,
    "stuck": "stuck_retry_or_give_up",
    "wrong_amount": "wrong_amount_approve_or_cancel",
}
REFUSED = {
    "cancel": {"delivered": RETURN, "completed": "completed", "stopping": ALREADY, "cancelled": "over"},
    "cancel_rest": {
        **dict.fromkeys(["shipped", "in_transit", "delivered", "completed"], NOTHING),
        **dict.fromkeys(
            ["received", "paid", "labelled", "picked", "held", "stuck", "wrong_amount"],
            "nothing_shipped_cancel_instead",
        ),
        "stopping": ALREADY,
        "cancelled": "over",
    },
    "hold": {
        "completed": "over",
        "cancelled": "over",
        "stopping": "already_stopping",
        **dict.fromkeys(["held", "stuck", "wrong_amount"], "already_held"),
    },
    "release": {**dict.fromkeys(AT, "not_held"), **BY_THEIR_OWN_WORD},
    "change_address": {
        **dict.fromkeys(["partly_shipped", "shipped", "in_transit", "delivered"], "handed_over"),
        **dict.fromkeys(["completed", "stopping", "cancelled"], "over"),
    },
    "approve": {**dict.fromkeys(AT, "nothing_to_approve"), "wrong_amount": None},
    "urge": {"completed": "over", "cancelled": "over"},
    "amend_policy": {"completed": "over", "cancelled": "over"},
    "retry": {**dict.fromkeys(AT, "not_stuck"), "stuck": None},
    "give_up": {**dict.fromkeys(AT, "not_stuck"), "stuck": None},
    "complete": dict.fromkeys(AT, "only_the_clock"),
    "expire": dict.fromkeys(AT, "only_the_clock"),
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("stage", AT)
def test_every_wish_at_every_stage_is_granted_or_refused_with_its_reason(stage, wish):
    assert refusal(AT[stage], WISHES[wish]) == REFUSED[wish].get(stage)


def test_the_table_really_stands_at_its_stages():
    stages = {name: stage_of(order).value for name, order in AT.items()}

    elsewhere = {"paid": "allocated", "held": "labelled", "stuck": "labelled", "wrong_amount": "received"}
    assert stages == {name: name for name in AT} | elsewhere


def test_an_order_over_the_limit_waits_for_approval_and_then_goes_on():
    order = after(reserved(an_order(policy=Policy(approval_limit=PRICE))), paid())

    assert (stage_of(order), next_of(order)) == (Stage.PAID, Stage.REVIEWED)
    assert refusal(order, Approve(by="u1")) is None
    assert stage_of(granted(order, Approve(by="u1"), NOON)) is Stage.ALLOCATED


def test_flags_are_the_shops_choice():
    raised = {"flags": (Flag.UNPAID_THRICE,)}

    assert next_of(after(reserved(an_order(**raised)), paid())) is Stage.LABELLED
    assert next_of(after(reserved(an_order(**raised, policy=Policy(review_flags=True))), paid())) is Stage.REVIEWED


def test_an_address_changed_twice_before_the_label_is_a_flag():
    order = reserved(an_order(policy=Policy(review_flags=True)))
    for version in (2, 3):
        move = ChangeAddress(by="u1", contact_version=version, destination="110101")
        order = granted(order, move, NOON)

    assert flags(order) == (Flag.ADDRESS_TWICE,)
    assert (order.contact_version, order.destination) == (3, "110101")


def test_a_wrong_amount_waits_for_a_person_and_what_is_too_much_is_given_back():
    over = after(reserved(an_order()), paid(amount=PRICE.model_copy(update={"minor": 20000})))
    under = after(reserved(an_order()), paid(amount=PRICE.model_copy(update={"minor": 1})))

    assert (stage_of(over), stage_of(under)) == (Stage.RECEIVED, Stage.RECEIVED)
    assert refusal(over, Approve(by="fin")) is None
    assert stage_of(granted(over, Approve(by="fin"), NOON)) is Stage.ALLOCATED
    assert stage_of(granted(under, Approve(by="fin"), NOON)) is Stage.RECEIVED


def test_a_policy_is_amended_by_so_much():
    order = granted(LABELLED, WISHES["amend_policy"], NOON)

    assert order.policy.ship_within == 2 * Policy().ship_within


def test_a_stopped_order_waits_for_no_approval():
    order = after(reserved(an_order(policy=Policy(approval_limit=PRICE))), paid())

    assert refusal(granted(order, Cancel(by="u1"), NOON), Approve(by="u1")) == "nothing_to_approve"


def test_whoever_closes_the_case_of_an_unread_word_has_read_it():
    order = after(an_order(), a_telling("parcel_weighed", "drone", "w1"))
    order = climbed(order, next_alarm(order), NOON)
    closed = granted(order, CloseCase(by="u1", deadline="unread", since=order.cases[0].since), NOON)

    assert (closed.unread, is_overdue(closed)) == ((), False)


def test_closing_its_case_does_not_move_what_is_stuck():
    order = held(an_order(), Hold(code="reserve_out_of_stock", since=NOON))
    order = climbed(order, next_alarm(order), NOON)
    [case] = order.cases

    assert refusal(order, CloseCase(by="u1", deadline="stuck", since=case.since)) == "stuck_retry_or_give_up"
    assert refusal(granted(order, Retry(by="u1"), NOON), CloseCase(by="u1", deadline="stuck", since=case.since)) is None


def test_the_share_of_the_first_parcel_is_no_wrong_amount_at_its_door_and_another_sum_is():
    order = ready(two_boxes(paying=Paying.ON_DELIVERY), ("east", "west"))
    first = label_of(order, 1)
    order = after(order, shipped(first), delivered(first))
    right = after(order, paid(source="courier", amount=PRICE, bill=first))
    wrong = after(order, paid(source="courier", amount=Money(minor=19000), bill=first))

    assert (wrong_since(right), wrong_since(wrong)) == (None, NOON)

from datetime import timedelta

import pytest

from api.pages.dictionary import WORDS
from api.pages.lines import Held, Verdict, held, lines, to_review, verdict
from models.case import Hold
from models.errand import State, What
from models.noun import Money
from models.order import Flag
from models.policy import Policy
from models.wish import Approve, ChangeAddress, Granted
from rules.holds import HOUSE, WRONG_AMOUNT
from tests.builders import (
    NOON,
    after,
    an_errand,
    an_order,
    delivered,
    labelled,
    paid,
    picked,
    ready,
    reserved,
    tracked,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def told(order, **wanted):
    return next(
        line for line in lines(order) if all(getattr(line.entry, name) == value for name, value in wanted.items())
    )


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("done", Verdict(State.DONE, "outcome.done")),
        ("given_up", Verdict(State.GIVEN_UP, "outcome.given_up")),
        ("unknown", Verdict(State.LOST, "outcome.unknown")),
        ("account_empty", Verdict(State.REFUSED, "outcome.account_empty")),
        ("refused_8252", Verdict(State.REFUSED, "outcome.refused", "8252")),
        ("rejected_by_the_shop", Verdict(State.REFUSED, "outcome.refused", "rejected_by_the_shop")),
    ],
)
def test_an_end_has_a_word_and_a_strange_code_stays_readable_on_the_phone(outcome, expected):
    assert verdict(outcome) == expected


def test_how_far_a_parcel_is_is_said_and_not_spelled():
    order = ready(id="web/demo/N1", business_no="N1")
    order = after(order, tracked("N1-label-1", "out_for_delivery"), delivered("N1-label-1", proof="otp"))

    on_its_way, signed = told(order, what="parcel_tracked"), told(order, what="parcel_delivered")
    assert (on_its_way.key, on_its_way.proof, on_its_way.number) == ("milestone.out_for_delivery", None, None)
    assert (signed.key, signed.proof, signed.number) == ("what.parcel_delivered", "proof.otp", None)


def test_numbers_that_nobody_outside_knows_are_not_shown():
    order = labelled(reserved(after(an_order(business_no="N1"), paid("tx-9"))), "SF77")

    assert told(order, what="reserve").number is None
    assert told(order, what="label").number == "SF77"
    assert told(order, what="payment_captured").number == "tx-9"
    refused = an_errand(order, What.LABEL, state=State.REFUSED, code="refused_8252", round=2)
    line = told(order.model_copy(update={"errands": (refused,)}), what="label")
    assert (line.number, line.verdict.raw) == ("N1-label-2", "8252")


def test_the_newest_comes_first_a_stage_above_its_cause_and_each_with_the_time_since_the_last():
    order = after(an_order(), paid(at=NOON + 40 * timedelta(seconds=1)), heard_at=NOON + MINUTE)
    order = after(order, picked("P1", at=NOON + 3 * HOUR), heard_at=NOON + 5 * HOUR)
    shown = [(line.key, line.waited, line.size, line.heard_after) for line in lines(order)]

    assert shown == [
        ("what.parcel_picked", 3 * HOUR - timedelta(seconds=40), "hours", 2 * HOUR),
        ("stage.paid", None, "", None),
        ("what.payment_captured", timedelta(seconds=40), "", None),
        ("stage.received", None, "", None),
    ]


def test_what_an_order_stands_still_for():
    label = Held(Verdict(State.REFUSED, "outcome.refused", "8252"), "what.label")

    assert held(Hold(code="label_refused_8252", since=NOON)) == label
    assert held(Hold(code="came_back", since=NOON)) == Held(Verdict(State.LOST, "hold.came_back"))
    assert held(Hold(code="pay_later", since=NOON, by="ops")) == Held(Verdict(State.LOST, "hold.pay_later"))
    assert held(Hold(code=WRONG_AMOUNT, since=NOON, by=HOUSE)) == Held(Verdict(State.LOST, "hold.wrong_amount"))
    assert WORDS["hold.wrong_amount"] == ("the money is not the price", "实付金额不符")


def test_whoever_approves_is_told_every_reason_until_somebody_did():
    strict = Policy(review_flags=True, approval_limit=Money(minor=10000))
    order = an_order(policy=strict, flags=(Flag.UNPAID_THRICE,))
    moves = [ChangeAddress(by="s", contact_version=nth, destination="330106") for nth in (2, 3)]
    order = order.model_copy(update={"wishes": tuple(Granted(wish=move, at=NOON) for move in moves)})

    assert to_review(order) == ["flag.unpaid_thrice", "flag.address_twice", "flag.over_limit"]
    assert to_review(order.model_copy(update={"policy": Policy()})) == ()
    approved = (*order.wishes, Granted(wish=Approve(by="ops"), at=NOON + HOUR))
    assert to_review(order.model_copy(update={"wishes": approved})) == ()

"""Which refusals pass by the clock, and which are a person's."""

from datetime import timedelta

import pytest

from models.case import Hold
from models.errand import Outcome, State, What
from models.noun import Money
from models.wish import Cancel, CloseCase, GiveUp, Retry
from rules import errands, undoing
from rules.deadlines import climbed, next_alarm
from rules.errands import find, noted
from rules.granting import held, let_go
from rules.learning import find_out
from rules.permissions import refusal
from rules.refusals import again_at, row_of, standing
from rules.silences import BY_NAME
from rules.wishes import granted
from tests.builders import NOON, after, an_errand, an_order, billed, ready, refund_settled, reserved, return_told

MINUTE = timedelta(minutes=1)


def refused(order, what, code, round=1, about="tx1", at=NOON):
    errand = an_errand(order, what, about, State.BEGUN, "wechat", round, amount=order.total, began_at=at)
    return find_out(order, errand, Outcome(state=State.REFUSED, code=code), at)


def begun(order, what, round, about="tx1", at=NOON + MINUTE):
    errand = an_errand(order, what, about, State.BEGUN, "wechat", round, amount=order.total, began_at=at, ended_at=None)
    return noted(order, errand)


def stuck(order, what, round=1, at=NOON):
    return held(order, Hold(code=f"{what}_stuck", since=at, errand=f"{order.business_no}-{what}-{round}"))


def to_refund():
    return granted(ready(), Cancel(by="u1"), NOON)


def cased(order, at=NOON):
    """As the desk sees it once the clock has opened a case."""
    return climbed(order, next(alarm for alarm in [next_alarm(order)] if alarm.deadline == "stuck"), at)


def test_a_refusal_of_our_account_is_due_again_after_a_growing_pause():
    once = refused(to_refund(), What.REFUND, "balance_too_low")
    twice = refused(once, What.REFUND, "not_permitted", round=2, at=NOON + MINUTE)

    assert again_at(stuck(once, What.REFUND)) == (NOON, NOON + once.policy.ask_payment_after)
    assert again_at(stuck(twice, What.REFUND, 2)) == (NOON + MINUTE, NOON + MINUTE + 2 * once.policy.ask_payment_after)


def test_a_try_that_broke_off_is_part_of_the_row_and_no_end_of_it():
    order = begun(refused(to_refund(), What.REFUND, "balance_too_low"), What.REFUND, 2)
    second = find(order, f"{order.business_no}-refund-2")

    assert standing(order)[-1] == second
    assert row_of(order, second) == ()
    assert again_at(stuck(order, What.REFUND, 2)) is None


def test_an_end_that_nobody_told_is_nobodys_to_try_again_but_a_persons():
    assert again_at(stuck(refused(to_refund(), What.REFUND, "no_answer"), What.REFUND)) is None
    after_a_no = refused(
        refused(to_refund(), What.REFUND, "balance_too_low"), What.REFUND, "no_answer", 2, at=NOON + MINUTE
    )
    assert again_at(stuck(after_a_no, What.REFUND, 2)) is None


def test_the_case_of_a_row_is_not_closed_by_hand_between_two_tries():
    order = cased(stuck(refused(to_refund(), What.REFUND, "balance_too_low"), What.REFUND))
    close = CloseCase(by="u1", deadline="stuck", since=order.cases[0].since)
    trying = begun(let_go(order, NOON + MINUTE), What.REFUND, 2)
    done = find_out(trying, find(trying, f"{order.business_no}-refund-2"), Outcome(state=State.DONE), NOON + MINUTE)

    assert refusal(order, close) == refusal(trying, close) == "stuck_retry_or_give_up"
    assert trying.hold is None
    assert refusal(done, close) is None  # nobody has moved the case yet: whoever is quicker may close it


@pytest.mark.parametrize(("code", "is_watched"), [("already_paid", True), ("not_permitted", False)])
def test_only_a_bill_that_is_said_to_be_paid_waits_for_its_payment(code, is_watched):
    order = billed(reserved(an_order()))
    order = refused(order, What.CLOSE, code, about=f"{order.business_no}-pay-1")

    assert (BY_NAME["paid_and_silent"].due(order) is not None) is is_watched


def again(order, minor=None):
    due = next(due for due in undoing.owed(order) if due.what is What.REFUND)
    other = {"amount": Money(minor=minor)} if minor else {}
    return errands.begin(order, due.model_copy(update=other), NOON + MINUTE)


def test_refused_money_is_asked_for_again_under_its_number_and_closed_or_other_money_under_another():
    order = to_refund()
    known, closed = (refused(order, What.REFUND, code) for code in ("balance_too_low", "refund_closed"))
    key = f"{known.business_no}-refund"

    assert [(each.key, each.number) for each in (again(known), again(closed), again(known, minor=1))] == [
        (f"{key}-2", f"{key}-1"),
        (f"{key}-2", f"{key}-2"),
        (f"{key}-2", f"{key}-2"),
    ]
    second = noted(known, again(known))
    third = noted(second, second.errands[-1].model_copy(update={"state": State.REFUSED, "code": "account_wrong"}))
    assert (again(third).key, again(third).number) == (f"{key}-3", f"{key}-1")
    assert errands.failed_before(second, second.errands[-1]) == []
    told = after(second, refund_settled(f"{key}-1", at=NOON + MINUTE))
    assert [errand.state for errand in told.errands if errand.what is What.REFUND] == [State.REFUSED, State.DONE]


def test_a_sum_of_which_a_return_took_a_part_is_tried_again_before_a_person_gives_it():
    order = stuck(refused(to_refund(), What.REFUND, "balance_too_low"), What.REFUND)
    assert refusal(order, GiveUp(by="u1")) is None
    taken = after(order, return_told(order, "given", minor=100))
    assert refusal(taken, GiveUp(by="u1")) == "retry_first"
    tried = granted(taken, Retry(by="u1"), NOON)
    assert again(tried).amount.minor == order.total.minor - 100

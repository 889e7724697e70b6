"""A provider that refuses everything for a while: one case for each order, and all of it mended without a hand."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from models.case import Owner
from models.errand import Outcome, State, What
from models.errors import Refused, Unavailable
from models.stage import Stage
from models.wish import Cancel, GiveUp, Retry
from rules.stages import stage_of
from tests import others
from tests.builders import BRISK, an_order, paid

MINUTE = timedelta(minutes=1)
EAGER = BRISK.model_copy(update={"ask_payment_after": timedelta(milliseconds=100)})  # and is tried again as soon
# Nobody asks before patience is over: the test's clock stands while a question is out.
UNASKED = BRISK.model_copy(update={"pay_within": 3 * MINUTE, "ask_payment_after": 4 * MINUTE})


def refuses_at_first(code, times):
    left = [code] * times

    async def act(party, deed):
        return Outcome(state=State.REFUSED, code=left.pop()) if left else party.does(deed)

    return act


def raises_at_first(code, times):
    left = [code] * times

    async def act(party, deed):
        if left:
            raise Refused(left.pop())
        return party.does(deed)

    return act


def tries(order, what):
    return [errand.state for errand in order.errands if errand.what is what]


def cases(order):
    return [(case.deadline, case.party, case.closed_at is not None, case.closed_by) for case in order.cases]


async def left_alone(house, story):
    """Stuck until its lead has to look: long after any next try."""
    await house.eventually(story, lambda order: order.hold and order.cases)
    await house.env.fast_forward(story, BRISK.lead_after + MINUTE)
    return await house.eventually(story, lambda order: any(case.rung is Owner.LEAD for case in order.cases))


ONE_CASE = [("stuck", "wechat", True, None)]


async def test_a_bill_that_was_refused_is_made_when_the_provider_is_itself_again(house):
    house.wechat.moods["pay"] = raises_at_first("not_permitted", 3)
    story = await house.begin(an_order(policy=EAGER))
    order = await house.eventually(story, lambda order: State.DONE in tries(order, What.PAY))

    assert tries(order, What.PAY) == [State.REFUSED] * 3 + [State.DONE]
    assert cases(order) == ONE_CASE
    assert len(house.done("pay")) == 1
    await house.tell(story, paid(bill=order.errands[-1].key))
    await house.parcel(story)


async def test_money_that_could_not_go_back_goes_back_once_when_it_can(house):
    house.wechat.moods["refund"] = refuses_at_first("balance_too_low", 2)
    story = await house.begin(an_order(policy=EAGER))
    await house.tell(story, paid())
    await house.parcel(story)
    await house.wish(story, Cancel(by="u1"))
    order = await house.end(story)

    assert stage_of(order) is Stage.REFUNDED
    assert tries(order, What.REFUND) == [State.REFUSED] * 2 + [State.DONE]
    assert cases(order) == ONE_CASE
    assert len(house.done("refund")) == 1


async def test_a_try_whose_end_the_provider_keeps_to_itself_is_a_persons_and_not_tried_again(house):
    left = ["balance_too_low"]

    async def refuses_then_takes_the_task(party, deed):
        if left:
            return Outcome(state=State.REFUSED, code=left.pop())
        return await others.takes_the_task(party, deed)

    house.wechat.moods.update(refund=refuses_then_takes_the_task, find=others.fails_with(Refused("not_permitted")))
    story = await house.begin(an_order(policy=EAGER))
    await house.tell(story, paid())
    await house.parcel(story)
    await house.wish(story, Cancel(by="u1"))
    await house.eventually(story, lambda order: order.hold and tries(order, What.REFUND)[1:])
    await house.env.fast_forward(story, MINUTE)  # many pauses
    order = await house.current(story)

    assert tries(order, What.REFUND) == [State.REFUSED, State.BEGUN]
    assert [entry.wish.by for entry in order.wishes] == ["u1", "clock"]
    assert [case.deadline for case in order.cases if not case.closed_at] == ["stuck"]
    house.wechat.moods.clear()
    await house.wish(story, Retry(by="desk"))
    assert tries(await house.end(story), What.REFUND) == [State.REFUSED, State.DONE]
    assert len(house.done("refund")) == 1


async def test_who_answers_nothing_is_not_asked_for_the_money_under_another_number(house):
    """He may book it late: then it would go back twice."""
    house.wechat.moods["refund"] = others.fails_with(Unavailable("away"))
    at_once = EAGER.model_copy(update={"answer_within": timedelta(milliseconds=300)})
    story = await house.begin(an_order(policy=at_once))
    await house.tell(story, paid())
    await house.parcel(story)
    await house.wish(story, Cancel(by="u1"))
    await house.eventually(story, lambda order: order.hold and order.cases)
    await house.env.fast_forward(story, MINUTE)  # many pauses
    order = await house.current(story)

    assert (order.hold.code, tries(order, What.REFUND)) == ("refund_no_answer", [State.REFUSED])
    (silent,) = [errand.key for errand in order.errands if errand.what is What.REFUND]
    assert [case.closed_at for case in order.cases if case.deadline == "stuck"] == [None]
    house.wechat.moods.clear()
    await house.wish(story, Retry(by="desk"))
    over = await house.end(story)
    assert stage_of(over) is Stage.REFUNDED
    assert [errand.key for errand in over.errands if errand.what is What.REFUND] == [silent]


async def test_money_that_the_provider_keeps_is_not_asked_for_again(house):
    house.wechat.moods["refund"] = others.fails_with(Refused("refund_abnormal"))
    story = await house.begin(an_order(policy=EAGER))
    await house.tell(story, paid())
    await house.parcel(story)
    await house.wish(story, Cancel(by="u1"))
    await house.eventually(story, lambda order: order.hold)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await house.wish(story, Retry(by="desk"))

    assert refused.value.cause.message == "settle_with_provider"
    await house.wish(story, GiveUp(by="desk"))
    assert tries(await house.end(story), What.REFUND) == [State.GIVEN_UP]


async def test_a_bill_that_was_not_closed_at_the_end_of_patience_is_closed_later(house):
    house.wechat.moods["close"] = refuses_at_first("not_permitted", 2)
    story = await house.begin(an_order(policy=UNASKED))
    await house.until(lambda: house.links.known)
    await house.env.fast_forward(story, 3 * MINUTE + 4 * MINUTE + 8 * MINUTE + MINUTE)
    order = await house.end(story)

    assert stage_of(order) is Stage.CANCELLED
    assert tries(order, What.CLOSE) == [State.REFUSED] * 2 + [State.DONE]
    assert cases(order) == ONE_CASE


async def test_an_order_whose_bill_was_refused_to_the_end_of_patience_is_cancelled_then(house):
    house.wechat.moods["pay"] = raises_at_first("not_permitted", 1_000)
    story = await house.begin(an_order(policy=BRISK.model_copy(update={"pay_within": 6 * MINUTE})))
    await house.eventually(story, lambda order: order.hold)
    await house.env.fast_forward(story, 8 * MINUTE)
    order = await house.end(story)

    assert stage_of(order) is Stage.CANCELLED
    assert tries(order, What.PAY) == [State.REFUSED] * 3  # at once, after one minute and after two more
    assert tries(order, What.CLOSE) == []  # there is no bill that anybody could pay
    assert set(house.memory.on_hand.values()) == {5, 3}
    assert [case.closed_at is not None for case in order.cases] == [True]


@pytest.mark.parametrize("code", ["their_words", "already_closed"])
async def test_a_no_that_is_about_the_bill_itself_is_asked_once_and_waits_for_the_desk(house, code):
    house.wechat.moods["close"] = refuses_at_first(code, 1_000)
    story = await house.begin(an_order(policy=UNASKED))
    await house.until(lambda: house.links.known)
    await house.env.fast_forward(story, 3 * MINUTE + MINUTE)
    later = await left_alone(house, story)

    assert (later.hold.code, tries(later, What.CLOSE)) == (f"close_{code}", [State.REFUSED])

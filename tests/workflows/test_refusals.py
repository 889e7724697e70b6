"""A provider that refuses everything for a while: one case for each order, and all of it mended without a hand."""

from datetime import timedelta

import pytest

from models.errand import Outcome, State, What
from models.errors import Refused
from models.stage import Stage
from models.wish import Cancel
from rules.stages import stage_of
from tests.builders import BRISK, an_order, paid

EAGER = BRISK.model_copy(update={"ask_payment_after": timedelta(milliseconds=100)})  # and is tried again as soon
HASTY = EAGER.model_copy(update={"pay_within": timedelta(seconds=1)})


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


async def test_a_bill_that_was_not_closed_at_the_end_of_patience_is_closed_later(house):
    house.wechat.moods["close"] = refuses_at_first("not_permitted", 2)
    story = await house.begin(an_order(policy=HASTY))
    order = await house.end(story)

    assert stage_of(order) is Stage.CANCELLED
    assert tries(order, What.CLOSE) == [State.REFUSED] * 2 + [State.DONE]
    assert cases(order) == ONE_CASE


async def test_an_order_whose_bill_was_refused_to_the_end_of_patience_is_cancelled_then(house):
    house.wechat.moods["pay"] = raises_at_first("not_permitted", 1_000)
    story = await house.begin(an_order(policy=HASTY))
    order = await house.end(story)

    assert stage_of(order) is Stage.CANCELLED
    assert tries(order, What.CLOSE) == []  # there is no bill that anybody could pay
    assert set(house.memory.on_hand.values()) == {5, 3}
    assert [case.closed_at is not None for case in order.cases] == [True]


@pytest.mark.parametrize("code", ["their_words", "already_closed"])
async def test_a_no_that_is_about_the_bill_itself_is_asked_once_and_waits_for_the_desk(house, code):
    house.wechat.moods["close"] = refuses_at_first(code, 1_000)
    story = await house.begin(an_order(policy=HASTY))
    order = await house.eventually(story, lambda order: order.hold and order.cases)

    assert tries(order, What.CLOSE) == [State.REFUSED]
    later = await house.current(story)
    assert (later.hold.code, tries(later, What.CLOSE)) == (f"close_{code}", [State.REFUSED])

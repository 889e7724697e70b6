"""Each silence, lived through on the real server with time skipping."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from models.case import Owner, Role
from models.errand import Outcome, State, What
from models.errors import Unavailable
from models.noun import Money
from models.policy import Policy
from models.stage import Paying, Stage
from models.story import Shield
from models.wish import Approve, Cancel, HoldBack, Release
from rules.inquiries import customer_stage, shield
from rules.stages import stage_of
from tests import others
from tests.builders import NOON, PRICE, a_telling, an_order, delivered, packed, paid, picked, shipped, tracked

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AHEAD = NOON + timedelta(days=999)  # by a clock that is ahead: it counts as the moment of hearing
REAL = Policy(couriers=("sf", "jd"))


async def labelled(house, **fields):
    """A paid order with a label, and its parcel."""
    story = await house.begin(an_order(**{"policy": REAL, **fields}))
    await house.tell(story, paid())
    return story, await house.parcel(story)


async def case_of(house, story, deadline):
    order = await house.eventually(story, lambda order: any(case.deadline == deadline for case in order.cases))
    return next(case for case in order.cases if case.deadline == deadline)


LATE = {
    "unpicked": ((), 12 * HOUR, Role.WAREHOUSE),
    "unshipped": ((picked, packed), DAY, Role.WAREHOUSE),
}


@pytest.mark.parametrize("deadline", LATE)
async def test_each_stage_that_stays_away_is_somebodys_case(house, deadline):
    told, after, role = LATE[deadline]
    story, parcel = await labelled(house)
    await house.tell(story, *(fact(parcel, at=AHEAD) for fact in told))
    await house.env.fast_forward(story, after + MINUTE)

    case = await case_of(house, story, deadline)
    shown = (await story.describe()).search_attributes

    assert (case.role, case.rung, case.place) == (role, Owner.OWNER, "east")
    assert shown["OmsOverdue"] == [True]


async def test_an_order_over_the_limit_is_reviewed_or_somebodys_case(house):
    strict = REAL.model_copy(update={"approval_limit": PRICE})
    story = await house.begin(an_order(policy=strict))
    await house.tell(story, paid())
    await house.env.fast_forward(story, 4 * HOUR + MINUTE)
    case = await case_of(house, story, "unreviewed")
    await house.wish(story, Approve(by="ops"))

    assert case.rung is Owner.OWNER
    assert await house.parcel(story)
    assert (await house.current(story)).cases[0].closed_at


async def test_money_that_is_not_the_price_is_held_and_waits_for_a_person(house):
    story = await house.begin(an_order(policy=REAL))
    await house.tell(story, paid(amount=Money(minor=1)))
    case = await case_of(house, story, "wrong_amount")
    await house.env.fast_forward(story, HOUR)
    held = await house.current(story)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await house.wish(story, Release(by="fin"))
    await house.wish(story, Cancel(by="fin"))

    assert case.role is Role.FINANCE
    assert (stage_of(held), held.hold.code, held.hold.by) == (Stage.RECEIVED, "wrong_amount", "house")
    assert refused.value.cause.message == "wrong_amount_approve_or_cancel"
    assert stage_of(await house.end(story)) is Stage.REFUNDED
    assert [refund.amount for refund in house.done("refund")] == [Money(minor=1)]


async def test_the_right_payment_lets_an_order_go_that_was_held_for_a_wrong_one(house):
    story = await house.begin(an_order(policy=REAL))
    await house.tell(story, paid("tx1", amount=Money(minor=1)))
    await house.eventually(story, lambda order: order.hold)
    await house.tell(story, paid("tx2", "n2", at=AHEAD))

    assert await house.parcel(story)
    order = await house.eventually(story, lambda _: house.done("refund"))
    assert (order.hold, [case.closed_by for case in order.cases if case.closed_at]) == (None, [None])
    assert [(refund.about, refund.amount.minor) for refund in house.done("refund")] == [("tx1", 1)]


async def test_already_paid_at_closing_time_is_a_payment(house):
    story = await house.begin(an_order(policy=REAL.model_copy(update={"ask_payment_after": 2 * HOUR})))
    await house.until(lambda: house.links.known)
    house.wechat.takes_money(story.order)
    await house.env.fast_forward(story, 31 * MINUTE)

    order = await house.eventually(story, lambda order: order.payments)
    assert not any(entry.wish.kind == "cancel" for entry in order.wishes)
    assert await house.parcel(story)


async def test_only_closed_frees_the_units(house):
    house.wechat.moods["close"] = others.fails_with(Unavailable("away"))
    story = await house.begin(an_order(policy=REAL.model_copy(update={"pay_within": 3 * MINUTE})))
    await house.until(lambda: house.links.known)
    await house.env.fast_forward(story, 4 * MINUTE)
    kept = dict(house.memory.on_hand)
    house.wechat.moods.clear()
    await house.env.fast_forward(story, 2 * MINUTE)

    assert stage_of(await house.end(story)) is Stage.CANCELLED
    assert (sum(kept.values()), sum(house.memory.on_hand.values())) == (7, 8)


async def test_a_refund_that_the_provider_does_not_end_is_finances_case(house):
    house.wechat.moods["refund"] = others.takes_the_task

    async def still_going(number, bill):
        return Outcome(state=State.BEGUN)

    house.wechat.refunded = still_going
    story, _ = await labelled(house, policy=REAL.model_copy(update={"refund_within": 20 * MINUTE}))
    await house.wish(story, Cancel(by="u1"))
    await house.until(lambda: house.done("refund"))
    await house.env.fast_forward(story, 21 * MINUTE)
    case = await case_of(house, story, "not_refunded")
    refund = house.done("refund")[0].key
    await house.tell(story, a_telling("refund_settled", "provider", "r1", refund=refund, end="done"))

    assert (case.role, case.party) == (Role.FINANCE, "wechat")
    assert stage_of(await house.end(story)) is Stage.REFUNDED
    assert len(house.done("refund")) == 1


async def test_a_silent_courier_is_asked_and_what_it_says_is_heard(house):
    story, parcel = await labelled(house)
    await house.tell(story, shipped(parcel, at=AHEAD))
    house.sf.news = [tracked(parcel), delivered(parcel)]
    await house.env.fast_forward(story, 12 * HOUR + MINUTE)

    order = await house.eventually(story, lambda order: stage_of(order) is Stage.DELIVERED)
    assert house.sf.questions == 1
    assert shield(order) is Shield.GREEN


async def test_a_rumour_from_somebody_who_does_not_sign_only_wakes_our_own_question(house):
    story, parcel = await labelled(house)
    await house.tell(story, shipped(parcel, at=AHEAD))
    house.sf.news = [tracked(parcel, "out_for_delivery")]
    await house.tell(story, a_telling("parcel_stirred", "courier", "e1", at=AHEAD, parcel=parcel))

    order = await house.eventually(story, lambda order: stage_of(order) is Stage.IN_TRANSIT)
    assert house.sf.questions == 1
    assert [fact.kind for fact in order.parcels[0].facts].count("parcel_tracked") == 1


async def test_an_electronic_signature_is_asked_about_three_times_and_then_red(house):
    story, parcel = await labelled(house)
    await house.tell(story, shipped(parcel, at=AHEAD), tracked(parcel), delivered(parcel, proof="electronic"))
    yellow = await house.eventually(story, lambda order: stage_of(order) is Stage.DELIVERED)
    house.sf.news = [delivered(parcel, proof="electronic")]
    await house.env.fast_forward(story, 2 * HOUR)
    red = await house.eventually(story, lambda order: shield(order) is Shield.RED)

    assert (shield(yellow), customer_stage(yellow)) == (Shield.YELLOW, Stage.IN_TRANSIT)
    assert house.sf.questions == 3
    assert [case.deadline for case in red.cases] == ["unproven"]


async def test_better_proof_found_by_asking_turns_the_shield_green(house):
    story, parcel = await labelled(house)
    await house.tell(story, shipped(parcel, at=AHEAD), tracked(parcel), delivered(parcel, proof="electronic"))
    await house.eventually(story, lambda order: stage_of(order) is Stage.DELIVERED)
    house.sf.news = [delivered(parcel, "d2", proof="photo")]
    await house.env.fast_forward(story, 31 * MINUTE)

    green = await house.eventually(story, lambda order: shield(order) is Shield.GREEN)
    assert customer_stage(green) is Stage.DELIVERED


async def test_money_on_delivery_that_does_not_come_is_asked_for(house):
    story = await house.begin(an_order(paying=Paying.ON_DELIVERY, policy=REAL))
    parcel = await house.parcel(story)
    house.sf.cash = paid(source="courier")
    await house.tell(story, shipped(parcel, at=AHEAD), tracked(parcel), delivered(parcel))
    await house.env.fast_forward(story, 5 * MINUTE)

    assert (await house.eventually(story, lambda order: order.payments)).payments[0].amount == PRICE


async def test_a_held_order_waits_with_our_rungs_and_goes_on_when_released(house):
    story = await house.begin(an_order(policy=REAL))
    await house.wish(story, HoldBack(by="ops"))
    await house.tell(story, paid())
    await house.env.fast_forward(story, 13 * HOUR)
    still = await house.current(story)
    await house.wish(story, Release(by="ops"))

    assert (still.parcels, still.cases) == ((), ())
    assert await house.parcel(story)


async def test_a_payment_whose_callback_was_dropped_is_found_while_a_person_holds_the_order(house):
    story = await house.begin(an_order(policy=REAL))
    await house.until(lambda: house.links.known)
    await house.wish(story, HoldBack(by="ops"))
    house.wechat.takes_money(story.order)
    await house.env.fast_forward(story, 5 * MINUTE)

    known = await house.eventually(story, lambda order: order.payments)
    assert (known.hold.by, known.parcels) == ("ops", ())


async def test_a_silent_courier_is_asked_while_a_person_holds_the_order(house):
    story, parcel = await labelled(house)
    await house.tell(story, shipped(parcel, at=AHEAD))
    await house.wish(story, HoldBack(by="ops"))
    house.sf.news = [tracked(parcel), delivered(parcel)]
    await house.env.fast_forward(story, 13 * HOUR)

    assert stage_of(await house.eventually(story, lambda order: order.parcels[0].facts[2:])) is Stage.DELIVERED


async def test_a_held_order_is_asked_about_until_its_bill_is_over_and_not_for_ever(house):
    brief = REAL.model_copy(update={"pay_within": 5 * MINUTE})
    story = await house.begin(an_order(policy=brief))
    await house.until(lambda: house.links.known)
    await house.wish(story, HoldBack(by="ops"))
    await house.env.fast_forward(story, 9 * MINUTE)
    over = await house.eventually(story, lambda order: order.asked and order.asked[0].ended_at)
    asked = house.wechat.questions
    await house.env.fast_forward(story, 30 * MINUTE)
    still = await house.current(story)
    await house.wish(story, Release(by="ops"))
    await house.env.fast_forward(story, 6 * MINUTE)

    bill = next(errand for errand in over.errands if errand.what is What.PAY)
    assert bill.until < over.asked[0].ended_at <= bill.until + 2 * brief.ask_payment_after + MINUTE
    assert (still.hold.by, house.wechat.questions) == ("ops", asked)
    assert 2 <= asked <= 6
    assert stage_of(await house.end(story)) is Stage.CANCELLED


async def test_every_callback_dropped_and_half_of_the_paid_orders_are_known_within_ninety_seconds(house):
    house.memory.on_hand["east"] = 100
    stories = [await house.begin(an_order(policy=REAL)) for _ in range(9)]
    await house.until(lambda: len(house.links.known) == 9)
    for nth, story in enumerate(stories):
        await house.env.fast_forward(story, timedelta(seconds=7 * nth + 1))
    paid_at = {story.order.id: (await house.current_time(story)) for story in stories}
    for story in stories:
        house.wechat.takes_money(story.order, transaction=f"tx-{story.order.business_no}")
    for story in stories:
        await house.env.fast_forward(story, 5 * MINUTE)

    found = [await house.eventually(story, lambda order: order.payments) for story in stories]
    waits = sorted(order.payments[0].captures[0].heard_at - paid_at[order.id] for order in found)
    assert len(waits) == 9
    assert waits[4] <= timedelta(seconds=90)

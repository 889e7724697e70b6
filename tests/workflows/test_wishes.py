"""Wishes that take the story somewhere else and back again."""

import logging
from datetime import timedelta

import worker
from models.errand import What
from models.noun import Money
from models.stage import Stage
from models.wish import Cancel, CancelRest, ChangeAddress, GiveUp, Retry
from rules.stages import stage_of
from tests import others
from tests.builders import BRISK, a_telling, an_order, delivered, paid, received_back, shipped, two_boxes
from tests.workflows.conftest import House
from workflows.story import Story

MOVE = ChangeAddress(by="u1", contact_version=2, destination="110101")
PATIENT = BRISK.model_copy(update={"complete_after": timedelta(hours=1)})


async def test_an_address_changed_before_the_label_is_simply_the_address(house):
    story = await house.begin(an_order())
    await house.wish(story, MOVE)
    await house.tell(story, paid())
    await house.parcel(story)

    order = await house.current(story)
    assert (order.parcels[0].contact_version, len(house.done("label")), len(house.done("void"))) == (2, 1, 0)


async def test_an_address_changed_after_the_label_is_a_new_label_and_the_old_one_void(house):
    story = await house.begin(an_order())
    await house.tell(story, paid())
    old = await house.parcel(story)
    await house.wish(story, MOVE)
    order = await house.eventually(story, lambda order: len([p for p in order.parcels if p.waybill]) == 2)
    await house.tell(story, shipped(f"{order.business_no}-label-2"), delivered(f"{order.business_no}-label-2"))

    assert [void.about for void in house.done("void")] == [old]
    assert stage_of(await house.end(story)) is Stage.COMPLETED
    assert (len(house.done("label")), len(house.done("refund"))) == (2, 0)


async def test_the_rest_is_stopped_and_what_is_on_its_way_arrives(house):
    house.memory.want_boxes = 2
    story = await house.begin(two_boxes())
    await house.tell(story, paid(amount=story.order.total))
    order = await house.eventually(story, lambda order: len([p for p in order.parcels if p.waybill]) == 2)
    first, second = (parcel.id for parcel in order.parcels)
    await house.tell(story, shipped(first))
    await house.wish(story, CancelRest(by="u1"))
    await house.until(lambda: house.done("refund"))
    await house.tell(story, delivered(first))

    assert stage_of(await house.end(story)) is Stage.COMPLETED
    assert [void.about for void in house.done("void")] == [second]
    assert [refund.amount for refund in house.done("refund")] == [Money(minor=10000)]
    assert house.memory.on_hand == {"east": 4, "west": 3}


async def test_a_parcel_that_came_back_unasked_waits_for_a_word_and_goes_out_again(house):
    story = await house.begin(an_order(policy=PATIENT))
    await house.tell(story, paid())
    parcel = await house.parcel(story)
    await house.tell(story, shipped(parcel), received_back(parcel))
    held = await house.eventually(story, lambda order: order.hold)
    labels = len(house.done("label"))
    await house.wish(story, Retry(by="desk"))
    again = await house.eventually(story, lambda order: len([p for p in order.parcels if p.waybill]) == 2)

    assert (held.hold.code, labels) == ("came_back", 1)
    assert stage_of(again) is Stage.LABELLED


async def test_a_parcel_that_came_back_unasked_is_given_up_and_paid_back(house):
    story = await house.begin(an_order())
    await house.tell(story, paid())
    parcel = await house.parcel(story)
    await house.tell(story, shipped(parcel), received_back(parcel))
    await house.eventually(story, lambda order: order.hold)
    await house.wish(story, GiveUp(by="desk"))

    assert stage_of(await house.end(story)) is Stage.REFUNDED
    assert house.memory.on_hand == {"east": 5, "west": 3}


async def test_a_label_that_nobody_can_tell_of_is_a_persons_matter_and_a_hand_written_one_goes_on(house):
    async def gone(party, deed):
        raise others.Unavailable("away")

    house.sf.moods["label"] = house.sf.moods["find"] = gone
    hasty = PATIENT.model_copy(update={"known_within": timedelta(seconds=2), "couriers": ("sf",)})
    story = await house.begin(an_order(policy=hasty))
    await house.tell(story, paid())
    lost = await house.eventually(story, lambda order: {case.deadline for case in order.cases} >= {"by_hand"})
    hand = {"parcel": "hand-1", "box": lost.boxes[0].id, "courier": "jd", "waybill": "JD1"}
    await house.tell(story, a_telling("parcel_labelled", "desk", **hand))
    await house.tell(story, shipped("hand-1"), delivered("hand-1"))

    order = await house.eventually(story, lambda order: stage_of(order) is Stage.DELIVERED)
    assert [e.state.value for e in order.errands if e.what is What.LABEL] == ["lost"]
    assert {case.deadline for case in order.cases if not case.closed_at} >= {"lost_label"}


async def test_a_label_that_nobody_could_tell_of_is_void_when_its_order_is_stopped_and_the_courier_speaks_again(house):
    house.sf.moods["label"] = others.does_it_and_says_nothing
    house.sf.moods["find"] = others.fails_with(others.Unavailable("away"))
    hasty = PATIENT.model_copy(update={"known_within": timedelta(seconds=2), "couriers": ("sf",)})
    story = await house.begin(an_order(policy=hasty))
    await house.tell(story, paid())
    await house.eventually(story, lambda order: {case.deadline for case in order.cases} >= {"lost_label"})
    house.sf.moods.clear()
    await house.wish(story, Cancel(by="u1"))

    order = await house.end(story)
    assert stage_of(order) is Stage.REFUNDED
    assert [deed.about for deed in house.done("void")] == [deed.key for deed in house.done("label")]
    assert {case.closed_by for case in order.cases} == {None}


async def test_a_report_that_the_channel_refuses_is_a_case_and_holds_nobody_up(house):
    house.shop.moods["report"] = others.says_no
    story = await house.begin(an_order(policy=PATIENT))
    await house.tell(story, paid())
    parcel = await house.parcel(story)
    await house.tell(story, shipped(parcel), delivered(parcel))
    await house.eventually(story, lambda order: any(case.deadline == "untold" for case in order.cases))
    house.shop.moods.clear()
    await house.wish(story, Retry(by="ops"))

    order = await house.eventually(story, lambda order: all(case.closed_at for case in order.cases))
    assert stage_of(order) is Stage.DELIVERED
    assert len(house.done("report")) == 1


async def test_a_worker_that_forgets_a_story_stops_nothing_in_it(env, caplog):
    house = House(env)
    async with house.at_work(remembered=1):
        with caplog.at_level(logging.WARNING, "temporalio"):
            stories = [await house.begin(an_order(policy=PATIENT)) for _ in range(4)]
            for nth, story in enumerate(stories):
                await house.tell(story, paid(f"tx{nth}", f"n{nth}"))
            for story in stories:  # delivered: a wish to cancel would be refused, and the wait go on
                parcel = await house.labelled(story)
                await house.tell(story, shipped(parcel), delivered(parcel))
            for story in stories:
                await house.until(lambda order=story.order.id: stage_of(house.memory.records[order]) is Stage.DELIVERED)

        assert [line.getMessage() for line in caplog.records if "evict" in line.getMessage().lower()] == []


async def test_a_run_whose_record_is_older_than_the_stores_says_so_and_stands_still(house):
    story = await house.begin(an_order(policy=PATIENT))
    await house.tell(story, paid())
    await house.parcel(story)
    with others.Fault(house.memory, "put", refuses_older):
        await house.tell(story, a_telling("parcel_tracked", "courier", "m1", parcel="p", milestone="collected"))
        held = await house.eventually(story, lambda order: order.hold)

    assert held.hold.code == "older_than_known"
    assert held.hold.by is None


async def refuses_older(real, *about):
    raise others.Refused("older_than_known")


async def test_a_worker_that_forgets_a_story_is_nobody_who_wants_it_cancelled(env, monkeypatch):
    told = []

    class Watched(Story):
        def __init__(self, order, rules):
            super().__init__(order, rules)
            told.append(self)

    monkeypatch.setattr("workflows.order.OrderStory", Watched)
    house = House(env)
    async with house.at_work(remembered=1, runner=worker.BARE):
        for nth in range(4):
            story = await house.begin(an_order(policy=PATIENT))
            await house.tell(story, paid(f"tx{nth}", f"n{nth}"))
            await house.labelled(story)
        await house.current(house.started[0])

    assert len(told) > 4  # the first was forgotten, and is told again from its history
    assert [entry.wish for story in told for entry in story.matter.wishes] == []

"""Labels written by hand, in a story."""

from datetime import timedelta

from models.fact import ParcelLabelled
from models.policy import Policy
from models.stage import Stage
from models.wish import ChangeAddress
from rules import labels
from rules.stages import stage_of
from tests import others
from tests.builders import a_telling, an_order, delivered, packed, paid, picked, shipped, tracked

SOON = Policy(complete_after=timedelta(seconds=2), couriers=("sf", "jd"), answer_within=timedelta(seconds=1))


async def asked_for_by_hand(house, **fields):
    """A story that every courier refused a label."""
    house.sf.moods["label"] = house.jd.moods["label"] = others.refuses
    story = await house.begin(an_order(policy=SOON, **fields))
    await house.tell(story, paid())
    return story, await house.eventually(story, labels.asked_for)


def written(order, courier="jd", waybill="JD0012345678"):
    box = labels.asked_for(order)
    said = {"parcel": labels.number(order, box), "box": box.id, "courier": courier, "waybill": waybill}
    version = order.contact_version
    return a_telling("parcel_labelled", "desk", f"desk-{said['parcel']}", **said, contact_version=version)


async def test_an_order_whose_label_was_written_by_hand_goes_all_its_way(house):
    story, order = await asked_for_by_hand(house)
    label = written(order)
    parcel = label.body["parcel"]
    await house.tell(story, label)
    labelled = await house.eventually(story, lambda order: stage_of(order) is Stage.LABELLED)
    await house.tell(story, picked(parcel), packed(parcel), shipped(parcel), tracked(parcel), delivered(parcel))

    end = await house.end(story)
    assert parcel == f"{order.business_no}-hand-1"
    assert labels.asked_for(labelled) is None
    assert stage_of(end) is Stage.COMPLETED
    assert [(case.deadline, case.closed_at is not None) for case in end.cases] == [("by_hand", True)]
    assert [report.about for report in house.shop.done("report")] == ["JD0012345678"]
    assert not house.done("label")


async def test_two_who_write_the_same_label_make_one_parcel(house):
    story, order = await asked_for_by_hand(house)
    first, second = written(order), written(order, waybill="JD0099999999")
    await house.tell(
        story, first, second.model_copy(update={"id": "desk-second", "at": first.at + timedelta(minutes=1)})
    )
    labelled = await house.eventually(story, lambda order: stage_of(order) is Stage.LABELLED)

    (parcel,) = labelled.parcels
    assert (parcel.waybill, len(parcel.all(ParcelLabelled))) == ("JD0012345678", 1)


async def test_a_label_with_an_address_that_changed_meanwhile_is_asked_for_again(house):
    story, order = await asked_for_by_hand(house)
    await house.wish(story, ChangeAddress(by="service-1", contact_version=2, destination="310115"))
    await house.tell(story, written(order))
    again = await house.eventually(story, lambda order: order.parcels and labels.asked_for(order))

    assert labels.number(again, labels.asked_for(again)) == f"{order.business_no}-hand-2"
    await house.tell(story, written(again, waybill="JD0088888888"))
    await house.eventually(story, lambda order: stage_of(order) is Stage.LABELLED)

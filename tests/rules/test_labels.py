import pytest

from models.case import Case, Owner
from models.errand import State, What
from models.policy import Policy
from models.stage import Paying
from models.wish import Cancel, Granted, HoldBack, Retry
from rules import labels, permissions
from rules.errands import noted
from rules.explaining import explain
from rules.wishes import granted
from tests.builders import NOON, a_telling, after, an_errand, an_order, labelled, paid, picked, reserved, two_boxes


def wrote(order, box, parcel, **fields):
    written = {"parcel": parcel, "box": box.id, "courier": "sf", "waybill": "SF777777", **fields}
    return after(order, a_telling("parcel_labelled", "desk", f"desk-{parcel}", **written))


def stopped(order):
    wish = Granted(wish=Cancel(by="u1"), at=NOON)
    return order.model_copy(update={"wishes": (wish,)})


def test_two_labels_written_at_the_same_time_share_no_number():
    order = reserved(two_boxes(), ("east", "west"))
    first, second = order.boxes
    stem = order.business_no

    assert [labels.number(order, box) for box in order.boxes] == [f"{stem}-hand-1", f"{stem}-hand-2"]
    one_done = wrote(order, first, f"{stem}-hand-1")
    assert labels.number(one_done, second) == f"{stem}-hand-2"
    assert labels.number(one_done, first) == f"{stem}-hand-3"


def test_with_one_box_the_next_free_number_is_taken_also_after_one_that_was_only_scanned():
    order = reserved(an_order())
    (box,) = order.boxes
    heard = after(order, picked(f"{order.business_no}-hand-1"))

    assert labels.number(heard, box) == f"{order.business_no}-hand-2"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (lambda order: order, None),
        (stopped, "box_is_stopped"),
        (labelled, "box_has_a_label"),
        (
            lambda order: noted(order, an_errand(order, What.LABEL, order.boxes[0].id, State.BEGUN)),
            "courier_is_being_asked",
        ),
        (lambda order: noted(order, an_errand(order, What.LABEL, order.boxes[0].id, State.REFUSED)), None),
        (lambda order: noted(order, an_errand(order, What.LABEL, order.boxes[0].id, State.LOST)), None),
        (lambda order: labelled(order).model_copy(update={"contact_version": 2}), None),
        (lambda order: wrote(order, order.boxes[0], "hand-1"), None),
    ],
    ids=["fresh", "stopped", "labelled", "asked", "refused", "lost", "moved", "written"],
)
def test_a_label_is_written_where_the_box_needs_one_and_no_courier_may_still_give_it(changed, reason):
    order = changed(reserved(an_order()))

    assert labels.refusal(order, order.boxes[0]) == reason


def test_a_label_that_a_person_wrote_is_known_until_its_address_is_old():
    order = reserved(an_order())
    (box,) = order.boxes
    by_hand = wrote(order, box, "hand-1")

    assert labels.written(by_hand, box).waybill == "SF777777"
    assert labels.written(by_hand.model_copy(update={"contact_version": 2}), box) is None
    assert labels.written(labelled(order), box) is None


def test_a_person_is_asked_from_the_last_couriers_no_until_the_label_is_written_whoever_closed_the_case():
    order = after(reserved(an_order(policy=Policy(couriers=("sf",)))), paid())
    (box,) = order.boxes
    refused = noted(order, an_errand(order, What.LABEL, box.id, State.REFUSED))
    case = Case(story=order.id, deadline="by_hand", since=NOON, rung=Owner.OWNER, opened_at=NOON, closed_at=NOON)
    closed = refused.model_copy(update={"cases": (case,)})

    assert labels.asked_for(order) is None
    assert labels.asked_for(refused) == box
    assert labels.asked_for(closed) == box
    assert labels.asked_for(granted(refused, HoldBack(by="u1"), NOON)) is None
    assert labels.asked_for(wrote(closed, box, "hand-1")) is None


def test_couriers_collect_the_whole_once_over_all_boxes_and_nothing_that_was_paid():
    cash = reserved(two_boxes(paying=Paying.ON_DELIVERY), ("east", "west"))
    prepaid = reserved(two_boxes(), ("east", "west"))
    collected = [labels.to_collect(cash, box) for box in cash.boxes]

    assert sum(part.minor for part in collected if part) == 29900
    assert [labels.to_collect(prepaid, box) for box in prepaid.boxes] == [None, None]


def test_what_may_be_done_about_a_label_that_may_exist_is_said_to_be_allowed():
    order = reserved(after(an_order(), paid()))
    lost = noted(order, an_errand(order, What.LABEL, order.boxes[0].id, State.LOST))

    assert "retry" in explain(lost).allowed
    assert explain(lost).allowed.count("retry") == 1
    assert permissions.refusal(lost, Retry(by="desk", what=What.LABEL)) is None
    assert "retry" not in explain(order).allowed

"""Each rule about one parcel, where there are two: only the one that it is about is touched."""

from datetime import timedelta

import pytest

from models.errand import Outcome, State, What
from models.inquiry import Inquiry
from models.policy import Policy
from models.scan import Word
from models.stage import Stage
from models.story import Shield
from models.wish import Cancel, CancelRest, ChangeAddress
from rules.deadlines import climbed, next_alarm
from rules.errands import noted
from rules.inquiries import customer_stage, open_questions, shield
from rules.labels import asked_for
from rules.learning import find_out
from rules.parcels import came_back, to_label, unlabelled
from rules.permissions import refusal
from rules.reports import owed as report_owed
from rules.scans import answer_to
from rules.stages import stage_of
from rules.undoing import owed, refund_due, to_put_back
from rules.wishes import granted
from tests.builders import (
    NOON,
    after,
    an_errand,
    delivered,
    label_of,
    packed,
    picked,
    put_back,
    ready,
    received_back,
    reserved,
    return_told,
    shipped,
    tracked,
    two_boxes,
)

STOP, LATER, HOUR = Cancel(by="u1"), NOON + timedelta(hours=1), timedelta(hours=1)
SHARES = (19900, 10000)  # of the boxes


def two(**fields):
    """Two labelled boxes in two places, and their parcels' numbers."""
    order = ready(two_boxes(policy=Policy(), **fields), ("east", "west"))
    return order, label_of(order, 1), label_of(order, 2)


def dues(order):
    return [(due.what, due.about, due.amount and due.amount.minor) for due in owed(order)]


def done(order, due):
    errand = an_errand(order, due.what, due.about, round=len(order.errands) + 1, amount=due.amount)
    return find_out(order, errand, Outcome(state=State.DONE), NOON)


def cases(order, until=NOON):
    while (alarm := next_alarm(order)) and alarm.at <= until:
        order = climbed(order, alarm, alarm.at)
    return {(case.deadline, case.place) for case in order.cases if not case.closed_at}


@pytest.mark.parametrize(("step", "stage"), [(picked, Stage.PICKED), (packed, Stage.PACKED), (shipped, Stage.SHIPPED)])
def test_a_stage_of_the_house_is_reached_with_the_second_box(step, stage):
    order, first, second = two()
    half = after(order, step(first))
    early = {Stage.SHIPPED: Stage.PARTLY_SHIPPED}.get(stage, Stage.LABELLED)

    assert stage_of(half) is early
    assert stage_of(after(half, step(second, id="z1"))) is stage


def test_what_is_late_is_late_in_the_place_whose_box_has_not_left():
    order, first, second = two()

    assert cases(order, NOON + 13 * HOUR) == {("unpicked", None)}
    assert cases(after(order, shipped(first)), NOON + 13 * HOUR) == {("unpicked", "west")}
    assert cases(after(order, shipped(second)), NOON + 13 * HOUR) == {("unpicked", "east")}


def test_a_stop_fetches_what_is_out_voids_what_is_not_and_pays_when_all_is_home():
    order, first, second = two()
    order = granted(after(order, shipped(first)), STOP, NOON)
    begun = dues(order)
    for due in owed(order):
        order = done(order, due)
    home = after(order, received_back(first))

    assert begun == [("intercept", first, None), ("void", second, None), ("release", order.boxes[1].id, None)]
    assert (stage_of(order), dues(order)) == (Stage.STOPPING, [])
    assert dues(home) == [("release", order.boxes[0].id, None), ("refund", "tx1", sum(SHARES))]


def test_a_stop_of_two_that_are_out_pays_nothing_while_one_of_them_is():
    order, first, second = two()
    order = granted(after(order, shipped(first), shipped(second, "s2")), STOP, NOON)
    one = after(order, received_back(first))

    assert [due[1] for due in dues(order)] == [first, second]
    assert not [due for due in dues(one) if due[0] == "refund"]
    assert ("refund", "tx1", sum(SHARES)) in dues(after(one, received_back(second, "b2")))


def test_one_that_arrives_all_the_same_is_kept_and_the_other_ones_share_goes_back():
    order, first, second = two()
    order = granted(after(order, shipped(first), shipped(second, "s2")), STOP, NOON)
    order = after(order, delivered(first))
    home = after(order, received_back(second))

    assert dues(order) == [("intercept", second, None)]
    assert (stage_of(home), ("refund", "tx1", SHARES[1]) in dues(home)) == (Stage.DELIVERED, True)


def test_only_what_was_taken_off_its_shelf_is_put_back():
    order, first, _ = two()
    order = granted(after(order, picked(first)), STOP, NOON)

    assert [box.id for box in to_put_back(order)] == [order.boxes[0].id]
    assert ("release", order.boxes[1].id, None) in dues(order)
    assert to_put_back(after(order, put_back(first))) == []


def test_a_live_scan_of_the_stopped_box_is_refused_and_of_the_other_accepted():
    order, first, second = two()
    order = granted(after(order, shipped(first)), CancelRest(by="u1"), NOON)
    order = after(order, shipped(second, "s2", live=True), tracked(first))
    words = answer_to(order, "s2")

    assert (words.word, words.reason) == (Word.REFUSED, "stopped_put_back")
    assert stage_of(order) is Stage.IN_TRANSIT


def test_both_labels_with_an_old_address_are_void_and_both_boxes_want_new_ones():
    order, first, second = two()
    order = granted(order, ChangeAddress(by="u1", contact_version=2, destination="110101"), NOON)

    assert dues(order) == [("void", first, None), ("void", second, None)]
    assert unlabelled(order) == order.boxes


def test_the_address_of_two_is_fixed_once_one_has_left():
    order, first, _ = two()
    move = ChangeAddress(by="u1", contact_version=2, destination="110101")

    assert (refusal(order, move), refusal(after(order, shipped(first)), move)) == (None, "handed_over")


def test_a_courier_that_refuses_one_box_is_still_asked_for_the_other():
    order = reserved(two_boxes(policy=Policy(couriers=("sf",))), ("east", "west"))
    first, second = order.boxes
    no = an_errand(order, What.LABEL, first.id, state=State.REFUSED)

    assert to_label(noted(order, no)) == second
    assert asked_for(order) is None


def test_the_one_that_came_back_unasked_waits_for_a_word_and_the_other_goes_on():
    order, first, second = two()
    order = after(order, shipped(first), shipped(second, "s2"))
    order = after(order, received_back(first, at=LATER), heard_at=LATER)

    assert (came_back(order, order.boxes[0].id).id, came_back(order, order.boxes[1].id)) == (first, None)
    assert unlabelled(order) == order.boxes[:1]


def test_each_parcel_is_reported_and_only_the_last_ones_report_is_the_last():
    order, first, second = two()
    one = after(order, shipped(first))
    told = noted(one, an_errand(one, What.REPORT, first, party="web/shop", round=9))
    both = after(told, shipped(second, "s2"))

    assert (report_owed(one).about, report_owed(one).is_last) == (first, False)
    assert report_owed(told) is None
    assert (report_owed(both).about, report_owed(both).is_last) == (second, True)


def test_the_shield_is_as_good_as_the_worse_proof_and_only_that_parcel_is_asked_about():
    order, first, second = two()
    order = after(order, shipped(first), shipped(second, "s2"), tracked(first), tracked(second, id="m2"))
    order = after(order, delivered(first), delivered(second, "d2", proof="electronic"))
    alarm = next_alarm(order)
    asked = climbed(order, alarm, alarm.at)

    assert (shield(order), customer_stage(order)) == (Shield.YELLOW, Stage.IN_TRANSIT)
    assert [question.about for question in open_questions(asked, Inquiry.PROOF)] == [second]
    assert customer_stage(after(order, delivered(second, "d3"))) is Stage.DELIVERED


def test_one_that_turns_round_by_itself_is_a_case_and_the_other_is_not():
    order, first, second = two()
    order = after(order, shipped(first), shipped(second, "s2"), tracked(first, "returning"), delivered(second, "d2"))

    assert {deadline for deadline, _ in cases(order)} == {"astray"}


@pytest.mark.parametrize(
    ("line", "standing", "due"), [(1, "triggered", 0), (1, "done", 0), (0, "done", 10000), (1, "over", 10000)]
)
def test_the_money_for_a_rest_of_which_others_were_sent_does_not_go_back_as_well(line, standing, due):
    order, first, _ = two()
    sent = return_told(order, standing, kind="reship", why="not_received", line=line, quantity=line + 1)
    rest = granted(after(order, shipped(first), sent), CancelRest(by="u1"), LATER)

    assert refund_due(rest) == due

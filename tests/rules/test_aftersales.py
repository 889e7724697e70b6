"""What an order makes of its returns: what is refunded is not sent, and no money goes back by both."""

from datetime import timedelta
from itertools import permutations

import pytest

from models.errand import What
from models.line import Box, Line, Units
from models.noun import Money
from models.refund import Before, Grounds, Terms
from models.returns import Claim, Kind, Why
from models.scan import Word
from models.stage import Stage
from models.wish import Cancel, CancelRest, CloseCase
from rules import aftersales, boxes, money, refund_shares
from rules.deadlines import climbed, next_alarm
from rules.endings import may_end
from rules.errands import noted
from rules.permissions import refusal
from rules.refund_before import with_own
from rules.scans import answer_to
from rules.stages import stage_of
from rules.undoing import is_undone, owed, refund_due
from rules.wishes import granted
from tests.builders import NOON, after, an_errand, delivered, label_of, picked, ready, return_told, shipped, two_boxes

HOUR = timedelta(hours=1)
LATER = NOON + HOUR
BIG, SMALL, HALF = 19900, 10000, 5000  # of the boxes, and of one unit of the second


def two(**fields):
    return ready(two_boxes(**fields), ("east", "west"))


def dues(order):
    return [(due.what, due.about, due.amount and due.amount.minor) for due in owed(order)]


def scan(order, step, parcel):
    order = after(order, step(parcel, id="live", live=True))
    answer = answer_to(order, "live")
    return answer.word, answer.reason


def test_what_is_under_refund_waits_and_goes_on_when_the_return_is_over():
    order = two()
    parcel = label_of(order, 2)
    asked = after(order, return_told(order, "open", line=1))

    assert scan(asked, picked, parcel) == (Word.REFUSED, "under_refund")
    assert scan(asked, picked, label_of(order, 1))[0] is Word.ACCEPTED
    assert owed(asked) == []
    over = after(asked, return_told(order, "over", version=2, line=1))
    assert scan(over, picked, parcel)[0] is Word.ACCEPTED


def test_a_box_of_which_all_is_refunded_is_stopped_and_its_money_is_not_given_twice():
    order = two()
    given = after(order, return_told(order, "given", line=1, quantity=2, minor=SMALL))

    assert [box.id for box in boxes.dropped(given)] == [order.boxes[1].id]
    assert [what for what, _, _ in dues(given)] == [What.VOID, What.RELEASE]
    assert refund_due(given) == 0
    assert scan(given, picked, label_of(order, 2)) == (Word.REFUSED, "stopped_put_back")
    assert refund_due(granted(given, Cancel(by="u1"), LATER)) == BIG


@pytest.mark.parametrize("standing", ["open", "given"])
def test_units_that_a_return_pays_for_are_not_the_orders_to_give_back(standing):
    """The rest was stopped after somebody asked for one unit of it: the order gives what is left of that box."""
    order = two()
    asked = after(order, return_told(order, standing, line=1, minor=HALF if standing == "given" else 0))
    shipped_one = after(asked, shipped(label_of(order, 1)))
    stopped = granted(shipped_one, CancelRest(by="u1"), LATER)
    assert refund_due(stopped) == HALF

    over = after(stopped, return_told(order, "over", version=2, line=1))
    assert refund_due(over) == SMALL


def test_some_units_of_a_box_are_taken_out_of_it_and_the_others_go():
    order = ready(two_boxes(), ("east",))
    (box,) = order.boxes
    given = after(order, return_told(order, "given", line=0, minor=BIG))

    assert [units.sku for units in box.units] != [units.sku for units in boxes.contents(given, box)]
    assert sum(units.quantity for units in boxes.contents(given, box)) == sum(u.quantity for u in box.units) - 1
    assert boxes.dropped(given) == ()


def test_a_box_that_was_begun_waits_until_somebody_took_the_units_out():
    order = ready(two_boxes(), ("east",))
    parcel = label_of(order, 1)
    begun = after(order, picked(parcel))
    given = after(begun, return_told(order, "given", line=0, minor=BIG), heard_at=LATER)
    alarm = next_alarm(given)
    assert scan(given, shipped, parcel) == (Word.REFUSED, "take_out_refunded")
    assert alarm.deadline == "lessened"
    case = climbed(given, alarm, alarm.at)
    closing = CloseCase(by="w1", deadline="lessened", since=alarm.since)
    assert refusal(case, closing) is None

    done = granted(case, closing, LATER)
    assert scan(done, shipped, parcel)[0] is Word.ACCEPTED
    again = after(done, return_told(order, "done", version=2, line=0, minor=BIG), heard_at=LATER + HOUR)
    assert scan(again, shipped, parcel)[0] is Word.ACCEPTED


def test_about_goods_that_the_customer_has_nothing_is_kept_here():
    order = ready(two_boxes(), ("east", "west"))
    sent = after(order, shipped(label_of(order, 1)))
    asked = after(sent, return_told(order, "open", line=0, why="defective", at=LATER))

    assert not any(boxes.waits(asked, box.id) for box in order.boxes)


def with_its_customer():
    """Both boxes are there, and only the days until it is complete are left."""
    order = two()
    parcels = [label_of(order, n) for n in (1, 2)]
    order = after(order, *(shipped(p, id=f"s{p}") for p in parcels), *(delivered(p, id=f"d{p}") for p in parcels))
    for nth, parcel in enumerate(parcels, 1):
        order = noted(order, an_errand(order, What.REPORT, parcel, round=nth))
    return order


def test_an_order_of_which_the_wrong_thing_was_sent_is_not_complete_until_the_right_one_is_on_its_way():
    order = with_its_customer()
    wrong = {"kind": "reship", "why": "wrong_item"}
    asked = after(order, return_told(order, "open", **wrong))
    assert next_alarm(order).deadline == "incomplete"
    assert next_alarm(asked) is None or next_alarm(asked).deadline != "incomplete"
    assert not may_end(asked)

    done = after(asked, return_told(order, "done", version=2, **wrong))
    assert next_alarm(done).deadline == "incomplete"


def test_an_order_waits_with_its_end_for_its_returns_and_ends_with_what_they_took():
    order = with_its_customer()
    assert next_alarm(order).deadline == "incomplete"
    asked = after(order, return_told(order, "open", kind="return"))
    assert next_alarm(asked) is None or next_alarm(asked).deadline != "incomplete"

    given = after(asked, return_told(order, "given", version=2, kind="return", minor=BIG))
    done = after(given, return_told(order, "done", version=3, kind="return", minor=BIG))
    assert next_alarm(done).deadline == "incomplete"
    ended = climbed(done, next_alarm(done), next_alarm(done).at)
    assert (stage_of(ended), may_end(ended)) == (Stage.PARTLY_REFUNDED, True)
    all_of_it = after(ended, return_told(order, "given", number=2, minor=SMALL, kind="return"))
    assert (stage_of(all_of_it), may_end(all_of_it)) == (Stage.REFUNDED, False)
    assert may_end(after(all_of_it, return_told(order, "done", number=2, version=2, minor=SMALL, kind="return")))


def test_who_was_first_pays_a_stop_or_the_return():
    order = two()
    triggered = return_told(order, "triggered", version=2)
    first_stop = after(granted(order, Cancel(by="u1"), NOON), triggered, heard_at=LATER)
    first_return = granted(after(order, triggered), Cancel(by="u1"), LATER)
    number = f"{order.business_no}-R1"

    assert (aftersales.is_its_own(first_stop, number), refund_due(first_stop)) == (False, BIG + SMALL)
    assert with_own(first_stop, Before(), number).refunded == order.total
    assert (aftersales.is_its_own(first_return, number), refund_due(first_return)) == (True, 0)
    assert not is_undone(first_return)
    assert aftersales.is_its_own(order, number) is None
    said = after(first_return, return_told(order, "given", version=3, minor=700))
    assert refund_due(said) == BIG + SMALL - 700


def test_the_newest_word_of_each_return_counts_in_whichever_order_they_come():
    order = two()
    words = [return_told(order, *word) for word in (("open", 1), ("triggered", 2), ("given", 3))]
    words.append(return_told(order, "open", number=2))
    ends = {tuple((one.return_id, one.standing) for one in after(order, *some).returns) for some in permutations(words)}

    assert len(ends) == 1
    assert [standing for _, standing in ends.pop()] == ["given", "open"]
    assert after(order, words[0], words[0]).returns == after(order, words[0]).returns


def test_somebody_else_who_speaks_of_a_return_is_hearsay():
    order = two()
    word = return_told(order, "given", minor=BIG)
    forged = word.model_copy(update={"source": "provider"})

    assert (after(order, forged).returns, len(after(order, forged).hearsay)) == ((), 1)


def test_units_of_stopped_boxes_count_once_by_line():
    order = two()
    stopped = [order.boxes[1].id]
    whole = money.units_of(order, [box.id for box in order.boxes])
    assert whole == {nth: line.quantity for nth, line in enumerate(order.lines)}
    assert sum(money.units_of(order, stopped).values()) == sum(u.quantity for u in order.boxes[1].units)


def test_a_return_that_was_first_has_its_part_also_of_an_order_that_is_stopped_on_the_road():
    order = two()
    parcels = [label_of(order, n) for n in (1, 2)]
    order = after(order, *(shipped(parcel, id=f"s{parcel}") for parcel in parcels))
    word = return_told(order, "triggered", version=2, line=1, quantity=2, why="not_received", at=LATER)
    stopped = granted(after(order, word, heard_at=LATER), Cancel(by="u1"), LATER + HOUR)
    before = with_own(stopped, Before(), f"{order.business_no}-R1")
    grounds = Grounds(kind=Kind.REFUND_ONLY, why=Why.NOT_RECEIVED, units=(Claim(line=1, quantity=2),))

    assert (refund_due(stopped), before) == (0, Before())
    given = refund_shares.shares(stopped, stopped.bargain, Terms(), grounds, before)
    assert refund_shares.refund(given) == SMALL


def test_what_the_order_stopped_of_a_line_does_not_bar_the_return_of_its_other_units():
    order = ready(two_boxes(), ("east", "west"))
    claimed = after(order, return_told(order, "triggered", line=1, quantity=2, kind="return"))
    gone = granted(after(claimed, shipped(label_of(order, 1))), CancelRest(by="u1"), LATER)

    assert [taken.quantity for taken in with_own(gone, Before()).units] == [2]
    assert with_own(gone, Before(), f"{order.business_no}-R1").units == ()


def test_two_lines_of_one_thing_at_two_prices_are_each_paid_back_once():
    lines = (
        Line(sku="tea", quantity=1, unit_price=Money(minor=10000)),
        Line(sku="tea", quantity=1, unit_price=Money(minor=1000)),
        Line(sku="cup", quantity=1, unit_price=Money(minor=5000)),
    )
    order = ready(lines=lines, total=Money(minor=16000))
    halves = [("east", {"tea": 1}), ("west", {"tea": 1, "cup": 1})]
    made = [
        Box(
            id=f"{order.business_no}-box-{n}",
            place=place,
            units=tuple(Units(sku=s, quantity=q) for s, q in held.items()),
        )
        for n, (place, held) in enumerate(halves, 1)
    ]
    order = order.model_copy(update={"boxes": tuple(made)})
    for line, price in enumerate((10000, 1000)):
        given = after(order, return_told(order, "given", line=line, minor=price))
        own = money.share_of(order, [box.id for box in order.boxes], boxes.spared(given, "given")).minor
        assert price + own == 16000
        assert sum(len(boxes.contents(given, box)) for box in order.boxes) == 2


def test_told_again_after_the_stop_it_was_first_all_the_same():
    order = two()
    first = granted(after(order, return_told(order, "triggered", version=2)), Cancel(by="u1"), LATER)
    again = after(first, return_told(order, "triggered", version=3), heard_at=LATER + HOUR)

    assert (aftersales.is_its_own(again, f"{order.business_no}-R1"), refund_due(again)) == (True, 0)


def test_a_box_is_opened_again_for_its_own_units_only():
    order = ready(two_boxes(), ("east",))
    begun = after(order, picked(label_of(order)))
    given = after(begun, return_told(order, "given", line=0, minor=BIG), heard_at=LATER)
    closing = CloseCase(by="w1", deadline="lessened", since=next_alarm(given).since)
    case = climbed(given, next_alarm(given), LATER)
    done = granted(case, closing, LATER)
    nothing = after(done, return_told(order, "given", number=2, line=1), heard_at=LATER + HOUR)
    assert scan(nothing, shipped, label_of(order))[0] is Word.ACCEPTED

    more = after(done, return_told(order, "given", number=2, line=1, minor=HALF), heard_at=LATER + HOUR)
    assert scan(more, shipped, label_of(order)) == (Word.REFUSED, "take_out_refunded")

"""Goods that are not accepted go home, and until then somebody of the warehouse must look."""

from datetime import timedelta
from itertools import permutations

import pytest

from models.case import Case, Owner, Role
from models.noun import Money
from models.return_policy import Patience
from models.returns import Fault, Grade, Kind, Why
from models.rma import ReturnRecord, ReturnStage
from models.stage import Source
from models.wish import CloseCase, HoldBack, JudgeGoods, Lapse, RefuseRefund, Release, Trigger, Withdraw
from rules import homeward, restocking
from rules.faults import fault_of
from rules.return_permissions import granted, keeps_the_goods, refusal
from rules.return_silences import LADDER, judged
from rules.return_stages import since, stage_of, stop_of
from rules.rmas import RETURNS, learn
from tests.builders import NOON, a_telling
from tests.builders import fact as heard
from tests.rules.test_return_learning import a_return

HOUR = timedelta(hours=1)
EVENING = NOON + 12 * HOUR
NO = JudgeGoods(by="wu", is_passed=False, word="refuse_goods")
YES = NO.model_copy(update={"is_passed": True})
MONEY = RefuseRefund(by="fin", word="not_owed")


def fact(telling):
    return heard(telling, EVENING)


def arrived(hours=0, number="a1"):
    return fact(a_telling("goods_arrived", "warehouse", number, NOON + hours * HOUR, place="WH"))


def inspected(grade=Grade.ANOTHER, hours=1):
    graded = [{"line": 0, "quantity": 2, "grade": grade}]
    return fact(a_telling("goods_inspected", "warehouse", "i1", NOON + hours * HOUR, place="WH", graded=graded))


def home(hours=3, number="h1", waybill="SF9", source="warehouse"):
    return fact(a_telling("goods_sent_home", source, number, NOON + hours * HOUR, courier="sf", waybill=waybill))


def with_all(matter, *facts):
    for one in facts:
        matter = learn(matter, one)
    return matter


def looked_at(kind=Kind.RETURN, grade=Grade.ANOTHER):
    return with_all(a_return(kind), arrived(), inspected(grade))


def refused(wish=NO, **fields):
    return granted(looked_at(**fields), wish, NOON + 2 * HOUR)


def waits_for(matter):
    alarm, _ = judged(matter)
    return alarm.deadline if alarm else None


@pytest.mark.parametrize("wish", [NO, MONEY], ids=["service", "finance"])
def test_refused_goods_are_the_warehouses_case_in_time_until_they_are_sent_home(wish):
    matter = refused(wish)
    alarm, standing = judged(matter)
    due = LADDER.by_name["not_sent_home"].due(matter)

    assert (standing.stage, alarm.deadline, due.place) == (ReturnStage.REFUSED, "not_sent_home", "WH")
    assert (due.since, alarm.at) == (NOON + 2 * HOUR, NOON + 2 * HOUR + Patience().send_home_within)
    assert LADDER.by_name["not_sent_home"].role is Role.WAREHOUSE
    climbed = LADDER.climbed(matter, alarm, alarm.at)
    assert not RETURNS.may_end(climbed)
    gone = learn(climbed, home())
    over = LADDER.moved_on(gone, NOON + 4 * HOUR)
    assert [case.closed_by for case in over.cases if case.closed_at] == [None]
    assert (stage_of(over), since(over), RETURNS.may_end(over)) == (ReturnStage.SENT_HOME, NOON + 3 * HOUR, True)
    assert stop_of(over) == (ReturnStage.REFUSED, NOON + 2 * HOUR)


def test_looking_at_it_is_not_enough_for_goods_that_are_the_customers():
    case = Case(
        story="B0001-R1", deadline="not_sent_home", since=NOON, opened_at=NOON, rung=Owner.OWNER, role=Role.WAREHOUSE
    )
    matter = refused().model_copy(update={"cases": (case,)})

    assert refusal(matter, CloseCase(by="boss", deadline="not_sent_home", since=NOON)) == "goods_go_home"


@pytest.mark.parametrize("wish", [Withdraw(by="customer"), Lapse(by="clock")])
def test_what_came_although_nobody_wanted_it_any_more_is_services_until_somebody_looked_or_it_went_home(wish):
    stopped = granted(a_return(), wish, NOON - HOUR)
    here = learn(stopped, arrived())

    assert (RETURNS.may_end(stopped), waits_for(here)) == (True, "goods_without_return")
    gone = learn(here, home())
    assert (stage_of(gone), waits_for(gone), RETURNS.may_end(gone)) == (ReturnStage.SENT_HOME, None, True)


def test_of_an_empty_box_nothing_goes_home():
    matter = refused(grade=Grade.MISSING)

    assert (stage_of(matter), waits_for(matter), RETURNS.may_end(matter)) == (ReturnStage.REFUSED, None, True)


@pytest.mark.parametrize("kind", [Kind.RETURN, Kind.EXCHANGE])
def test_whatever_is_told_first_it_ends_the_same(kind):
    told = permutations((arrived(), inspected(), home()))
    ends = [granted(with_all(a_return(kind), *facts), NO, NOON + 2 * HOUR) for facts in told]

    assert {(stage_of(end), since(end)) for end in ends} == {(ReturnStage.SENT_HOME, NOON + 3 * HOUR)}
    assert ends == ends[:1] * len(ends)
    assert learn(ends[0], home()) == ends[0]


def test_goods_that_left_before_anybody_said_no_wait_for_that_word():
    matter = learn(looked_at(), home())
    end = granted(matter, NO, NOON + 9 * HOUR)

    assert stage_of(matter) is ReturnStage.DUE
    assert (stage_of(end), since(end)) == (ReturnStage.SENT_HOME, NOON + 9 * HOUR)


def test_nobody_pays_for_goods_that_went_home_and_they_are_on_no_shelf():
    little = {"amount": Money(minor=1), "freely": Money(minor=1)}
    here = looked_at(grade=Grade.AS_NEW).model_copy(update=little)
    gone = learn(here, home())

    assert (refusal(here, Trigger(by="fin")), refusal(gone, Trigger(by="fin"))) == (None, "goods_went_home")
    assert (waits_for(here), waits_for(gone)) == ("little", "untriggered")
    assert (bool(restocking.units(here)), restocking.units(gone)) == (True, ())
    assert refusal(gone, MONEY) is None
    assert refusal(learn(gone, arrived(4, "a2")), Trigger(by="fin")) is None


def test_little_goes_by_itself_only_where_the_warehouse_found_what_was_said_and_nobody_ever_held_it():
    little = {"amount": Money(minor=1), "freely": Money(minor=1)}
    plain = looked_at(grade=Grade.AS_NEW).model_copy(update=little)
    seen = next(one for one in plain.facts if one.kind == "goods_inspected")
    others = [one for one in plain.facts if one is not seen]
    by_hand = seen.model_copy(update={"source": Source.DESK, "by": "wu"})
    faults = [seen.model_copy(update={"fault": fault}) for fault in Fault]
    held = granted(granted(plain, HoldBack(by="fin", reason="odd"), NOON + 2 * HOUR), Release(by="wu"), NOON + 3 * HOUR)

    assert waits_for(plain) == "little"
    assert [
        waits_for(plain.model_copy(update={"facts": (*others, one)})) == "little" for one in (by_hand, *faults)
    ] == [False, *(fault is fault_of(plain.why) for fault in Fault)]
    assert waits_for(held) == "untriggered"


def test_goods_that_went_home_are_exchanged_for_nothing_however_good_they_were():
    gone = with_all(a_return(Kind.EXCHANGE), arrived(), home(2), inspected(Grade.AS_NEW, 3))

    assert (stage_of(gone), waits_for(gone), refusal(gone, YES)) == (ReturnStage.ARRIVED, "unjudged", "goods_went_home")
    assert stage_of(granted(gone, NO, NOON + 4 * HOUR)) is ReturnStage.SENT_HOME


def test_the_last_waybill_counts_and_goods_that_come_again_must_go_again():
    matter = with_all(refused(), home(), home(4, "h2", "SF10"))
    again = learn(matter, arrived(5, "a2"))

    assert homeward.sent(matter).waybill == "SF10"
    assert (stage_of(again), homeward.sent(again), waits_for(again)) == (ReturnStage.REFUSED, None, "not_sent_home")
    assert stage_of(learn(again, home(6, "h3"))) is ReturnStage.SENT_HOME


def test_only_the_warehouse_and_the_desk_are_believed():
    told = {source: stage_of(learn(refused(), home(source=source))) for source in ("channel", "courier", "desk")}

    assert told == {
        "channel": ReturnStage.REFUSED,
        "courier": ReturnStage.REFUSED,
        "desk": ReturnStage.SENT_HOME,
    }


def test_service_refuses_goods_for_money_only_between_inspection_and_finance():
    due = looked_at()
    let_go = granted(due, Trigger(by="fin"), NOON + 2 * HOUR)

    assert refusal(with_all(a_return(), arrived()), NO) == "not_to_judge"
    assert refusal(due, YES) == "not_to_judge"
    assert refusal(due, NO.model_copy(update={"by": "customer"})) == "asked_for_it_yourself"
    assert refusal(due, NO) is None
    assert refusal(let_go, NO) == "money_is_on_its_way"
    assert refusal(refused(), NO) == "over"
    assert refusal(a_return(Kind.REFUND_ONLY), NO) == "not_to_judge"


def test_what_was_paid_for_or_never_comes_is_not_sent_home():
    let_go = granted(looked_at(), Trigger(by="fin"), NOON + 2 * HOUR)

    assert keeps_the_goods(a_return(Kind.REFUND_ONLY)) == "nothing_comes_back"
    assert keeps_the_goods(let_go) == "money_is_on_its_way"
    assert [keeps_the_goods(matter) for matter in (refused(), looked_at())] == [None, None]
    unexpected = learn(granted(a_return(Kind.REFUND_ONLY), Withdraw(by="customer"), NOON), home())
    assert stage_of(unexpected) is ReturnStage.WITHDRAWN


def test_a_record_of_before_is_read_and_waits_as_long_as_everywhere():
    matter = refused()
    words = ReturnRecord(matter=matter, standing=judged(matter)[1]).model_dump(mode="json")
    del words["matter"]["patience"]["send_home_within"]

    assert ReturnRecord.model_validate(words).matter == matter


@pytest.mark.parametrize(
    ("why", "grade", "deadlines"),
    [
        (Why.DEFECTIVE, Grade.ANOTHER, ["graded_otherwise"]),
        (Why.WRONG_ITEM, Grade.ANOTHER, ["swapped"]),
        (Why.DEFECTIVE, Grade.WORN, []),
        (Why.WRONG_ITEM, Grade.AS_NEW, []),
    ],
)
@pytest.mark.parametrize("kind", [Kind.RETURN, Kind.EXCHANGE])
def test_another_thing_in_the_box_is_somebodys_case(kind, why, grade, deadlines):
    asked = a_return(kind).model_copy(update={"why": why})
    matter = with_all(asked, arrived(), inspected(grade))
    odd = {"swapped", "graded_otherwise"}

    assert [row.name for row in LADDER.rows if row.name in odd and row.due(matter)] == deadlines
    gone = granted(matter, NO, NOON + 2 * HOUR)
    assert [row.name for row in LADDER.rows if row.name in odd and row.due(gone)] == []

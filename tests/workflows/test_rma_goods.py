"""Returns that end in goods: something is sent again, or other goods go out when the old ones pass."""

from datetime import timedelta

import pytest

from models.case import Role
from models.errand import State, What
from models.return_policy import Patience
from models.returns import Claim, Kind, Why
from models.rma import ReturnStage
from models.wish import CloseCase, Decide, GiveUp, JudgeGoods, Retry, Trigger, Withdraw
from rules.return_news import standing
from rules.return_stages import new_order, stage_of
from tests.workflows.test_rma import SERVICE, Counter, scanned
from workflows.rma import ReturnWorkflow

TWO = (Claim(line=0, quantity=2),)


@pytest.fixture
async def counter(env):
    house = Counter(env)
    async with house.at_work():
        yield house


def graded(*grades):
    units = [{"line": 0, "quantity": 1, "grade": grade} for grade in grades]
    return scanned("goods_inspected", f"i-{'-'.join(grades)}", place="WH", graded=units)


def home():
    return scanned("goods_sent_home", "h1", courier="sf", waybill="SF9")


async def inspected(counter, story, *grades):
    await story.signal(ReturnWorkflow.warehouse_scan, scanned("goods_arrived", "a1", place="WH"))
    await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.ARRIVED)
    await story.signal(ReturnWorkflow.warehouse_scan, graded(*grades))


async def test_what_was_short_is_sent_again_once_somebody_agreed_and_then_nobody_takes_it_back(counter):
    story = await counter.ask(kind=Kind.RESHIP, why=Why.SHORT, steps=SERVICE)
    assert counter.books.replaced == []
    await counter.wish(story, Decide(by="wu", role=Role.SERVICE, is_agreed=True, word="fine"))
    matter = await counter.over(story)

    assert (stage_of(matter), new_order(matter)) == (ReturnStage.REPLACED, "web/shop/B0001-X1")
    assert (counter.books.replaced, counter.done(What.REFUND)) == (["B0001-R1"], [])
    assert [errand.key for errand in matter.errands] == ["B0001-R1-replace-1"]


async def test_of_a_wrong_item_the_warehouse_hears_and_the_return_stays_until_it_has_looked(counter):
    story = await counter.ask(kind=Kind.RESHIP, why=Why.WRONG_ITEM)
    matter = await counter.eventually(story, lambda m: bool(m.cases) and stage_of(m) is ReturnStage.REPLACED)
    [case] = matter.cases

    assert (case.deadline, case.role) == ("swapped", Role.WAREHOUSE)
    assert await counter.refused(story, Withdraw(by="customer")) == "new_order_is_made"
    await counter.wish(story, CloseCase(by="wh", deadline=case.deadline, since=case.since))
    await counter.over(story)


@pytest.mark.parametrize(
    ("why", "grades"),
    [
        (Why.WRONG_SIZE, ("as_new", "opened")),
        (Why.DEFECTIVE, ("damaged", "worn")),
        (Why.WRONG_ITEM, ("another", "another")),
    ],
)
async def test_goods_that_are_as_they_should_be_are_exchanged_with_no_click(counter, why, grades):
    story = await counter.ask(kind=Kind.EXCHANGE, why=why, claims=TWO)
    await inspected(counter, story, *grades)
    await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.REPLACED)

    assert counter.books.replaced == ["B0001-R1"]
    if "another" in grades:
        [case] = (await counter.eventually(story, lambda matter: bool(matter.cases))).cases
        assert (case.deadline, case.role, case.place) == ("swapped", Role.WAREHOUSE, "WH")
        await counter.wish(story, CloseCase(by="wh", deadline=case.deadline, since=case.since))
    matter = await counter.over(story)
    assert {case.deadline for case in matter.cases} <= {"swapped"}


@pytest.mark.parametrize(
    ("grades", "is_passed", "end"),
    [
        (("as_new", "worn"), True, ReturnStage.REPLACED),
        (("as_new", "missing"), True, ReturnStage.REPLACED),
        (("another", "another"), False, ReturnStage.SENT_HOME),
    ],
)
async def test_goods_that_are_not_wait_for_a_person_who_did_not_ask_for_it(counter, grades, is_passed, end):
    story = await counter.ask(kind=Kind.EXCHANGE, why=Why.WRONG_SIZE, claims=TWO)
    judged = JudgeGoods(by="wu", is_passed=is_passed, word="seen")
    assert await counter.refused(story, judged) == "not_to_judge"
    await inspected(counter, story, *grades)
    await counter.eventually(story, lambda matter: len(matter.facts) == 2)
    assert await counter.refused(story, Withdraw(by="customer")) == "goods_are_here"
    assert await counter.refused(story, judged.model_copy(update={"by": "customer"})) == "asked_for_it_yourself"
    assert counter.books.replaced == []

    assert await counter.wish(story, judged) in (end, ReturnStage.PASSED, ReturnStage.REFUSED)
    if not is_passed:
        await story.signal(ReturnWorkflow.warehouse_scan, home())
    assert stage_of(await counter.over(story)) is end
    assert counter.books.replaced == (["B0001-R1"] if is_passed else [])


async def test_goods_that_somebody_told_of_at_a_desk_are_exchanged_when_somebody_else_says_so(counter):
    story = await counter.ask(kind=Kind.EXCHANGE, why=Why.WRONG_SIZE, claims=TWO)
    units = [{"line": 0, "quantity": 2, "grade": "as_new"}]
    told = scanned("goods_inspected", "i1", source="desk", place="WH", graded=units, by="wu")
    await story.signal(ReturnWorkflow.warehouse_scan, told)
    await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.ARRIVED)

    judged = JudgeGoods(by="wu", is_passed=True, word="seen")
    assert await counter.refused(story, judged) == "second_pair_of_eyes"
    assert counter.books.replaced == []
    await counter.wish(story, judged.model_copy(update={"by": "boss"}))
    assert stage_of(await counter.over(story)) is ReturnStage.REPLACED


async def test_goods_for_money_that_are_not_accepted_stay_a_case_until_they_are_sent_home(counter):
    hurried = Patience(send_home_within=timedelta(seconds=1))
    story = await counter.ask(kind=Kind.RETURN, claims=TWO, patience=hurried)
    await inspected(counter, story, "another", "another")
    await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.DUE)
    judged = JudgeGoods(by="wu", is_passed=False, word="refuse_goods")
    assert await counter.wish(story, judged) is ReturnStage.REFUSED
    assert await counter.refused(story, Trigger(by="fin")) == "not_due"
    await counter.eventually(story, lambda matter: any(not case.closed_at for case in matter.cases))
    [case] = [case for case in (await counter.current(story)).cases if not case.closed_at]
    assert (case.deadline, case.role, case.place) == ("not_sent_home", Role.WAREHOUSE, "WH")
    looked = CloseCase(by="boss", deadline=case.deadline, since=case.since)
    assert await counter.refused(story, looked) == "goods_go_home"
    for _ in range(2):
        await story.signal(ReturnWorkflow.warehouse_scan, home())
    matter = await counter.over(story)

    assert (stage_of(matter), standing(matter)) == (ReturnStage.SENT_HOME, "over")
    assert ("not_sent_home", None) in [(case.deadline, case.closed_by) for case in matter.cases]
    assert (counter.done(What.REFUND), len(matter.facts)) == ([], 3)


async def test_nothing_is_exchanged_for_an_empty_box(counter):
    story = await counter.ask(kind=Kind.EXCHANGE, why=Why.DEFECTIVE)
    await inspected(counter, story, "missing")
    await counter.eventually(story, lambda matter: len(matter.facts) == 2)

    assert await counter.refused(story, JudgeGoods(by="wu", is_passed=True, word="seen")) == "nothing_came"


async def test_a_second_look_changes_nothing_once_the_new_order_is_there(counter):
    story = await counter.ask(kind=Kind.EXCHANGE, why=Why.WRONG_ITEM)
    counter.books.is_slow = True
    await inspected(counter, story, "another")
    await counter.until(lambda: counter.books.asked)
    await story.signal(ReturnWorkflow.warehouse_scan, graded("missing"))
    await counter.eventually(story, lambda matter: len(matter.facts) == 3)
    counter.books.is_slow = False

    assert stage_of(await counter.over(story)) is ReturnStage.REPLACED


async def test_what_is_not_sent_anew_because_the_money_went_back_is_withdrawn_and_sent_by_nobody(counter):
    counter.books.refuses = "order_is_stopping"
    story = await counter.ask(kind=Kind.RESHIP, why=Why.NOT_RECEIVED)
    matter = await counter.eventually(story, lambda matter: matter.hold is not None)
    assert matter.hold.code == "replace_order_is_stopping"
    await counter.wish(story, Withdraw(by="wu"))

    matter = await counter.over(story)
    assert (stage_of(matter), standing(matter)) == (ReturnStage.WITHDRAWN, "over")
    assert [case.deadline for case in matter.cases if not case.closed_at] == []


async def test_an_order_that_cannot_be_made_is_tried_again_or_sent_by_hand(counter):
    counter.books.refuses = "number_taken"
    story = await counter.ask(kind=Kind.RESHIP, why=Why.SHORT)
    matter = await counter.eventually(story, lambda matter: matter.hold is not None)
    assert (matter.hold.code, standing(matter)) == ("replace_number_taken", "triggered")
    await counter.wish(story, Retry(by="ops"))
    await counter.eventually(story, lambda matter: matter.hold is not None and len(matter.wishes) == 1)

    await counter.wish(story, GiveUp(by="ops"))
    matter = await counter.eventually(story, lambda matter: bool([c for c in matter.cases if not c.closed_at]))
    [case] = [case for case in matter.cases if not case.closed_at]
    assert (stage_of(matter), case.deadline, standing(matter)) == (ReturnStage.BY_HAND, "by_hand_order", "done")
    assert {errand.state for errand in matter.errands} <= {State.GIVEN_UP, State.REFUSED}
    seen = CloseCase(by="ops", deadline=case.deadline, since=case.since)
    assert await counter.refused(story, seen) == "second_pair_of_eyes"
    await counter.wish(story, seen.model_copy(update={"by": "wu"}))
    assert stage_of(await counter.over(story)) is ReturnStage.BY_HAND

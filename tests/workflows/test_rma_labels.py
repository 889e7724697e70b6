"""The way back: a label where the shop pays for it, the courier's word, and the goods in nobody's hands."""

from datetime import timedelta

import pytest

from models.case import Role
from models.errand import What
from models.line import Box, Units
from models.policy import Policy
from models.return_policy import Patience
from models.returns import Kind, Why
from models.rma import ReturnStage, WayBack
from models.wish import CloseCase, Decide, Withdraw
from rules.return_labels import live, unscanned
from rules.return_stages import stage_of
from tests.builders import a_telling, delivered, tracked
from tests.others import does_it_and_says_nothing, now, refuses, says_no
from tests.workflows.test_rma import GRADED, SERVICE, Counter, scanned
from workflows.rma import ReturnWorkflow

SECOND = timedelta(seconds=1)
KEY = "B0001-R1-label-1"
HASTY = {"answer_within": SECOND, "known_within": SECOND, "ask_payment_after": SECOND}


@pytest.fixture
async def counter(env):
    house = Counter(env, 30_00)
    async with house.at_work():
        yield house


def fetched(number="B0001-R1", **fields):
    box = Box(id=number, place="WH", units=(Units(sku="tea", quantity=1),))
    usual = {"kind": Kind.RETURN, "why": Why.DEFECTIVE, "back": WayBack(couriers=("sf", "jd"), box=box)}
    return {**usual, **fields}


async def labelled(counter, story):
    return await counter.eventually(story, live)


def own(waybill, source="channel"):
    return scanned("goods_sent_back", f"own-{waybill}", source, courier="jd", waybill=waybill)


async def test_once_agreed_a_label_leads_from_the_customer_to_the_house_and_the_courier_tells_the_rest(counter):
    story = await counter.ask(**fetched(steps=SERVICE))
    assert counter.done(What.LABEL) == []
    await counter.wish(story, Decide(by="wu", role=Role.SERVICE, is_agreed=True, word="fine"))
    parcel = live(await labelled(counter, story))

    assert (parcel.id, parcel.courier, parcel.waybill) == (KEY, "sf", f"W-{KEY}")
    assert counter.sf.ways == [("王小明", "WH")]
    assert {counter.memory.numbers[kind, key] for kind, key in (("parcel", KEY), ("waybill", f"W-{KEY}"))} == {
        ("B0001-R1", KEY)
    }

    await story.signal(ReturnWorkflow.courier_update, tracked(KEY, "collected"))
    assert stage_of(await counter.current(story)) is ReturnStage.SENT_BACK
    await story.signal(ReturnWorkflow.courier_update, delivered(KEY))
    matter = await counter.current(story)
    assert stage_of(matter) is ReturnStage.SENT_BACK  # nobody but the warehouse says that it has the goods
    assert (await story.query(ReturnWorkflow.standing)).waits_for == "unscanned"

    await story.signal(ReturnWorkflow.warehouse_scan, scanned("goods_inspected", "i1", place="WH", graded=GRADED))
    assert stage_of(await counter.current(story)) is ReturnStage.DUE
    assert counter.done(What.VOID) == []


async def test_goods_that_a_courier_handed_in_and_nobody_scanned_are_the_warehouses_case(counter):
    story = await counter.ask(**fetched(patience=Patience(scan_within=SECOND)))
    await labelled(counter, story)
    await story.signal(ReturnWorkflow.courier_update, delivered(KEY))
    [case] = (await counter.eventually(story, lambda matter: matter.cases)).cases

    assert (case.deadline, case.role, case.party, case.place) == ("unscanned", Role.WAREHOUSE, "sf", "WH")


@pytest.mark.parametrize("mood", [says_no, refuses])
async def test_a_courier_that_refuses_is_passed_over_and_none_at_all_is_a_case_and_no_halt(counter, mood):
    counter.sf.moods[What.LABEL] = mood
    story = await counter.ask(**fetched())
    assert live(await labelled(counter, story)).courier == "jd"

    counter.jd.moods[What.LABEL] = mood
    second = await counter.ask(**fetched("B0001-R2"))
    [case] = (await counter.eventually(second, lambda matter: matter.cases)).cases
    assert (case.deadline, case.role) == ("no_label", Role.SERVICE)
    await counter.wish(second, CloseCase(by="wu", deadline=case.deadline, since=case.since))
    await second.signal(ReturnWorkflow.warehouse_scan, scanned("goods_arrived", "a1", place="WH"))
    matter = await counter.current(second)
    assert (stage_of(matter), matter.hold) == (ReturnStage.ARRIVED, None)


async def test_a_label_of_which_nobody_can_tell_is_asked_for_nowhere_else(counter):
    counter.sf.moods = {What.LABEL: does_it_and_says_nothing, "find": refuses}
    story = await counter.ask(**fetched(policy=Policy(**HASTY)))
    matter = await counter.eventually(story, lambda matter: matter.cases)

    assert [case.deadline for case in matter.cases] == ["no_label"]
    assert [len(party.done(What.LABEL)) for party in (counter.sf, counter.jd)] == [1, 0]


@pytest.mark.parametrize("is_stopped", [True, False])
async def test_a_label_that_nobody_uses_is_void(counter, is_stopped):
    story = await counter.ask(**fetched())
    await labelled(counter, story)
    if is_stopped:
        await counter.wish(story, Withdraw(by="customer"))
        await counter.over(story)
    else:
        await story.signal(ReturnWorkflow.channel_update, own(f"W-{KEY}"))
        assert stage_of(await counter.current(story)) is ReturnStage.SENT_BACK
        assert counter.done(What.VOID) == []
        await story.signal(ReturnWorkflow.channel_update, own("JD77"))
        await story.signal(ReturnWorkflow.warehouse_scan, scanned("goods_arrived", "a1", place="WH"))
        await counter.until(lambda: counter.done(What.VOID))

    assert [(deed.what, deed.about) for deed in counter.sf.deeds] == [(What.LABEL, KEY), (What.VOID, KEY)]


async def test_a_label_that_is_on_its_way_stays_good_whatever_becomes_of_the_return(counter):
    story = await counter.ask(**fetched())
    await labelled(counter, story)
    await story.signal(ReturnWorkflow.courier_update, tracked(KEY, "collected"))
    await counter.wish(story, Withdraw(by="customer"))
    await counter.over(story)

    assert [deed.what for deed in counter.sf.deeds] == [What.LABEL]


async def test_a_label_that_was_asked_for_when_its_return_was_withdrawn_is_found_out_and_void(counter):
    counter.sf.moods[What.LABEL] = does_it_and_says_nothing
    story = await counter.ask(**fetched(policy=Policy(answer_within=timedelta(seconds=2))))
    await counter.until(lambda: counter.sf.done(What.LABEL))
    await counter.wish(story, Withdraw(by="customer"))
    matter = await counter.over(story)

    assert stage_of(matter) is ReturnStage.WITHDRAWN
    assert [deed.what for deed in counter.sf.deeds] == [What.LABEL, What.VOID]


async def test_a_courier_that_is_silent_is_asked_and_so_is_one_that_the_customer_chose(counter):
    quiet = Policy(couriers=("sf", "jd"), track_after=SECOND, **HASTY)
    counter.sf.news = [tracked(KEY, "collected")]
    counter.jd.news = [delivered("B0001-R2-own-JD2")]
    ours = await counter.ask(**fetched(policy=quiet))
    theirs = await counter.ask(kind=Kind.RETURN, policy=quiet)
    await theirs.signal(ReturnWorkflow.channel_update, own("JD1"))
    await theirs.signal(ReturnWorkflow.channel_update, own("JD2"))

    await counter.eventually(ours, lambda matter: stage_of(matter) is ReturnStage.SENT_BACK)
    [parcel] = (await counter.eventually(theirs, unscanned)).parcels
    assert (parcel.id, parcel.courier, parcel.waybill) == ("B0001-R2-own-JD2", "jd", "JD2")


async def test_somebody_who_does_not_sign_proves_nothing_and_makes_us_ask(counter):
    counter.sf.news = [tracked(KEY, "collected")]
    story = await counter.ask(**fetched(policy=Policy(**HASTY)))
    await labelled(counter, story)
    assert counter.sf.questions == 0
    await story.signal(ReturnWorkflow.courier_update, a_telling("parcel_stirred", "courier", "s1", now(), parcel=KEY))

    await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.SENT_BACK)

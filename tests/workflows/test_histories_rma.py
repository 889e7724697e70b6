"""Returns that were told by released code are told the same way by this one.

As with orders a new shape is added, never changed: `python -m pytest tests/workflows/test_histories_rma.py --record`
writes those that are missing.
"""

from datetime import timedelta

import pytest
from temporalio.worker import UnsandboxedWorkflowRunner

from models.approval import Step
from models.case import Role
from models.errand import What
from models.line import Box, Units
from models.noun import Money
from models.return_policy import Patience
from models.returns import Kind, Level, Why
from models.rma import ReturnStage, WayBack
from models.wish import CloseCase, Decide, GiveUp, HoldBack, JudgeGoods, Release, Trigger, Withdraw
from rules.return_labels import live
from rules.return_stages import stage_of
from tests.builders import delivered, tracked
from tests.others import now, says_no
from tests.sandbox import SANDBOX, STRICT
from tests.workflows.test_histories import SHELF, told_otherwise
from tests.workflows.test_rma import GRADED, Counter, scanned
from workflows import rma
from workflows.rma import ReturnWorkflow

BACK = WayBack(couriers=("sf", "jd"), box=Box(id="B0001-R1", place="WH", units=(Units(sku="tea", quantity=1),)))
FETCHED = {"kind": Kind.RETURN, "why": Why.DEFECTIVE, "back": BACK}
SERVICE = (Step(levels=(Level.SERVICE,)),)
WU = Decide(by="wu", role=Role.SERVICE, is_agreed=True, word="fine")


async def labelled(counter):
    story = await counter.ask(**FETCHED)
    return story, live(await counter.eventually(story, live)).id


async def in_the_house(counter, story, grade="as_new"):
    seen = [{**GRADED[0], "grade": grade}]
    await story.signal(ReturnWorkflow.warehouse_scan, scanned("goods_arrived", "a1", place="WH"))
    await story.signal(ReturnWorkflow.warehouse_scan, scanned("goods_inspected", "i1", place="WH", graded=seen))
    await counter.eventually(story, lambda matter: len(matter.facts) == 2)


async def fetched(counter):
    story, label = await labelled(counter)
    for telling in (tracked(label, at=now()), delivered(label, at=now())):
        await story.signal(ReturnWorkflow.courier_update, telling)
    await in_the_house(counter, story)
    await counter.wish(story, Trigger(by="fin"))
    return story


async def withdrawn(counter):
    story, _ = await labelled(counter)
    await counter.wish(story, Withdraw(by="customer"))
    return story


async def little(counter):
    return await counter.ask(freely=Money(minor=50_00))


async def agreed(counter):
    """A person agrees, a person holds it, and finance lets it go; the customer hears of it."""
    story = await counter.ask(steps=SERVICE, urgent="allergy")
    await counter.wish(story, WU)
    await counter.wish(story, HoldBack(by="fin"))
    await counter.wish(story, Release(by="fin"))
    await counter.wish(story, Trigger(by="fin"))
    return story


async def exchanged(counter):
    story = await counter.ask(kind=Kind.EXCHANGE, why=Why.WRONG_SIZE)
    await in_the_house(counter, story, "worn")
    await counter.wish(story, JudgeGoods(by="wu", is_passed=True, word="seen"))
    return story


async def by_hand(counter):
    """The provider says no, a person gives it back, and another one looks at it."""
    counter.wechat.moods[What.REFUND] = says_no
    story = await counter.ask()
    await counter.wish(story, Trigger(by="fin"))
    await counter.eventually(story, lambda matter: matter.hold is not None)
    del counter.wechat.moods[What.REFUND]
    await counter.wish(story, GiveUp(by="desk"))
    matter = await counter.eventually(
        story,
        lambda matter: stage_of(matter) is ReturnStage.BY_HAND and any(not case.closed_at for case in matter.cases),
    )
    [case] = [case for case in matter.cases if not case.closed_at]
    await counter.wish(story, CloseCase(by="boss", deadline=case.deadline, since=case.since, role=Role.ADMIN))
    return story


async def sent_home(counter):
    """Not accepted: the warehouse's case opens, and closes when the goods have left for home."""
    story = await counter.ask(kind=Kind.RETURN, patience=Patience(send_home_within=timedelta(seconds=1)))
    await in_the_house(counter, story, "damaged")
    await counter.wish(story, JudgeGoods(by="wu", is_passed=False, word="refuse_goods"))
    await counter.eventually(story, lambda matter: bool(matter.cases))
    home = scanned("goods_sent_home", "h1", courier="sf", waybill="SF9")
    await story.signal(ReturnWorkflow.warehouse_scan, home)
    return story


TOLD = (fetched, withdrawn, little, agreed, exchanged, by_hand, sent_home)
LIVES = {f"returns/{life.__name__}": life for life in TOLD}


@pytest.fixture
async def counter(env):
    house = Counter(env, 30_00, 20_00)
    async with house.at_work():
        yield house


@pytest.mark.parametrize("life", LIVES)
async def test_a_stored_history_of_a_return_is_told_the_same_way(life, request, counter):
    path = SHELF / f"{life}.json"
    if request.config.getoption("--record") and not path.exists():
        story = await LIVES[life](counter)
        await counter.over(story)
        path.parent.mkdir(exist_ok=True)
        path.write_text((await story.fetch_history()).to_json())

    assert await told_otherwise(ReturnWorkflow, SANDBOX, life) == []


def test_every_stored_history_of_a_return_is_replayed():
    assert {f"returns/{path.stem}" for path in (SHELF / "returns").glob("*.json")} == set(LIVES)


async def test_no_rule_of_returns_needs_more_than_the_story_gives_it():
    """With the rules inside the sandbox, which refuses whatever is not the same twice."""
    assert await told_otherwise(ReturnWorkflow, STRICT, "returns/fetched") == []


async def nothing(*_):
    """A part of the story that is gone."""


PLANTED = {"_labelling": "book_label", "_voiding": "void_label", "_refunding": "assess_refund"}


@pytest.mark.parametrize("part", PLANTED)
async def test_a_part_that_is_gone_is_found_in_every_history_in_which_its_call_was_made(part, monkeypatch):
    """Outside the sandbox, which would read the story anew, with that part."""
    called = [life for life in LIVES if f'"{PLANTED[part]}"' in (SHELF / f"{life}.json").read_text()]
    monkeypatch.setattr(rma, part, nothing)

    assert called
    assert await told_otherwise(ReturnWorkflow, UnsandboxedWorkflowRunner(), *LIVES) == called

"""Stories that were told by released code are told the same way by this one.

A new shape is added, never changed: `python -m pytest tests/workflows/test_histories.py --record` writes those that
are missing. What a change that is not compatible looks like here is shown by planting some.
"""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from models.stage import Paying, Stage
from models.wish import Cancel
from store.temporal import CONVERTER
from tests.builders import an_order, delivered, packed, paid, picked, received_back, shipped, tracked, two_boxes
from tests.sandbox import SANDBOX
from tests.tomorrow import Tomorrow
from workflows import chapters
from workflows.order import OrderWorkflow

SHELF = Path(__file__).parent.parent / "histories"


async def happy(house):
    story = await house.begin(an_order())
    await house.tell(story, paid())
    parcel = await house.parcel(story)
    await house.tell(story, picked(parcel), packed(parcel), shipped(parcel), tracked(parcel), delivered(parcel))
    return story


async def cash(house):
    story = await house.begin(an_order(paying=Paying.ON_DELIVERY))
    parcel = await house.parcel(story)
    await house.tell(story, shipped(parcel), tracked(parcel), delivered(parcel), paid(source="courier"))
    return story


async def two_parcels(house):
    house.memory.want_boxes = 2
    story = await house.begin(two_boxes())
    await house.tell(story, paid(amount=story.order.total))
    order = await house.eventually(story, lambda order: len([p for p in order.parcels if p.waybill]) == 2)
    for nth, parcel in enumerate(order.parcels):
        await house.tell(story, shipped(parcel.id, f"s{nth}"), delivered(parcel.id, f"d{nth}"))
    return story


async def stopped(house):
    story = await house.begin(an_order())
    await house.tell(story, paid())
    await house.parcel(story)
    await house.wish(story, Cancel(by="u1"))
    return story


async def turned_round(house):
    story = await house.begin(an_order())
    await house.tell(story, paid())
    parcel = await house.parcel(story)
    await house.tell(story, shipped(parcel))
    await house.wish(story, Cancel(by="u1"))
    await house.until(lambda: house.done("intercept"))
    await house.tell(story, received_back(parcel))
    return story


async def nudged(house):
    """The signal that wakes an order for a new version, while it has nowhere to move to."""
    story = await happy(house)
    await story.signal(OrderWorkflow.nudge)
    return story


LIVES = {life.__name__: life for life in (happy, cash, two_parcels, stopped, turned_round, nudged)}


async def told_otherwise(code, runner, *lives):
    """The names of the stored histories that this code would have told in another way."""
    replayer, failing = Replayer(workflows=[code], data_converter=CONVERTER, workflow_runner=runner), []
    for life in lives:
        history = WorkflowHistory.from_json(f"order/{life}", (SHELF / f"{life}.json").read_text())
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        assert isinstance(result.replay_failure, NondeterminismError | None), result.replay_failure
        failing += [life] if result.replay_failure else []
    return failing


@pytest.mark.parametrize("life", LIVES)
async def test_a_stored_history_is_told_the_same_way(life, request, house):
    path = SHELF / f"{life}.json"
    if request.config.getoption("--record") and not path.exists():
        story = await LIVES[life](house)
        await house.end(story)
        path.write_text((await story.fetch_history()).to_json())

    assert await told_otherwise(OrderWorkflow, SANDBOX, life) == []


def test_every_stored_history_is_replayed():
    assert {path.stem for path in SHELF.glob("*.json")} == set(LIVES)


async def bill_first(story):
    """A bill before there are units for it: the same calls, in another order."""
    if story.matter.paying is not Paying.ON_DELIVERY:
        await chapters._bill(story)  # noqa: SLF001 - the plant reaches into the story itself
    await chapters.paying(story)


PLANTED = {
    "no label is bought": (Stage.LABELLED, chapters.nothing, "book_label"),
    "the bill comes before the reservation": (Stage.PAID, bill_first, "create_payment"),
}


@pytest.mark.parametrize("change", PLANTED)
async def test_a_planted_change_is_found_in_every_history_in_which_that_call_was_made(change, monkeypatch):
    """Outside the sandbox, which would read the chapters anew, without the change."""
    stage, chapter, call = PLANTED[change]
    called = [life for life in LIVES if f'"{call}"' in (SHELF / f"{life}.json").read_text()]
    runner = UnsandboxedWorkflowRunner()

    assert await told_otherwise(OrderWorkflow, runner, *LIVES) == []

    monkeypatch.setitem(chapters.BEFORE, stage, chapter)

    assert called
    assert await told_otherwise(OrderWorkflow, runner, *LIVES) == called


async def test_a_planted_timer_is_found_in_every_history():
    assert await told_otherwise(Tomorrow, SANDBOX, *LIVES) == list(LIVES)

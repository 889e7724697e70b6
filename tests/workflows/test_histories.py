"""Stories that were told by released code are told the same way by this one.

A new shape is added, never changed: `python -m pytest tests/workflows/test_histories.py --record` writes those that
are missing.
"""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from models.stage import Paying
from models.wish import Cancel
from store.temporal import CONVERTER
from tests.builders import an_order, delivered, packed, paid, picked, received_back, shipped, tracked, two_boxes
from tests.sandbox import SANDBOX
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


LIVES = {life.__name__: life for life in (happy, cash, two_parcels, stopped, turned_round)}


@pytest.mark.parametrize("life", LIVES)
async def test_a_stored_history_is_told_the_same_way(life, request, house):
    path = SHELF / f"{life}.json"
    if request.config.getoption("--record") and not path.exists():
        story = await LIVES[life](house)
        await house.end(story)
        path.write_text((await story.fetch_history()).to_json())

    history = WorkflowHistory.from_json(f"order/{life}", path.read_text())

    replayer = Replayer(workflows=[OrderWorkflow], data_converter=CONVERTER, workflow_runner=SANDBOX)
    await replayer.replay_workflow(history)

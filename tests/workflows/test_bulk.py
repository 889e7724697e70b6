"""A wish for many orders stands still by itself: on a real Temporal, with a hand that fails as it is told to."""

from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest

import worker
from activities.boundary import hand
from models.bulk import BulkState, Course, Mark, Reached, Steering, Tally, Turn
from models.errors import StoreAway, Unavailable
from tests.api.conftest import eventually
from tests.others import Links, Memory
from tests.sandbox import SANDBOX
from tests.workflows.conftest import AT_ONCE, a_line, dropped
from workflows.bulk import BulkWorkflow

PATIENTLY = 60  # seconds: two busy cores
LONG = timedelta(minutes=11)
OVER = Reached(left=0, tally=Tally(orders=50, granted=50))


class Hand:
    """Asks nobody. What it says is what it was told to say, the last thing again and again."""

    def __init__(self, *words):
        self.words, self.marks, self.turns = list(words), [], 0

    @hand("ask_orders")
    async def grant(self, _: Turn) -> Reached:
        self.turns += 1
        word = self.words.pop(0) if len(self.words) > 1 else self.words[0]
        if isinstance(word, Exception):
            raise word
        return word

    @hand("stand_of_bulk")
    async def stand(self, mark: Mark) -> None:
        self.marks.append((mark.state, mark.code))


def silent(orders):
    return Reached(left=50 - orders, tally=Tally(orders=50, unreachable=orders))


@pytest.fixture
def begun(env):
    @asynccontextmanager
    async def begin(*words, **course):
        client, made, mine = await a_line(env), Hand(*words), Memory()
        memory = worker.Memory(*[mine] * 7, Links(), bulk=made)
        async with worker.stories(client, memory, SANDBOX, crew=AT_ONCE), worker.ours(client, memory, crew=AT_ONCE):
            story = await client.start_workflow(
                BulkWorkflow.run, Course(bulk=7, **course), id=f"bulk/{uuid4().hex}", task_queue="stories"
            )
            yield story, made
            await dropped(story)

    return begin


async def stands(story, state):
    async def is_so():
        told = await story.query(BulkWorkflow.progress)
        return told if told.state is state else None

    return await eventually(is_so, PATIENTLY)


async def test_while_a_part_is_away_it_pauses_for_a_person_but_what_was_begun_is_waited_for(env, begun):
    async with begun(StoreAway("store_away")) as (story, made):
        await env.fast_forward(story, timedelta(minutes=5))
        assert (await story.query(BulkWorkflow.progress)).state is BulkState.RUNNING
        await env.fast_forward(story, timedelta(minutes=6))
        assert (await stands(story, BulkState.PAUSED)).code == "store_away"

        await story.execute_update(BulkWorkflow.steer, Steering.STOP)
        await env.fast_forward(story, LONG)
        assert (await story.query(BulkWorkflow.progress)).state is BulkState.STOPPING
        made.words = [OVER]
        await env.fast_forward(story, timedelta(minutes=1))
        await stands(story, BulkState.STOPPED)
        assert made.marks == [("paused", "store_away"), ("stopping", None), ("stopped", None)]


async def test_whoever_waits_for_an_earlier_one_waits_as_long_as_it_takes(env, begun):
    async with begun(Unavailable("not_its_turn")) as (story, made):
        await env.fast_forward(story, LONG)
        assert (await story.query(BulkWorkflow.progress)).state is BulkState.RUNNING

        made.words = [OVER]
        await env.fast_forward(story, timedelta(minutes=1))
        await stands(story, BulkState.DONE)
        assert made.marks == [("done", None)]


async def test_when_too_many_orders_are_silent_it_pauses_and_resumed_it_minds_only_new_ones(begun):
    async with begun(silent(19), silent(20), silent(21), silent(39), silent(40), OVER) as (story, made):
        assert (await stands(story, BulkState.PAUSED)).code == "too_many_silent"
        assert made.turns == 2
        await story.execute_update(BulkWorkflow.steer, Steering.RESUME)
        assert (await stands(story, BulkState.PAUSED)).tally.unreachable == 40
        await story.execute_update(BulkWorkflow.steer, Steering.RESUME)
        await stands(story, BulkState.DONE)

        paused, running = ("paused", "too_many_silent"), ("running", None)
        assert made.marks == [paused, running, paused, running, ("done", None)]


async def test_moved_while_it_stood_still_it_minds_only_new_ones_all_the_same(begun):
    known = {"state": BulkState.PAUSED, "tally": silent(20).tally}
    async with begun(silent(21), silent(39), OVER, **known) as (story, made):
        assert (await story.query(BulkWorkflow.progress)).tally.unreachable == 20
        await story.execute_update(BulkWorkflow.steer, Steering.RESUME)
        await stands(story, BulkState.DONE)

        assert made.marks == [("running", None), ("done", None)]

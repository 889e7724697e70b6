"""The story of one wish for many orders: turn by turn, until each has its end or somebody stops it."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    TimeoutError,  # noqa: A004 - the SDK's own
    is_cancelled_exception,
)
from temporalio.workflow import ActivityCancellationType, ActivityHandle

from activities.bulk import Bulk
from models.bulk import BulkState, Course, Mark, Progress, Reached, Steering, Turn
from models.noun import Id
from rules.bulk import is_alarming, steered, steering_refusal
from workflows.calling import ours
from workflows.story import TO_WHAT_IS_CURRENT, reason_of

A_TURN = timedelta(minutes=5)
A_SIGN = timedelta(seconds=30)  # of life, by the hand that asks
PATIENCE = timedelta(minutes=10)  # while a part of ours is away; then a person must look
IN_TURN = RetryPolicy(maximum_interval=timedelta(seconds=30))
ITS_TURN = "not_its_turn"  # an earlier one is being asked
SILENCE, UNHEARD = "too_many_silent", "no_sign_of_life"
ENDS = {BulkState.RUNNING: BulkState.DONE, BulkState.STOPPING: BulkState.STOPPED}


@workflow.defn
class BulkWorkflow:
    """May be entered anywhere: the store knows which orders have their end."""

    @workflow.init
    def __init__(self, course: Course) -> None:
        self.bulk, self.state, self.seen = course.bulk, course.state, course.seen
        self.code: Id | None = None
        self.told = self._mark
        self.tally = course.tally

    @workflow.run
    async def run(self, _: Course) -> BulkState:
        """Tell the story until it is over. A hand that breaks is a pause, Temporal's cancellation a stop."""
        while self.state not in ENDS.values() or self.told != self._mark:
            try:
                await self._next()
            except asyncio.CancelledError:
                if workflow.cancellation_reason() is None:
                    raise  # the worker is forgetting us, nobody asked
                self._steer(Steering.STOP)
            except FailureError as failure:
                self._break(failure)
        return self.state

    @workflow.update
    def steer(self, what: Steering) -> BulkState:
        """Somebody wants it to pause, to go on or to stop."""
        self._steer(what)
        return self.state

    @steer.validator
    def _refuse(self, what: Steering) -> None:
        if reason := steering_refusal(self.state, what):
            raise ApplicationError(reason, type="Refused")

    @workflow.query
    def progress(self) -> Progress:
        """Where it stands, and how far it was at the end of the last turn."""
        return Progress(state=self.state, code=self.code, tally=self.tally)

    @property
    def _mark(self) -> Mark:
        return Mark(bulk=self.bulk, state=self.state, code=self.code)

    async def _next(self) -> None:
        mark = self._mark
        if self.told != mark:
            await ours(Bulk.stand, mark)
            self.told = mark
        elif _must_move():
            course = Course(bulk=self.bulk, state=self.state, seen=self.seen, tally=self.tally)
            workflow.continue_as_new(course, initial_versioning_behavior=TO_WHAT_IS_CURRENT)
        elif self.state is BulkState.PAUSED:
            await workflow.wait_condition(lambda: self.state is not BulkState.PAUSED or _must_move())
        else:
            await self._turn(self.state)

    async def _turn(self, state: BulkState) -> None:
        """Some orders asked. Whoever steers calls the hand back, once what it has in the air is written down."""
        hand = _asking(Turn(bulk=self.bulk, is_last=state is BulkState.STOPPING))
        await workflow.wait_condition(lambda: hand.done() or self.state is not state or _must_move())
        if not hand.done():
            hand.cancel()
        try:
            reached = await hand
        except FailureError as failure:
            if is_cancelled_exception(failure) and workflow.cancellation_reason() is None:
                return
            raise
        self.tally = reached.tally
        if self.state is not state:
            return
        if not reached.left:
            self.state = ENDS[state]
        elif state is BulkState.RUNNING and is_alarming(reached.tally, self.seen):
            self.state, self.code = BulkState.PAUSED, SILENCE

    def _steer(self, what: Steering) -> None:
        self.state, self.code, self.seen = steered(what), None, self.tally.unreachable

    def _break(self, failure: FailureError) -> None:
        """On the way forward a person must look; on the way out there is nothing left to try."""
        reason = _why(failure)
        if reason == ITS_TURN:
            return
        is_stopping = self.state is BulkState.STOPPING
        self.state, self.code = BulkState.STOPPED if is_stopping else BulkState.PAUSED, reason


def _asking(turn: Turn) -> ActivityHandle[Reached]:
    return workflow.start_activity_method(
        Bulk.grant,
        turn,
        task_queue="ours",
        start_to_close_timeout=A_TURN,
        schedule_to_close_timeout=None if turn.is_last else PATIENCE,  # what was begun is known in the end
        heartbeat_timeout=A_SIGN,
        retry_policy=IN_TURN,
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )


def _why(failure: FailureError) -> Id:
    """What the hand said last; where it never spoke, that."""
    cause = failure.cause if isinstance(failure, ActivityError) else failure
    if isinstance(cause, TimeoutError):
        return reason_of(cause.cause) if isinstance(cause.cause, ApplicationError) else UNHEARD
    return reason_of(failure)


def _must_move() -> bool:
    """The history is long, or newer code waits for this story."""
    run = workflow.info()
    return run.is_continue_as_new_suggested() or run.is_target_worker_deployment_version_changed()

"""The story of the house itself: every few minutes it looks through its own books."""

import asyncio
from datetime import timedelta

from temporalio import workflow

from activities.housekeeping import Housekeeping
from models.finding import Check
from rules.housekeeping import EVERY, looked_at

A_LOOK = timedelta(minutes=1)


@workflow.defn
class HousekeepingWorkflow:
    """One round. A schedule begins it, and no other while it lasts."""

    @workflow.run
    async def run(self, checks: tuple[Check, ...] = ()) -> int:
        """How many cases it has open of what it looked at: of these checks, or those whose turn it is.

        A look that fails holds up no other, and the next round looks again.
        """
        looked = checks or looked_at(workflow.info().start_time)
        outcomes = await asyncio.gather(*map(_look, looked), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return sum(outcome for outcome in outcomes if isinstance(outcome, int))


async def _look(check: Check) -> int:
    return await workflow.execute_activity_method(
        Housekeeping.look,
        check,
        task_queue="ours",
        start_to_close_timeout=A_LOOK,
        schedule_to_close_timeout=EVERY,
        summary=check.value,
    )

"""How the door speaks to the story of one wish for many orders."""

from contextlib import suppress

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.stories import PATIENCE, STORIES, in_our_words
from models.bulk import BulkState, Course, Steering, key_of
from workflows.bulk import BulkWorkflow


async def begin(client: Client, course: Course) -> None:
    """Start the story of a plan that was confirmed. Harmless while it runs. Raises: Unavailable."""
    async with in_our_words():
        with suppress(WorkflowAlreadyStartedError):
            await client.start_workflow(
                BulkWorkflow.run,
                course,
                id=key_of(course.bulk),
                task_queue=STORIES,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                rpc_timeout=PATIENCE,
            )


async def steer(client: Client, bulk: int, what: Steering) -> BulkState:
    """Pause, go on, or stop; where it stands then. Raises: Refused with the reason, Unavailable, Missing."""
    async with in_our_words():
        handle = client.get_workflow_handle(key_of(bulk))
        answer: BulkState = await handle.execute_update(BulkWorkflow.steer, what, rpc_timeout=PATIENCE)
        return answer

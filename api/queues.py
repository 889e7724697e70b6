"""How much waits in each task queue of ours, and whether anybody serves it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from api.reaching import reaching
from api.stories import STORIES
from connectors.registry import Registry
from models.errors import Unavailable
from models.noun import Id
from workflows.calling import queue_of

WITHIN: Final = 2.0  # seconds
SERVES: Final = timedelta(minutes=2)  # a poll lasts one; Temporal names a worker for five after it went


@dataclass(frozen=True)
class Queue:
    """What waits for a worker. Units: seconds."""

    name: Id
    waiting: int
    age: float
    pollers: int


def names(registry: Registry) -> tuple[Id, ...]:
    """Every queue that should have somebody."""
    kinds = (registry.providers, registry.couriers, registry.channels, registry.wallets)
    parties = [one.name for kind in kinds for one in kind]
    return (STORIES, "ours", *dict.fromkeys(map(queue_of, parties)))


async def queues(client: Client, wanted: Sequence[Id]) -> tuple[Queue, ...]:
    """Each of these as Temporal knows it: one call for each, all at once. Raises: Unavailable."""
    try:
        async with reaching(WITHIN):
            return tuple(await asyncio.gather(*(_queue(client, name) for name in wanted)))
    except RPCError:
        raise Unavailable("temporal_away") from None


async def _queue(client: Client, name: Id) -> Queue:
    kind = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW if name == STORIES else TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    asked = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=name), task_queue_type=kind, report_stats=True
    )
    told = await client.workflow_service.describe_task_queue(asked, timeout=timedelta(seconds=WITHIN))
    age = told.stats.approximate_backlog_age
    serving = [one for one in told.pollers if datetime.now(UTC) - one.last_access_time.ToDatetime(UTC) < SERVES]
    return Queue(name, told.stats.approximate_backlog_count, age.seconds + age.nanos / 1e9, len(serving))

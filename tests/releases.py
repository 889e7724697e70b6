"""A house whose workers come as versions, and what the server knows of them.

Which version told what is read from the history: every workflow task names the version that completed it, and every
activity the worker that had it, whose name is here its version.
"""

import asyncio
import copy
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from unittest import mock

from temporalio.api.deployment.v1 import WorkerDeploymentVersion as Version
from temporalio.api.enums.v1 import EventType, RoutingConfigUpdateState, VersionDrainageStatus
from temporalio.api.workflowservice import v1 as asked
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode

import worker
from store.temporal import CONVERTER
from tests.builders import BRISK, an_order, paid
from tests.sandbox import SANDBOX
from tests.tomorrow import Tomorrow
from tests.workflows.conftest import House
from workflows.order import OrderWorkflow

DEPLOYMENT, FIRST, SECOND, NONE = "order-hub", "v1", "v2", ""
CODE = {FIRST: OrderWorkflow, SECOND: Tomorrow, NONE: OrderWorkflow}
UNHURRIED = BRISK.model_copy(update={"answer_within": timedelta(minutes=5)})
LONG = 150  # seconds: the server gives each attempt of its own a minute, and then tries once more
AN_ANSWER = timedelta(seconds=10)  # the server forgets whom to answer when what keeps its versions continues as new
NOT_YET = {
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.UNAVAILABLE,
}
DRAINED = VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINED


class Releases(House):
    """A house whose workers come as versions."""

    def __init__(self, env):
        super().__init__(env)
        self.served = {}  # by each version: its queues

    @asynccontextmanager
    async def serving(self, build, *, hands=True):
        """Every worker of this version, with its code and its name; or those alone who tell stories."""
        async with AsyncExitStack() as stack:
            for each in await self.workers(build, hands=hands):
                await stack.enter_async_context(each)
            yield

    async def workers(self, build, *, hands):
        """Whoever is sent a story of another version must replay the whole of it, which only its own code can."""
        mine, address = copy.copy(self), self.client.service_client.config.target_host
        mine.client = await Client.connect(address, data_converter=CONVERTER, identity=build or "none")
        crew = worker.Crew(WorkerDeploymentVersion(DEPLOYMENT, build) if build else None, timedelta(0))
        with mock.patch.object(worker, "OrderWorkflow", CODE[build]):
            stories = worker.stories(mine.client, self.kept(), SANDBOX, crew=crew)
        crowd = [stories, *(mine.hands(crew) if hands else ())]
        if build:
            self.served[build] = {each.task_queue for each in crowd}
        return crowd

    async def make_current(self, build):
        """What `temporal worker deployment set-current-version` does, once all versions have come; and until all know.

        Why all: while queues still come, Temporal may never say that a change has reached them
        (temporalio/temporal#11842).
        """
        async with asyncio.timeout(LONG):
            while not all([await self.has_come(each) for each in self.served]):
                await asyncio.sleep(0.1)
            while (wrong := await self.refused(build)) in NOT_YET:
                await asyncio.sleep(0.1)
            assert wrong is None, wrong
            while not await self.is_known(build):
                await asyncio.sleep(0.1)

    async def has_come(self, build):
        """Temporal knows every queue of this version."""
        try:
            known = await self.described(build)
        except RPCError as error:
            if error.status not in NOT_YET:
                raise
            return False
        return self.served[build] <= {each.name for each in known.version_task_queues}

    async def refused(self, build):
        wanted = asked.SetWorkerDeploymentCurrentVersionRequest(
            namespace=self.client.namespace, deployment_name=DEPLOYMENT, build_id=build
        )
        try:
            await self.client.workflow_service.set_worker_deployment_current_version(wanted, timeout=AN_ANSWER)
        except RPCError as error:
            return error.status
        return None

    async def is_known(self, build):
        about = asked.DescribeWorkerDeploymentRequest(namespace=self.client.namespace, deployment_name=DEPLOYMENT)
        known = (await self.client.workflow_service.describe_worker_deployment(about)).worker_deployment_info
        is_current = known.routing_config.current_deployment_version.build_id == build
        under_way = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS
        return is_current and known.routing_config_update_state != under_way

    async def described(self, build):
        about = asked.DescribeWorkerDeploymentVersionRequest(
            namespace=self.client.namespace,
            deployment_version=Version(deployment_name=DEPLOYMENT, build_id=build),
        )
        return await self.client.workflow_service.describe_worker_deployment_version(about, timeout=AN_ANSWER)

    async def drainage(self, build):
        return (await self.described(build)).worker_deployment_version_info.drainage_info.status

    async def drained(self, build):
        async with asyncio.timeout(LONG):
            while await self.drainage(build) != DRAINED:
                await asyncio.sleep(0.2)

    async def shippable(self, **fields):
        """An order at rest: labelled, and everything written down."""
        story = await self.begin(an_order(**{"policy": UNHURRIED, **fields}))
        await self.billed(story)
        await self.tell(story, paid())
        story.parcel = await self.labelled(story, within=LONG)
        return story

    async def billed(self, story):
        await self.until(lambda: any(story.order.business_no in bill.key for bill in self.done("pay")), within=LONG)

    async def moved(self, story, *builds):
        """Wait until these versions, and no others, told the runs of this story."""
        async with asyncio.timeout(LONG):
            while (told := await self.told_by(story)) != list(builds):
                assert len(told) <= len(builds), f"{told} instead of {builds}"
                await asyncio.sleep(0.1)

    async def told_by(self, story):
        """The version of each run, from the first to the last; None: it waits for its first task."""
        told = [
            {e.workflow_task_completed_event_attributes.deployment_version.build_id for e in run if _completed(e)}
            for run in await self.runs(story)
        ]
        assert all(len(builds) <= 1 for builds in told), f"a run changed its version: {told}"
        return [next(iter(builds), None) for builds in told]

    async def runs(self, story):
        """The history of each run, from the first to the last."""
        run, told = (await story.describe()).run_id, []
        while run:
            handle = self.client.get_workflow_handle(story.id, run_id=run)
            told.insert(0, [event async for event in handle.fetch_history_events()])
            run = told[0][0].workflow_execution_started_event_attributes.continued_execution_run_id
        return told

    async def handed_to(self, story, queue="theirs-"):
        """Whose hands each run's activities on such queues were."""
        return [{_taken_by(run, e) for e in _sent(run, queue)} - {None} for run in await self.runs(story)]

    async def handed(self, story, queue, build):
        """Wait until the hands of this version have done what its run sent to this queue."""
        async with asyncio.timeout(LONG):
            while (await self.handed_to(story, queue))[-1] != {build}:
                await asyncio.sleep(0.1)

    async def waiting_on(self, queue, story, *builds):
        """Wait until the run of the last of these versions sent something to this queue."""
        await self.moved(story, *builds)
        async with asyncio.timeout(LONG):
            while not _sent((await self.runs(story))[-1], queue):
                await asyncio.sleep(0.1)


def _completed(event):
    return event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED


def _sent(run, queue):
    return [e for e in run if e.activity_task_scheduled_event_attributes.task_queue.name.startswith(queue)]


def _taken_by(run, sent):
    taken = [e.activity_task_started_event_attributes for e in run]
    return next((each.identity for each in taken if each.scheduled_event_id == sent.event_id), None)

"""The versions of our workers, as Temporal knows them, and the orders that each of them tells."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import RoutingConfigUpdateState, WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.errors import Unavailable
from models.noun import Id
from stack import Down

OPEN = "WorkflowType IN ('OrderWorkflow', 'ReturnWorkflow') AND ExecutionStatus = 'Running'"
VERSION = "TemporalWorkerDeploymentVersion"
PREFIX = "WORKER_DEPLOYMENT_VERSION_STATUS_"
NONE = "none"
SPREADING = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS
# Temporal may forget whom to answer when what keeps its versions continues as new (temporalio/temporal#11842).
AN_ANSWER, PATIENCE = timedelta(seconds=10), 90.0
A_MOMENT = 0.2
PERHAPS_DONE = {
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.UNAVAILABLE,
}


@dataclass(frozen=True)
class Version:
    """One version, and how many orders it must go on telling. Units: percentage of new orders."""

    build_id: Id
    state: str
    percentage: float | None
    since: datetime | None
    orders: int


@dataclass(frozen=True)
class Deployment:
    """Everything that is asked of Temporal about our versions."""

    client: Client
    name: Id

    async def versions(self) -> tuple[Version, ...]:
        """The newest first; last, where there are such orders, those of workers without versions.

        Raises: Down when no worker ever came as a version; Unavailable.
        """
        known = await self._described()
        newest = sorted(known.version_summaries, key=lambda each: each.create_time.ToDatetime(), reverse=True)
        versions = [await self._version(known, each) for each in newest]
        orders = await self._count(f"{VERSION} IS NULL")
        return (*versions, *([Version(NONE, "without versions", None, None, orders)] if orders else ()))

    async def current(self) -> Id:
        """The version with which new orders begin. Raises: Down when none is current; Unavailable."""
        build = (await self._described()).routing_config.current_deployment_version.build_id
        if not build:
            raise Down(f"No version of {self.name} is current. Make one: orderhub deploy current BUILD-ID")
        return build

    async def make_current(self, build: Id) -> None:
        """New orders begin with it, and the others may move. Raises: Down with what to do next; Unavailable."""
        wanted = SetWorkerDeploymentCurrentVersionRequest(
            namespace=self.client.namespace, deployment_name=self.name, build_id=build
        )
        ask = self.client.workflow_service.set_worker_deployment_current_version
        await self._insist(build, lambda: ask(wanted, timeout=AN_ANSWER))

    async def ramp(self, build: Id, percentage: float) -> None:
        """So many of a hundred orders go to it, each always to the same side; 0: none. Raises: Down; Unavailable."""
        wanted = SetWorkerDeploymentRampingVersionRequest(
            namespace=self.client.namespace,
            deployment_name=self.name,
            build_id=build if percentage else "",
            percentage=percentage,
        )
        ask = self.client.workflow_service.set_worker_deployment_ramping_version
        await self._insist(build, lambda: ask(wanted, timeout=AN_ANSWER))

    async def count_left(self) -> int:
        """How many open orders are with a version that gets no new ones."""
        return await self._count(await self._left())

    async def left(self) -> AsyncIterator[Id]:
        """The workflow ids of these orders. Who moves meanwhile may still be among them."""
        query = f"{OPEN} AND {await self._left()}"
        async for each in self.client.list_workflows(query):
            yield each.id

    async def _left(self) -> str:
        routing = (await self._described()).routing_config
        taking = (routing.current_deployment_version.build_id, routing.ramping_deployment_version.build_id)
        names = ", ".join(f"'{self.name}:{build}'" for build in taking if build)
        return f"({VERSION} IS NULL OR {VERSION} NOT IN ({names}))"

    async def _version(self, known: WorkerDeploymentInfo, each: Any) -> Version:
        build, routing = each.deployment_version.build_id, known.routing_config
        state = WorkerDeploymentVersionStatus.Name(each.status).removeprefix(PREFIX).lower()
        is_ramping = build == routing.ramping_deployment_version.build_id
        changed = each.routing_update_time if each.HasField("routing_update_time") else each.create_time
        orders = await self._count(f"{VERSION} = '{self.name}:{build}'")
        ramped = routing.ramping_version_percentage if is_ramping else None
        return Version(build, state, ramped, changed.ToDatetime(UTC), orders)

    async def _count(self, which: str) -> int:
        return (await self.client.count_workflows(f"{OPEN} AND {which}")).count

    async def _described(self) -> WorkerDeploymentInfo:
        about = DescribeWorkerDeploymentRequest(namespace=self.client.namespace, deployment_name=self.name)
        try:
            answer = await self.client.workflow_service.describe_worker_deployment(about, timeout=AN_ANSWER)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise Unavailable("temporal_away") from None
            raise Down(
                f"No worker ever came as a version of {self.name}. "
                "Give the workers a version (OMS_TEMPORAL__BUILD_ID) and start them, or set OMS_TEMPORAL__DEPLOYMENT."
            ) from None
        return answer.worker_deployment_info

    async def _insist(self, build: Id, ask: Callable[[], Awaitable[object]]) -> None:
        """Until it is done and every queue knows. Twice is once."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._done(build, ask):  # noqa: ASYNC110 - nothing wakes us, we ask again
                    await asyncio.sleep(A_MOMENT)
                while await self._is_spreading():  # noqa: ASYNC110 - nothing wakes us, we ask again
                    await asyncio.sleep(A_MOMENT)
        except TimeoutError:
            raise Down("Temporal does not answer in time. It may have been done: orderhub deploy show") from None

    async def _is_spreading(self) -> bool:
        return (await self._described()).routing_config_update_state == SPREADING

    async def _done(self, build: Id, ask: Callable[[], Awaitable[object]]) -> bool:
        try:
            await ask()
        except RPCError as refused:
            if refused.status not in PERHAPS_DONE:
                raise await self._why(build, refused) from None
            return False
        return True

    async def _why(self, build: Id, refused: RPCError) -> Down:
        known = [each.deployment_version.build_id for each in (await self._described()).version_summaries]
        if build not in known:
            return Down(f"{self.name} has no version {build}. It has: {', '.join(known)}. Start a worker that is it.")
        return Down(
            f"Temporal refuses it: {refused.message}. Start workers of {build} for every queue that is served now, "
            "and ask again."
        )

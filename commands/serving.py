"""`orderhub api`, `worker`, `migrate`: what runs in production, each a process of its own."""

import asyncio
import logging
import signal
from collections.abc import Iterable
from typing import Annotated, Never

import typer
import uvloop
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

import running
import telemetry
from beside.ground import LOCAL
from calllog import TOOK
from commands.opening import until_told
from commands.showing import say
from settings import Settings, load
from stack import Down, Stack, check, free_port, join
from store.database import migrate
from workflows.calling import queue_of

EVERYWHERE = "0.0.0.0"  # noqa: S104 - in a container, where nobody reaches us by its own address alone
OURS = ("stories", "ours", running.BESIDE)
BUCKETS = {TOOK: (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)}
log = logging.getLogger("orderhub.serving")
Host = Annotated[
    str | None,
    typer.Option(help="Where it listens.", show_default=f"{LOCAL} on the embedded stack, else {EVERYWHERE}"),
]


def api(*, host: Host = None) -> None:
    """Serve the door: orders, scans, callbacks, wishes, and the board."""
    settings = _begun()
    usual = settings.ports.api
    port = free_port(usual)
    if usual not in {0, port}:
        raise Down(f"Port {usual} is taken. Set OMS_PORTS__API to another one.")
    stack = join(settings.model_copy(update={"ports": settings.ports.model_copy(update={"api": port})}))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    log.info("the door opens", extra={"port": port})
    uvloop.run(_serve(stack, host or _usual_host(settings)))


def worker(
    *,
    queues: Annotated[
        str,
        typer.Option(help="Task queues by comma: stories, ours, reminders, theirs-<party>.", show_default="OMS_QUEUES"),
    ] = "",
    host: Host = None,
) -> None:
    """Tell stories and call parties. Start as many as the load wants."""
    settings = _begun()
    wanted = tuple(filter(None, map(str.strip, queues.split(",")))) or settings.queues
    reached = join(settings).settings
    _figure(settings, host or _usual_host(settings))
    until_told(_work(reached, wanted))


def bring_up_to_date() -> None:
    """Bring tables and search attributes to what this code expects.

    As often as you like: what is there already stays.
    """
    asyncio.run(_migrate(join(load()).settings))
    say("The tables and Temporal's search attributes are what this code expects.", "green")


def _begun() -> Settings:
    settings = load()
    telemetry.begin(settings)
    return settings


def _usual_host(settings: Settings) -> str:
    """Why: with servers of our own we stand on this machine alone; addresses given mean a container."""
    return LOCAL if settings.is_embedded else EVERYWHERE


def _leave(_signal: int, _frame: object) -> Never:
    """Why: uvicorn raises the signal again once it has closed; by then everything else shall be closed too."""
    raise SystemExit


async def _serve(stack: Stack, host: str) -> None:
    async with running.opened(stack.settings, "orderhub-api") as house:
        await running.serve(house, stack.ui, host)


async def _work(settings: Settings, queues: tuple[str, ...]) -> None:
    async with running.opened(settings, "orderhub-worker") as house:
        if unknown := sorted(set(queues) - set(known := _known(house))):
            raise typer.BadParameter(f"There is no queue {', '.join(unknown)}. There are: {', '.join(known)}.")
        version = settings.temporal.build_id or "none"
        log.info("at work", extra={"queues": ",".join(queues) or "all", "version": version})
        await running.work(house, queues)


def _known(house: running.House) -> Iterable[str]:
    parties = house.parties
    kinds = (parties.providers, parties.couriers, parties.channels, parties.wallets)
    names = [party.name for kind in kinds for party in kind]
    return [*OURS, *map(queue_of, names)]


def _figure(settings: Settings, host: str) -> None:
    """Give the SDK's figures on a port of our own. Units: seconds."""
    usual = settings.ports.metrics
    port = free_port(usual)
    if port != usual:
        log.warning("the usual port is taken, another one is used", extra={"usual": usual, "port": port})
    figures = PrometheusConfig(
        bind_address=f"{host}:{port}", durations_as_seconds=True, histogram_bucket_overrides=BUCKETS
    )
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(metrics=figures)))


async def _migrate(settings: Settings) -> None:
    await migrate(settings.database)
    await check(settings)

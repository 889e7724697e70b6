"""`orderhub deploy`: which version of our code tells which orders, and how orders come to another one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from temporalio.client import Client
from temporalio.service import RPCError

from api import stories
from commands.opening import By, Desk, desk, until_told
from commands.pacing import Rate, paced
from commands.showing import ASIDE, Json, say, show_json, show_table
from commands.versions import Deployment, Version
from models.errors import Missing, Unavailable
from models.noun import Id
from running import connected

deploy = typer.Typer(
    help="Versions of our workers: see them, hand orders over to one.", no_args_is_help=True, add_completion=False
)
Build = Annotated[str, typer.Argument(metavar="BUILD-ID", help="OMS_TEMPORAL__BUILD_ID of the workers that are meant.")]
PERCENT = typer.Argument(metavar="PERCENT", min=0, max=100, help="Of a hundred orders; 0 takes all of them back.")
COLUMNS = ("version", "state", "of new orders", "since", "open orders")


@deploy.command("show")
def show(*, as_json: Json = False) -> None:
    """Each version: whether it gets new orders, whether it may go, how many open orders it tells."""
    rows = asyncio.run(_show())
    if as_json:
        show_json(rows)
        return
    show_table("Versions", COLUMNS, map(_line, rows))


@deploy.command("current")
def current(build: Build, *, by: By) -> None:
    """From now on new orders begin with this version; those under way move to it when they wake, at rest."""
    asyncio.run(_make_current(build, by))
    say(f"{build} is current. Orders at rest move when they wake. Wake them: orderhub deploy nudge", "green")


@deploy.command("ramp")
def ramp(build: Build, percent: Annotated[float, PERCENT], *, by: By) -> None:
    """So many of a hundred new orders begin with this version; an order is always on the same side."""
    asyncio.run(_ramp(build, percent, by))
    if percent:
        say(f"{percent:g} of a hundred new orders begin with {build}.", "green")
    else:
        say(f"No new order begins with {build}. Bring back those that did: orderhub deploy nudge", "green")


@deploy.command("nudge")
def nudge(*, rate: Rate = 20, by: By) -> None:
    """Wake the orders that are with a version which gets no new ones: at rest they move, in a call they end it first.

    Nothing in an order changes. Ctrl-C ends it at any moment, and it may be repeated.
    """
    until_told(_nudge(rate, by))


@asynccontextmanager
async def _deployment() -> AsyncIterator[tuple[Desk, Deployment]]:
    """Raises: Unavailable("temporal_away")."""
    async with desk() as opened:
        client = await _temporal(opened)
        try:
            yield opened, Deployment(client, opened.settings.temporal.deployment)
        except RPCError:
            raise Unavailable("temporal_away") from None


async def _temporal(opened: Desk) -> Client:
    try:
        return await connected(opened.settings)
    except RuntimeError:
        raise Unavailable("temporal_away") from None


async def _show() -> tuple[Version, ...]:
    async with _deployment() as (_, known):
        return await known.versions()


async def _make_current(build: Id, by: Id) -> None:
    async with _deployment() as (opened, known):
        await known.make_current(build)
        await opened.noted(by, "deploy_current", build)


async def _ramp(build: Id, percent: float, by: Id) -> None:
    async with _deployment() as (opened, known):
        await known.ramp(build, percent)
        await opened.noted(by, "deploy_ramp", f"{build}/{percent:g}")


async def _nudge(rate: int, by: Id) -> None:
    async with _deployment() as (opened, known):
        build, total = await known.current(), await known.count_left()
        if not total:
            say(f"No order is left with another version than {build}: there is nobody to wake.")
            return
        await opened.noted(by, "deploy_nudge", build)
        await wake(known, total, rate)


async def wake(known: Deployment, total: int, rate: int) -> None:
    """Why told in the end in any case: also who pressed Ctrl-C wants to know how far it came."""
    woken = 0
    try:
        with ASIDE.status("") as wheel:
            async for story in paced(known.left(), rate):
                wheel.update(f"{woken} of {total} orders are awake")
                woken += await _is_woken(known, story)
    finally:
        say(
            f"{woken} of {total} orders were woken. Who is in a call moves after it. See: orderhub deploy show", "green"
        )


async def _is_woken(known: Deployment, story: Id) -> bool:
    try:
        await stories.nudge(known.client, story.partition("/")[2])
    except Missing:
        return False  # it ended meanwhile
    return True


def _line(version: Version) -> tuple[object, ...]:
    share = "all others" if version.state == "current" else version.percentage and f"{version.percentage:g} %"
    return (version.build_id, version.state, share, version.since, str(version.orders))

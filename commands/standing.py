"""`orderhub up`: everything on this machine, until Ctrl-C."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from commands.household import ALIVE, Member, household, members_of
from commands.opening import until_told
from commands.showing import say, show_pairs, step
from settings import Settings, load
from stack import Down, Stack, embedded
from store.database import is_current, migrate

Workers = Annotated[int, typer.Option("--workers", min=1, max=64, help="Worker processes, each on every queue.")]


def up(*, workers: Workers = 1) -> None:
    """Start the whole stack on this machine and keep it up, until Ctrl-C.

    Where OMS_DATABASE_URL and OMS_TEMPORAL__ADDRESS are not set, PostgreSQL and Temporal are started beside it.
    """
    until_told(_up(load(), workers))
    say("Everything has ended.")


async def _up(settings: Settings, workers: int) -> None:
    async with AsyncExitStack() as ending:
        ending.callback(say, "Ending …")
        with step("PostgreSQL and Temporal"):
            stack = await ending.enter_async_context(embedded(settings, _warn))
        with step("Tables"):
            await _tables(settings, stack)
        members = members_of(settings, workers)
        with step(f"The door and {workers} worker{'s' * (workers > 1)}"):
            held = await ending.enter_async_context(household(members, _diaries(settings), _warn))
        _say_where(settings, stack, members)
        await held.kept()


async def _tables(settings: Settings, stack: Stack) -> None:
    """Ours are brought up to date by themselves; elsewhere that is for whoever runs them to decide."""
    if settings.database_url is None:
        await migrate(stack.settings.database)
    elif not await is_current(stack.settings.database):
        raise Down("The tables of OMS_DATABASE_URL are not what this code expects. Run: orderhub migrate")


def _diaries(settings: Settings) -> Path | None:
    """Beside the servers' own logs; with servers elsewhere the terminal is the log."""
    return settings.data.absolute() if settings.is_embedded else None


def _say_where(settings: Settings, stack: Stack, members: Sequence[Member]) -> None:
    door, *others = (member.answers_at for member in members)
    board = door.removesuffix(ALIVE)
    for moved in stack.moved:
        say(f"Port {moved.usual} is taken: {moved.what} is on {moved.port}.", "yellow")
    if settings.ports.api and not board.endswith(f":{settings.ports.api}"):
        say(f"Port {settings.ports.api} is taken: the door is on {board}.", "yellow")
    is_ours = settings.database_url is None
    show_pairs(
        [
            ("Board", f"{board}/"),
            ("API", f"{board}/openapi.json"),
            ("Temporal UI", stack.ui),
            ("Admin key", f"{settings.data.absolute() / 'secrets.json'}, under keys.admin" if is_ours else None),
            ("Logs", f"{_diaries(settings)}/*.log" if _diaries(settings) else None),
            ("Workers' figures", tuple(others)),
        ]
    )
    say("Ctrl-C ends everything.")


def _warn(words: str) -> None:
    say(words, "yellow")

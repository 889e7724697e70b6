"""`orderhub inbox`: what parties told us and what became of it."""

import asyncio
from typing import Annotated

import typer

from commands.opening import By, desk
from commands.showing import Json, Most, say, show_json, show_table
from models.noun import Id
from store.inbox import Entry, State

inbox = typer.Typer(help="What parties told us: list it, tell it again.", no_args_is_help=True, add_completion=False)


@inbox.command("list")
def list_rows(
    *,
    state: Annotated[State, typer.Option(help="Which rows.")] = State.WAITING,
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """What waits to be told to its order, the newest first; or what was told, or put aside."""
    rows = asyncio.run(_listing(state, limit))
    if as_json:
        show_json(rows)
        return
    columns = ("row", "from", "kind", "order", "why it waits", "attempts", "kept", "due")
    show_table(f"Inbox, {state}", columns, map(_line, rows))


@inbox.command("replay")
def replay(
    rows: Annotated[list[int], typer.Argument(metavar="ROW", min=1, help="As `inbox list` shows.")], *, by: By
) -> None:
    """Tell rows again now, whatever became of them. An order that has heard one learns nothing new."""
    asyncio.run(_replay(rows, by))


async def _listing(state: State, limit: int) -> tuple[Entry, ...]:
    async with desk() as opened:
        return await opened.inbox.listing(state, limit)


async def _replay(rows: list[int], by: Id) -> None:
    async with desk() as opened:
        for row in rows:
            await opened.inbox.replay(row)
            await opened.noted(by, "replay", str(row))
            say(f"Row {row} is told again within seconds, while the door is open.", "green")


def _line(entry: Entry) -> tuple[object, ...]:
    whose = entry.order_id or f"nobody's yet: {entry.key}"
    sender = f"{entry.party}/{entry.account}"
    return (entry.id, sender, entry.kind, whose, entry.code, entry.attempts, entry.kept_at, entry.due_at)

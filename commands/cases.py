"""`orderhub case`: what people must look at."""

import asyncio
from typing import Annotated

import typer

from api import stories
from api.reaching import reaching
from commands.opening import By, desk
from commands.showing import Json, Most, say, show_json, show_table
from models.case import Role
from models.noun import Id
from running import connected
from store.cases import CaseFilter, Known

PATIENCE = 10.0  # seconds for the case's story

cases = typer.Typer(help="What people must look at: list it, close it.", no_args_is_help=True, add_completion=False)


@cases.command("list")
def list_cases(
    *,
    role: Annotated[Role | None, typer.Option(help="Whose work it is.")] = None,
    party: Annotated[str | None, typer.Option(help="Whose fault it may be.")] = None,
    shop: Annotated[str | None, typer.Option(help="<channel>/<shop>, or a whole channel.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Those that are closed, the newest first.")] = False,
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """Open cases, the oldest first: they wait longest."""
    rows = asyncio.run(_listing(CaseFilter(open=not closed, role=role, party=party, shop=shop, limit=limit)))
    if as_json:
        show_json(rows)
        return
    columns = ("case", "about", "missed", "since", "rung", "role", "at", "opened", "closed by")
    show_table("Closed cases" if closed else "Open cases", columns, map(_line, rows))


@cases.command("close")
def close(
    case: Annotated[int, typer.Argument(min=1, help="Its number, as `case list` shows.")],
    *,
    by: By,
    note: Annotated[str, typer.Option(help="What was done about it; kept encrypted.")] = "",
) -> None:
    """Say that somebody looked. Cases also close by themselves: when their order moves on, when the books are right."""
    asyncio.run(_close(case, by, note))
    say(f"Case {case} is closed.", "green")


async def _listing(wanted: CaseFilter) -> tuple[Known, ...]:
    async with desk() as opened:
        return await opened.cases.listing(wanted)


async def _close(case: int, by: Id, note: str) -> None:
    async with desk() as opened:
        known = await opened.cases.open(case)
        if known.shop:  # else no story waits for it
            async with reaching(PATIENCE):
                await stories.close(await connected(opened.settings), known.case, by, Role.ADMIN)
        story = known.case.story
        whose = await opened.returns.order_of(story) if stories.is_return(story) else story
        note_id = await opened.contacts.add_note(whose, note) if note else None
        await opened.cases.close(case, by, note_id)
        await opened.noted(by, "close_case", str(case))


def _line(known: Known) -> tuple[object, ...]:
    case = known.case
    where = case.place or case.party
    rung = f"{case.rung}, nobody on duty" if known.nobody_on_duty else case.rung
    closed = (known.closed_by or "itself") if case.closed_at else None
    return (known.id, case.story, case.deadline, case.since, rung, case.role, where, case.opened_at, closed)

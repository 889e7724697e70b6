"""`orderhub return-policy`: what a shop's new returns are judged and reckoned by."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from commands.opening import By, desk
from commands.policies import Shop, scope_of
from commands.showing import say, show_json
from models.noun import Id
from models.return_policy import ReturnPolicy

policies = typer.Typer(
    help="What new returns are judged by: show it, change it.", no_args_is_help=True, add_completion=False
)
Changes = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, allow_dash=True, help="JSON of what changes; -: from stdin."),
]


@policies.command("show")
def show(shop: Shop) -> None:
    """What the next return of a shop is judged by, as JSON: windows, categories, goods, tiers, terms, patience."""
    show_json(asyncio.run(_current(scope_of(shop))))


@policies.command("set")
def put(shop: Shop, changes: Changes, *, by: By) -> None:
    """Give a shop's next returns other numbers; those that are under way keep theirs.

    A list that is named is written whole: {"freely": {"minor": 2000}} lets refunds of up to 20.00 go by themselves;
    {"goods": [{"starts": "FRESH-", "category": "fresh_food"}]} says what the shop sells.
    """
    version = asyncio.run(_put(scope_of(shop), _read(changes), by))
    say(f"Version {version} holds for new returns of {shop} from now on.", "green")


def _read(changes: Path) -> dict[str, Any]:
    """Raises: typer.BadParameter."""
    words = typer.get_text_stream("stdin").read() if str(changes) == "-" else changes.read_text()
    try:
        read = json.loads(words)
    except ValueError:
        raise typer.BadParameter("That is no JSON.") from None
    if not isinstance(read, dict) or "version" in read:
        raise typer.BadParameter("Name fields and their values: {…}. The version is given by us.")
    if unknown := sorted(set(read) - set(ReturnPolicy.model_fields)):
        raise typer.BadParameter(f"There is no {', '.join(unknown)}. Known: {', '.join(ReturnPolicy.model_fields)}.")
    return read


async def _current(shop: Id) -> ReturnPolicy:
    async with desk() as opened:
        return await opened.return_policies.current(shop)


async def _put(shop: Id, changes: dict[str, Any], by: Id) -> int:
    async with desk() as opened:
        before = (await opened.return_policies.current(shop)).model_dump(mode="json")
        version = await opened.return_policies.put(shop, _valid(before | changes), by)
        await opened.noted(by, "set_return_policy", f"{shop}:{version}")
        return version


def _valid(words: dict[str, Any]) -> ReturnPolicy:
    """Raises: typer.BadParameter, field by field."""
    try:
        return ReturnPolicy.model_validate(words)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise typer.BadParameter("; ".join(faults)) from None

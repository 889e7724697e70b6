"""`orderhub policy`: the numbers that a shop's new orders live by."""

import asyncio
from typing import Annotated, Any

import typer

from commands.opening import By, desk
from commands.showing import Json, say, show_json, show_table, spelt
from commands.spelling import WRITABLE, changed, read
from models.noun import Id
from models.policy import Policy

policies = typer.Typer(
    help="The numbers that new orders live by: show them, change them.", no_args_is_help=True, add_completion=False
)
Shop = Annotated[str, typer.Argument(metavar="SHOP", help="<channel>/<shop>, or a whole channel.")]


@policies.command("show")
def show(shop: Shop, *, as_json: Json = False) -> None:
    """What the next order of a shop is given."""
    policy = asyncio.run(_current(_scope(shop)))
    if as_json:
        show_json(policy)
        return
    rows = ((name, getattr(policy, name), getattr(Policy(), name)) for name in WRITABLE)
    show_table(f"Policy of {shop}, version {policy.version}", ("field", "value", "the house's own"), rows)


@policies.command("set")
def put(
    shop: Shop,
    changes: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE", help="pay_within=30m approval_limit=500.00")],
    *,
    by: By,
) -> None:
    """Give a shop's next orders other numbers; those that are under way keep theirs.

    Spans are written 90s, 30m, 24h, 7d or 1d12h, money 500.00 or none, switches yes or no, couriers sf,kuaidi100.yto.
    """
    before, after, version = asyncio.run(_put(_scope(shop), read(changes), by))
    for name in WRITABLE:
        if (old := getattr(before, name)) != (new := getattr(after, name)):
            say(f"{name}: {spelt(old)} → {spelt(new)}")
    say(f"Version {version} holds for new orders of {shop} from now on.", "green")


def _scope(shop: str) -> Id:
    if shop.count("/") > 1 or not all(shop.split("/")):
        raise typer.BadParameter(f"{shop} is neither <channel> nor <channel>/<shop>.")
    return shop


async def _current(shop: Id) -> Policy:
    async with desk() as opened:
        return await opened.policies.current(shop)


async def _put(shop: Id, changes: dict[str, Any], by: Id) -> tuple[Policy, Policy, int]:
    async with desk() as opened:
        before = await opened.policies.current(shop)
        after = changed(before, changes)
        version = await opened.policies.put(shop, after, by)
        await opened.noted(by, "set_policy", f"{shop}:{version}")
        return before, after, version

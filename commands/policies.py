"""`orderhub policy`: the numbers that a shop's new orders live by."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from commands.opening import By, desk
from commands.showing import Json, say, show_json, show_table, spelt
from commands.spelling import WRITABLE, changed, read
from connectors.registry import Accounts, Registry
from models.noun import Id
from models.policy import Policy
from settings import Settings

policies = typer.Typer(
    help="The numbers that new orders live by: show them, change them.", no_args_is_help=True, add_completion=False
)
Shop = Annotated[str, typer.Argument(metavar="SHOP", help="<channel>/<shop>, or a whole channel.")]


@policies.command("show")
def show(shop: Shop, *, as_json: Json = False) -> None:
    """What the next order of a shop is given."""
    policy = asyncio.run(_current(scope_of(shop)))
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
    before, after, version = asyncio.run(_put(scope_of(shop), read(changes), by))
    for name in WRITABLE:
        if (old := getattr(before, name)) != (new := getattr(after, name)):
            say(f"{name}: {spelt(old)} → {spelt(new)}")
    say(f"Version {version} holds for new orders of {shop} from now on.", "green")


def scope_of(shop: str) -> Id:
    """Whose policy it is. Raises: typer.BadParameter."""
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
        await _must_be_served(opened.settings, {name: getattr(after, name) for name in changes})
        version = await opened.policies.put(shop, after, by)
        await opened.noted(by, "set_policy", f"{shop}:{version}")
        return before, after, version


async def _must_be_served(settings: Settings, written: Mapping[str, Any]) -> None:
    """Whoever an order names must have an account of ours. Raises: typer.BadParameter, with those that have.

    Why: a call on an account that no worker serves waits for ever, and is somebody's case for every single order.
    """
    async with Registry(Accounts.read(settings.parties_file)) as known:
        providers, couriers = [one.name for one in known.providers], [one.name for one in known.couriers]
    _one_of(providers, [written["provider"]] if "provider" in written else ())
    _one_of(couriers, [courier.partition(".")[0] for courier in written.get("couriers", ())])


def _one_of(known: list[Id], named: Iterable[Id]) -> None:
    for name in named:
        if name not in known:
            all_of_them = ", ".join(known) or "none; OMS_PARTIES_FILE names them"
            raise typer.BadParameter(f"We have no account called {name}. Known: {all_of_them}.")

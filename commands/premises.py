"""`orderhub place` and `orderhub stock`: where boxes are packed, and what lies there."""

import asyncio
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from pydantic import ValidationError

from commands.opening import By, desk
from commands.showing import Json, say, show_json, show_table
from models.contact import Contact, GivenContact
from models.line import Units
from models.noun import Id
from models.place import Kind, Level, Place
from store.boxes import Boxes
from store.stock import Shelves

places = typer.Typer(help="Where boxes are packed: list them, add one.", no_args_is_help=True, add_completion=False)
stock = typer.Typer(help="What lies where: list it, receive more.", no_args_is_help=True, add_completion=False)
PlaceId = Annotated[str, typer.Argument(metavar="PLACE", help="A place's id, such as WH-SZ.")]
SENDER = '{"name": …, "phone": …, "province": …, "city": …, "district": …, "district_code": "440306", "address": …}'


@places.command("list")
def list_places(*, as_json: Json = False) -> None:
    """Every place that packs boxes."""
    known = asyncio.run(_places())
    if as_json:
        show_json(known)
        return
    rows = ((place.id, place.name, place.kind, place.district) for place in known)
    show_table("Places", ("place", "name", "kind", "district"), rows)


@places.command("add")
def add_place(
    place: PlaceId,
    *,
    sender: Annotated[Path, typer.Option(exists=True, dir_okay=False, help=f"JSON file, kept encrypted: {SENDER}")],
    name: Annotated[str, typer.Option(help="What people call it, as a code; else its id.")] = "",
    kind: Annotated[Kind, typer.Option(help="What it is for.")] = Kind.WAREHOUSE,
    by: By,
) -> None:
    """A place and the sender's address on its labels; the same id again corrects it."""
    try:
        contact = GivenContact.model_validate_json(sender.read_bytes())
        known = Place(id=place, name=name or place, district=contact.district_code, kind=kind)
    except ValidationError as error:
        raise typer.BadParameter(_fields(error)) from None
    asyncio.run(_add(known, contact, by))
    say(f"{place} sends from now on. Its first units: orderhub stock receive {place} SKU QUANTITY", "green")


@stock.command("list")
def list_stock(
    sku: Annotated[str | None, typer.Argument(metavar="[SKU]", help="One thing; else everything.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """On hand, spoken for, and free to sell."""
    levels = asyncio.run(_levels(sku))
    if as_json:
        show_json(levels)
        return
    rows = ((level.place, level.sku, level.on_hand, level.reserved, level.free) for level in levels)
    show_table("Stock", ("place", "SKU", "on hand", "reserved", "free"), rows)


@stock.command("receive")
def receive(
    place: PlaceId,
    sku: Annotated[str, typer.Argument(metavar="SKU")],
    quantity: Annotated[int, typer.Argument(metavar="QUANTITY", min=1, help="Units that came in.")],
    *,
    why: Annotated[str, typer.Option(help="What the ledger says of it.")] = "received",
    key: Annotated[str, typer.Option(help="Your number of this delivery: said twice, it counts once.")] = "",
    by: By,
) -> None:
    """Units came in, and may be sold."""
    delivery = key or uuid4().hex
    asyncio.run(_receive(place, Units(sku=sku, quantity=quantity), why, delivery, by))
    say(f"{quantity} of {sku} came to {place}; delivery {delivery}.", "green")


def _fields(error: ValidationError) -> str:
    """Which fields are wrong, and nothing of what stands in them."""
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False))


async def _places() -> tuple[Place, ...]:
    async with desk() as opened:
        return await Shelves(opened.db).places()


async def _add(place: Place, sender: Contact, by: Id) -> None:
    async with desk() as opened:
        await Shelves(opened.db).add_place(place)
        await Boxes(opened.db).send_from(place.id, sender)
        await opened.noted(by, "add_place", place.id)


async def _levels(sku: Id | None) -> tuple[Level, ...]:
    async with desk() as opened:
        return await Shelves(opened.db).levels(sku)


async def _receive(place: Id, units: Units, why: Id, key: Id, by: Id) -> None:
    async with desk() as opened:
        await Shelves(opened.db).receive(place, units.sku, units.quantity, why, key)
        await opened.noted(by, "receive_stock", f"{place}:{units.sku}")

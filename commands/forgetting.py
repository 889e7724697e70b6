"""`orderhub forget`: a person who asks for it is forgotten."""

import asyncio
from typing import Annotated

import typer

from commands.opening import By, desk
from commands.showing import say
from models.case import Role
from models.noun import Id
from store.forgetting import Forgetting, Forgotten

Which = Annotated[str | None, typer.Argument(metavar="[ORDER]", help="<channel>/<shop>/<number>, or our own number.")]
Phone = Annotated[str | None, typer.Option(help="Every order that ever went to this phone, however it is spelt.")]


def forget(which: Which = None, *, phone: Phone = None, by: By) -> None:
    """Forget a person: by one order, or by phone.

    What they ordered remains; who they were cannot be read again. Only orders that are over. Twice is once. Backups
    from before, with the keys of before, still hold what is forgotten here.
    """
    if (which is None) is (phone is None):
        raise typer.BadParameter("Name one order, or a --phone.")
    done = asyncio.run(_forget(which, phone, by))
    say(f"{len(done.orders)} orders: nobody can read any more whose they were.", "green")
    for order in done.under_way:
        say(f"{order} is still under way. Ask again when it is over.", "yellow")
    if done.under_way:
        raise typer.Exit(1)


async def _forget(which: str | None, phone: str | None, by: Id) -> Forgotten:
    async with desk() as opened:
        book = Forgetting(opened.contacts, opened.pictures)
        if phone is not None:
            return await book.person(phone, by, Role.ADMIN)
        order = await opened.exactly(which or "")  # a shop's number or a waybill may be the beginning of another's
        await book.order(order, by, Role.ADMIN)
        return Forgotten((order,), ())

"""`orderhub backup` and `orderhub restore`: the whole store in one file, and a store from it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from beside import dumps
from commands.showing import say, show_pairs, step
from settings import DRIVER, Settings, load, raw_key
from stack import Down, Stack, embedded, join
from store.backups import Backups, Contents
from store.contacts import Contacts
from store.database import Database, migrate

NEXT = "Start everything, then let every order go on: orderhub order revive --all"
NewFile = Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")]
Backup = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="What `backup` wrote.")]


def backup(file: NewFile) -> None:
    """The whole store in one file, while everything runs.

    Names, phones and addresses are sealed in it: keep OMS_CONTACTS_KEY and OMS_PHONE_KEY with it, but elsewhere.
    """
    if file.exists():
        raise Down(f"{file} is there already. Name another file: a backup is never written over.")
    settings = load()
    with step(f"The store into {file}"):
        dumps.dump(_plain(join(settings).settings), file)
    say(f"Keep elsewhere what opens it: {_keys(settings)}. Without it nobody reads a contact again.", "yellow")


def restore(file: Backup) -> None:
    """A store from a backup, in a database where nothing is yet.

    Nothing else may run on it meanwhile. On the embedded stack PostgreSQL is started for as long as it takes.
    """
    held, sealed = asyncio.run(_restore(file))
    show_pairs(_known(held))
    if sealed:
        raise Down(
            f"The store is back, but OMS_CONTACTS_KEY does not open {sealed} of its contacts. "
            "Set the key (or secrets.json) of the house that the backup came from, before anything starts."
        )
    say(f"The store is back. {NEXT}", "green")


async def _restore(file: Path) -> tuple[Contents, int]:
    async with _ground(load()) as stack:
        settings = stack.settings
        db = await Database.open(settings.database, size=1)
        try:
            known = Backups(db)
            if not await known.is_empty():
                raise Down(
                    "There are tables in this database. Restore into a new one, or set OMS_DATA to a new folder."
                )
            with step(f"The store from {file}"):
                await asyncio.to_thread(dumps.load, file, _plain(settings))
                await migrate(settings.database)
            contacts = Contacts(db, raw_key(settings.contacts_key), raw_key(settings.phone_key))
            return await known.contents(), await known.sealed_by_others(contacts)
        finally:
            await db.close()


@asynccontextmanager
async def _ground(settings: Settings) -> AsyncIterator[Stack]:
    """PostgreSQL that nobody uses: ours is started. Raises: Down when a stack runs on this folder."""
    if settings.database_url is not None:
        yield Stack(settings)
        return
    async with embedded(settings) as stack:
        yield stack


def _plain(settings: Settings) -> str:
    return settings.database.replace(DRIVER, "postgresql://")


def _keys(settings: Settings) -> str:
    if settings.database_url is None:
        return str(settings.data.absolute() / "secrets.json")
    return "OMS_CONTACTS_KEY and OMS_PHONE_KEY"


def _known(held: Contents) -> list[tuple[str, object]]:
    return [
        ("orders", str(held.orders)),
        ("of them open", str(held.open)),
        ("last word of any", held.last_word_at),
        ("messages waiting", str(held.waiting)),
    ]

"""What a command of the desk opens, and how a command that lasts is ended."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from getpass import getuser
from typing import Annotated, Any, TypeVar

import typer
import uvloop
from temporalio.client import Client

from models.case import Role
from models.errors import Missing, Refused, Unavailable
from models.noun import Id
from models.order import Order, Record, Standing
from models.stage import Stage
from running import connected
from settings import Settings, load, raw_key
from stack import Stack, join
from store.audit import Audit
from store.cases import Cases
from store.claims import Claims
from store.contacts import Contacts
from store.database import Database
from store.inbox import Inbox
from store.listings import OrderFilter
from store.orders import OrderBook
from store.pictures import Pictures
from store.policies import Policies, ReturnPolicies
from store.returns import Returns
from store.shelf import shelf_at

A_FEW = 10
T = TypeVar("T")


def _who() -> str:
    with suppress(OSError, KeyError):
        return f"cli/{getuser()}"
    return "cli"


By = Annotated[str, typer.Option("--by", help="Who does it.", default_factory=_who, show_default="you")]


@dataclass(frozen=True)
class Desk:
    """Everything that a command may ask."""

    stack: Stack
    db: Database

    @property
    def settings(self) -> Settings:
        """With both addresses."""
        return self.stack.settings

    @cached_property
    def contacts(self) -> Contacts:
        """The keys of what is personal: needed to write a note, never to print one."""
        return Contacts(self.db, raw_key(self.settings.contacts_key), raw_key(self.settings.phone_key))

    @property
    def pictures(self) -> Pictures:
        """What lies sealed outside the rows."""
        return Pictures(self.contacts, shelf_at(self.settings.pictures, self.settings.data))

    @property
    def orders(self) -> OrderBook:
        """The last record of each order."""
        return OrderBook(self.db)

    @property
    def returns(self) -> Returns:
        """The last record of each return."""
        return Returns(self.db, self.contacts)

    @property
    def claims(self) -> Claims:
        """What is ours."""
        return Claims(self.db, self.contacts, self.policies)

    @property
    def policies(self) -> Policies:
        """The numbers that orders live by."""
        return Policies(self.db)

    @property
    def return_policies(self) -> ReturnPolicies:
        """What returns are judged and reckoned by."""
        return ReturnPolicies(self.db)

    @property
    def inbox(self) -> Inbox:
        """What parties told us."""
        return Inbox(self.db, self.contacts)

    @property
    def cases(self) -> Cases:
        """What people must look at."""
        return Cases(self.db)

    async def temporal(self) -> Client:
        """Where the stories are. Raises: Unavailable("temporal_away")."""
        try:
            return await connected(self.settings)
        except RuntimeError:
            raise Unavailable("temporal_away") from None

    async def noted(self, by: Id, what: Id, about: Id) -> None:
        """Who sits at this command line may do anything, and it is written down."""
        await Audit(self.db).note(by, Role.ADMIN, what, about)

    async def record(self, words: str) -> Record:
        """What is known of an order: its last record, or before the first one its claim. Raises: Missing, Refused."""
        order_id = await self._id(words)
        with suppress(Missing):
            return await self.orders.get(order_id)
        return _fresh(await self.claims.seed(order_id))

    async def exactly(self, words: str) -> Id:
        """An order's id by all of it, or by our own number: for what cannot be undone. Raises: Missing."""
        if words.count("/") > 1:
            return words
        return await self.claims.order_of(words.upper())

    async def _id(self, words: str) -> Id:
        """An order's id by whatever of it a person has in hand."""
        with suppress(Missing):
            return await self.exactly(words)
        page = await self.orders.listing(OrderFilter(q=words, limit=A_FEW))
        exact = [row for row in page.rows if row.number == words] or list(page.rows)
        if not exact:
            raise Missing("order_unknown")
        if len(exact) > 1:
            raise Several(tuple(row.id for row in exact))
        return exact[0].id


class Several(Refused):
    """More than one order is called so."""

    def __init__(self, orders: tuple[Id, ...]) -> None:
        super().__init__("order_ambiguous")
        self.orders = orders


def _fresh(order: Order) -> Record:
    return Record(order=order, standing=Standing(stage=Stage.RECEIVED, since=order.received_at))


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    """The store of the stack that runs, or of the addresses we were given. Raises: Down, Misconfigured."""
    stack = join(load())
    db = await Database.open(stack.settings.database, size=2)
    try:
        yield Desk(stack, db)
    finally:
        await db.close()


def until_told(work: Coroutine[Any, Any, T]) -> T | None:
    """Do it until it is done, or until Ctrl-C or SIGTERM; then it ends in its own order, however often we are told."""
    return uvloop.run(_until_told(work))


async def _until_told(work: Coroutine[Any, Any, T]) -> T | None:
    loop, task, was_told = asyncio.get_running_loop(), asyncio.ensure_future(work), False

    def told() -> None:
        nonlocal was_told
        if not was_told:
            was_told = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told)
    try:
        return await task
    except asyncio.CancelledError:
        if not was_told:
            raise
        return None

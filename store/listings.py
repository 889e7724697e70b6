"""Pages of orders: by arrival or by how long they are overdue, each order on exactly one page, whatever comes in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FetchedValue,
    Row,
    Select,
    SQLColumnExpression,
    Text,
    literal,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, col, select

from models.case import Owner
from models.errors import Refused
from models.noun import Currency, Id, Money
from models.stage import Stage
from store.addresses import AddressRow, Kind
from store.contacts import ContactRow, Contacts
from store.cursors import Page, Place, page, read
from store.database import Instant

PHONE = re.compile(r"\+?[0-9][0-9 -]{5,18}[0-9]")
LAST = "\U0010ffff"  # no number has it: everything that begins with x lies between x and x + LAST


class BookRow(SQLModel, table=True):
    """The newest record of one order."""

    __tablename__ = "orders"
    id: str = Field(primary_key=True)
    business_no: str = Field(unique=True)
    channel: str
    shop: str
    number: str
    stage: str
    since: Instant
    overdue: bool
    overdue_at: Instant | None
    owner: str | None
    due_at: Instant | None
    waits_for: str | None
    received_at: Instant
    total: int = Field(sa_type=BigInteger)
    currency: str
    version: int
    run: str
    told_at: Instant
    is_ended: bool
    stock_mark: str
    body: dict[str, JsonValue] = Field(sa_type=JSONB)
    written_at: Instant
    destination: str | None = Field(
        sa_column=Column(Text, FetchedValue())
    )  # district code; the table takes it from body


@dataclass(frozen=True)
class OrderFilter:
    """Which orders. `q`: a number's beginning, an order id, a business number, a waybill, or a whole phone."""

    stage: Stage | None = None
    overdue: bool = False
    channel: Id | None = None
    shop: Id | None = None  # <channel>/<shop>
    q: str = ""
    after: str | None = None  # `next` of the page before
    limit: int = 50


@dataclass(frozen=True)
class OrderRow:
    """One order in a list."""

    id: Id
    business_no: Id
    channel: Id
    shop: Id
    number: Id
    stage: Stage
    since: datetime
    overdue: bool
    overdue_at: datetime | None  # since when somebody should have looked
    owner: Owner | None
    due_at: datetime | None  # when the next person must look
    waits_for: Id | None
    received_at: datetime
    total: Money
    version: int
    is_ended: bool


OrderPage = Page[OrderRow]
SHOWN = [getattr(BookRow, name) for name in (*OrderRow.__dataclass_fields__, "currency")]


def listed(wanted: OrderFilter, contacts: Contacts | None) -> Select[Any]:
    """The statement of one page, with one row more than it shows. Raises: Refused."""
    order = (_by(wanted).desc(), col(BookRow.id).desc()) if not wanted.overdue else (_by(wanted), col(BookRow.id))
    found: Select[Any] = select(*SHOWN).where(*_conditions(wanted, contacts))
    return found.order_by(*order).limit(wanted.limit + 1)


def page_of(wanted: OrderFilter, found: Sequence[Row[Any]]) -> OrderPage:
    """What the statement found, as a page."""
    return page([order_of(row) for row in found], wanted.limit, lambda row: _place(wanted, row))


def _by(wanted: OrderFilter) -> SQLColumnExpression[Any]:
    return col(BookRow.overdue_at) if wanted.overdue else col(BookRow.received_at)


def _conditions(wanted: OrderFilter, contacts: Contacts | None) -> list[ColumnElement[bool]]:
    asked = [(BookRow.stage, wanted.stage), (BookRow.channel, wanted.channel), (BookRow.shop, wanted.shop)]
    conditions = [col(column) == value for column, value in asked if value is not None]
    if wanted.overdue:
        conditions.append(col(BookRow.overdue).is_(True))
    if q := "".join(filter(str.isprintable, wanted.q)).strip():
        conditions.append(col(BookRow.id).in_(_found(q, contacts)))
    if wanted.after:
        conditions.append(_beyond(wanted))
    return conditions


def _found(q: str, contacts: Contacts | None) -> Select[Any]:
    """Each way to find an order has its index; joined by OR they would have none."""
    number, no = col(BookRow.number), col(BookRow.business_no)
    ways = [
        select(BookRow.id).where(number >= q, number < q + LAST),
        select(BookRow.id).where((col(BookRow.id) == q) | (no == q.upper())),
        select(AddressRow.order_id).where(AddressRow.kind == Kind.WAYBILL, AddressRow.key == q),
    ]
    if PHONE.fullmatch(q):
        if contacts is None:
            raise Refused("phones_are_not_searched")
        ways.append(select(ContactRow.order_id).where(ContactRow.phone_hash == contacts.phone_hash(q)))
    return select(union(*ways).subquery())


def _beyond(wanted: OrderFilter) -> ColumnElement[bool]:
    at, order_id = read(wanted.after or "")
    key = tuple_(_by(wanted), col(BookRow.id))
    here = tuple_(literal(at), literal(order_id))
    return key > here if wanted.overdue else key < here


def _place(wanted: OrderFilter, row: OrderRow) -> Place:
    return Place((row.overdue_at if wanted.overdue else None) or row.received_at, row.id)


def order_of(row: Row[Any]) -> OrderRow:
    """What a statement that asked for SHOWN found."""
    words = row._asdict()
    currency = Currency(words.pop("currency"))
    words |= {"stage": Stage(row.stage), "owner": Owner(row.owner) if row.owner else None}
    return OrderRow(**words | {"total": Money(minor=row.total, currency=currency)})

"""What an order looks like from outside: what a caller needs, under names that stay."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from pydantic import BaseModel, Field

from api.records import Known
from models.case import Owner
from models.errand import What
from models.fact import ParcelDelivered, ParcelHandedOver
from models.line import Box, Line
from models.noun import Id, Money
from models.order import Flag, Order, Replaces
from models.parcel import Parcel
from models.stage import Paying, Stage
from models.story import Entry, Explanation, Shield
from rules import reviews
from rules.inquiries import customer_stage, shield

EXAMPLE_ID: Final = "web/demo/DEMO000000001"


class Placed(BaseModel, frozen=True):
    """The answer to a new order, the same however often it is sent."""

    order: Id = Field(examples=[EXAMPLE_ID])
    business_no: Id = Field(examples=["7KQ2M4T9XW3F5H8J"])
    paying: Paying
    total: Money
    pay_url: str | None = Field(None, examples=["weixin://wxpay/bizpayurl?pr=p4lpSuKzz"])

    @property
    def is_complete(self) -> bool:
        """The buyer can pay now, or need not."""
        return self.pay_url is not None or self.paying is not Paying.PREPAID


class ParcelView(BaseModel, frozen=True):
    """One parcel, in short."""

    id: Id
    box: Id | None
    courier: Id | None
    waybill: Id | None
    shipped_at: datetime | None
    delivered_at: datetime | None


class PaymentView(BaseModel, frozen=True):
    """Money that arrived."""

    transaction: Id
    amount: Money
    at: datetime


class OrderView(BaseModel, frozen=True):
    """One order, as the caller's role may see it."""

    id: Id
    business_no: Id
    stage: Stage
    since: datetime
    is_overdue: bool
    owner: Owner | None
    due_at: datetime | None
    waits_for: Id | None
    paying: Paying
    total: Money
    lines: tuple[Line, ...]
    flags: tuple[Flag, ...] = Field(description="Why a careful person would look before it goes on.")
    boxes: tuple[Box, ...]
    parcels: tuple[ParcelView, ...]
    payments: tuple[PaymentView, ...]
    hold: Id | None = Field(description="Why it stands still.")
    customer_stage: Stage = Field(description="What the customer is told: 'delivered' only on photo, code or locker.")
    shield: Shield | None = Field(description="How sure we are that the customer has the parcel.")
    receiver: Mapping[str, str] = Field(description="As much of the contact as the role may see.")
    pay_url: str | None
    received_at: datetime
    is_ended: bool
    version: int
    as_of: datetime = Field(description="When the order last told of itself.")
    temporal_url: str
    replaces: Replaces | None = Field(description="The return that it is sent for, and the order of that.")


class Timeline(BaseModel, frozen=True):
    """What happened to an order, oldest first."""

    order: Id
    stage: Stage
    as_of: datetime
    entries: tuple[Entry, ...]


class Explained(BaseModel, frozen=True):
    """Why an order is where it is."""

    order: Id
    stage: Stage
    as_of: datetime
    explanation: Explanation


def bill_of(order: Order) -> Id:
    """The number that the link to pay is kept under: the last bill, or the first that will be."""
    bills = [errand.key for errand in order.errands if errand.what is What.PAY]
    return bills[-1] if bills else f"{order.business_no}-{What.PAY}-1"


def view(known: Known, receiver: Mapping[str, str], pay_url: str | None, temporal_url: str) -> OrderView:
    """The order, seen from outside."""
    order, standing = known.record.order, known.record.standing
    return OrderView(
        **standing.model_dump(),
        **order.model_dump(include={"id", "business_no", "paying", "total", "lines", "boxes", "received_at"}),
        flags=reviews.flags(order),
        parcels=tuple(_parcel(parcel) for parcel in order.parcels),
        payments=tuple(
            PaymentView(transaction=paid.transaction, amount=paid.amount, at=paid.captures[0].happened_at)
            for paid in order.payments
        ),
        hold=order.hold.code if order.hold else None,
        customer_stage=customer_stage(order),
        shield=shield(order),
        receiver=receiver,
        pay_url=pay_url,
        is_ended=known.record.is_ended,
        version=order.version,
        as_of=known.as_of,
        temporal_url=temporal_url,
        replaces=order.replaces,
    )


def _parcel(parcel: Parcel) -> ParcelView:
    shipped, delivered = parcel.first(ParcelHandedOver), parcel.first(ParcelDelivered)
    return ParcelView(
        **parcel.model_dump(include={"id", "box", "courier", "waybill"}),
        shipped_at=shipped.happened_at if shipped else None,
        delivered_at=delivered.happened_at if delivered else None,
    )

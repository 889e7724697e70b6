from datetime import datetime

from models.line import Line
from models.noun import Id, Money, Noun


class Reservation(Noun, frozen=True):
    """Units to be kept for an order."""

    key: Id  # of our errand
    order_id: Id
    business_no: Id
    lines: tuple[Line, ...]
    destination: Id  # district code
    until: datetime | None  # None: no end, nobody has to pay first


class Look(Noun, frozen=True):
    """A question to a courier, and what we know already."""

    order: Id
    parcel: Id
    courier: Id
    waybill: Id
    contact_version: int
    known: tuple[Id, ...] = ()  # subjects of facts that are no news
    wants_proof: bool = False
    collects: Money | None = None  # asked whether this money was taken at the door

from dataclasses import dataclass
from typing import Protocol

from activities.boundary import hand
from activities.once import CallBook, Once, answered
from connectors.ports import Booking, Courier, Shipped
from models.contact import Contact
from models.errand import Errand, Outcome, State
from models.errors import Failure, StoreAway, Unavailable
from models.fact import Telling
from models.line import Box
from models.noun import Id, Money
from models.reservation import Look

PROOFLESS = "electronic"


class Contacts(Protocol):
    """Who gets the parcel."""

    async def get(self, order_id: Id, version: int) -> Contact:
        """Raises: Missing."""


class Boxes(Protocol):
    """What leaves which place together."""

    async def box(self, box_id: Id) -> Box:
        """Raises: Missing."""

    async def sender(self, place: Id) -> Contact:
        """The place's own address. Raises: Missing."""


class Addresses(Protocol):
    """Which story a foreign number belongs to."""

    async def note(self, kind: str, key: str, order_id: Id, parcel: Id) -> None:
        """Harmless twice."""


@dataclass(frozen=True)
class Desk:
    """What lies on the table when a parcel is spoken of."""

    calls: CallBook
    contacts: Contacts
    boxes: Boxes
    addresses: Addresses


class Parcels:
    """Speaks with one courier account."""

    def __init__(self, courier: Courier, desk: Desk, callback: str) -> None:
        self.courier, self.desk, self.callback = courier, desk, callback
        self.once = Once(desk.calls)

    @hand("book_label")
    async def book(self, errand: Errand) -> Outcome:
        """A waybill for one box, once; its number is in the address book before anybody hears of it.

        Raises: StoreAway: the call has not left. What our store fails in afterwards is a silence like any other.
        """
        await self.desk.addresses.note("parcel", errand.key, _story(errand), errand.key)
        booking = await self._booking(errand)
        outcome = await self.once.do(errand, lambda: self._find(errand), lambda: self.courier.book(booking))
        try:
            return await self._noted(errand, outcome)
        except StoreAway as failure:
            raise Unavailable(failure.code) from None

    @hand("ask_for_label")
    async def booked(self, errand: Errand) -> Outcome:
        """What became of a label that was asked for."""
        return await self._noted(errand, await self.once.find(errand, lambda: self._find(errand)))

    @hand("void_label")
    async def void(self, errand: Errand) -> Outcome:
        """The label of a parcel that stays here."""
        label = Shipped(errand.about, errand.party, errand.under or "")
        return await answered(lambda: self.courier.void(label))

    @hand("intercept_parcel")
    async def intercept(self, errand: Errand) -> Outcome:
        """A parcel that is on its way; an attempt."""
        parcel = Shipped(errand.about, errand.party, errand.under or "")
        return await answered(lambda: self.courier.intercept(parcel))

    @hand("ask_for_tracks")
    async def look(self, look: Look) -> tuple[Telling, ...]:
        """News of a parcel; while there is none, the courier is unavailable."""
        contact = await self.desk.contacts.get(look.order, look.contact_version)
        parcel = Shipped(look.parcel, look.courier, look.waybill, contact.phone[-4:])
        tellings = await self.courier.routes(parcel)
        news = tuple(telling for telling in tellings if _is_news(telling, look))
        if not news:
            raise Unavailable("no_news")
        return news

    @hand("ask_for_collection")
    async def collected(self, look: Look) -> tuple[Telling, ...]:
        """The money of a cash order; until the courier has it, the courier is unavailable."""
        contact = await self.desk.contacts.get(look.order, look.contact_version)
        parcel = Shipped(look.parcel, look.courier, look.waybill, contact.phone[-4:])
        return (await self.courier.collected(parcel, look.collects or Money(minor=0)),)

    async def _booking(self, errand: Errand) -> Booking:
        box = errand.back or await self.desk.boxes.box(errand.about)
        customer = await self.desk.contacts.get(errand.order, errand.contact_version)
        house = await self.desk.boxes.sender(box.place)
        sender, receiver = (customer, house) if errand.back else (house, customer)
        return Booking(errand.key, errand.party, sender, receiver, box.units, errand.amount)

    async def _find(self, errand: Errand) -> Outcome:
        return await self.courier.booked(errand.key, errand.party)

    async def _noted(self, errand: Errand, outcome: Outcome) -> Outcome:
        if outcome.state is State.DONE and outcome.reference:
            await self.desk.addresses.note("waybill", outcome.reference, _story(errand), errand.key)
            await self._subscribe(errand, outcome.reference)
        return outcome

    async def _subscribe(self, errand: Errand, waybill: Id) -> None:
        """Pushes are a comfort: where they cannot be had, a silence is followed by a question."""
        contact = await self.desk.contacts.get(errand.order, errand.contact_version)
        parcel = Shipped(errand.key, errand.party, waybill, contact.phone[-4:])
        try:
            await self.courier.subscribe(parcel, self.callback)
        except Failure:
            return


def _story(errand: Errand) -> Id:
    """Who must hear of the parcel: the order, or the return that it comes back for."""
    return errand.back.id if errand.back else errand.order


def _is_news(telling: Telling, look: Look) -> bool:
    subject = f"{telling.body.get('parcel')}:{telling.body.get('milestone') or telling.body.get('proof')}"
    is_proof = telling.kind == "parcel_delivered" and telling.body.get("proof") != PROOFLESS
    return subject not in look.known and (is_proof or not look.wants_proof)

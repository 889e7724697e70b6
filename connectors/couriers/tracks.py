"""How a list of a courier's stations becomes tellings, whoever the courier is."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Annotated

from pydantic import BeforeValidator

from connectors.ports import Shipped
from models.errors import Unavailable
from models.fact import Milestone, Proof, Telling
from models.noun import Id, Money
from models.stage import Source

CHINA = timezone(timedelta(hours=8))


def _instant(words: object) -> datetime:
    return datetime.strptime(str(words), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)


WallTime = Annotated[datetime, BeforeValidator(_instant)]  # 2026-01-31 08:00:00, as clocks in China show it


@dataclass(frozen=True)
class Station:
    """One line of a courier's list, in the order they happened."""

    waybill: Id
    code: str
    at: datetime


@dataclass(frozen=True)
class Codes:
    """One courier's codes in our words. A code that is in none of these says nothing."""

    prefix: Id
    milestones: Mapping[str, Milestone]
    proofs: Mapping[str, Proof]
    picture: str = ""  # says that a photo of an earlier signature can be seen; never proof by itself

    def knows(self, code: str) -> bool:
        """Whether it says anything."""
        return code in self.milestones or code in self.proofs or code == self.picture


def tellings(codes: Codes, stations: Iterable[Station], parcel: Id) -> tuple[Telling, ...]:
    """What the list says of the parcel, oldest first; the same list always gives the same ids.

    Why: a signature after the parcel has turned round is the sender's own, so it says `returned` and not `delivered`.
    """
    ordered = sorted(stations, key=lambda station: station.at)
    turned_at = _first(ordered, {code for code, mark in codes.milestones.items() if mark is Milestone.RETURNING})
    signed_at = _first(ordered, codes.proofs)
    said = _Said(codes, parcel, turned_at, signed_at)
    return tuple(telling for station in ordered for telling in said.by(station))


def collected(said: Iterable[Telling], parcel: Shipped, amount: Money) -> Telling:
    """`payment_captured`: the money that was taken at the door. Raises: Unavailable("not_yet").

    Why: a courier hands a parcel that is to be paid for over against the money only, and owes it from then on.
    """
    delivered = next((telling for telling in said if telling.kind == "parcel_delivered"), None)
    if delivered is None:
        raise Unavailable("not_yet")
    name = f"{parcel.courier}-cod-{parcel.waybill}"
    body = {"transaction": name, "amount": amount.model_dump(mode="json"), "bill": parcel.parcel}
    return Telling(kind="payment_captured", source=Source.COURIER, id=name, at=delivered.at, body=body)


def _first(stations: Iterable[Station], wanted: Iterable[str]) -> datetime | None:
    return next((station.at for station in stations if station.code in set(wanted)), None)


@dataclass(frozen=True)
class _Said:
    codes: Codes
    parcel: Id
    turned_at: datetime | None
    signed_at: datetime | None

    def by(self, station: Station) -> Iterator[Telling]:
        if mark := self.codes.milestones.get(station.code):
            yield self._tracked(station, mark)
        if proof := self._proof(station):
            yield self._delivered(station, proof)

    def _proof(self, station: Station) -> Proof | None:
        if station.code == self.codes.picture and self.signed_at and self.signed_at <= station.at:
            return Proof.PHOTO
        return self.codes.proofs.get(station.code)

    def _delivered(self, station: Station, proof: Proof) -> Telling:
        if self.turned_at and self.turned_at <= station.at:
            return self._tracked(station, Milestone.RETURNED)
        return self._telling(station, "parcel_delivered", {"parcel": self.parcel, "proof": proof.value})

    def _tracked(self, station: Station, mark: Milestone) -> Telling:
        return self._telling(station, "parcel_tracked", {"parcel": self.parcel, "milestone": mark.value})

    def _telling(self, station: Station, kind: str, body: dict[str, str]) -> Telling:
        name = f"{self.codes.prefix}-{station.waybill}-{station.code}-{station.at:%Y%m%d%H%M%S}"
        return Telling(kind=kind, source=Source.COURIER, id=name, at=station.at, body={**body})

"""What the house finds when it looks after its own books."""

from datetime import datetime
from enum import StrEnum

from models.noun import Id, Noun


class Check(StrEnum):
    """What is looked after; a case of it is called the same."""

    STRANDED = "stranded"  # messages that no story hears
    LAPSED = "lapsed"  # reservations whose end has passed, and whose story does not speak
    MISCOUNTED = "miscounted"  # counters, ledger and boxes of a place that do not agree
    OVERCLAIMED = "overclaimed"  # refunds of a payment that do not add up
    STALLED = "stalled"  # wishes for many orders that paused by themselves
    TAMPERED = "tampered"  # an audit trail that is not as it was written
    PARCEL_WITHOUT_RETURN = "parcel_without_return"  # it lies in a place of ours, and nobody knows whose it is


class Finding(Noun, frozen=True):
    """One thing that is not as it should be. It is the same as long as it is about the same."""

    about: Id  # <party>/<cause>, an order, a place, a transaction, bulk/<number>, audit/<row>, a stray parcel
    since: datetime | None = None  # none: nobody can say, so since it was first seen
    newest_at: datetime | None = None  # its last sign, where each has an hour
    party: Id | None = None
    place: Id | None = None

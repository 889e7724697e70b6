from datetime import datetime
from enum import StrEnum

from models.noun import Id, Noun


class Inquiry(StrEnum):
    """What the clock has us ask after a silence."""

    PAYMENT = "payment"  # whether a bill is paid
    TRACK = "track"  # where a parcel is
    PROOF = "proof"  # whether there is better proof of a delivery


class Asked(Noun, frozen=True):
    """A silence that we did not wait out: we ask."""

    what: Inquiry
    about: Id  # a bill, a parcel
    since: datetime  # the silence
    at: datetime
    ended_at: datetime | None = None  # answered, or no more to be asked

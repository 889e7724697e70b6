"""What people are told about an order: its timeline, and why it does not move."""

from datetime import datetime, timedelta
from enum import StrEnum

from models.case import Owner, Role
from models.noun import Id, Noun
from models.stage import Source


class Shield(StrEnum):
    """How sure we are that the customer has the parcel."""

    GREEN = "green"  # photo, code or locker: proven
    YELLOW = "yellow"  # electronic only: asked again
    RED = "red"  # asked three times, and still nothing better


class Entry(Noun, frozen=True):
    """One line of the timeline."""

    what: Id  # a stage, a fact's kind, a wish's kind, an errand's kind
    is_stage: bool = False
    at: datetime  # when it happened
    heard_at: datetime  # when we heard
    source: Source | None = None  # None: our own doing
    by: Id | None = None
    parcel: Id | None = None
    evidence: Id | None = None  # proof, transaction, waybill, refund …
    outcome: Id | None = None  # of an errand
    after: timedelta | None = None  # since the stage before it


class Try(Noun, frozen=True):
    """One attempt at an outside party."""

    what: Id
    key: Id
    party: Id
    began_at: datetime
    outcome: Id


class Explanation(Noun, frozen=True):
    """Why it is where it is, in one answer."""

    waits_for: Id | None  # the deadline that runs: `paid`, `picked` …; None: nobody waits
    words: str  # the same for a shift leader
    since: datetime | None = None
    until: datetime | None = None
    owner: Owner | None = None  # who must look now, or first when it is overdue
    role: Role | None = None
    tries: tuple[Try, ...] = ()  # the last ones
    next_retry_at: datetime | None = None  # filled at the door from what Temporal says of pending activities
    allowed: tuple[Id, ...] = ()  # wishes that would be granted now
    shield: Shield | None = None

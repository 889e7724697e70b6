"""The timeline as people read it: known words as phrases, what must be read to somebody on the phone as it came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final

from api.pages.dictionary import WORDS
from models.case import Hold
from models.errand import State, What
from models.noun import Id
from models.order import Order
from models.story import Entry
from rules import reviews
from rules.timeline import timeline

NOTICED: Final = timedelta(seconds=1)  # shorter waits are no news
LATE_NEWS: Final = timedelta(minutes=1)  # from here on it matters that we heard later
SIZES: Final = ((timedelta(days=1), "days"), (timedelta(hours=1), "hours"), (timedelta(minutes=1), "minutes"))
MOODS: Final = {"unknown": State.LOST}  # codes that are no refusal
OWN_DEEDS: Final = ("reserve", "release", "report", "void")  # nobody outside asks for our number of it


@dataclass(frozen=True)
class Verdict:
    """How something ended: its colour, the word for it, and what they said if no word says it better."""

    mood: State
    key: str
    raw: Id | None = None


@dataclass(frozen=True)
class Held:
    """What an order stands still for."""

    verdict: Verdict
    errand: str | None = None


@dataclass(frozen=True)
class Line:
    """One entry, newest first."""

    entry: Entry
    key: str
    verdict: Verdict | None
    proof: str | None  # the word for the evidence
    number: Id | None  # a waybill, a transaction: as it is
    waited: timedelta | None  # since the entry below
    size: str  # of that wait, as it is drawn
    heard_after: timedelta | None


def lines(order: Order) -> list[Line]:
    """Newest first; a stage stands above what brought it about."""
    newest = sorted(timeline(order), key=lambda entry: (entry.at, entry.is_stage))[::-1]
    waits = [above.at - below.at for above, below in pairwise(newest)]
    return [_line(order, entry, wait) for entry, wait in zip(newest, [*waits, timedelta()], strict=True)]


def verdict(outcome: Id) -> Verdict:
    """The middle or the end of an errand; whatever else it says is why it was refused."""
    if outcome in tuple(State):
        return Verdict(State(outcome), f"outcome.{outcome}")
    mood, key = MOODS.get(outcome, State.REFUSED), f"outcome.{outcome}"
    return Verdict(mood, key) if key in WORDS else Verdict(mood, "outcome.refused", outcome.removeprefix("refused_"))


def held(hold: Hold) -> Held:
    """What a person said when holding it, or the errand that is stuck and how it ended."""
    what, _, outcome = hold.code.partition("_")
    if hold.by is None and what in tuple(What) and outcome:
        return Held(verdict(outcome), f"what.{what}")
    return Held(Verdict(State.LOST, f"hold.{hold.code}"))


def to_review(order: Order) -> Sequence[str]:
    """Why a person is asked to approve it, while nobody did."""
    if not reviews.is_wanted(order) or reviews.approved_at(order):
        return ()
    return [f"flag.{flag}" for flag in dict.fromkeys(reviews.flags(order))]


def _line(order: Order, entry: Entry, waited: timedelta) -> Line:
    heard_after = entry.heard_at - entry.at
    proof, key = f"proof.{entry.evidence}", _key(entry)
    return Line(
        entry=entry,
        key=key,
        verdict=verdict(entry.outcome) if entry.outcome else None,
        proof=proof if proof in WORDS else None,
        number=None if proof in WORDS or key.startswith("milestone.") else _number(order, entry),
        waited=waited if waited >= NOTICED else None,
        size=next((size for length, size in SIZES if waited >= length), ""),
        heard_after=heard_after if heard_after > LATE_NEWS else None,
    )


def _key(entry: Entry) -> str:
    """What a line is called. A wish has a name but neither a voice nor an end."""
    if entry.is_stage:
        return f"stage.{entry.what}"
    if entry.source is None and entry.outcome is None:
        return f"wish.{entry.what}"
    milestone = f"milestone.{entry.evidence}"
    return milestone if milestone in WORDS and entry.what == "parcel_tracked" else f"what.{entry.what}"


def _number(order: Order, entry: Entry) -> Id | None:
    is_only_ours = entry.what in OWN_DEEDS and (entry.evidence or "").startswith(f"{order.business_no}-")
    return None if is_only_ours else entry.evidence

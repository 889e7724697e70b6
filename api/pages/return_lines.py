"""What happened to a return, as people read it: the newest first, in the form of an order's timeline."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from api.pages.dictionary import WORDS
from api.pages.lines import LATE_NEWS, NOTICED, SIZES, Line, Verdict, verdict
from api.pages.return_drawings import reached
from models.errand import Errand, State
from models.fact import (
    GoodsArrived,
    GoodsInspected,
    GoodsSentBack,
    GoodsSentHome,
    ParcelFact,
    ParcelTracked,
    ReturnFact,
)
from models.noun import Id
from models.parcel import Parcel
from models.rma import Return
from models.story import Entry
from models.wish import Decide, Granted, HoldBack, JudgeGoods, RefuseRefund

SAID: Final = ("wording", "money_because")  # where the words of a reason stand


def lines_back(matter: Return) -> list[Line]:
    """The newest first; a stage stands above what brought it about."""
    newest = sorted(_lines(matter), key=lambda line: (line.entry.at, line.entry.is_stage))[::-1]
    waits = [above.entry.at - below.entry.at for above, below in pairwise(newest)]
    return [_waited(line, wait) for line, wait in zip(newest, [*waits, timedelta()], strict=True)]


def reason_key(word: Id) -> str | None:
    """The key of the words for why somebody decided so; None: it is a word of their own."""
    return next((key for key in (f"{said}.{word}" for said in SAID) if key in WORDS), None)


def _lines(matter: Return) -> Iterator[Line]:
    for stage, at, _ in reached(matter)[1:]:
        yield _line(_entry(stage.value, at, is_stage=True), f"return_stage.{stage}")
    yield _line(_entry("asked", matter.received_at, by=matter.asked_by), "return_what.asked")
    yield from map(_fact, matter.facts)
    yield from (_track(parcel, fact) for parcel in matter.parcels for fact in parcel.facts)
    yield from map(_wish, matter.wishes)
    yield from map(_errand, matter.errands)


def _fact(fact: ReturnFact) -> Line:
    entry = _entry(fact.kind, fact.happened_at, heard_at=fact.heard_at, source=fact.source, by=fact.by)
    return _line(entry, f"return_what.{fact.kind}", number=_number(fact))


def _track(parcel: Parcel, fact: ParcelFact) -> Line:
    """A step of the way back, by the courier's word."""
    entry = _entry(fact.kind, fact.happened_at, heard_at=fact.heard_at, source=fact.source)
    key = f"milestone.{fact.milestone}" if isinstance(fact, ParcelTracked) else f"what.{fact.kind}"
    return _line(entry, key, number=parcel.waybill)


def _number(fact: ReturnFact) -> Id | None:
    match fact:
        case GoodsSentBack() | GoodsSentHome():
            return fact.waybill
        case GoodsArrived() | GoodsInspected():
            return fact.place
    return None


def _wish(granted: Granted) -> Line:
    wish = granted.wish
    key = f"wish.{wish.kind}"
    entry = _entry(wish.kind, granted.at, by=wish.by)
    match wish:
        case Decide():
            ending = (
                Verdict(State.DONE, "returns.agreed") if wish.is_agreed else Verdict(State.REFUSED, "returns.refused")
            )
            return _line(entry, key, verdict=ending, **_reason(wish.word))
        case JudgeGoods():
            ending = (
                Verdict(State.DONE, "returns.passes") if wish.is_passed else Verdict(State.REFUSED, "returns.refused")
            )
            return _line(entry, key, verdict=ending, **_reason(wish.word))
        case HoldBack():
            return _line(entry, key, **_reason(wish.reason))
        case RefuseRefund():
            return _line(entry, key, **_reason(wish.word))
    return _line(entry, key)


def _reason(word: Id) -> dict[str, Any]:
    key = reason_key(word)
    return {"proof": key, "number": None if key else word}


def _errand(errand: Errand) -> Line:
    at = errand.ended_at or errand.began_at
    entry = _entry(errand.what.value, at, outcome=errand.code or errand.state.value)
    ending = verdict(errand.code or errand.state.value)
    return _line(entry, f"what.{errand.what}", verdict=ending, number=errand.reference or errand.number)


def _entry(what: str, at: datetime, **fields: Any) -> Entry:
    return Entry(what=what, at=at, **{"heard_at": at, **fields})


def _line(entry: Entry, key: str, **fields: Any) -> Line:
    late = entry.heard_at - entry.at
    usual = {"verdict": None, "proof": None, "number": None, "waited": None, "size": ""}
    return Line(entry=entry, key=key, heard_after=late if late > LATE_NEWS else None, **{**usual, **fields})


def _waited(line: Line, wait: timedelta) -> Line:
    size = next((size for length, size in SIZES if wait >= length), "")
    return Line(**{**vars(line), "waited": wait if wait >= NOTICED else None, "size": size})

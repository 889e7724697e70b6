"""What is drawn: pictures before tables. Only numbers for the templates; units are those of each drawing's viewBox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final, TypeVar

from models.bulk import Fate, Tally
from models.rma import ReturnStage
from models.stage import ENDED, Stage
from models.story import Entry

FLOW: Final = (
    Stage.RECEIVED,
    Stage.PAID,
    Stage.REVIEWED,
    Stage.ALLOCATED,
    Stage.LABELLED,
    Stage.PICKED,
    Stage.PACKED,
    Stage.PARTLY_SHIPPED,
    Stage.SHIPPED,
    Stage.IN_TRANSIT,
    Stage.PARTLY_DELIVERED,
    Stage.DELIVERED,
)
STOPPING: Final = (Stage.STOPPING,)
TALL: Final = 120.0  # the longest bar upright
WIDE: Final = 200.0  # and lying
LEAST: Final = 3.0  # the shortest that can be seen
SEEN: Final = 8.0  # the same, of a thousand
ORDER: Final = (Fate.GRANTED, Fate.REFUSED, Fate.ENDED, Fate.UNREACHABLE, Fate.WAITING)


AnyStage = Stage | ReturnStage  # of an order, or of a return
S = TypeVar("S", Stage, ReturnStage)


@dataclass(frozen=True)
class Bar:
    """One stage: how many stand there, and how many of them are late."""

    stage: AnyStage
    count: int
    late: int
    place: int  # from the left, or from the top
    tall: float
    tall_late: float
    wide: float
    wide_late: float


@dataclass(frozen=True)
class Pipeline:
    """Where all stand that are not over."""

    bars: tuple[Bar, ...]
    living: int
    ended: tuple[tuple[AnyStage, int], ...]


def pipeline(counts: Mapping[Stage, int], late: Mapping[Stage, int]) -> Pipeline:
    """One bar for each stage of the way, the last one for orders being cancelled."""
    bars = bars_of((*FLOW, *STOPPING), counts, late)
    return Pipeline(bars, sum(bar.count for bar in bars), tuple((stage, counts.get(stage, 0)) for stage in ENDED))


def bars_of(stages: Sequence[S], counts: Mapping[S, int], late: Mapping[S, int]) -> tuple[Bar, ...]:
    """The longest bar is the stage where most stand."""
    most = max((counts.get(stage, 0) for stage in stages), default=0) or 1
    return tuple(
        _bar(stage, place, counts.get(stage, 0), late.get(stage, 0), most) for place, stage in enumerate(stages)
    )


def _bar(stage: AnyStage, place: int, count: int, late: int, most: int) -> Bar:
    share, part = count / most, min(late / count, 1.0) if count else 0.0
    tall, wide = (max(length * share, LEAST) if count else 0.0 for length in (TALL, WIDE))
    return Bar(stage, count, late, place, round(tall, 1), round(tall * part, 1), round(wide, 1), round(wide * part, 1))


@dataclass(frozen=True)
class Station:
    """One stage on the way of an order or a return: been there, is there, or still ahead."""

    stage: AnyStage
    x: float
    state: str  # passed | here | ahead; here off: it left its way
    at: datetime | None = None
    after: timedelta | None = None  # since the one before it


@dataclass(frozen=True)
class Way:
    """The way of an order or a return, as a line with stations."""

    stations: tuple[Station, ...]
    wide: float
    done_to: float  # how far the line is drawn full


def way(entries: Sequence[Entry], here: Stage, ahead: Sequence[Stage], wide: float = 1000.0) -> Way:
    """Stages that were reached, in the order they were, then those that are still to come."""
    reached = {entry.what: entry for entry in entries if entry.is_stage}
    passed = [Stage(what) for what in reached if what != here]
    coming = [stage for stage in ahead if stage not in reached and stage is not here]
    stages = [*passed, here, *coming]
    step = wide / len(stages)
    stations = tuple(_station(stage, step * (place + 0.5), reached, here) for place, stage in enumerate(stages))
    return Way(stations, wide, step * (len(passed) + 0.5))


def _station(stage: Stage, x: float, reached: Mapping[str, Entry], here: Stage) -> Station:
    entry = reached.get(stage)
    state = "here" if stage is here else "passed" if entry else "ahead"
    return Station(stage, round(x, 1), state, entry.at if entry else None, entry.after if entry else None)


def lateness(spans: Sequence[timedelta]) -> tuple[int, ...]:
    """How long each is, in hundredths of the longest; the shortest can still be seen."""
    longest = max(spans, default=timedelta()) or timedelta(seconds=1)
    return tuple(max(2, round(100 * max(span, timedelta()) / longest)) for span in spans)


@dataclass(frozen=True)
class Share:
    """How many orders of a bulk wish ended so. Units: thousandths."""

    fate: Fate
    count: int
    x: float
    wide: float


def shares(tally: Tally) -> tuple[Share, ...]:
    """Beside each other: what was granted first, what waits last. What is there can be seen."""
    counts = {fate: tally.left if fate is Fate.WAITING else getattr(tally, fate) for fate in ORDER}
    raw = [max(1000 * count / tally.orders, SEEN) if count else 0.0 for count in counts.values()]
    wides = [1000 * wide / sum(raw) for wide in raw] if any(raw) else raw
    edges = accumulate(wides, initial=0.0)
    parts = zip(counts.items(), edges, wides, strict=False)
    return tuple(Share(fate, count, round(x, 1), round(wide, 1)) for (fate, count), x, wide in parts)

"""Drawings of returns: where they stand, one return's way, and how much of what was paid goes back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Final

from api.pages.drawings import Pipeline, Station, Way, bars_of
from models.errand import State, What
from models.noun import Id, Money
from models.order import Order
from models.rma import Return, ReturnStage
from rules import return_stages as stages
from store.refunds import LIVING, OVER, Tally

OFF: Final = (
    ReturnStage.REFUSED,
    ReturnStage.WITHDRAWN,
    ReturnStage.EXPIRED,
    ReturnStage.SENT_HOME,
    ReturnStage.BY_HAND,
)
WIDE: Final = 1000.0
LEAST: Final = 2.0  # hundredths that can be seen
Reached = tuple[ReturnStage, datetime, timedelta | None]


def pipeline_back(tallies: Mapping[ReturnStage, Tally]) -> Pipeline:
    """One bar for each stage at which somebody is still waited for."""
    counts = {stage: tally.count for stage, tally in tallies.items()}
    bars = bars_of(LIVING, counts, {stage: tally.late for stage, tally in tallies.items()})
    return Pipeline(bars, sum(bar.count for bar in bars), tuple((stage, counts.get(stage, 0)) for stage in OVER))


def way_back(matter: Return) -> Way:
    """Stages that were reached, the one where it stands, and those ahead; of a stopped one nothing is ahead."""
    known = reached(matter)
    ahead = () if stages.is_stopped(matter) else stages.SPINES[matter.kind][len(stages.walked(matter)) :]
    step = WIDE / (len(known) + len(ahead))
    xs = [round(step * (place + 0.5), 1) for place in range(len(known) + len(ahead))]
    behind = [Station(stage, x, "passed", at, after) for (stage, at, after), x in zip(known, xs, strict=False)]
    here = replace(behind[-1], state="here off" if behind[-1].stage in OFF else "here")
    rest = [Station(stage, x, "ahead") for stage, x in zip(ahead, xs[len(known) :], strict=True)]
    return Way((*behind[:-1], here, *rest), WIDE, here.x)


def reached(matter: Return) -> list[Reached]:
    """Each stage, since when, and how long after the one before it: a fact that was early counts from its turn."""
    ats = [(stage, stages.REACHED_AT[stage](matter)) for stage in stages.walked(matter)]
    here = (stages.stage_of(matter), stages.since(matter))
    stop = stages.stop_of(matter)
    ended = [stop] if stop and here[0] is not stop[0] else []  # and then the goods were sent home
    behind = [*ats, *ended] if stop else ats[:-1]
    turns = [*accumulate((at for _, at in behind if at), max), here[1]]
    afters = [None, *(now - before for before, now in pairwise(turns))]
    return [(stage, at, after) for (stage, _), at, after in zip([*behind, here], turns, afters, strict=True)]


@dataclass(frozen=True)
class Slice:
    """What goes back of one payment. Units of `wide`: hundredths of the payment."""

    amount: Money
    whole: Money
    wide: float
    party: Id | None = None
    transaction: Id | None = None
    state: State | None = None


def slices(matter: Return, order: Order | None) -> tuple[Slice, ...]:
    """Payment by payment, once it was reckoned; before that of the whole order."""
    if matter.assessed is None:
        whole = order.total if order else matter.amount
        return (Slice(matter.amount, whole, _wide(matter.amount, whole)),)
    ends = {errand.about: errand.state for errand in matter.errands if errand.what is What.REFUND}
    return tuple(
        Slice(
            part.amount,
            part.whole,
            _wide(part.amount, part.whole),
            part.party,
            part.transaction,
            ends.get(part.transaction),
        )
        for part in matter.assessed.parts
    )


def _wide(amount: Money, whole: Money) -> float:
    return round(min(100.0, max(LEAST, 100 * amount.minor / max(whole.minor, 1))), 1)

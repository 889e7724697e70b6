"""The judgement that one kind of story needs, in one place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

from models.errand import Errand, Outcome
from models.fact import Telling
from models.matter import M
from models.noun import Id
from models.standing import S
from models.wish import AnyWish
from rules.ladder import Alarm, Ladder


@dataclass(frozen=True)
class Rulebook(Generic[M, S]):
    """Pure functions of the matter as it is now."""

    hear: Callable[[M, Telling, datetime], M]  # everything that is told ends somewhere in it
    find_out: Callable[[M, Errand, Outcome, datetime], M]  # what a hand found out
    refusal: Callable[[M, Any], Id | None]
    granted: Callable[[M, Any, datetime], M]
    weighed: Callable[[M, datetime], M]  # what the house itself holds, and lets go
    judged: Callable[[M], tuple[Alarm | None, S]]
    is_stopped: Callable[[M], bool]  # it goes back instead of on
    unwanted: Callable[[M], Sequence[Errand]]  # under way for a way it no longer goes
    may_end: Callable[[M], bool]
    ladder: Ladder[M]
    stop: AnyWish  # what a click on 'Request cancellation' wants

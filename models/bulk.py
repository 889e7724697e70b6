"""One wish for many orders: which, what, why, and what becomes of each (批量操作)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from models.case import Role
from models.noun import Id, Noun, When
from models.stage import Stage
from models.wish import AmendPolicy, Cancel, HoldBack, Release, Retry

# A district code as far as it is meant: 65 all of Xinjiang, 6501 Urumqi (GB/T 2260, two digits a step).
District = Annotated[str, StringConstraints(pattern=r"^(?:[0-9]{2}){1,3}$")]

Bulked = Annotated[Cancel | HoldBack | Release | AmendPolicy | Retry, Field(discriminator="kind")]


class Scope(Noun, frozen=True, extra="forbid"):
    """Which open orders. Nothing in it finds a person: a plan is kept in plain words, and one order needs no plan."""

    stage: Stage | None = None
    overdue: bool = False
    channel: Id | None = None
    shop: Id | None = None  # <channel>/<shop>
    district: District | None = None  # where it goes, by the beginning of its code
    received_from: When | None = None
    received_before: When | None = None


class BulkState(StrEnum):
    """Where a plan stands."""

    PLANNED = "planned"  # 待确认: counted, nothing was asked of any order
    RUNNING = "running"  # 执行中
    PAUSED = "paused"  # 已暂停: by a person, or because its own hand broke
    STOPPING = "stopping"  # 停止中: what was begun is brought to its end
    STOPPED = "stopped"  # 已停止: the rest was never asked
    DONE = "done"  # 已完成: each order has its end


class Fate(StrEnum):
    """What became of the wish for one order."""

    WAITING = "waiting"  # not asked yet, or no answer yet
    GRANTED = "granted"
    REFUSED = "refused"  # by a rule, with its reason
    ENDED = "ended"  # the order was over before it was asked
    UNREACHABLE = "unreachable"  # asked three times without an answer: a person must look at this order


class Steering(StrEnum):
    """What somebody wants of a bulk that is under way."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class Tally(Noun, frozen=True):
    """How many orders ended how. What is left is waiting."""

    orders: int = 0
    granted: int = 0
    refused: int = 0
    ended: int = 0
    unreachable: int = 0

    @property
    def left(self) -> int:
        """Orders without an end."""
        return self.orders - self.granted - self.refused - self.ended - self.unreachable


class Counted(Noun, frozen=True):
    """How many orders a scope is about, and for how many of them money has come."""

    orders: int
    paid: int


class Plan(Noun, frozen=True):
    """One wish for many orders, as it was planned, and how far it is."""

    id: int
    scope: Scope
    wish: Bulked
    reason: Id
    by: Id
    role: Role
    planned_at: datetime
    counted: Counted  # when it was planned
    state: BulkState
    code: Id | None = None  # why it paused by itself
    confirmed_by: Id | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    tally: Tally = Tally()

    @property
    def key(self) -> Id:
        """Under which its wish is asked of each order: once, however often it is asked."""
        return key_of(self.id)


def key_of(bulk: int) -> Id:
    """The same as a path: the id of its story too."""
    return f"bulk/{bulk}"


class Target(Noun, frozen=True):
    """One order of a plan, and what its last record says."""

    n: int
    order: Id
    wish: Bulked  # with who wants it, and under which key
    is_meant: bool  # the scope still fits
    is_ended: bool
    is_granted: bool  # it was asked before, and nobody heard the answer


class Ending(Noun, frozen=True):
    """What became of one order of a plan; waiting: nobody answered this time."""

    n: int
    fate: Fate
    code: Id | None = None


class Turn(Noun, frozen=True):
    """The next orders of a plan; the last turn asks only those that were begun."""

    bulk: int
    is_last: bool = False


class Mark(Noun, frozen=True):
    """Where a bulk stands, for the store."""

    bulk: int
    state: BulkState
    code: Id | None = None


class Course(Noun, frozen=True):
    """What a bulk's story begins with, wherever it is entered."""

    bulk: int
    state: BulkState = BulkState.RUNNING
    seen: int = 0  # unreachable orders of which somebody knew when it was resumed
    tally: Tally = Tally()  # as the last turn left it


class Reached(Noun, frozen=True):
    """How far a turn came."""

    left: int  # orders of the turn's kind without an end
    tally: Tally


class Progress(Noun, frozen=True):
    """Where a bulk stands by its story's word."""

    state: BulkState
    code: Id | None
    tally: Tally

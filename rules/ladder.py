"""How silences become people's matters: rung by rung, whatever the story is about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, NamedTuple

from models.case import Case, Owner, Role
from models.inquiry import Inquiry
from models.matter import M
from models.noun import Id
from models.policy import Policy
from models.standing import Waiting

AT_ONCE = timedelta(0)
Allows = Callable[[Policy], timedelta]
Rungs = tuple[tuple[Owner, Allows], ...]
PEOPLE: Rungs = (
    (Owner.OWNER, lambda _: AT_ONCE),
    (Owner.LEAD, lambda p: p.lead_after),
    (Owner.MANAGER, lambda p: p.manager_after),
)
CLOCK: Rungs = ((Owner.CLOCK, lambda _: AT_ONCE),)
RUNGS = tuple(owner for owner, _ in PEOPLE)


class Due(NamedTuple):
    """A silence: since when, until when, and who may be at fault."""

    since: datetime
    at: datetime
    party: Id | None = None
    place: Id | None = None


@dataclass(frozen=True)
class Deadline(Generic[M]):
    """One row: its name, its words for a shift leader, when it is due, and who climbs."""

    name: Id
    words: str
    due: Callable[[M], Due | None]
    role: Role = Role.OPS
    is_for_people: bool = True  # otherwise the clock acts, once
    outlasts_holds: bool = False  # the platform's promise, what a person must hear of held or not, our own questions
    asks: Inquiry | None = None  # what the clock asks
    comes_back: bool = False  # whoever closes its case has looked: as long again, and somebody looks again
    is_shown: bool = True  # in lists, as what is waited for; else only its case is


class Alarm(NamedTuple):
    """The next rung of a deadline, if nothing happens."""

    deadline: Id
    since: datetime
    at: datetime
    owner: Owner
    awaited: str

    @property
    def words(self) -> str:
        """What is waited for, and who must look then."""
        who = "we ask ourselves" if self.owner is Owner.CLOCK else f"{self.owner} must look"
        return f"waiting for: {self.awaited}; else {who}"


@dataclass(frozen=True)
class Ladder(Generic[M]):
    """The silences of one kind of story, and what the clock does by itself."""

    rows: Sequence[Deadline[M]]
    by_the_clock: Callable[[M, Deadline[M], datetime], M]
    by_name: Mapping[Id, Deadline[M]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {row.name: row for row in self.rows})

    def judged(self, matter: M) -> tuple[Alarm | None, Waiting]:
        """What becomes overdue next, and what is waited for: every row is looked at once."""
        alarms = sorted(self._alarms(matter), key=lambda alarm: alarm.at)
        rows = [(alarm, self.by_name[alarm.deadline]) for alarm in alarms]
        awaited = [alarm for alarm, row in rows if row.is_shown and not row.asks]  # our questions are nobody's wait
        return next(iter(alarms), None), waiting(matter, next(iter(awaited), None))

    def climbed(self, matter: M, alarm: Alarm, now: datetime) -> M:
        """One rung higher: a case for the next person, or, where the clock owns the rung, what it does."""
        row = self.by_name[alarm.deadline]
        return _case_climbed(matter, row, alarm, now) if row.is_for_people else self.by_the_clock(matter, row, now)

    def moved_on(self, matter: M, now: datetime) -> M:
        """Cases whose silence has ended are closed, by nobody's hand."""
        open_cases = [case for case in matter.cases if not case.closed_at]
        over = [case for case in open_cases if not self._still(matter, case)] if open_cases else []
        cases = tuple(case.model_copy(update={"closed_at": now}) if case in over else case for case in matter.cases)
        return matter.model_copy(update={"cases": cases}) if over else matter

    def _alarms(self, matter: M) -> list[Alarm]:
        return [alarm for row in self.rows if _runs(matter, row) and (alarm := _alarm(matter, row))]

    def _still(self, matter: M, case: Case) -> bool:
        row = self.by_name.get(case.deadline)
        due = row.due(matter) if row else None
        return due is not None and due.since <= case.since


def is_overdue(matter: M) -> bool:
    """Somebody must look."""
    return any(not case.closed_at for case in matter.cases)


def waiting(matter: M, alarm: Alarm | None) -> Waiting:
    """What is waited for: the oldest open case, else the next alarm."""
    open_cases = [case for case in matter.cases if not case.closed_at]
    first = min(open_cases, key=lambda case: case.since, default=None)
    return Waiting(
        is_overdue=is_overdue(matter),
        owner=max((case.rung for case in open_cases), key=RUNGS.index, default=None),
        due_at=first.opened_at if first else alarm.at if alarm else None,
        waits_for=first.deadline if first else alarm.deadline if alarm else None,
    )


def _runs(matter: M, row: Deadline[M]) -> bool:
    """While somebody holds it only what no hold may stop runs on: the promise, money, an urge, questions."""
    return row.outlasts_holds or matter.hold is None or matter.hold.by is None


def _alarm(matter: M, row: Deadline[M]) -> Alarm | None:
    if (due := _unseen(matter, row)) is None:
        return None
    case = _open_case(matter, row.name, due)
    rungs = PEOPLE if row.is_for_people else CLOCK
    ahead = rungs[[owner for owner, _ in rungs].index(case.rung) + 1 if case else 0 :]
    if not ahead:
        return None
    owner, after = ahead[0]
    held = timedelta(0) if row.outlasts_holds else _held(matter, due.since)
    return Alarm(row.name, due.since, due.at + held + after(matter.policy), owner, row.words)


def _held(matter: M, since: datetime) -> timedelta:
    """How long of this silence it was held by a person."""
    spans = [pause.until - max(pause.since, since) for pause in matter.pauses if pause.until > since]
    return sum(spans, timedelta(0))


def _case_climbed(matter: M, row: Deadline[M], alarm: Alarm, now: datetime) -> M:
    due = row.due(matter)
    known = _open_case(matter, row.name, due) if due else None
    case = known or _opened(matter, row, alarm, now)
    others = [other for other in matter.cases if other != case]
    higher = case.model_copy(update={"rung": alarm.owner, "climbed_at": now})
    return matter.model_copy(update={"cases": (*others, higher)})


def _opened(matter: M, row: Deadline[M], alarm: Alarm, now: datetime) -> Case:
    due = row.due(matter)
    return Case(
        story=matter.id,
        deadline=row.name,
        since=alarm.since,
        rung=alarm.owner,
        role=row.role,
        place=due.place if due else None,
        party=due.party if due else None,
        opened_at=now,
    )


def _open_case(matter: M, deadline: Id, due: Due) -> Case | None:
    """The case of this silence. A correction to an earlier beginning is the same silence, a later one is a new one."""
    same = [case for case in matter.cases if case.deadline == deadline and not case.closed_at]
    return next((case for case in same if due.since <= case.since), None)


def _unseen(matter: M, row: Deadline[M]) -> Due | None:
    """What is left of a silence once a person has said that it needs nobody: nothing, or as long again."""
    due = row.due(matter)
    seen = [case for case in matter.cases if case.deadline == row.name and case.closed_by] if due else []
    looks = [case.closed_at for case in seen if due and case.closed_at and due.since <= case.since]
    if due is None or not looks:
        return due
    return due._replace(since=max(looks), at=max(looks) + (due.at - due.since)) if row.comes_back else None

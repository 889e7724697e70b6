"""Which cases the house has, by what it found in its own books."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from models.case import Case, Owner, Role
from models.finding import Check, Finding
from models.policy import Policy
from rules.ladder import PEOPLE

EVERY = timedelta(minutes=5)
EVERY_WHOLE = timedelta(hours=1)
WHOLE = (Check.MISCOUNTED, Check.TAMPERED)  # these read a whole book, and a book only grows
PATIENCE = timedelta(minutes=10)  # what a story or a party may take to see to it by itself
HOUSES_OWN = Policy()
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # from which Temporal counts the rounds
ROLES = {
    Check.STRANDED: Role.OPS,
    Check.LAPSED: Role.OPS,
    Check.MISCOUNTED: Role.WAREHOUSE,
    Check.OVERCLAIMED: Role.FINANCE,
    Check.STALLED: Role.OPS,
    Check.TAMPERED: Role.ADMIN,
    Check.PARCEL_WITHOUT_RETURN: Role.WAREHOUSE,
}


def looked_at(begun_at: datetime) -> tuple[Check, ...]:
    """What the round that begins then looks at: whole books in the first round of an hour, all else in every round."""
    is_first = (begun_at - BEGINNING) % EVERY_WHOLE < EVERY
    return tuple(check for check in Check if is_first or check not in WHOLE)


def cases_of(check: Check, known: Sequence[Case], findings: Sequence[Finding], now: datetime) -> tuple[Case, ...]:
    """One case for each finding while it lasts, higher with time. A known case that is not among them is over.

    What a person closed stays closed as long as nothing newer is found.
    """
    by_story = {case.story: case for case in known}
    return tuple(_case(check, by_story.get(finding.about), finding, now) for finding in findings)


def _case(check: Check, known: Case | None, finding: Finding, now: datetime) -> Case:
    if known is None:
        return _opened(check, finding, finding.since or now, now)
    if known.closed_at is None:
        return _climbed(known, now)
    if finding.newest_at and finding.newest_at > known.closed_at:
        return _opened(check, finding, finding.newest_at, now)
    return known


def _opened(check: Check, finding: Finding, since: datetime, now: datetime) -> Case:
    return Case(
        story=finding.about,
        deadline=check.value,
        since=since,
        rung=Owner.OWNER,
        role=ROLES[check],
        place=finding.place,
        party=finding.party,
        opened_at=now,
        climbed_at=now,
    )


def _climbed(case: Case, now: datetime) -> Case:
    rung = [owner for owner, after in PEOPLE if case.opened_at + after(HOUSES_OWN) <= now][-1]
    return case if rung is case.rung else case.model_copy(update={"rung": rung, "climbed_at": now})

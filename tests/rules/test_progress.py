"""What the customer of an urgent return hears, how often, and at which hours."""

from datetime import UTC, datetime, time, timedelta

import pytest

from models.case import Role
from models.errand import Outcome, State
from models.return_policy import ReturnPolicy, Service
from models.wish import Decide, HoldBack, TellProgress, Withdraw
from rules import errands, progress
from rules.return_permissions import granted, refusal
from rules.return_silences import LADDER
from rules.rmas import RETURNS
from tests.builders import NOON
from tests.rules.test_return_making import asked, signed

MINUTE = timedelta(minutes=1)
AGAIN = TellProgress(by="clock")


def urgent(**fields):
    return asked(signed(proof="photo"), urgent="allergy", **fields)


def told(matter, at=NOON):
    """Everything that is owed now is told."""
    said = []
    while due := progress.owed(matter):
        errand = errands.begin(matter, due, at)
        matter = RETURNS.find_out(errands.noted(matter, errand), errand, Outcome(state=State.DONE), at)
        said.append((due.about, due.under))
    return matter, said


def begun(matter, at=NOON):
    """Told to a shop that does not answer."""
    return errands.noted(matter, errands.begin(matter, progress.owed(matter), at))


def reminded(matter, times):
    said = []
    for nth in range(times):
        at = matter.received_at + (nth + 1) * 15 * MINUTE
        matter, more = told(granted(matter, AGAIN, at), at + MINUTE)
        said += more
    return matter, said


def test_only_an_urgent_return_is_told_of():
    assert progress.owed(asked(signed(proof="photo"))) is None
    assert told(urgent())[1] == [("asked", "asked")]


def test_it_is_told_again_until_a_person_takes_it_and_then_when_it_moves():
    matter, _ = told(urgent())
    matter, said = reminded(matter, 2)
    assert said == [("still.1", "asked"), ("still.2", "asked")]

    taken = granted(matter, Decide(by="s1", role=Role.SERVICE, is_agreed=True, word="approve"), NOON + 50 * MINUTE)
    assert progress.last_told_at(taken) is None
    assert [about for about, _ in told(taken)[1]] == ["due"]
    assert told(granted(matter, Withdraw(by="wu"), NOON))[1] == [("withdrawn", "withdrawn")]
    assert progress.last_told_at(granted(matter, HoldBack(by="s1", reason="looks"), NOON)) is None


def test_nobody_hears_more_than_eight_times():
    matter, said = reminded(told(urgent())[0], 12)

    assert len(said) == progress.MOST - 2
    assert (progress.owed(matter), progress.last_told_at(matter)) == (None, None)
    assert "progress" not in [row.name for row in LADDER.rows if row.due(matter)]
    assert told(granted(matter, Withdraw(by="wu"), NOON))[1] == [("withdrawn", "withdrawn")]


def test_while_the_shop_does_not_listen_nobody_is_reminded_and_then_it_hears_the_newest():
    silent = begun(urgent())
    assert progress.last_told_at(silent) is None
    assert "progress" not in [row.name for row in LADDER.rows if row.due(silent)]

    moved = granted(silent, Decide(by="s1", role=Role.SERVICE, is_agreed=True, word="approve"), NOON + 50 * MINUTE)
    assert progress.owed(moved).about == "asked"
    [errand] = moved.errands
    heard = RETURNS.find_out(moved, errand, Outcome(state=State.DONE), NOON + 60 * MINUTE)
    assert told(heard, NOON + 60 * MINUTE)[1] == [("due", "due")]


def test_the_quarter_of_an_hour_begins_when_the_shop_has_heard():
    matter, _ = told(urgent(), NOON + 150 * MINUTE)

    assert progress.last_told_at(matter) == NOON + 150 * MINUTE > matter.received_at


def test_a_reminder_that_was_overtaken_is_not_told():
    matter, _ = told(urgent())
    late = begun(granted(matter, AGAIN, NOON + 15 * MINUTE), NOON + 16 * MINUTE)
    moved = granted(late, Decide(by="s1", role=Role.SERVICE, is_agreed=True, word="approve"), NOON + 20 * MINUTE)
    heard = RETURNS.find_out(moved, moved.errands[-1], Outcome(state=State.DONE), NOON + 30 * MINUTE)

    assert [about for about, _ in told(heard, NOON + 30 * MINUTE)[1]] == ["due"]


def test_only_the_clock_reminds():
    assert refusal(urgent(), TellProgress(by="s1")) == "only_the_clock"


@pytest.mark.parametrize(
    ("hours", "at", "then"),
    [
        (("09:00", "21:00"), "10:00", "10:15"),
        (("09:00", "21:00"), "20:50", "+09:00"),
        (("09:00", "21:00"), "03:00", "09:00"),
        (("09:00", "21:00"), "23:30", "+09:00"),
        (("18:00", "02:00"), "23:50", "+00:05"),
        (("18:00", "02:00"), "03:00", "18:00"),
        (("00:00", "00:00"), "03:00", "03:15"),
    ],
)
def test_in_the_hours_of_service_of_the_shops_zone(hours, at, then):
    begins, ends = map(time.fromisoformat, hours)
    policy = ReturnPolicy(service=Service(begins=begins, ends=ends))
    zone = timedelta(hours=8)
    day = datetime(2026, 11, 11, tzinfo=UTC) - zone
    clock = time.fromisoformat(at)
    since = day + timedelta(hours=clock.hour, minutes=clock.minute)
    due = progress.next_at(urgent(policy=policy), since) - day

    wanted = time.fromisoformat(then.removeprefix("+"))
    assert due == timedelta(days=then.startswith("+"), hours=wanted.hour, minutes=wanted.minute)

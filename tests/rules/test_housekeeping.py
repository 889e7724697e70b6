"""What the house found in its books, as cases."""

from datetime import timedelta

import pytest

from models.case import Owner, Role
from models.finding import Check, Finding
from rules.housekeeping import EVERY, HOUSES_OWN, ROLES, cases_of, looked_at
from rules.silences import BY_NAME
from tests.builders import NOON

MINUTE = timedelta(minutes=1)
SHELF = Finding(about="WH-SZ", place="WH-SZ")
LOST = Finding(about="sf/unaddressed", party="sf", since=NOON - MINUTE, newest_at=NOON)


def found(*findings, known=(), now=NOON, check=Check.MISCOUNTED):
    return cases_of(check, known, findings, now)


def closed(case, at):
    return case.model_copy(update={"closed_at": at, "closed_by": "wang"})


@pytest.mark.parametrize("check", Check)
def test_every_check_has_somebody_whose_work_it_is(check):
    (case,) = found(SHELF, check=check)

    assert (case.deadline, case.role) == (check, ROLES[check])
    assert case.role is not Role.SHOP


def test_no_case_of_an_order_is_called_like_one_of_the_house():
    assert [check for check in Check if check in BY_NAME] == []


def test_a_finding_is_a_case_of_its_party_and_place_since_it_began():
    (shelf,), (lost,) = found(SHELF), found(LOST, check=Check.STRANDED)

    assert (shelf.story, shelf.place, shelf.since, shelf.rung) == ("WH-SZ", "WH-SZ", NOON, Owner.OWNER)
    assert (lost.story, lost.party, lost.since, lost.opened_at) == ("sf/unaddressed", "sf", LOST.since, NOON)


def test_a_whole_book_is_read_once_an_hour_and_all_else_in_every_round():
    rounds = [looked_at(NOON + nth * EVERY + timedelta(seconds=2)) for nth in range(24)]

    assert [nth for nth, looked in enumerate(rounds) if Check.TAMPERED in looked] == [0, 12]
    assert [nth for nth, looked in enumerate(rounds) if Check.MISCOUNTED in looked] == [0, 12]
    assert {looked for looked in rounds if len(looked) < len(Check)} == {
        (Check.STRANDED, Check.LAPSED, Check.OVERCLAIMED, Check.STALLED, Check.PARCEL_WITHOUT_RETURN)
    }


def test_what_is_found_again_is_the_same_case():
    cases = found(SHELF)

    assert found(SHELF, known=cases, now=NOON + MINUTE) == cases


def test_what_is_found_no_more_is_no_case():
    cases = found(SHELF, SHELF.model_copy(update={"about": "WH-SH"}))

    assert found(SHELF, known=cases, now=NOON + MINUTE) == cases[:1]


@pytest.mark.parametrize(
    ("after", "rung"),
    [
        (HOUSES_OWN.lead_after - MINUTE, Owner.OWNER),
        (HOUSES_OWN.lead_after, Owner.LEAD),
        (HOUSES_OWN.manager_after - MINUTE, Owner.LEAD),
        (HOUSES_OWN.manager_after, Owner.MANAGER),
        (timedelta(days=9), Owner.MANAGER),
    ],
)
def test_it_climbs_with_time_since_it_was_opened(after, rung):
    (case,) = found(LOST, known=found(LOST), now=NOON + after)

    assert (case.rung, case.opened_at) == (rung, NOON)
    assert (case.climbed_at == NOON) == (rung is Owner.OWNER)


def test_a_climbed_case_stays_on_its_rung():
    late = NOON + HOUSES_OWN.lead_after
    cases = found(SHELF, known=found(SHELF), now=late)

    assert found(SHELF, known=cases, now=late + MINUTE) == cases


def test_what_a_person_closed_stays_closed_until_something_newer_is_found():
    (case,) = found(LOST)
    seen = closed(case, NOON + MINUTE)
    newer = LOST.model_copy(update={"newest_at": NOON + 2 * MINUTE})

    assert found(LOST, known=[seen], now=NOON + timedelta(days=9)) == (seen,)
    (again,) = found(newer, known=[seen], now=NOON + 3 * MINUTE)
    assert (again.closed_at, again.since, again.rung) == (None, NOON + 2 * MINUTE, Owner.OWNER)


def test_what_has_no_hour_of_its_own_stays_closed_while_it_lasts():
    seen = closed(found(SHELF)[0], NOON + MINUTE)

    assert found(SHELF, known=[seen], now=NOON + timedelta(days=9)) == (seen,)

"""From a telling to a fact, also where somebody's clock or empty field says an hour that nobody can write down."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from models.noun import EARLIEST, Money
from rules.learning import hear
from rules.payments import wrong_since
from tests.builders import NOON, an_order, paid

FIRST_HOUR = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
LAST_HOUR = datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))


@pytest.mark.parametrize(("at", "since"), [(FIRST_HOUR, EARLIEST), (LAST_HOUR, NOON)])
def test_an_hour_beyond_what_can_be_written_down_is_the_nearest_that_can(at, since):
    order = hear(an_order(), paid("tx", at=at, amount=Money(minor=5)), NOON)

    assert wrong_since(order) == since
    assert all(year.astimezone(UTC).year < 10_000 for year in (order.payments[0].captures[0].at, since))

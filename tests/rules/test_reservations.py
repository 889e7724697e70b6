"""How long units wait for money."""

from datetime import timedelta

import pytest

from models.policy import Amendment, Policy, Span
from models.stage import Paying
from models.wish import AmendPolicy, HoldBack, Release, Urge
from rules import reservations
from rules.wishes import granted
from tests.builders import NOON, after, an_order, paid

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
UNPAID = an_order(policy=Policy(pay_within=30 * MINUTE))


def wished(order, *wishes):
    for nth, wish in enumerate(wishes):
        order = granted(order, wish, NOON + nth * HOUR)
    return order


@pytest.mark.parametrize(
    ("order", "end"),
    [
        (UNPAID, NOON + HOUR),
        (wished(UNPAID, HoldBack(by="u1")), None),
        (wished(UNPAID, HoldBack(by="u1"), Release(by="u1")), NOON + 2 * HOUR),
        (wished(UNPAID, AmendPolicy(by="u1", change=Amendment(span=Span.PAY_WITHIN, plus=HOUR))), NOON + 3 * HOUR),
        (after(UNPAID, paid()), None),
        (an_order(paying=Paying.ON_DELIVERY), None),
    ],
    ids=["unpaid", "held", "released", "longer", "paid", "on delivery"],
)
def test_units_wait_for_money_as_long_as_the_order_does(order, end):
    assert reservations.end(order) == end


@pytest.mark.parametrize(
    "wish", [Urge(by="u1"), AmendPolicy(by="u1", change=Amendment(span=Span.SHIP_WITHIN, plus=HOUR))]
)
def test_an_end_that_is_what_it_was_has_not_moved(wish):
    assert not reservations.has_moved(wished(UNPAID, wish))

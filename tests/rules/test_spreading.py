from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import Refused
from models.fact import PaymentCaptured
from models.noun import Money
from models.payment import Payment
from models.refund import Portion, Way
from rules.spreading import spread
from tests.builders import NOON, fact, paid

HELD = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 3)), min_size=1, max_size=5)


def payments(*amounts, minutes=None):
    """One after the other, a minute between them."""
    at = minutes or range(len(amounts))
    pairs = enumerate(zip(amounts, at, strict=True), 1)
    return tuple(a_payment(f"tx{nth}", minor, minute) for nth, (minor, minute) in pairs)


def a_payment(transaction, minor, minute):
    at = NOON + timedelta(minutes=minute)
    told = fact(paid(transaction, f"n-{transaction}", at, amount=Money(minor=minor)), heard_at=at)
    assert isinstance(told, PaymentCaptured)
    return Payment(transaction=transaction, captures=(told,))


def back(*pairs):
    return tuple(Portion(transaction=transaction, amount=Money(minor=minor)) for transaction, minor in pairs)


@pytest.mark.parametrize(
    ("amount", "earlier", "portions"),
    [
        (100, (), [("tx3", 100)]),
        (300, (), [("tx3", 300)]),
        (301, (), [("tx3", 300), ("tx2", 1)]),
        (600, (), [("tx3", 300), ("tx2", 200), ("tx1", 100)]),
        (100, (("tx3", 250),), [("tx3", 50), ("tx2", 50)]),
        (100, (("tx3", 250), ("tx3", 50), ("tx2", 199)), [("tx2", 1), ("tx1", 99)]),
        (50, (("tx3", 400),), [("tx2", 50)]),  # gave back more than it held: the others do not pay for that
        (0, (), []),
    ],
)
def test_the_last_paid_gives_first_and_never_more_than_it_holds(amount, earlier, portions):
    spread_over = spread(payments(100, 200, 300), back(*earlier), Money(minor=amount))

    assert [(portion.transaction, portion.amount.minor) for portion in spread_over] == portions


def test_the_last_is_the_last_captured_however_they_are_named_or_told():
    late_first = payments(100, 200, minutes=(5, 1))

    assert [portion.transaction for portion in spread(late_first, (), Money(minor=150))] == ["tx1", "tx2"]
    assert spread(late_first[::-1], (), Money(minor=150)) == spread(late_first, (), Money(minor=150))


def test_to_the_wallet_it_goes_by_wish_and_is_gone_from_its_payment_all_the_same():
    held = payments(100)
    once = spread(held, (), Money(minor=60), Way.BALANCE)

    assert once == (Portion(transaction="tx1", amount=Money(minor=60), way=Way.BALANCE),)
    assert spread(held, once, Money(minor=40))[0].way is Way.ORIGINAL
    with pytest.raises(Refused, match="more_than_held"):
        spread(held, once, Money(minor=41))


def test_what_nobody_holds_is_not_given():
    with pytest.raises(Refused, match="more_than_held"):
        spread(payments(100, 200), (), Money(minor=301))


@settings(max_examples=1000)
@given(HELD, st.lists(st.integers(0, 6000), max_size=6))
def test_however_often_money_goes_back_no_payment_gives_more_than_it_holds(captured, amounts):
    held = payments(*(minor for minor, _ in captured), minutes=[minute for _, minute in captured])
    gone, given_back = (), 0
    for amount in amounts:
        if given_back + amount > sum(minor for minor, _ in captured):
            with pytest.raises(Refused):
                spread(held, gone, Money(minor=amount))
        else:
            gone += spread(held, gone, Money(minor=amount))
            given_back += amount

    assert sum(portion.amount.minor for portion in gone) == given_back
    assert all(portion.amount.minor > 0 for portion in gone)
    for payment in held:
        assert sum(p.amount.minor for p in gone if p.transaction == payment.transaction) <= payment.amount.minor

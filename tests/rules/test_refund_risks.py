"""What finance is shown before money goes back."""

from datetime import timedelta

import pytest

from api.return_words import RISKS
from models.fact import Proof
from models.noun import Money
from models.refund_risk import RefundSeen
from models.return_policy import RiskTerms
from models.returns import Kind, Why
from rules.refund_risks import ROWS, risks
from tests.builders import NOON

TERMS, DAY, SECOND = RiskTerms(), timedelta(days=1), timedelta(seconds=1)


def seen(**fields):
    made = {"kind": Kind.RETURN, "why": Why.NO_REASON, "amount": Money(minor=19900), "asked_at": NOON}
    return RefundSeen(**{**made, **fields})


@pytest.mark.parametrize(
    ("name", "marked", "quiet"),
    [
        ("new_account", {"account_since": NOON - 30 * DAY + SECOND}, {"account_since": NOON - 30 * DAY}),
        (
            "new_account",
            {"account_since": NOON - DAY, "watched_since": NOON - 31 * DAY},
            {"account_since": NOON - DAY, "watched_since": NOON - 31 * DAY + SECOND},
        ),
        ("returns_often", {"returns_lately": 2}, {"returns_lately": 1}),
        (
            "signed_not_received",
            {"why": Why.NOT_RECEIVED, "proofs": (Proof.ELECTRONIC, Proof.PHOTO)},
            {"why": Why.NOT_RECEIVED, "proofs": (Proof.ELECTRONIC,)},
        ),
        (
            "unusual_amount",
            {"usual": Money(minor=100), "amount": Money(minor=501)},
            {"usual": Money(minor=100), "amount": Money(minor=500)},
        ),
        (
            "another_way",
            {"paid_by": ("wechat",), "goes_to": ("wechat", "wallet")},
            {"paid_by": ("wechat", "alipay"), "goes_to": ("alipay",)},
        ),
        ("another_way", {"goes_to": ("wallet",)}, {"paid_by": ("wechat",)}),
        (
            "moved_after_payment",
            {"paid_at": NOON, "address_changed_at": NOON + SECOND},
            {"paid_at": NOON, "address_changed_at": NOON},
        ),
        (
            "expensive_kept",
            {"kind": Kind.REFUND_ONLY, "amount": Money(minor=50_000)},
            {"kind": Kind.REFUND_ONLY, "amount": Money(minor=49_999)},
        ),
        (
            "expensive_kept",
            {"kind": Kind.COMPENSATION, "amount": Money(minor=50_000)},
            {"kind": Kind.RETURN, "amount": Money(minor=50_000)},
        ),
    ],
)
def test_each_mark_stands_from_its_edge_on(name, marked, quiet):
    assert risks(seen(**marked), TERMS) == (name,)
    assert risks(seen(**quiet), TERMS) == ()


def test_signed_with_proof_marks_only_who_says_otherwise():
    assert risks(seen(proofs=(Proof.PHOTO,)), TERMS) == ()


def test_what_nobody_knows_marks_nothing():
    assert risks(seen(), TERMS) == ()


def test_the_shop_sets_its_own_numbers():
    strict = RiskTerms(account_days=400, returns=1, times_usual=1, expensive=Money(minor=1))
    refund = seen(kind=Kind.REFUND_ONLY, account_since=NOON - 399 * DAY, usual=Money(minor=19899))

    assert risks(refund, strict) == ("new_account", "returns_often", "unusual_amount", "expensive_kept")


def test_every_mark_has_words_in_two_languages():
    assert {row.name: row.words for row in ROWS} == {name: words[0] for name, words in RISKS.items()}

"""Real orders and what was really paid for them, where they lie beside the project.

Source: Brazilian E-Commerce Public Dataset by Olist, CC BY-NC-SA 4.0: none of it is in the project.
"""

import csv
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from random import Random

import pytest

from models.bargain import Bargain
from models.fact import PaymentCaptured
from models.line import Line
from models.noun import Money
from models.payment import Payment
from models.refund import Before, Grounds, Terms
from models.returns import Claim, Why
from rules.refund_shares import after, refund, shares
from rules.spreading import spread
from tests.builders import NOON, an_order, fact, paid

OLIST = Path(__file__).parents[3] / "shared" / "data" / "olist"


@pytest.mark.skipif(not OLIST.is_dir(), reason="SKIPPED: the real orders of Olist are not beside the project")
def test_real_orders_come_back_to_the_cent_and_over_their_real_payments():
    seen = 0
    for number, sale, payments in real_sales():
        gone, before = (), Before()
        for step in steps_of(number, sale):
            parts = shares(*sale, Terms(), step, before)
            before = after(step, parts, before)
            gone += spread(payments, gone, Money(minor=refund(parts)))
        assert before.refunded == sale[0].total, number
        assert sum(portion.amount.minor for portion in gone) == sale[0].total.minor, number
        assert all(_gone(gone, payment) == payment.amount.minor for payment in payments), number
        seen += 1

    assert seen > 3000


def real_sales():
    """Each order of the files with what was paid for it, by however many means."""
    paid_for = rows("order_payments.csv", "order_id")
    for number, items in rows("order_items.csv", "order_id").items():
        payments = tuple(a_payment(row) for row in paid_for[number])
        yield number, a_sale(items, payments), payments


def rows(name, key):
    grouped = defaultdict(list)
    with (OLIST / name).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            grouped[row[key]].append(row)
    return grouped


def a_sale(items, payments):
    same = groupby(sorted((row["product_id"], cents(row["price"])) for row in items))
    pairs = [(sku, price, len(list(units))) for (sku, price), units in same]
    lines = tuple(Line(sku=sku, quantity=n, unit_price=Money(minor=price)) for sku, price, n in pairs)
    total = sum(payment.amount.minor for payment in payments)
    freight = Money(minor=sum(cents(row["freight_value"]) for row in items))
    return an_order(lines=lines, total=Money(minor=total)), Bargain(freight=freight)


def a_payment(row):
    nth = int(row["payment_sequential"])
    at, amount = NOON + timedelta(minutes=nth), Money(minor=cents(row["payment_value"]))
    told = fact(paid(f"tx{nth}", f"n{nth}", at, amount=amount), heard_at=at)
    assert isinstance(told, PaymentCaptured)
    return Payment(transaction=told.transaction, captures=(told,))


def steps_of(number, sale):
    """All its units, in steps that its number decides; nothing of it was the customer's doing."""
    dice = Random(number)  # noqa: S311 - the same steps each time
    units = [nth for nth, line in enumerate(sale[0].lines) for _ in range(line.quantity)]
    dice.shuffle(units)
    while units:
        size = dice.randint(1, len(units))
        claims = [Claim(line=line, quantity=count) for line, count in Counter(units[:size]).items()]
        yield Grounds(why=Why.DEFECTIVE, units=tuple(claims))
        units = units[size:]


def cents(text):
    return round(float(text) * 100)


def _gone(portions, payment):
    return sum(portion.amount.minor for portion in portions if portion.transaction == payment.transaction)

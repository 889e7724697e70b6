"""Money that goes to a balance in the shop's wallet."""

from datetime import timedelta

import pytest

from models.asking import NewReturn
from models.errand import What
from models.noun import Money
from models.refund import Way
from models.return_policy import ReturnPolicy
from models.returns import Beside, Claim, Kind, Why
from models.rma import Assessed, Part, Return
from models.stage import Paying
from rules.return_making import made
from rules.return_stages import is_out_of_time, owed
from rules.undoing import BY_HAND
from rules.wallets import giver
from tests.builders import NOON, an_order, ready

WISH = {"kind": Kind.REFUND_ONLY, "why": Why.SHORT, "claims": (Claim(line=0, quantity=1),), "by": "customer"}


@pytest.mark.parametrize(("paying", "usual"), [(Paying.PREPAID, "wechat"), (Paying.ON_DELIVERY, BY_HAND)])
def test_a_balance_is_with_the_shops_wallet_whoever_holds_the_money(paying, usual):
    order = ready(an_order(paying=paying))
    bill = order.payments[0].captures[0].bill if order.payments else None

    assert (giver(order, bill, Way.ORIGINAL), giver(order, bill, Way.BALANCE)) == (usual, "wallet/web/shop")


def test_the_wish_is_in_the_return_and_nothing_is_said_of_the_usual_way():
    order = ready()
    wishes = [NewReturn(order=order.id, **WISH, **way) for way in ({}, {"way": Way.BALANCE})]
    usual, wished = [made(order, new, Beside(), (NOON, 1), ReturnPolicy()) for new in wishes]

    assert ["way" in each.model_dump(mode="json") for each in (*wishes, usual, wished)] == [False, True, False, True]
    assert [Return.model_validate_json(each.model_dump_json()) for each in (usual, wished)] == [usual, wished]


def test_the_wallet_owes_the_same_parts_and_no_provider_of_old_money_is_out_of_time():
    order = ready()
    new = made(order, NewReturn(order=order.id, **WISH, way=Way.BALANCE), Beside(), (NOON, 1), ReturnPolicy())
    money = {"whole": Money(minor=100), "amount": Money(minor=30), "paid_at": NOON - timedelta(days=400)}
    parts = [Part(transaction="tx1", bill=None, party=party, **money) for party in ("wallet/web/shop", "wechat")]
    held = [new.model_copy(update={"assessed": Assessed(shares=(), parts=(part,), at=NOON)}) for part in parts]
    [[wallet], [provider]] = [owed(each) for each in held]

    assert (wallet.what, wallet.about, wallet.party, wallet.amount) == (
        What.REFUND,
        "tx1",
        "wallet/web/shop",
        money["amount"],
    )
    assert [is_out_of_time(each, due, NOON) for each, due in zip(held, (wallet, provider), strict=True)] == [
        False,
        True,
    ]

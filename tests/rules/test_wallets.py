"""Money that goes to a balance in the shop's wallet."""

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
from rules.return_stages import owed
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


def test_the_wallet_owes_the_same_parts_as_a_provider():
    order = ready()
    new = made(order, NewReturn(order=order.id, **WISH, way=Way.BALANCE), Beside(), (NOON, 1), ReturnPolicy())
    money = {"whole": Money(minor=100), "amount": Money(minor=30)}
    parts = [Part(transaction="tx1", bill=None, party=party, **money) for party in ("wallet/web/shop", "wechat")]
    held = [new.model_copy(update={"assessed": Assessed(shares=(), parts=(part,), at=NOON)}) for part in parts]
    owing = [due for each in held for due in owed(each)]

    assert [(due.what, due.about, due.party, due.amount) for due in owing] == [
        (What.REFUND, "tx1", part.party, money["amount"]) for part in parts
    ]

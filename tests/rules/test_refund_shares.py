"""Amounts reckoned by hand, in fen."""

import pytest

from models.bargain import Bargain, Gift, Promotion
from models.errors import Refused
from models.line import Line
from models.noun import Money
from models.refund import Before, Grounds, PartValue, Terms, Wear
from models.returns import Claim, Fault, Grade, Graded, Kind, LineSeen, Why
from rules.refund_shares import after, left, refund, shares
from tests.builders import an_order

CUSTOMER, SHOP, COURIER = Why.NO_REASON, Why.DEFECTIVE, Why.DAMAGED_IN_TRANSIT
OFF_30 = Promotion(threshold=Money(minor=30000), off=Money(minor=3000))
WITH_GIFT = Promotion(threshold=Money(minor=30000), gifts=(Gift(line=2, value=Money(minor=2500)),))


def bought(total, *lines, **bargain):
    """Lines as (quantity, unit price)."""
    named = tuple(Line(sku=f"sku-{nth}", quantity=n, unit_price=Money(minor=p)) for nth, (n, p) in enumerate(lines))
    return an_order(lines=named, total=Money(minor=total)), Bargain(**bargain)


def returned(sale, *steps, terms=None):
    """One return after the other: the shares of each."""
    before, told = Before(), []
    for step in steps:
        given = shares(*sale, terms or Terms(), step, before)
        before = after(step, given, before)
        told.append([(part.what, part.amount.minor) for part in given])
    return told


def back(*lines, why=CUSTOMER, **fields):
    return Grounds(why=why, units=tuple(Claim(line=line, quantity=1) for line in lines), **fields)


def graded(grade, why=CUSTOMER, quantity=1, missing=(), **fields):
    return Grounds(why=why, units=(Graded(line=0, quantity=quantity, grade=grade, missing=missing),), **fields)


def test_who_falls_under_the_threshold_has_paid_the_full_price_for_what_is_kept_and_all_of_it_back_in_the_end():
    told = returned(bought(27000, (1, 20000), (1, 10000), promotions=(OFF_30,)), back(1), back(0))

    assert told == [
        [("goods", 9000), ("promotion_broken", -2000)],
        [("goods", 18000), ("promotion_broken", 2000)],
    ]


def test_what_is_still_earned_costs_nothing_and_every_unit_keeps_its_part_of_the_discount():
    told = returned(bought(37000, (1, 20000), (1, 10000), (1, 10000), promotions=(OFF_30,)), back(1), back(2))

    assert told == [[("goods", 9250)], [("goods", 9250), ("promotion_broken", -1500)]]


def test_a_return_never_costs_the_customer_money_and_the_next_carries_what_is_left():
    told = returned(bought(27000, (1, 29000), (1, 1000), promotions=(OFF_30,)), back(1), back(0))

    assert told == [
        [("goods", 900), ("promotion_broken", -2900), ("carried", 2000)],
        [("goods", 26100), ("promotion_broken", 2900), ("carried", -2000)],
    ]


def test_no_discount_is_lost_by_what_is_not_the_customers_doing_unless_the_shop_says_so():
    sale = bought(27000, (1, 20000), (1, 10000), promotions=(OFF_30,))

    assert returned(sale, back(1, why=SHOP)) == [[("goods", 9000)]]
    assert returned(sale, back(1, why=SHOP, fault=Fault.CUSTOMER)) == [[("goods", 9000), ("promotion_broken", -2000)]]
    strict = returned(sale, back(1, why=SHOP), terms=Terms(breaking=tuple(Fault)))
    assert strict == [[("goods", 9000), ("promotion_broken", -2000)]]


def test_a_promotion_of_some_lines_is_not_broken_by_the_others():
    some = Promotion(threshold=Money(minor=20000), off=Money(minor=5000), lines=(0,))
    sale = bought(35000, (2, 10000), (1, 20000), promotions=(some,))

    assert returned(sale, back(1), back(0)) == [[("goods", 20000)], [("goods", 7500), ("promotion_broken", -2500)]]


def test_of_two_steps_only_the_upper_is_lost():
    upper = Promotion(threshold=Money(minor=50000), off=Money(minor=3000))
    sale = bought(44000, (1, 30000), (1, 20000), promotions=(OFF_30, upper))

    assert returned(sale, back(1)) == [[("goods", 17600), ("promotion_broken", -1800)]]


def test_a_discount_that_never_hung_from_its_threshold_is_not_lost():
    assert returned(bought(15000, (2, 9000), promotions=(OFF_30,)), back(0)) == [[("goods", 7500)]]


def test_freight_that_was_let_off_is_asked_for_while_too_little_is_kept():
    free = Promotion(threshold=Money(minor=9900), freight_off=Money(minor=1200))
    told = returned(bought(11000, (1, 8000), (1, 3000), promotions=(free,)), back(1), back(0))

    assert told == [
        [("goods", 3000), ("promotion_broken", -1200)],
        [("goods", 8000), ("promotion_broken", 1200)],
    ]


def test_a_gift_is_paid_for_when_it_is_kept_and_given_back_when_it_comes():
    sale = bought(30000, (1, 20000), (1, 10000), (1, 0), promotions=(WITH_GIFT,))

    assert returned(sale, back(1), back(2)) == [[("goods", 10000), ("gift_kept", -2500)], [("gift_kept", 2500)]]
    assert returned(sale, back(1, 2)) == [[("goods", 10000)]]
    assert returned(sale, back(0, 1)) == [[("goods", 20000), ("goods", 10000), ("gift_kept", -2500)]]
    assert returned(sale, back(2)) == [[]]


@pytest.mark.parametrize(
    ("grounds", "told"),
    [
        (graded(Grade.AS_NEW), [("goods", 10000)]),
        (graded(Grade.OPENED), [("goods", 10000)]),
        (graded(Grade.WORN), [("goods", 10000), ("wear", -3000)]),
        (graded(Grade.DAMAGED), [("goods", 10000), ("wear", -7000)]),
        (graded(Grade.WORN, why=SHOP), [("goods", 10000)]),
        (graded(Grade.WORN, why=SHOP, fault=Fault.CUSTOMER), [("goods", 10000), ("wear", -3000)]),
        (graded(Grade.DAMAGED, why=COURIER), [("goods", 10000)]),
        (graded(Grade.ANOTHER), [("goods", 10000), ("not_returned", -10000)]),
        (graded(Grade.MISSING, why=SHOP), [("goods", 10000), ("not_returned", -10000)]),
        (graded(Grade.ANOTHER, why=Why.WRONG_ITEM), [("goods", 10000)]),
        (graded(Grade.MISSING, why=Why.WRONG_ITEM), [("goods", 10000), ("not_returned", -10000)]),
        (graded(Grade.OPENED, seen=(LineSeen(line=0, category="food"),)), [("goods", 10000), ("wear", -9000)]),
        (graded(Grade.WORN, seen=(LineSeen(line=0, category="food"),)), [("goods", 10000), ("wear", -3000)]),
        (graded(Grade.AS_NEW, missing=("charger",)), [("goods", 10000), ("part_missing", -2500)]),
        (graded(Grade.AS_NEW, missing=("cable",)), [("goods", 10000), ("part_missing", -1000)]),
        (graded(Grade.AS_NEW, missing=("charger", "cable")), [("goods", 10000), ("part_missing", -3500)]),
        (graded(Grade.AS_NEW, quantity=2, missing=("charger",)), [("goods", 20000), ("part_missing", -5000)]),
        (graded(Grade.DAMAGED, missing=("lens",)), [("goods", 10000), ("wear", -7000), ("part_missing", -3000)]),
        (graded(Grade.AS_NEW, why=Why.PARTS_MISSING, missing=("charger",)), [("goods", 10000)]),
        (graded(Grade.MISSING, missing=("charger",)), [("goods", 10000), ("not_returned", -10000)]),
    ],
)
def test_what_is_kept_back_of_what_came(grounds, told):
    values = (("charger", 2500), ("lens", 9000))
    parts = tuple(PartValue(part=part, value=Money(minor=value)) for part, value in values)
    food = Wear(grade=Grade.OPENED, per_mille=900, category="food")

    assert returned(bought(20000, (2, 10000)), grounds, terms=Terms(parts=parts, wear=(food, *Terms().wear))) == [told]


def test_what_did_not_come_may_still_come():
    order, bargain = bought(10001, (3, 4000))
    first = Grounds(why=CUSTOMER, units=(Graded(line=0, quantity=2, grade=Grade.MISSING), Claim(line=0, quantity=1)))
    given = shares(order, bargain, Terms(), first, Before())

    assert [(part.what, part.amount.minor) for part in given] == [
        ("goods", 3334), ("goods", 6667), ("not_returned", -6667)
    ]  # fmt: skip
    assert left(order, after(first, given, Before())) == (Claim(line=0, quantity=2),)


@pytest.mark.parametrize(
    ("whys", "refunds"),
    [
        ((CUSTOMER, CUSTOMER), [3800, 3800]),  # the way there is not paid back, and the label is kept back
        ((SHOP, SHOP), [5451, 5450]),
        ((COURIER, COURIER), [5451, 5450]),
        ((CUSTOMER, SHOP), [3800, 5451]),
        ((COURIER, CUSTOMER), [5451, 3800]),
    ],
)
def test_freight_is_borne_by_whose_fault_it_is(whys, refunds):
    sale = bought(10901, (2, 5000), freight=Money(minor=901))
    told = returned(sale, *(back(0, why=why, label=Money(minor=1200)) for why in whys))

    assert [sum(minor for _, minor in given) for given in told] == refunds


def test_a_label_is_never_more_than_what_came_with_it_and_only_charged_where_the_shop_wants_that():
    sale, label = bought(10500, (1, 500), (1, 10000)), Money(minor=1200)

    assert returned(sale, back(0, label=label), back(1)) == [
        [("goods", 500), ("return_label", -500)],
        [("goods", 10000)],
    ]
    assert returned(sale, back(0, label=label), terms=Terms(is_label_charged=False)) == [[("goods", 500)]]


def test_compensation_is_what_somebody_decided_and_at_most_what_is_left():
    sale = bought(27000, (1, 20000), (1, 10000))
    some = Grounds(kind=Kind.COMPENSATION, why=SHOP, decided=Money(minor=5000), units=(Claim(line=0, quantity=1),))
    much = some.model_copy(update={"decided": Money(minor=99999)})

    assert returned(sale, some, back(0, 1)) == [
        [("compensation", 5000)],
        [("goods", 18000), ("goods", 9000), ("beyond_paid", -5000)],
    ]
    assert returned(sale, back(0), much) == [[("goods", 18000)], [("compensation", 99999), ("beyond_paid", -90999)]]


@pytest.mark.parametrize("kind", [Kind.EXCHANGE, Kind.RESHIP])
def test_goods_for_goods_move_no_money_and_take_no_units(kind):
    order, bargain = bought(10000, (1, 10000))
    step = back(0, why=SHOP, kind=kind)

    assert shares(order, bargain, Terms(), step, Before()) == ()
    assert after(step, (), Before()) == Before()


def test_money_back_for_goods_that_stay_takes_their_units():
    order, bargain = bought(10000, (1, 10000))
    step = back(0, why=Why.SHORT, kind=Kind.REFUND_ONLY)
    given = shares(order, bargain, Terms(), step, Before())

    assert refund(given) == 10000
    assert left(order, after(step, given, Before())) == ()


@pytest.mark.parametrize("lines", [(0, 0, 0), (1,), (0, 1)])
def test_what_was_not_bought_is_not_returned(lines):
    with pytest.raises(Refused, match="more_than_bought"):
        returned(bought(20000, (2, 10000)), back(*lines))


def test_what_is_back_does_not_come_back_again():
    with pytest.raises(Refused, match="more_than_bought"):
        returned(bought(20000, (2, 10000)), back(0), back(0), back(0))

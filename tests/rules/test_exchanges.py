"""Goods for goods: who must agree, what is sent, and what its order still owes."""

from datetime import timedelta

import pytest

from models.approval import HOUSE, Agreement
from models.asking import NewReturn
from models.contact import Contact
from models.line import Line
from models.noun import LONGEST_SEGMENT, Money
from models.order import Replaces
from models.refund import Before
from models.return_policy import CategoryTerms, Goods, ReturnPolicy
from models.returns import Beside, Claim, Grade, Graded, Instead, Kind, Level, Why
from models.wish import Cancel
from rules import exchanges, gradings, replacements, reports
from rules.return_making import made, seen, weighed
from rules.return_stages import agreement
from rules.undoing import refund_due
from rules.wishes import granted
from tests.builders import NOON, PRICE, after, an_order, delivered, label_of, ready, return_told, shipped, two_boxes

HOUR = timedelta(hours=1)
POLICY = ReturnPolicy()
AT = Contact(
    name="张三", phone="13800138000", province="浙江省", city="杭州市", address="文三路 1 号", district_code="330106"
)
EVERYTHING = (Claim(line=0, quantity=1),)


def sent(price=PRICE, at=NOON):
    line = Line(sku="tea", quantity=1, unit_price=price)
    order = ready(lines=(line,), total=line.total)
    return after(order, shipped(label_of(order), at=at), heard_at=at)


def asked(order, at=NOON + HOUR, policy=POLICY, beside=None, **fields):
    said = {"kind": Kind.RESHIP, "why": Why.WRONG_ITEM, "claims": EVERYTHING, "by": "web/shop"}
    beside = beside or Beside(lines=seen(order, policy, {}))
    new = NewReturn(**{"order": order.id, **said, **fields})
    return weighed(made(order, new, beside, (at, 1), policy), order, Before(), beside, policy)


@pytest.mark.parametrize(
    ("at", "price", "is_by_itself"),
    [
        (NOON + HOUR, PRICE, True),
        (NOON + 72 * HOUR, Money(minor=900_000), True),
        (NOON + 72 * HOUR + timedelta(seconds=1), PRICE, False),
    ],
)
def test_a_wrong_item_that_left_within_three_days_is_sent_right_with_no_click_whatever_it_costs(
    at, price, is_by_itself
):
    matter = asked(sent(price), at)

    assert (agreement(matter) is Agreement.AGREED) is is_by_itself
    assert (matter.steps == (HOUSE,), matter.amount.minor) == (is_by_itself, 0)


def test_it_needs_no_word_of_the_courier_and_no_picture_but_somebody_looks_at_who_asks_for_the_fifth_time():
    assert agreement(asked(sent(), beside=Beside(returns_lately=3))) is Agreement.AGREED
    assert asked(sent(), beside=Beside(returns_lately=4)).steps[-1].levels == (Level.SERVICE,)


def test_what_has_not_left_is_not_sent_wrong_and_a_shop_may_want_its_people_asked():
    assert asked(ready(), kind=Kind.RESHIP).judgement.is_allowed is False
    assert agreement(asked(sent(), policy=ReturnPolicy(wrong_item_within=timedelta(0)))) is Agreement.REFUSED
    dear = ReturnPolicy(
        categories=(CategoryTerms(category="jewellery", at_least=Level.OPERATIONS),),
        goods=(Goods(starts="tea", category="jewellery"),),
    )
    assert asked(sent(), policy=dear).steps[-1].levels == (Level.OPERATIONS,)


@pytest.mark.parametrize(
    ("price", "levels"), [(Money(minor=19_999), Level.SERVICE), (Money(minor=600_000), Level.MANAGER)]
)
def test_else_goods_are_weighed_by_what_they_cost(price, levels):
    order = sent(price)
    there = after(order, delivered(label_of(order)))
    matter = asked(there, why=Why.SHORT, kind=Kind.RESHIP)

    assert matter.amount.minor == 0
    assert levels in matter.steps[-1].levels


@pytest.mark.parametrize(
    ("why", "grades", "is_passed"),
    [
        (Why.WRONG_SIZE, (Grade.AS_NEW, Grade.OPENED), True),
        (Why.WRONG_SIZE, (Grade.AS_NEW, Grade.WORN), False),
        (Why.WRONG_SIZE, (Grade.AS_NEW,), False),
        (Why.DEFECTIVE, (Grade.DAMAGED, Grade.WORN), True),
        (Why.DEFECTIVE, (Grade.DAMAGED, Grade.ANOTHER), False),
        (Why.DEFECTIVE, (Grade.DAMAGED, Grade.MISSING), False),
        (Why.WRONG_ITEM, (Grade.ANOTHER, Grade.ANOTHER), True),
    ],
)
def test_what_passes_by_itself(why, grades, is_passed):
    found = tuple(Graded(line=0, quantity=1, grade=grade) for grade in grades)

    assert gradings.passes(why, (Claim(line=0, quantity=2),), found) is is_passed


def test_parts_that_are_missing_are_for_a_person_and_only_what_came_is_exchanged():
    bare = (Graded(line=0, quantity=1, grade=Grade.AS_NEW, missing=("lid",)),)
    some = (Graded(line=0, quantity=1, grade=Grade.WORN), Graded(line=0, quantity=1, grade=Grade.MISSING))

    assert not gradings.passes(Why.DEFECTIVE, EVERYTHING, bare)
    assert gradings.came((Claim(line=0, quantity=2),), some) == EVERYTHING


def test_the_new_order_has_the_number_of_the_first_and_no_price():
    order = two_boxes()
    matter = asked(order, claims=(Claim(line=1, quantity=2),), instead=(Instead(line=1, sku="mug"),))
    new = exchanges.sent_for(order, matter, AT)

    assert (new.id, new.total.minor, new.receiver) == (f"{order.id}-X1", 0, AT)
    assert [(line.sku, line.quantity, line.unit_price.minor) for line in new.lines] == [("mug", 2, 0)]


def test_a_number_that_is_too_long_to_be_made_longer_becomes_the_business_number():
    order = an_order(id=f"web/shop/{'9' * LONGEST_SEGMENT}")

    assert exchanges.number_of(order, asked(sent())) == f"{order.business_no}-X1"


def test_what_was_sent_anew_is_not_paid_back_as_well():
    order = ready(two_boxes(), ("east", "west"))
    done = after(order, return_told(order, "done", line=1, quantity=1, kind="reship"))
    other = after(order, return_told(order, "over", line=1, quantity=1, kind="reship"))

    assert replacements.worth(done) == 5000
    assert refund_due(granted(done, Cancel(by="u1"), NOON + HOUR)) == order.total.minor - 5000
    assert refund_due(granted(other, Cancel(by="u1"), NOON + HOUR)) == order.total.minor


def test_of_an_order_without_a_price_goods_are_asked_again_and_money_of_the_first():
    first = sent()
    order = first.model_copy(
        update={
            "replaces": Replaces(return_id="R1", order="web/shop/1"),
            "payments": (),
            "total": Money(minor=0),
            "lines": (Line(sku="tea", quantity=1, unit_price=Money(minor=0)),),
        }
    )
    money = asked(after(order, delivered(label_of(order))), kind=Kind.RETURN, why=Why.DEFECTIVE)

    assert agreement(asked(order)) is Agreement.AGREED
    assert (money.judgement.is_allowed, money.judgement.decisive.because) == (False, "money_is_with_the_first")
    assert reports.owed(order) is None
    assert reports.owed(first) is not None

"""What inspection found, and what of it counts when the money is reckoned."""

from collections import Counter
from datetime import timedelta

import pytest

from models.approval import Step
from models.case import Role
from models.errand import Errand, State, What
from models.fact import GoodsArrived, GoodsInspected
from models.line import Box, Line, Units
from models.noun import Money
from models.parcel import Parcel
from models.refund import Before, PartValue, Terms
from models.return_policy import Judgement
from models.returns import Claim, Fault, Grade, Graded, Kind, Level, Verdict, Why
from models.rma import Return, WayBack
from models.stage import Source
from models.wish import Decide, Trigger
from rules import refund_shares
from rules.refund_grounds import grounds, is_empty, is_otherwise
from rules.return_permissions import granted, refusal
from tests.builders import NOON, an_order

LATER = NOON + timedelta(days=1)
ORDER = an_order(lines=(Line(sku="lamp", quantity=2, unit_price=Money(minor=1000)),), total=Money(minor=2000))
YES = Judgement(verdicts=(Verdict(rule="free", is_allowed=True, because="in_time"),))
TERMS = Terms(parts=(PartValue(part="plug", value=Money(minor=120)),), label=Money(minor=80))
KEY = "B1-R1-label-1"


def fact(kind, **fields):
    usual = {"id": kind.__name__, "source": Source.WAREHOUSE, "at": NOON, "heard_at": NOON, "place": "WH"}
    return kind(**{**usual, **fields})


def a_return(*graded, fault=None, **fields):
    """Two lamps that came back, and what was found of them."""
    seen = (fact(GoodsInspected, graded=graded, fault=fault),) if graded else ()
    usual = {
        "id": "B1-R1",
        "business_no": "B1-R1",
        "order": ORDER.id,
        "kind": Kind.RETURN,
        "why": Why.DEFECTIVE,
        "claims": (Claim(line=0, quantity=2),),
        "asked_by": "shop",
        "judgement": YES,
        "steps": (Step(levels=(Level.SERVICE,)),),
        "amount": Money(minor=2000),
        "terms": TERMS,
        "received_at": NOON,
        "contact_version": 1,
        "policy": ORDER.policy,
        "channel": "web",
        "shop": "web/shop",
        "facts": (fact(GoodsArrived), *seen),
    }
    agreed = Decide(by="wu", role=Role.SERVICE, is_agreed=True, word="fine")
    return granted(Return(**{**usual, **fields}), agreed, NOON)


def carried(matter, *, is_void=False):
    """It came with a label of ours."""
    label = Errand(what=What.LABEL, about="B1-R1", party="sf", order=ORDER.id, key=KEY, began_at=NOON, state=State.DONE)
    void = label.model_copy(update={"what": What.VOID, "about": KEY, "key": "B1-R1-void-1"})
    box = Box(id="B1-R1", place="WH", units=(Units(sku="lamp", quantity=2),))
    own = {"parcels": (Parcel(id=KEY, courier="sf", waybill="SF1"),), "back": WayBack(couriers=("sf",), box=box)}
    return matter.model_copy(update={**own, "errands": (label, void) if is_void else (label,)})


def given(matter):
    shares = refund_shares.shares(ORDER, ORDER.bargain, matter.terms, grounds(matter), Before())
    sums = Counter()
    for share in shares:
        sums[share.what] += share.amount.minor
    return sums


DAMAGED = Graded(line=0, quantity=1, grade=Grade.DAMAGED, missing=("plug",))
FRESH = Graded(line=0, quantity=1, grade=Grade.AS_NEW)


def test_what_inspection_finds_to_be_the_customers_doing_is_kept_back_whatever_the_reason_said():
    assert given(a_return(DAMAGED, FRESH)) == {"goods": 2000}
    found = given(a_return(DAMAGED, FRESH, fault=Fault.CUSTOMER))
    assert found == {"goods": 2000, "wear": -700, "part_missing": -120}


def test_what_it_finds_to_be_ours_is_not():
    worn = a_return(DAMAGED, FRESH, why=Why.NO_REASON)
    assert given(worn)["wear"] == -700
    assert given(a_return(DAMAGED, FRESH, why=Why.NO_REASON, fault=Fault.SHOP)) == {"goods": 2000}


@pytest.mark.parametrize(("is_void", "cost"), [(False, -80), (True, 0)])
def test_a_label_of_ours_is_the_customers_where_it_was_used_for_their_own_doing(is_void, cost):
    theirs = carried(a_return(FRESH, FRESH, fault=Fault.CUSTOMER), is_void=is_void)
    assert given(theirs).get("return_label", 0) == cost
    assert "return_label" not in given(carried(a_return(FRESH, FRESH), is_void=is_void))


@pytest.mark.parametrize(
    ("grades", "empty", "otherwise"),
    [
        ((), False, False),
        ((Grade.AS_NEW, Grade.OPENED), False, False),
        ((Grade.AS_NEW, Grade.WORN), False, True),
        ((Grade.AS_NEW,), False, True),
        ((Grade.MISSING, Grade.MISSING), True, True),
        ((Grade.ANOTHER, Grade.MISSING), True, True),
    ],
)
def test_a_box_in_which_nothing_is_that_was_sold_lets_no_money_go(grades, empty, otherwise):
    matter = a_return(*(Graded(line=0, quantity=1, grade=grade) for grade in grades))
    assert (is_empty(matter), is_otherwise(matter)) == (empty, otherwise)
    assert (refusal(matter, Trigger(by="f1")) == "nothing_to_refund") == empty

"""What a request becomes before anybody has looked at it."""

from datetime import timedelta

import pytest

from models.asking import NewReturn
from models.case import Role
from models.fact import Proof
from models.line import Box, Units
from models.refund import Before
from models.return_policy import Goods, Labels, ReturnPolicy
from models.returns import Beside, Claim, Fault, Kind, LineSeen, Why
from models.wish import Decide
from rules.return_making import made, seen, weighed
from rules.return_permissions import granted
from rules.return_silences import LADDER
from tests.builders import NOON, after, delivered, label_of, ready, shipped

HOUR = timedelta(hours=1)


def signed(proof="electronic", at=NOON):
    order = ready()
    label = label_of(order)
    return after(order, shipped(label, at=at), delivered(label, at=at, proof=proof), heard_at=at)


def asked(order=None, at=NOON + HOUR, policy=None, **fields):
    order, policy = order or signed(), policy or ReturnPolicy()
    said = {"kind": Kind.REFUND_ONLY, "why": Why.NOT_RECEIVED, "claims": (Claim(line=0, quantity=1),), "by": "wu"}
    new = NewReturn(**{"order": order.id, **said, **fields})
    return weighed(made(order, new, Beside(), (at, 1), policy), order, Before(), Beside(), policy)


def cases(matter, until):
    while (alarm := LADDER.judged(matter)[0]) and alarm.at <= until:
        matter = LADDER.climbed(matter, alarm, alarm.at)
    return {(case.deadline, case.role, case.party, case.place) for case in matter.cases if not case.closed_at}


def test_who_did_not_get_what_is_signed_for_without_evidence_is_helped_at_once_and_the_station_is_asked():
    matter = asked()
    found = cases(matter, NOON + HOUR)

    assert (matter.denied.courier, matter.denied.signed_at) == ("sf", NOON)
    assert found == {("denied", Role.SERVICE, "sf", None), ("station", Role.SERVICE, "sf", "sf")}
    decided = granted(matter, Decide(by="s1", role=Role.SERVICE, is_agreed=True, word="approve"), NOON + HOUR)
    assert cases(decided, NOON + HOUR) == set()


@pytest.mark.parametrize(
    "matter",
    [
        asked(signed(proof="photo")),
        asked(at=NOON + 25 * HOUR),
        asked(why=Why.SHORT),
        asked(signed(), policy=ReturnPolicy(proofs=tuple(Proof))),
        asked(ready()),
    ],
    ids=["proven", "long_ago", "received", "shop_trusts_it", "on_its_way"],
)
def test_nobody_is_hurried_without_that(matter):
    assert matter.denied is None
    assert cases(matter, matter.received_at) == set()


def test_a_word_of_urgency_wants_the_first_answer_sooner():
    calm, hurt = asked(why=Why.DEFECTIVE), asked(why=Why.DEFECTIVE, urgent="allergy")

    assert LADDER.judged(calm)[0].at - LADDER.judged(hurt)[0].at == 22 * HOUR


def test_goods_are_known_by_the_longest_beginning_of_their_number():
    order = signed()
    rows = (Goods(starts="t", is_final=True), Goods(starts="tea", category="food"), Goods(starts="coffee"))

    assert seen(order, ReturnPolicy(goods=rows), {}) == (LineSeen(line=0, category="food"),)
    assert seen(order, ReturnPolicy(goods=rows[:1]), {0: 1}) == (LineSeen(line=0, is_final=True, gone=1),)
    assert seen(order, ReturnPolicy(), {}) == ()


def test_the_shop_has_fetched_what_is_not_the_customers_fault_to_where_it_came_from_or_to_a_place_of_its_own():
    order = signed(proof="photo")
    [box] = order.boxes
    back = asked(order, kind=Kind.RETURN, why=Why.DEFECTIVE).back

    assert (back.couriers, back.box) == (
        order.policy.couriers,
        Box(id=f"{order.business_no}-R1", place=box.place, units=(Units(sku="tea", quantity=1),)),
    )
    theirs = ReturnPolicy(labels=Labels(faults=tuple(Fault), couriers=("jd",), place="repair"))
    other = asked(order, policy=theirs, kind=Kind.EXCHANGE, why=Why.WRONG_SIZE).back
    assert (other.couriers, other.box.place) == (("jd",), "repair")
    assert asked(order, kind=Kind.RETURN, why=Why.NO_REASON).back is None
    assert asked(order, kind=Kind.REFUND_ONLY, why=Why.DEFECTIVE).back is None
    assert asked(ready(), kind=Kind.RETURN, why=Why.DEFECTIVE).back is None
    assert asked(order, policy=ReturnPolicy(labels=Labels(faults=())), kind=Kind.RETURN, why=Why.DEFECTIVE).back is None

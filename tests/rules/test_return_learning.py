"""What a return is told, in any order and any number of times, leaves the same return behind."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from models.approval import HOUSE
from models.errand import Errand, Outcome, State, What
from models.fact import Milestone, Proof
from models.line import Box, Units
from models.noun import Money
from models.return_policy import Judgement
from models.returns import Claim, Grade, Kind, Share, Why
from models.rma import Assessed, Part, Return, WayBack
from models.stage import Source
from models.wish import Granted, RefuseRefund, Trigger
from rules.return_silences import judged
from rules.return_stages import stage_of
from rules.rmas import RETURNS, learn
from tests.builders import NOON, PRICE, a_telling, delivered, fact, refund_settled, tracked

NUMBER = "B0001-R1"
LABEL, OWN = f"{NUMBER}-label-1", f"{NUMBER}-own-JD7"
BACK = WayBack(couriers=("sf", "jd"), box=Box(id="back", place="WH", units=(Units(sku="tea", quantity=2),)))
HALF = Money(minor=PRICE.minor // 2)
PARTS = tuple(
    Part(transaction=f"tx{nth}", bill="B0001-pay-1", party="wechat", whole=PRICE, amount=HALF) for nth in (1, 2)
)
MOMENTS = st.integers(-9, 9).map(lambda hours: NOON + timedelta(hours=hours))
SOURCES = st.sampled_from(Source).map(str)
IDS = st.sampled_from(("a", "b", "c"))
PARCELS = st.sampled_from((LABEL, OWN, "unknown"))
GRADED = st.sampled_from(Grade).map(lambda grade: [{"line": 0, "quantity": 2, "grade": grade.value}])


def of_goods(kind, source=SOURCES, **body):
    return st.builds(a_telling, st.just(kind), source, IDS, MOMENTS, **body)


TELLINGS = st.one_of(
    of_goods("goods_shown", picture=st.just("p1")),
    of_goods("goods_sent_back", courier=st.sampled_from(("sf", "jd")), waybill=st.sampled_from(("W1", "JD7", "JD8"))),
    of_goods("goods_arrived", place=st.just("WH")),
    of_goods("goods_inspected", st.just("warehouse"), place=st.just("WH"), graded=GRADED),
    of_goods("goods_sent_home", courier=st.just("sf"), waybill=st.sampled_from(("W8", "W9"))),
    st.builds(tracked, PARCELS, st.sampled_from(Milestone).map(str), at=MOMENTS, source=SOURCES),
    st.builds(delivered, PARCELS, at=MOMENTS, proof=st.sampled_from(Proof).map(str)),
    st.builds(a_telling, st.just("parcel_stirred"), st.just("courier"), at=MOMENTS, parcel=PARCELS),
    st.builds(refund_settled, st.sampled_from([f"{NUMBER}-refund-{nth}" for nth in (1, 2)]), at=MOMENTS),
)


def errand(what, about, nth=1, **fields):
    key = f"{NUMBER}-{what}-{nth}"
    return Errand(what=what, about=about, party="sf", key=key, order="web/shop/B0001", began_at=NOON, **fields)


def a_return(kind=Kind.RETURN, **fields):
    return Return(
        id=NUMBER,
        business_no=NUMBER,
        order="web/shop/B0001",
        received_at=NOON - timedelta(days=1),
        kind=kind,
        why=Why.WRONG_SIZE,
        claims=(Claim(line=0, quantity=2),),
        asked_by="customer",
        judgement=Judgement(verdicts=()),
        steps=(HOUSE,),
        amount=PRICE,
        **fields,
    )


def labelled(matter):
    outcome = Outcome(state=State.DONE, reference="W1")
    return RETURNS.find_out(matter.model_copy(update={"back": BACK}), errand(What.LABEL, NUMBER), outcome, NOON)


def refunding(matter):
    """Let go, and both parts with their providers."""
    shares = (Share(what="goods", amount=PRICE),)
    begun = tuple(errand(What.REFUND, part.transaction, nth) for nth, part in enumerate(PARTS, 1))
    let_go = Granted(wish=Trigger(by="fin"), at=NOON)
    known = {"assessed": Assessed(shares=shares, parts=PARTS, at=NOON), "wishes": (let_go,)}
    return matter.model_copy(update={**known, "errands": (*matter.errands, *begun)})


def refused(matter):
    said = Granted(wish=RefuseRefund(by="fin", word="no"), at=NOON)
    return matter.model_copy(update={"wishes": (said,)})


STANDS = {
    "asked": a_return,
    "labelled": lambda kind: labelled(a_return(kind)),
    "refunding": lambda kind: refunding(a_return(kind)),
    "refused": lambda kind: refused(a_return(kind)),
    "all of it": lambda kind: refunding(labelled(a_return(kind))),
}
KINDS = st.sampled_from((Kind.RETURN, Kind.EXCHANGE, Kind.REFUND_ONLY))


def learnt(matter, facts):
    for each in facts:
        matter = learn(matter, each)
    return matter.model_copy(update={"errands": tuple(sorted(matter.errands, key=lambda errand: errand.key))})


@settings(max_examples=500)
@given(st.data(), st.lists(TELLINGS, max_size=10), st.sampled_from(sorted(STANDS)), KINDS)
def test_any_permutation_and_duplication_of_facts_gives_an_equal_return(data, tellings, stand, kind):
    matter, facts = STANDS[stand](kind), [fact(telling) for telling in tellings]
    again = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts)) if facts else st.just([]))))
    once, twice = learnt(matter, facts), learnt(matter, again)

    assert twice == once
    assert (stage_of(twice), judged(twice)) == (stage_of(once), judged(once))

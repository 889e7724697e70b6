"""Whatever comes back in whichever steps: the refunds of thousands of made-up orders."""

from collections import Counter
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from models.bargain import Bargain, Gift, Promotion
from models.errors import Refused
from models.line import Line
from models.noun import Money
from models.refund import Before, Grounds, PartValue, Terms
from models.returns import Claim, Fault, Grade, Graded, Kind, Why
from rules.faults import fault_of
from rules.refund_shares import after, left, refund, shares
from tests.builders import an_order

MANY = settings(max_examples=300)
TERMS = Terms(parts=(PartValue(part="charger", value=Money(minor=900)),))
AMOUNTS = st.integers(0, 20000).map(lambda minor: Money(minor=minor))
LINES = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 9999)), min_size=1, max_size=4)


@st.composite
def sales(draw, promoted=2):
    """An order and its bargain; mostly its total is what they say, sometimes another discount lies on it."""
    bought = draw(LINES)
    lines = tuple(Line(sku=f"sku-{nth}", quantity=n, unit_price=Money(minor=p)) for nth, (n, p) in enumerate(bought))
    promotions = tuple(draw(st.lists(promotions_of(lines), max_size=promoted)))
    freight = draw(st.integers(0, 2000))
    off = sum(promotion.off.minor for promotion in promotions) + draw(st.sampled_from([0, 0, 1, 777]))
    total = max(0, sum(line.total.minor for line in lines) - off) + freight
    return an_order(lines=lines, total=Money(minor=total)), Bargain(freight=Money(minor=freight), promotions=promotions)


@st.composite
def promotions_of(draw, lines):
    """Near enough to what is spent that returns break them."""
    spent = sum(line.total.minor for line in lines)
    places = st.integers(0, len(lines) - 1)
    return Promotion(
        threshold=Money(minor=spent * draw(st.integers(1, 10)) // 10),
        off=Money(minor=draw(st.integers(0, spent // 2))),
        freight_off=draw(AMOUNTS) if draw(st.booleans()) else Money(minor=0),
        lines=tuple(draw(st.sets(places))),
        gifts=tuple(draw(st.lists(st.builds(Gift, line=places, value=AMOUNTS), max_size=1))),
    )


@st.composite
def dealt(draw, sale, share=1):
    """All units of a sale, or the first part of them, in some order and some groups."""
    units = draw(st.permutations([nth for nth, line in enumerate(sale[0].lines) for _ in range(line.quantity)]))
    wanted = units[: max(1, len(units) // share)]
    ends = sorted({*draw(st.sets(st.integers(1, len(wanted)))), len(wanted)})
    return [wanted[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@st.composite
def anything(draw, sale):
    """Whatever may be asked and found, with more units than there are."""
    lines = st.integers(0, len(sale[0].lines) - 1)
    found = st.builds(
        Graded,
        line=lines,
        quantity=st.integers(1, 3),
        grade=st.sampled_from(Grade),
        missing=st.sampled_from([(), ("charger",), ("cable", "charger")]),
    )
    claimed = st.builds(Claim, line=lines, quantity=st.integers(1, 3))
    return Grounds(
        kind=draw(st.sampled_from([Kind.RETURN, Kind.RETURN, *Kind])),
        why=draw(st.sampled_from(Why)),
        units=tuple(draw(st.lists(found | claimed, min_size=1, max_size=3))),
        label=draw(AMOUNTS),
        decided=draw(AMOUNTS),
    )


def grounds(group, why=Why.NO_REASON):
    claims = tuple(Claim(line=line, quantity=count) for line, count in sorted(Counter(group).items()))
    return Grounds(why=why, units=claims)


def refunds(sale, steps):
    """Each step's, and what was known after it; a step that claims too much is none."""
    before, told = Before(), []
    for step in steps:
        try:
            parts = shares(*sale, TERMS, step, before)
        except Refused:
            continue
        before = after(step, parts, before)
        told.append((refund(parts), before))
    return told


def summed(sale, groups, why):
    return sum(minor for minor, _ in refunds(sale, [grounds(group, why) for group in groups]))


@MANY
@given(st.data(), sales(), st.sampled_from(Why))
def test_the_whole_order_gives_the_same_in_whichever_steps_and_all_that_was_paid_for_it(data, sale, why):
    order, bargain = sale
    groups = data.draw(dealt(sale))
    at_once = summed(sale, [[*chain(*groups)]], why)

    assert summed(sale, groups, why) == at_once
    assert at_once == order.total.minor - bargain.freight.minor * (fault_of(why) is Fault.CUSTOMER)


@MANY
@given(st.data(), sales(promoted=0), st.sampled_from(Why))
def test_any_units_give_the_same_in_whichever_steps_where_nothing_hangs_from_a_threshold(data, sale, why):
    groups = data.draw(dealt(sale, share=2))

    assert summed(sale, groups, why) == summed(sale, [[*chain(*groups)]], why)


@MANY
@given(st.data(), sales(), st.lists(st.sampled_from(Why), min_size=20, max_size=20))
def test_an_order_of_which_every_unit_has_its_own_reason_gives_the_same_in_whichever_order(data, sale, whys):
    steps = [grounds(group, why) for group, why in zip(data.draw(dealt(sale)), whys, strict=False)]
    turned = data.draw(st.permutations(steps))

    assert sum(minor for minor, _ in refunds(sale, turned)) == sum(minor for minor, _ in refunds(sale, steps))


@MANY
@given(st.data(), sales())
def test_whatever_happens_no_more_goes_back_than_was_paid_nor_comes_back_than_was_bought(data, sale):
    order = sale[0]
    told = refunds(sale, data.draw(st.lists(anything(sale), min_size=1, max_size=8)))

    assert all(minor >= 0 for minor, _ in told)
    assert sum(minor for minor, _ in told) <= order.total.minor
    for _, before in told:
        back = Counter[int]()
        for taken in before.units:
            back[taken.line] += taken.quantity
        assert all(back[nth] <= line.quantity for nth, line in enumerate(order.lines))
        rest = {claim.line: claim.quantity for claim in left(order, before)}
        assert all(back[nth] + rest.get(nth, 0) == line.quantity for nth, line in enumerate(order.lines))
        assert before.owed.minor >= 0


@MANY
@given(st.data(), sales(promoted=1))
def test_who_keeps_some_has_paid_at_most_its_full_price_and_the_freight(data, sale):
    order, bargain = sale
    told = refunds(sale, [grounds(group) for group in data.draw(dealt(sale, share=2))])
    kept = {claim.line: claim.quantity for claim in left(order, told[-1][1])}
    price = sum(order.lines[line].unit_price.minor * quantity for line, quantity in kept.items())
    gifts = [gift for promotion in bargain.promotions for gift in promotion.gifts]
    marked = sum(gift.value.minor * kept.get(gift.line, 0) for gift in gifts)
    freight = bargain.freight.minor + sum(promotion.freight_off.minor for promotion in bargain.promotions)

    assert order.total.minor - sum(minor for minor, _ in told) <= price + freight + marked

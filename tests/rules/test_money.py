from hypothesis import given
from hypothesis import strategies as st

from models.line import Box, Line, Units
from models.noun import Money
from rules.money import share_of, split
from tests.builders import an_order

LINES = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 50), st.integers(0, 99999)), min_size=1, max_size=6)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_the_parts_always_sum_to_the_whole(amount, weights):
    assert sum(split(amount, weights)) == amount


def test_the_odd_cent_goes_to_the_largest_remainder_and_the_earlier_of_equals():
    assert split(100, [1, 1, 1]) == (34, 33, 33)
    assert split(101, [1, 2, 2]) == (20, 41, 40)
    assert split(5, [0, 0]) == (3, 2)


@given(LINES, st.integers(0, 100), st.data())
def test_the_shares_of_all_boxes_sum_to_the_total_however_units_are_dealt_out(lines, off, data):
    bought = tuple(Line(sku=sku, quantity=n, unit_price=Money(minor=price)) for sku, n, price in lines)
    goods = sum(line.total.minor for line in bought)
    order = an_order(lines=bought, total=Money(minor=max(0, goods - off)), boxes=deal(bought, data))

    shares = [share_of(order, [box.id]).minor for box in order.boxes]

    assert sum(shares) == order.total.minor
    assert all(share >= 0 for share in shares)


def test_two_lines_of_one_thing_share_its_units_the_first_line_first():
    lines = tuple(Line(sku="a", quantity=n, unit_price=Money(minor=price)) for n, price in ((2, 100), (1, 400)))
    boxes = [Box(id=f"box-{n}", place="east", units=(Units(sku="a", quantity=n),)) for n in (2, 1)]
    order = an_order(lines=lines, total=Money(minor=601), boxes=tuple(boxes))

    assert [share_of(order, [box.id]).minor for box in boxes] == [200, 401]


def deal(lines, data):
    """Every unit in one of up to three boxes."""
    boxes = [[], [], []]
    for line in lines:
        left = line.quantity
        for box in boxes[:2]:
            part = data.draw(st.integers(0, left))
            box.extend([Units(sku=line.sku, quantity=part)] if part else [])
            left -= part
        boxes[2].extend([Units(sku=line.sku, quantity=left)] if left else [])
    return tuple(Box(id=f"box-{nth}", place="east", units=tuple(units)) for nth, units in enumerate(boxes) if units)

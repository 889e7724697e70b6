from itertools import combinations, permutations

from hypothesis import given
from hypothesis import strategies as st

from models.line import Line, Units
from models.noun import Money
from models.place import Kind, Level, Place
from rules.places import NO_CITY, SEATS, WITHIN_CITY, WITHIN_PROVINCE, distance
from rules.stock import MOST_TEAMS, Choice, Wanted, choose

BEIJING, TIANJIN, SHANGHAI, GUANGZHOU = "110105", "120101", "310115", "440106"


def a_place(id, district=SHANGHAI, kind=Kind.WAREHOUSE):
    return Place(id=id, name=id, district=district, kind=kind)


def wanted(destination=BEIJING, boxes_before=0, **quantities):
    lines = [Line(sku=sku, quantity=quantity, unit_price=Money(minor=1)) for sku, quantity in quantities.items()]
    return Wanted("B1", tuple(lines), destination, boxes_before)


def levels(**places):
    return tuple(
        Level(place=place, sku=sku, on_hand=free) for place, row in places.items() for sku, free in row.items()
    )


def sent(choice):
    return [(box.place, {units.sku: units.quantity for units in box.units}) for box in choice.boxes]


def test_the_nearest_place_that_has_all_of_it_sends_it():
    places = (a_place("sh", SHANGHAI), a_place("tj", TIANJIN), a_place("bj", BEIJING))

    choice = choose(wanted(a=2), places, levels(sh={"a": 9}, tj={"a": 2}, bj={"a": 1}))

    assert sent(choice) == [("tj", {"a": 2})]
    assert [box.id for box in choice.boxes] == ["B1-box-1"]


def test_one_place_that_is_far_is_better_than_two_that_are_near():
    places = (a_place("gz", GUANGZHOU), a_place("tj", TIANJIN), a_place("bj", BEIJING))

    choice = choose(wanted(a=1, b=1), places, levels(gz={"a": 1, "b": 1}, tj={"a": 1}, bj={"b": 1}))

    assert sent(choice) == [("gz", {"a": 1, "b": 1})]


def test_where_no_place_has_all_of_it_the_fewest_send_it_nearest_first():
    places = (a_place("gz", GUANGZHOU), a_place("sh", SHANGHAI), a_place("bj", BEIJING))

    choice = choose(wanted(a=3, b=1), places, levels(gz={"a": 2, "b": 1}, sh={"a": 2, "b": 1}, bj={"a": 1}))

    assert sent(choice) == [("bj", {"a": 1}), ("sh", {"a": 2, "b": 1})]


def test_appetite_alone_would_need_three_places_where_two_are_enough():
    places = (a_place("left"), a_place("mid"), a_place("right"))
    shelves = levels(
        left={"a": 1, "b": 1, "c": 1}, mid={"b": 1, "c": 1, "d": 1, "e": 1}, right={"d": 1, "e": 1, "f": 1}
    )

    choice = choose(wanted(a=1, b=1, c=1, d=1, e=1, f=1), places, shelves)

    assert [box.place for box in choice.boxes] == ["left", "right"]


def test_an_unknown_destination_has_no_nearest_place_and_the_next_rule_decides():
    places = (a_place("counter", kind=Kind.STORE), a_place("hall"))

    choice = choose(wanted("000000", a=1), places, levels(counter={"a": 1}, hall={"a": 1}))

    assert sent(choice) == [("hall", {"a": 1})]
    assert [(step.rule, step.before, step.after, step.best) for step in choice.why] == [
        ("fewest_places", 2, 2, 1),
        ("nearest", 2, 2, None),
        ("warehouses_first", 2, 1, 0),
        ("most_left", 1, 1, 0),
    ]


def test_of_equal_places_the_fuller_one_sends_and_ids_end_every_tie():
    places = (a_place("x"), a_place("y"), a_place("z"))

    assert sent(choose(wanted(a=1), places, levels(x={"a": 2}, y={"a": 3}, z={"a": 3}))) == [("y", {"a": 1})]


def test_what_is_spoken_for_cannot_be_sent():
    place = a_place("sh")

    choice = choose(wanted(a=1), (place,), (Level(place="sh", sku="a", on_hand=5, reserved=5),))

    assert choice == Choice(missing=(Units(sku="a", quantity=1),))


def test_two_lines_of_one_thing_need_both_quantities():
    line = Line(sku="a", quantity=2, unit_price=Money(minor=1))

    choice = choose(Wanted("B1", (line, line), BEIJING), (a_place("sh"),), levels(sh={"a": 3}))

    assert choice.missing == (Units(sku="a", quantity=1),)


def test_boxes_are_numbered_on_from_those_before():
    assert choose(wanted(boxes_before=2, a=1), (a_place("sh"),), levels(sh={"a": 1})).boxes[0].id == "B1-box-3"


def test_the_order_of_the_lines_changes_nothing():
    place, rows = a_place("sh"), levels(sh={"a": 1, "b": 1})

    assert choose(wanted(b=1, a=1), (place,), rows).boxes == choose(wanted(a=1, b=1), (place,), rows).boxes


quantities = st.dictionaries(st.sampled_from("abc"), st.integers(1, 4), min_size=1)
shelves = st.dictionaries(st.sampled_from(["p1", "p2", "p3", "p4", "p5"]), quantities, min_size=1)
districts = st.sampled_from([BEIJING, TIANJIN, SHANGHAI, GUANGZHOU, "000000"])


@given(quantities, shelves, districts, st.lists(districts, min_size=5, max_size=5), st.booleans())
def test_all_of_it_from_the_fewest_places_and_never_more_than_lies_there(lines, rows, destination, where, is_many):
    places = tuple(a_place(f"p{number}", district) for number, district in enumerate(where, 1))

    choice = choose(wanted(destination, **lines), places, levels(**rows), 0 if is_many else MOST_TEAMS)

    if choice.missing:
        assert not choice.boxes
        assert any(sum(row.get(sku, 0) for row in rows.values()) < some for sku, some in lines.items())
    else:
        assert total(choice) == lines
        assert all(some <= rows[place][sku] for place, units in sent(choice) for sku, some in units.items())
        assert is_many or len(choice.boxes) == fewest(lines, rows)


def total(choice):
    sums = {}
    for _, units in sent(choice):
        for sku, some in units.items():
            sums[sku] = sums.get(sku, 0) + some
    return sums


def fewest(lines, rows):
    def has_all(team):
        return all(sum(rows[place].get(sku, 0) for place in team) >= some for sku, some in lines.items())

    return next(size for size in range(1, len(rows) + 1) if any(map(has_all, combinations(rows, size))))


def test_the_order_in_which_places_are_listed_changes_nothing():
    places = (a_place("a1"), a_place("a2"), a_place("a3", TIANJIN))
    rows = levels(a1={"a": 2}, a2={"a": 2}, a3={"a": 2})

    assert len({sent(choose(wanted(a=4), order, rows))[0][0] for order in permutations(places)}) == 1
    assert sent(choose(wanted(a=4), places, rows)) == [("a3", {"a": 2}), ("a1", {"a": 2})]


def test_every_province_has_a_seat_and_no_neighbour_is_nearer_than_our_own_province():
    pairs = [distance(f"{one}0100", f"{other}0100") for one, other in combinations(SEATS, 2)]

    assert len(SEATS) == 34
    assert min(pairs) > WITHIN_PROVINCE > WITHIN_CITY


def test_distances_between_seats_are_those_of_the_map():
    assert distance("110000", "310000") == 1067
    assert distance("650100", "440100") == 3282


def test_the_same_district_is_nearest_then_the_same_city_then_the_same_province():
    assert distance("440106", "440106") == 0
    assert distance("440106", "440103") == WITHIN_CITY
    assert distance("440106", "440305") == WITHIN_PROVINCE
    assert distance("440106", "990101") is None


def test_chongqing_is_one_city_and_counties_under_a_province_are_none():
    assert distance("500103", "500230") == WITHIN_CITY
    assert distance(f"42{NO_CITY}04", f"42{NO_CITY}05") == WITHIN_PROVINCE

"""What the rules say of a return, and when its window ends."""

import ast
import inspect
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from api.return_words import BECAUSE
from models.fact import Proof
from models.line import Line
from models.noun import Money
from models.return_policy import CategoryTerms, Freely, ReturnPolicy, Tier, Window
from models.returns import Beside, Claim, Fault, Grade, Instead, Kind, LineSeen, Wanted, Why
from models.stage import Paying
from models.wish import Cancel
from rules import return_policy, return_windows
from rules.faults import fault_of
from rules.return_days import end_of
from rules.return_policy import RULES, categories_of, judge
from rules.wishes import granted
from tests.builders import (
    NOON,
    PRICE,
    after,
    an_order,
    delivered,
    label_of,
    labelled,
    paid,
    ready,
    reserved,
    shipped,
    two_boxes,
)

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
POLICY = ReturnPolicy()
LAST = datetime(2026, 11, 18, 16, tzinfo=UTC)  # NOON is the evening of the 11th in Shanghai: the 18th is the last day


def arrived(order=None, proof="photo", at=NOON):
    order = order or ready()
    for nth, _ in enumerate(order.boxes, 1):
        label = label_of(order, nth)
        order = after(order, shipped(label, f"s{nth}", at), delivered(label, f"d{nth}", at, proof=proof), heard_at=at)
    return order


def several(quantity=3):
    line = Line(sku="tea", quantity=quantity, unit_price=PRICE)
    return arrived(ready(lines=(line,), total=line.total))


def a_return(why=Why.NO_REASON, kind=Kind.RETURN, claims=((0, 1),), at=NOON + DAY, **fields):
    named = tuple(Claim(line=line, quantity=quantity) for line, quantity in claims)
    return Wanted(kind=kind, why=why, claims=named, asked_at=at, **fields)


def of(category=None, line=0, lately=0, **fields):
    return Beside(lines=(LineSeen(line=line, category=category, **fields),), returns_lately=lately)


def said(order=None, wanted=None, beside=None, policy=POLICY):
    """Whether, by which rule, and by which word."""
    judgement = judge(order or arrived(), wanted or a_return(), beside or Beside(), policy)
    decisive = judgement.decisive
    return judgement.is_allowed, decisive and decisive.rule, decisive and decisive.because


def looks(order=None, wanted=None, beside=None, policy=POLICY):
    return judge(order or arrived(), wanted or a_return(), beside or Beside(), policy).looks


def local(*when, utc):
    """By the wall clock in a zone that is so many hours from Greenwich just then."""
    return datetime(*when, tzinfo=UTC) - timedelta(hours=utc)


@pytest.mark.parametrize(
    ("asked_at", "is_allowed"),
    [
        (NOON, True),
        (NOON + 7 * DAY, True),
        (LAST - SECOND, True),
        (LAST - timedelta(microseconds=1), True),
        (LAST, False),
        (LAST + SECOND, False),
    ],
)
def test_seven_days_end_with_the_last_second_of_the_seventh_day_after_delivery(asked_at, is_allowed):
    judgement = judge(arrived(), a_return(at=asked_at), Beside(), POLICY)

    assert judgement.is_allowed is is_allowed
    assert (judgement.decisive.rule, judgement.decisive.until) == ("window", LAST)


@pytest.mark.parametrize(
    ("zone", "delivered_at", "end"),
    [
        # A second before midnight in Shanghai, and at midnight: a whole day between their ends
        ("Asia/Shanghai", local(2026, 11, 11, 23, 59, 59, utc=8), local(2026, 11, 19, utc=8)),
        ("Asia/Shanghai", local(2026, 11, 12, utc=8), local(2026, 11, 20, utc=8)),
        # New York, through the day of 25 hours (2026-11-01) and that of 23 (2026-03-08)
        ("America/New_York", local(2026, 10, 30, 23, 59, 59, utc=-4), local(2026, 11, 7, utc=-5)),
        ("America/New_York", local(2026, 10, 31, utc=-4), local(2026, 11, 8, utc=-5)),
        ("America/New_York", local(2026, 10, 24, 9, utc=-4), local(2026, 11, 1, utc=-4)),
        ("America/New_York", local(2026, 10, 25, 9, utc=-4), local(2026, 11, 2, utc=-5)),
        ("America/New_York", local(2026, 2, 28, 9, utc=-5), local(2026, 3, 8, utc=-5)),
        ("America/New_York", local(2026, 3, 1, 9, utc=-5), local(2026, 3, 9, utc=-4)),
        # The hour that is there twice, both times
        ("America/New_York", local(2026, 11, 1, 1, 30, utc=-4), local(2026, 11, 9, utc=-5)),
        ("America/New_York", local(2026, 11, 1, 1, 30, utc=-5), local(2026, 11, 9, utc=-5)),
        # Midnight that is not there: clocks in Santiago jump to one o'clock on 2026-09-06
        ("America/Santiago", local(2026, 8, 29, 9, utc=-4), local(2026, 9, 6, utc=-4)),
        # Midnight that is there twice: in Havana, on 2026-11-01, the day begins with the first
        ("America/Havana", local(2026, 10, 24, 9, utc=-4), local(2026, 11, 1, utc=-4)),
    ],
)
def test_days_are_those_of_the_shops_zone_also_where_clocks_are_changed(zone, delivered_at, end):
    assert end_of(delivered_at, 7, zone) == end


def test_an_instant_of_one_evening_is_in_time_in_one_zone_and_too_late_in_another():
    wanted = a_return(at=LAST)

    assert said(wanted=wanted, policy=ReturnPolicy(zone="America/New_York"))[0] is True
    assert said(wanted=wanted, policy=ReturnPolicy(zone="Asia/Shanghai"))[0] is False


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Asia", "Asia/Shanghai/../Tokyo"])
def test_a_zone_that_nobody_knows_is_a_persons_matter(zone):
    assert said(policy=ReturnPolicy(zone=zone)) == (None, None, None)
    assert looks(policy=ReturnPolicy(zone=zone)) == ("zone_unknown",)


@pytest.mark.parametrize("proof", [Proof.PHOTO, Proof.OTP, Proof.LOCKER])
def test_every_proof_begins_the_window(proof):
    assert said(arrived(proof=proof), a_return(at=LAST)) == (False, "window", "window_over")


def test_an_electronic_signature_begins_no_window_and_keeps_none_open_for_ever():
    order = arrived(proof="electronic")

    assert said(order, a_return(at=NOON + 30 * DAY - SECOND)) == (True, "window", "window_not_begun")
    assert said(order, a_return(at=NOON + 30 * DAY)) == (None, None, None)
    assert looks(order, a_return(at=NOON + 30 * DAY)) == ("long_unproven",)


def test_better_proof_that_comes_later_begins_the_window_when_the_parcel_was_handed_over():
    order = arrived(proof="electronic")
    proven = after(order, delivered(label_of(order), "d9", NOON + DAY, proof="photo"), heard_at=NOON + 3 * DAY)

    assert said(proven, a_return(at=LAST)) == (True, "window", "in_window")
    assert said(proven, a_return(at=LAST + DAY)) == (False, "window", "window_over")


def test_a_shop_may_take_an_electronic_signature_for_proof():
    policy = ReturnPolicy(proofs=tuple(Proof))

    assert said(arrived(proof="electronic"), a_return(at=LAST), policy=policy) == (False, "window", "window_over")


def test_a_line_in_two_parcels_is_there_with_the_second():
    lines = (Line(sku="tea", quantity=1, unit_price=PRICE), Line(sku="tea", quantity=1, unit_price=PRICE))
    order = ready(an_order(lines=lines, total=Money(minor=2 * PRICE.minor)), places=("east", "west"))
    first, second = label_of(order, 1), label_of(order, 2)
    half = after(order, shipped(first), delivered(first))
    whole = after(half, shipped(second, "s2"), delivered(second, "d2", NOON + 2 * DAY), heard_at=NOON + 2 * DAY)

    assert said(half, a_return(at=LAST)) == (True, "window", "window_not_begun")
    assert said(half, a_return(claims=((0, 1), (1, 1))))[1:] == ("delivered", "not_delivered")
    assert said(whole, a_return(at=LAST + 2 * DAY - SECOND))[0] is True
    assert said(whole, a_return(at=LAST + 2 * DAY))[0] is False


def test_each_line_has_its_own_window_and_the_strictest_speaks_for_all():
    order = ready(two_boxes(), places=("east", "west"))
    tea, cup = label_of(order, 1), label_of(order, 2)
    order = after(order, shipped(tea), delivered(tea), shipped(cup, "s2"))
    order = after(order, delivered(cup, "d2", NOON + 3 * DAY), heard_at=NOON + 3 * DAY)
    verdict = judge(order, a_return(claims=((0, 1), (1, 2)), at=LAST), Beside(), POLICY).decisive

    assert (verdict.is_allowed, verdict.line, verdict.until) == (False, 0, LAST)
    assert said(order, a_return(claims=((1, 2),), at=LAST)) == (True, "window", "in_window")
    both = judge(order, a_return(claims=((1, 2), (0, 1))), Beside(), POLICY).decisive
    assert (both.is_allowed, both.until) == (True, LAST)


@pytest.mark.parametrize("window", POLICY.windows)
def test_every_reason_has_its_days(window):
    end, wanted = LAST + (window.days - 7) * DAY, {"why": window.why, "pictures": 1}

    assert said(wanted=a_return(at=end - SECOND, **wanted)) == (True, "window", "in_window")
    assert said(wanted=a_return(at=end, **wanted)) == (False, "window", "window_over")


def test_a_reason_without_a_window_is_a_persons_matter():
    policy = ReturnPolicy(windows=(Window(why=Why.DEFECTIVE, days=30),))

    assert said(policy=policy) == (None, None, None)
    assert looks(policy=policy) == ("no_window",)


@pytest.mark.parametrize(
    ("category", "wanted", "expected"),
    [
        ("fresh_food", a_return(), (False, "category", "category_never_freely")),
        ("fresh_food", a_return(Why.DEFECTIVE, at=LAST - 5 * DAY - SECOND), (True, "window", "in_window")),
        ("fresh_food", a_return(Why.DEFECTIVE, at=LAST - 5 * DAY), (False, "window", "window_over")),
        ("customised", a_return(Why.WRONG_SIZE), (False, "category", "category_never_freely")),
        ("customised", a_return(Why.WRONG_ITEM), (True, "window", "in_window")),
        ("digital", a_return(grade=Grade.OPENED), (False, "category", "seal_broken")),
        ("digital", a_return(grade=Grade.AS_NEW), (True, "window", "in_window")),
        ("digital", a_return(), (True, "window", "in_window")),
        ("digital", a_return(Why.DEFECTIVE, grade=Grade.OPENED), (True, "window", "in_window")),
        ("underwear", a_return(grade=Grade.WORN), (False, "category", "seal_broken")),
        ("never_heard_of", a_return(), (True, "window", "in_window")),
        (None, a_return(grade=Grade.OPENED), (True, "window", "in_window")),
    ],
)
def test_categories_have_their_own_terms(category, wanted, expected):
    assert said(wanted=wanted, beside=of(category)) == expected


def test_a_shop_writes_its_own_rows():
    row = CategoryTerms(category="shoes", freely=Freely.ALWAYS, free_days=14, fault_days=90)
    policy = ReturnPolicy(version=4, categories=(row,))

    assert said(wanted=a_return(at=LAST + 7 * DAY - SECOND), beside=of("shoes"), policy=policy)[0] is True
    assert said(wanted=a_return(at=LAST + 7 * DAY), beside=of("shoes"), policy=policy)[0] is False
    assert said(wanted=a_return(Why.DEFECTIVE, at=LAST + 83 * DAY - SECOND), beside=of("shoes"), policy=policy)[0]
    assert ReturnPolicy.model_validate_json(policy.model_dump_json()) == policy


@pytest.mark.parametrize(
    ("wanted", "beside", "expected"),
    [
        (a_return(), of(is_final=True), (False, "final_sale", "final_sale")),
        (a_return(Why.DEFECTIVE), of(is_final=True), (True, "window", "in_window")),
        (a_return(grade=Grade.WORN), None, (False, "condition", "used")),
        (a_return(grade=Grade.DAMAGED), None, (False, "condition", "not_what_we_sold")),
        (a_return(Why.DAMAGED_IN_TRANSIT, grade=Grade.DAMAGED), None, (True, "window", "in_window")),
        (a_return(kind=Kind.REFUND_ONLY), None, (False, "fits", "goods_must_come_back")),
        (a_return(kind=Kind.COMPENSATION), None, (False, "fits", "goods_must_come_back")),
        (a_return(Why.NOT_RECEIVED), None, (False, "fits", "nothing_to_send_back")),
        (a_return(Why.WRONG_SIZE, Kind.EXCHANGE), None, (True, "window", "in_window")),
        (a_return(Why.SHORT, Kind.RESHIP), None, (True, "window", "in_window")),
        (a_return(claims=()), None, (False, "claims", "nothing_claimed")),
        (a_return(claims=((1, 1),)), None, (False, "claims", "line_unknown")),
        (a_return(claims=((0, 1), (0, 1))), None, (False, "claims", "line_twice")),
        (a_return(claims=((0, 2),)), None, (False, "quantity", "more_than_bought")),
        (a_return(), of(gone=1), (False, "quantity", "more_than_bought")),
    ],
)
def test_what_decides(wanted, beside, expected):
    assert said(wanted=wanted, beside=beside) == expected


@pytest.mark.parametrize(("gone", "wanted", "is_allowed"), [(0, 3, True), (1, 2, True), (1, 3, False), (3, 1, False)])
def test_never_more_units_than_were_bought(gone, wanted, is_allowed):
    assert said(several(3), a_return(claims=((0, wanted),)), of(gone=gone))[0] is is_allowed


def test_compensation_takes_no_units():
    wanted = a_return(Why.DEFECTIVE, Kind.COMPENSATION, pictures=1)

    assert said(wanted=wanted, beside=of(gone=1)) == (True, "window", "in_window")
    assert said(wanted=wanted.model_copy(update={"claims": (Claim(line=0, quantity=2),)}))[2] == "more_than_bought"


def test_before_it_is_paid_or_delivered_nothing_comes_back():
    unpaid = reserved(an_order())
    order = ready()
    on_its_way = after(order, shipped(label_of(order)))

    assert said(unpaid) == (False, "paid", "not_paid")
    assert said(ready()) == said(on_its_way) == (False, "delivered", "not_delivered")
    assert said(granted(ready(), Cancel(by="u1"), NOON)) == (False, "paid", "order_stopped")


def test_what_has_not_been_sent_is_refunded_for_any_reason_and_what_has_left_is_not():
    wanted = a_return(Why.NO_REASON, Kind.REFUND_ONLY)
    order = ready(two_boxes(), ("east", "west"))
    half = after(order, shipped(label_of(order, 2)))

    assert said(order, wanted)[0] is said(half, wanted)[0] is True
    assert said(half, a_return(Why.NO_REASON, Kind.REFUND_ONLY, ((1, 1),))) == (False, "fits", "goods_must_come_back")
    assert said(order, a_return(Why.NO_REASON, Kind.REFUND_ONLY, ((1, 3),)))[2] == "more_than_bought"


def test_what_the_courier_collected_and_still_has_is_a_persons_matter():
    order = labelled(reserved(an_order(paying=Paying.ON_DELIVERY)))

    assert looks(arrived(order)) == ("not_settled",)
    assert looks(after(arrived(order), paid(source="courier"))) == ()


def test_who_paid_at_the_door_for_the_wrong_thing_gets_the_right_one_with_no_click_once_they_have_it():
    order = labelled(reserved(an_order(paying=Paying.ON_DELIVERY)))
    wrong = a_return(Why.WRONG_ITEM, Kind.RESHIP, at=NOON + timedelta(hours=1))

    assert (said(arrived(order), wrong)[0], looks(arrived(order), wrong)) == (True, ())
    on_its_way = after(order, shipped(label_of(order)))
    assert looks(on_its_way, wrong) == ("not_settled",)


@pytest.mark.parametrize(
    ("sku", "alike", "words"),
    [
        ("tea-l", ("tea",), ()),
        ("tea", (), ()),
        ("tea-l", (), ("another_thing",)),
        ("gold", ("tea",), ("another_thing",)),
        ("gold", ("tea", "gold"), ("another_thing",)),
    ],
)
def test_another_thing_in_exchange_is_a_persons_matter_unless_the_shop_says_that_it_costs_the_same(sku, alike, words):
    wanted = a_return(Why.WRONG_SIZE, Kind.EXCHANGE, instead=(Instead(line=0, sku=sku),))
    judgement = judge(arrived(), wanted, Beside(), ReturnPolicy(alike=alike))

    assert judgement.looks == words


@pytest.mark.parametrize(
    ("order", "word"),
    [
        (arrived(), "signed_with_proof"),
        (arrived(proof="electronic"), "signed_without_proof"),
        (ready(), "on_its_way"),
    ],
)
def test_what_is_not_received_is_never_decided_by_rules(order, word):
    wanted = a_return(Why.NOT_RECEIVED, Kind.REFUND_ONLY)

    assert said(order, wanted) == (None, None, None)
    assert looks(order, wanted) == (word, "no_window")


@pytest.mark.parametrize(
    ("wanted", "beside", "words"),
    [
        (a_return(), Beside(returns_lately=3), ()),
        (a_return(), Beside(returns_lately=4), ("returns_often",)),
        (a_return(), Beside(returns_lately=400), ("returns_often",)),
        (a_return(Why.DEFECTIVE), None, ("pictures_wanted",)),
        (a_return(Why.DEFECTIVE, pictures=1), None, ()),
        (a_return(Why.UNWELL), None, ("health",)),
        (a_return(Why.DEFECTIVE, Kind.COMPENSATION, pictures=1), None, ("compensation",)),
    ],
)
def test_a_person_looks_and_nothing_is_refused_for_it(wanted, beside, words):
    assert said(wanted=wanted, beside=beside)[0] is True
    assert looks(wanted=wanted, beside=beside) == words


def test_every_rule_is_heard_and_the_first_that_decides_has_the_word():
    judgement = judge(arrived(), a_return(grade=Grade.WORN, at=LAST), of("fresh_food", is_final=True), POLICY)
    no = [verdict.rule for verdict in judgement.verdicts if verdict.is_allowed is False]

    assert [verdict.rule for verdict in judgement.verdicts] == [name for name, _ in RULES]
    assert no == ["final_sale", "category", "condition", "window"]
    assert judgement.decisive.rule == "final_sale"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("why", Why)
@pytest.mark.parametrize("order", [arrived(), ready(), reserved(an_order()), an_order()])
def test_whatever_is_asked_has_an_answer(order, why, kind):
    claims = ((0, 1), (7, 1))

    for named in (claims[:1], claims, ()):
        judgement = judge(order, a_return(why, kind, claims=named), Beside(), POLICY)
        assert judgement.is_allowed is not None or judgement.looks


def test_whose_a_reason_is():
    assert {why: fault_of(why) for why in (Why.NO_REASON, Why.WRONG_SIZE)} == dict.fromkeys(
        (Why.NO_REASON, Why.WRONG_SIZE), Fault.CUSTOMER
    )
    assert fault_of(Why.DAMAGED_IN_TRANSIT) is fault_of(Why.NOT_RECEIVED) is Fault.COURIER
    assert sum(fault_of(why) is Fault.SHOP for why in Why) == 8


def test_categories_that_are_claimed_are_named_once():
    lines = tuple(LineSeen(line=nth, category="food") for nth in range(2))

    assert categories_of(two_boxes(), a_return(claims=((0, 1), (1, 1))), Beside(lines=lines), POLICY) == ("food",)


def test_a_policy_without_a_lowest_tier_is_none():
    tier = Tier(from_minor=1, steps=POLICY.tiers[0].steps)

    with pytest.raises(ValidationError):
        ReturnPolicy(tiers=(tier,))


def test_every_word_of_a_verdict_has_words_for_people():
    calls = [
        node for rules in (return_policy, return_windows) for node in ast.walk(ast.parse(inspect.getsource(rules)))
    ]
    first = [call.args[0] for call in calls if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Says"]
    words = {node.value for given in first for node in ast.walk(given) if isinstance(node, ast.Constant)}

    assert words == set(BECAUSE)
    assert set(return_windows.STRICTEST) <= words

"""Who must agree to a return, in whichever order they do."""

from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from api.return_words import NOT_TO_DECIDE, WORDINGS, Use
from models.approval import HOUSE, Agreement, Decider, Decision, Step
from models.case import Owner, Role
from models.noun import Id, Money
from models.return_policy import CategoryTerms, Judgement, ReturnPolicy, Tier
from models.returns import Level, Verdict
from models.wish import Trigger
from rules.approvals import level_of, level_to_decide, next_step, outcome, refusal_to_decide, wanted
from rules.return_permissions import refusal
from rules.rmas import learn
from tests.builders import a_telling, fact
from tests.rules.test_return_learning import a_return

NOON, MINUTE = datetime(2026, 11, 12, 12, tzinfo=UTC), timedelta(minutes=1)
POLICY = ReturnPolicy()
SERVICE, OPERATIONS, MANAGER = (Step(levels=(level,)) for level in list(Level)[1:])
BOTH = Step(levels=(Level.OPERATIONS, Level.MANAGER))
LONG = (SERVICE, BOTH)
ANN, ANA = (Decider(by=name, role=Role.SERVICE) for name in ("ann", "ana"))
BOB, BEN = (Decider(by=name, role=Role.OPS) for name in ("bob", "ben"))
CYD, CAL = (Decider(by=name, role=Role.OPS, rung=Owner.MANAGER) for name in ("cyd", "cal"))
STEPS = (
    (SERVICE,),
    (BOTH,),
    (SERVICE, OPERATIONS),
    LONG,
    (Step(levels=(Level.SERVICE, Level.OPERATIONS, Level.MANAGER)),),
    (Step(levels=(Level.SERVICE, Level.OPERATIONS)), MANAGER),
)


def judged(is_allowed=True, looks=False):
    return Judgement(verdicts=(Verdict(rule="any", is_allowed=is_allowed, because="any", is_for_person=looks),))


def agrees(who, level, nth=0, is_agreed=True):
    word = "approve_return" if is_agreed else "refuse_used"
    return Decision(level=level, by=who.by, at=NOON + nth * MINUTE, is_agreed=is_agreed, word=word)


def told(steps, votes, asked_by=None):
    """As the door does it: one after the other, and who may not decide is sent away."""
    made = ()
    for nth, (who, is_agreed) in enumerate(votes):
        if refusal_to_decide(steps, made, who, asked_by) is None:
            made += (agrees(who, level_to_decide(steps, made, who), nth, is_agreed),)
    return made


@pytest.mark.parametrize(
    ("minor", "steps"),
    [
        (0, (HOUSE,)),
        (19_999, (HOUSE,)),
        (20_000, (SERVICE,)),
        (99_999, (SERVICE,)),
        (100_000, (SERVICE, OPERATIONS)),
        (499_999, (SERVICE, OPERATIONS)),
        (500_000, LONG),
        (10**12, LONG),
        (-1, (HOUSE,)),
    ],
)
def test_the_amount_says_who_must_agree(minor, steps):
    assert wanted(POLICY, judged(), Money(minor=minor)) == steps


@pytest.mark.parametrize(
    ("judgement", "categories", "minor", "steps"),
    [
        (judged(is_allowed=None), (), 100, (SERVICE,)),
        (judged(looks=True), (), 100, (SERVICE,)),
        (judged(looks=True), (), 100_000, (SERVICE, OPERATIONS)),
        (judged(), ("food",), 100, (HOUSE,)),
        (judged(), ("jewellery",), 100, (OPERATIONS,)),
        (judged(), ("jewellery", "food"), 20_000, (SERVICE, OPERATIONS)),
        (judged(), ("jewellery",), 500_000, LONG),
        (judged(is_allowed=False), (), 100, ()),
        (judged(is_allowed=False, looks=True), ("jewellery",), 500_000, ()),
    ],
)
def test_so_do_the_category_and_what_the_rules_leave_to_a_person(judgement, categories, minor, steps):
    assert wanted(POLICY, judgement, Money(minor=minor), categories) == steps


def test_a_shop_writes_its_own_tiers():
    tiers = (Tier(from_minor=500, steps=(MANAGER,)), Tier(from_minor=0, steps=(HOUSE,)))
    gold = CategoryTerms(category="gold", at_least=Level.MANAGER)
    policy = ReturnPolicy(tiers=tiers, categories=(gold,))

    assert wanted(policy, judged(), Money(minor=499)) == (HOUSE,)
    assert wanted(policy, judged(), Money(minor=500)) == (MANAGER,)
    assert wanted(policy, judged(), Money(minor=1), ("gold",)) == (MANAGER,)


def test_what_the_house_agrees_to_waits_for_nobody_and_what_a_rule_refuses_nobody_agrees_to():
    assert (outcome((HOUSE,), ()), next_step((HOUSE,), ())) == (Agreement.AGREED, None)
    assert refusal_to_decide((HOUSE,), (), ANN) == "already_decided"
    assert (outcome((), ()), next_step((), ())) == (Agreement.REFUSED, None)
    assert refusal_to_decide((), (), CYD) == "already_decided"


def test_levels_come_one_after_the_other_and_beside_one_another():
    one = (agrees(ANN, Level.SERVICE),)
    two = (*one, agrees(CYD, Level.MANAGER, 1))
    three = (*two, agrees(BOB, Level.OPERATIONS, 2))

    assert [next_step(LONG, made) for made in ((), one, two, three)] == [SERVICE, BOTH, OPERATIONS, None]
    assert [outcome(LONG, made) for made in ((), one, two)] == [Agreement.OPEN] * 3
    assert outcome(LONG, three) is Agreement.AGREED


@pytest.mark.parametrize("refused", list(Level)[1:])
def test_one_no_is_a_no_at_any_level(refused):
    people = zip((ANN, BOB, CYD), list(Level)[1:], strict=True)
    made = [agrees(who, level, is_agreed=level is not refused) for who, level in people]

    assert (outcome(LONG, made), next_step(LONG, made)) == (Agreement.REFUSED, None)


@pytest.mark.parametrize(
    ("steps", "made", "who", "word"),
    [
        ((SERVICE,), (), ANN, None),
        ((SERVICE,), (), BOB, None),
        ((SERVICE,), (), CYD, None),
        ((OPERATIONS,), (), ANN, "not_your_level"),
        ((MANAGER,), (), BOB, "not_your_level"),
        ((SERVICE,), (agrees(ANN, Level.SERVICE),), ANA, "already_decided"),
        ((SERVICE,), (agrees(ANN, Level.SERVICE),), ANN, "already_decided"),
        (LONG, (agrees(ANN, Level.SERVICE),), ANA, "already_decided"),
        (LONG, (agrees(BOB, Level.SERVICE),), BOB, "second_pair_of_eyes"),
        (LONG, (agrees(CYD, Level.SERVICE),), CYD, "second_pair_of_eyes"),
        (LONG, (agrees(CYD, Level.SERVICE),), CAL, None),
        (LONG, (agrees(ANN, Level.SERVICE), agrees(BOB, Level.OPERATIONS, 1)), BEN, "already_decided"),
        (LONG, (agrees(ANN, Level.SERVICE, is_agreed=False),), BOB, "already_decided"),
        ((SERVICE,), (), Decider(by="eve", role=Role.FINANCE), "not_your_level"),
        ((SERVICE,), (), Decider(by="eve", role=Role.WAREHOUSE, rung=Owner.MANAGER), "not_your_level"),
        ((SERVICE,), (), Decider(by="eve", role=Role.SHOP), "not_your_level"),
        ((SERVICE,), (), Decider(by="asker", role=Role.SERVICE), "asked_for_it_yourself"),
        ((SERVICE,), (), Decider(by="asker", role=Role.ADMIN), "asked_for_it_yourself"),
    ],
)
def test_who_may_not_decide_and_why(steps, made, who, word):
    assert refusal_to_decide(steps, made, who, asked_by="asker") == word
    assert word is None or word in NOT_TO_DECIDE


def test_every_step_is_open_to_somebody_above_and_no_level_to_the_house_alone():
    levels = {(role, rung): level_of(Decider(by="x", role=role, rung=rung)) for role, rung in product(Role, Owner)}

    assert {pair for pair, level in levels.items() if level} == set(
        product((Role.SERVICE, Role.OPS, Role.ADMIN), (Owner.OWNER, Owner.LEAD, Owner.MANAGER))
    )
    assert Level.HOUSE not in levels.values()


@pytest.mark.parametrize("steps", STEPS)
@given(data=st.data())
def test_the_same_decisions_in_any_order_are_the_same_outcome(steps, data):
    people, levels = st.sampled_from((ANN, ANA, BOB, CYD)), st.sampled_from(list(Level)[1:])
    vote = st.builds(agrees, people, levels, st.integers(0, 2), st.sampled_from((True, True, True, False)))
    made = data.draw(st.lists(vote, max_size=4))

    ends = {(outcome(steps, order), next_step(steps, order)) for order in permutations(made)}
    assert len(ends) == 1


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize(
    "crowd", [(ANN, BOB, CYD), (ANN, ANA), (BOB, BEN), (CYD, CAL), (BOB, CYD), (ANN, BOB, BEN, CYD)]
)
def test_people_who_decide_at_once_end_the_same_whoever_is_first(steps, crowd):
    step = steps[:1]
    agreed = {outcome(step, told(step, [(who, True) for who in order])) for order in permutations(crowd)}
    needed = len(step[0].levels)

    assert len(agreed) == 1
    assert all(len(told(step, [(who, True) for who in order])) <= needed for order in permutations(crowd))


@pytest.mark.parametrize("order", list(permutations([(BOB, True), (CYD, False)])))
def test_a_yes_and_a_no_beside_one_another_are_a_no(order):
    assert outcome((BOTH,), told((BOTH,), order)) is Agreement.REFUSED


@pytest.mark.parametrize("is_agreed", [True, False])
def test_of_two_at_one_level_the_first_decides_and_the_second_is_told_so(is_agreed):
    made = told((SERVICE,), [(ANN, is_agreed), (ANA, not is_agreed)])

    assert [decision.by for decision in made] == ["ann"]
    assert refusal_to_decide((SERVICE,), made, ANA) == "already_decided"


@given(st.sampled_from(STEPS), st.permutations((ANN, ANA, BOB, BEN, CYD, CAL)), st.data())
def test_no_return_is_agreed_to_by_fewer_people_than_it_has_levels(steps, crowd, data):
    votes = [(who, True) for who in data.draw(st.lists(st.sampled_from(crowd), max_size=12))]
    made = told(steps, votes, asked_by="ann")
    levels = [level for step in steps for level in step.levels]

    assert "ann" not in [decision.by for decision in made]
    assert len({decision.by for decision in made}) == len(made)
    assert (outcome(steps, made) is Agreement.AGREED) == (len(made) == len(levels))


@pytest.mark.parametrize("steps", STEPS)
def test_one_person_who_is_told_twice_counts_once(steps):
    made = [agrees(CYD, level, nth) for nth, level in enumerate(list(Level)[1:])]
    levels = [level for step in steps for level in step.levels]

    assert (outcome(steps, made) is Agreement.AGREED) == (levels == [Level.SERVICE])


def test_a_step_is_a_set():
    assert Step(levels=(Level.MANAGER, Level.OPERATIONS, Level.MANAGER)) == BOTH
    with pytest.raises(ValidationError):
        Step(levels=())


def test_every_wording_is_an_id_in_two_languages():
    for name, wording in WORDINGS.items():
        assert TypeAdapter(Id).validate_python(name).startswith(wording.use)
        assert wording.en.endswith(".")
        assert wording.zh.endswith("。")
    assert {wording.use for wording in WORDINGS.values()} == set(Use)


@pytest.mark.parametrize(("source", "because"), [("desk", "second_pair_of_eyes"), ("warehouse", None)])
def test_who_told_at_a_desk_what_came_back_does_not_also_let_the_money_go(source, because):
    looked = {"place": "WH", "graded": [{"line": 0, "quantity": 2, "grade": "as_new"}], "by": "boss"}
    due = learn(a_return(), fact(a_telling("goods_inspected", source, **looked)))

    assert refusal(due, Trigger(by="boss")) == because
    assert refusal(due, Trigger(by="fin")) is None

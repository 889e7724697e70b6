"""Whatever is told, wanted or left undone, in whatever order: while a return is open, somebody or the clock is next."""

from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.approval import HOUSE, Step
from models.case import Case, Owner, Role
from models.returns import Kind, Level
from models.rma import ReturnStage
from models.wish import CloseCase, Decide, GiveUp, HoldBack, JudgeGoods, RefuseRefund, Release, Retry, Trigger, Withdraw
from rules import progress, return_labels
from rules.return_permissions import granted, refusal
from rules.return_silences import LADDER, judged
from rules.return_stages import is_stopped, next_of
from rules.rmas import hear, may_end
from tests.builders import NOON, a_telling
from tests.rules.test_return_learning import NUMBER, STANDS, TELLINGS

PEOPLE = st.sampled_from(("wu", "ops", "fin", "boss", "customer"))
STEPS = st.lists(st.sampled_from((HOUSE, Step(levels=(Level.SERVICE,)))), min_size=1, max_size=2).map(tuple)
ROLES = st.sampled_from((Role.SERVICE, Role.OPS))
CLOCK = st.just("the clock")
CLOSES = st.just("looks at a case")
WISHES = st.one_of(
    st.builds(Decide, by=PEOPLE, role=ROLES, is_agreed=st.sampled_from((True, True, False)), word=st.just("so")),
    st.builds(JudgeGoods, by=PEOPLE, is_passed=st.booleans(), word=st.just("so")),
    st.builds(RefuseRefund, by=PEOPLE, word=st.just("so")),
    *(st.builds(kind, by=PEOPLE) for kind in (Trigger, Withdraw, Retry, GiveUp)),
    *(st.builds(kind, by=PEOPLE, role=st.sampled_from((None, Role.FINANCE))) for kind in (HoldBack, Release)),
)
LIVES = st.lists(st.one_of(TELLINGS, WISHES, CLOCK, CLOSES), max_size=16)


def is_the_storys_turn(matter):
    """It acts by itself, unless it is held."""
    acts = next_of(matter) in (ReturnStage.REFUNDED, ReturnStage.REPLACED) or return_labels.owed(matter)
    own = return_labels.to_void(matter) or progress.owed(matter)
    return bool(own or (acts and not matter.hold and not is_stopped(matter)))


def next_one(matter, what, now):
    if what == "the clock":
        alarm = judged(matter)[0]
        return LADDER.climbed(matter, alarm, max(now, alarm.at)) if alarm else matter
    if what == "looks at a case":
        case = next((case for case in matter.cases if not case.closed_at), None)
        what = CloseCase(by="boss", deadline=case.deadline, since=case.since, role=Role.ADMIN) if case else None
    if hasattr(what, "source"):
        return hear(matter, what, now)
    return granted(matter, what, now) if what and not refusal(matter, what) else matter


SENT = a_telling("goods_sent_back", "channel", "a", NOON, courier="sf", waybill="JD7")
CLIMB = ("the clock", "the clock", "looks at a case")


@settings(max_examples=400)
@example([SENT, *CLIMB], "asked", Kind.RETURN, (HOUSE,))
@example(["the clock", "looks at a case"], "refunding", Kind.REFUND_ONLY, (HOUSE,))
@given(LIVES, st.sampled_from(sorted(STANDS)), st.sampled_from(Kind), STEPS)
def test_an_open_return_is_never_silent(life, stand, kind, steps):
    matter = STANDS[stand](kind).model_copy(update={"steps": steps})
    for nth, what in enumerate(life):
        now = NOON + timedelta(hours=nth)
        matter = LADDER.moved_on(next_one(matter, what, now), now)
        is_watched = judged(matter)[0] or any(not case.closed_at for case in matter.cases)
        assert may_end(matter) or is_watched or is_the_storys_turn(matter)


@pytest.mark.parametrize("deadline", ["undecided", "uninspected", "unjudged", "untriggered", "held", "kept_back"])
def test_what_waits_for_our_own_people_is_done_and_not_closed(deadline):
    case = Case(story=NUMBER, deadline=deadline, since=NOON, rung=Owner.OWNER, opened_at=NOON)
    known = STANDS["asked"](Kind.RETURN).model_copy(update={"cases": (case,)})

    assert refusal(known, CloseCase(by="boss", deadline=deadline, since=NOON)) == "answer_it"


@pytest.mark.parametrize(
    ("holds", "releases", "code"),
    [
        (Role.FINANCE, Role.SERVICE, "finance_holds_it"),
        (Role.FINANCE, None, "finance_holds_it"),
        (Role.FINANCE, Role.ADMIN, None),
        (Role.SERVICE, Role.FINANCE, None),
        (None, Role.OPS, None),
    ],
)
def test_what_finance_keeps_back_nobody_else_lets_go(holds, releases, code):
    once = granted(STANDS["asked"](Kind.RETURN), HoldBack(by="wu", role=Role.FINANCE), NOON)
    freed = granted(once, Release(by="boss", role=Role.ADMIN), NOON + timedelta(hours=1))
    held = granted(freed, HoldBack(by="fin", role=holds), NOON + timedelta(hours=2))

    assert refusal(held, Release(by="wu", role=releases)) == code


def test_what_is_refused_while_it_is_held_is_held_no_longer():
    matter = STANDS["asked"](Kind.RETURN).model_copy(update={"steps": (Step(levels=(Level.SERVICE,)),)})
    held = granted(matter, HoldBack(by="boss"), NOON)
    no = Decide(by="wu", role=Role.SERVICE, is_agreed=False, word="refuse_used")

    assert granted(held, no, NOON).hold is None
    assert granted(held, no.model_copy(update={"is_agreed": True}), NOON).hold

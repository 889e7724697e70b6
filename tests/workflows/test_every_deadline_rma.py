"""Every silence that a return may fall into, lived through on the real server: nobody looks too soon, somebody looks in
time, and the case closes by itself when the silence ends."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import time, timedelta
from typing import NamedTuple, get_args

import pytest

from models.approval import Step
from models.case import Owner, Role
from models.errand import State, What
from models.line import Box, Units
from models.noun import Money
from models.policy import Amendment, Policy, Span
from models.return_policy import Patience, Service
from models.returns import Kind, Level, Why
from models.rma import Denied, ReturnStage, WayBack
from models.stage import Source
from models.wish import (
    AmendPolicy,
    CloseCase,
    Decide,
    Dismiss,
    GiveUp,
    HoldBack,
    JudgeGoods,
    RefuseRefund,
    Release,
    Retry,
    ReturnWish,
    Trigger,
    Withdraw,
)
from rules.return_labels import live
from rules.return_silences import ROWS
from rules.return_stages import decisions, stage_of
from tests.builders import delivered, refund_settled, tracked
from tests.giving_back import GOOD, ONE_WORN, Back, Plan, Street, a_street
from tests.others import now
from tests.standing import UNREADABLE

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AT_ONCE, MARGIN = timedelta(0), timedelta(minutes=5)
SOON = Policy(
    answer_within=timedelta(seconds=1),
    ask_payment_after=10 * MINUTE,
    refund_within=3 * MINUTE,  # like the next: while somebody is asked again and again
    done_within=MINUTE,
    couriers=("sf", "jd"),
)
REAL = Patience()
HURRIED = Patience(decide_within=MINUTE)
SERVICE = (Step(levels=(Level.SERVICE,)),)
FETCHED = WayBack(couriers=("sf", "jd"), box=Box(id="back", place="WH", units=(Units(sku="tea", quantity=2),)))
MORE = (*GOOD, *ONE_WORN)
ALWAYS = Service(begins=time(0), ends=time(0))
WU = Decide(by="wu", role=Role.SERVICE, is_agreed=True, word="fine")
NOT_ACCEPTED = JudgeGoods(by="wu", is_passed=False, word="refuse_goods")
TRIGGER, RETRY = Trigger(by="fin"), Retry(by="desk")


class Silence(NamedTuple):
    """How a return falls silent, for how long nobody has to look, whose case it is then, and what ends it."""

    begins: Callable[[Street], Awaitable[Back]]
    lasts: timedelta
    role: Role
    ends: Callable[[Street, Back], Awaitable[None]]


# how it comes to its silence


def asked(*steps, how=None, plan=None, **fields):
    """A return, and what was done to it one after the other."""

    async def begins(street):
        back = await street.begin(plan, **{"policy": SOON, **fields})
        if how:
            street.treat(back, how)
        for step in steps:
            await step(back)
        return back

    return begins


def wish(wanted):
    async def step(back):
        await back.wish(wanted)

    return step


def seen(holds):
    async def step(back):
        await back.until(holds)

    return step


async def handed_in(back):
    """The courier says that the house has it."""
    label = live(await back.until(live))
    await back.tell(delivered(label.id, at=now()))


async def sent_by_post(back):
    """No courier of ours, so nobody to ask."""
    await back.tell(back.said("goods_sent_back", Source.CHANNEL, courier="ems", waybill=f"own-{back.number}"))


async def puzzled(back):
    await back.tell(UNREADABLE)


async def paid_by_hand(back):
    """And somebody saw to that; only then the provider does it after all."""
    refund = next(errand for errand in back.matter.errands if errand.state is State.GIVEN_UP)
    case = case_of(await back.until(lambda matter: case_of(matter, "by_hand_refund")), "by_hand_refund")
    await back.wish(_seen(case))
    await back.tell(refund_settled(refund.key, "done", "late", now()))


HELD = seen(lambda matter: matter.hold)
IS_IN = asked(Back.send_back, Back.arrive, kind=Kind.RETURN)
GIVEN_UP = (HELD, wish(GiveUp(by="desk")))
ONE_PART = (Back.arrive, Back.inspect, wish(TRIGGER))  # of worn goods only one payment gives something back
DENIED = Denied(courier="sf", signed_at=now())
LOST = asked(steps=SERVICE, why=Why.NOT_RECEIVED, denied=DENIED)
FOR_SIZE = {"kind": Kind.EXCHANGE, "why": Why.WRONG_SIZE}
WORN = asked(Back.arrive, Back.inspect, plan=Plan(graded=ONE_WORN), **FOR_SIZE)


# what ends it


def done(*steps):
    async def ends(street, back):
        street.heal(back)
        for step in steps:
            await step(back)

    return ends


async def looked_at(street, back):
    """Somebody who had no hand in it closes what is open."""
    street.heal(back)
    await asyncio.gather(*(back.wish(_seen(case)) for case in back.matter.cases if not case.closed_at))


def _seen(case):
    return CloseCase(by="boss", deadline=case.deadline, since=case.since, role=Role.ADMIN)


async def gone_back(street, back):
    """The provider says of each part that it went."""
    street.heal(back)
    while stage_of(back.matter) is not ReturnStage.REFUNDED:
        await back.settle()
        await asyncio.sleep(0.05)


PEOPLES = {
    "undecided": Silence(asked(steps=SERVICE), REAL.decide_within, Role.SERVICE, done(wish(WU))),
    "denied": Silence(LOST, AT_ONCE, Role.SERVICE, done(wish(WU))),
    "station": Silence(LOST, AT_ONCE, Role.SERVICE, done(wish(WU))),
    "no_label": Silence(
        asked(how="shunned", kind=Kind.RETURN, why=Why.DEFECTIVE, back=FETCHED),
        AT_ONCE,
        Role.SERVICE,
        done(Back.send_back),
    ),
    "unscanned": Silence(
        asked(handed_in, kind=Kind.RETURN, why=Why.DEFECTIVE, back=FETCHED),
        REAL.scan_within,
        Role.WAREHOUSE,
        done(Back.arrive),
    ),
    "not_arrived": Silence(asked(sent_by_post, kind=Kind.RETURN), REAL.arrive_within, Role.SERVICE, done(Back.arrive)),
    "uninspected": Silence(IS_IN, REAL.inspect_within, Role.WAREHOUSE, done(Back.inspect)),
    "unjudged": Silence(
        WORN, REAL.decide_within, Role.SERVICE, done(wish(JudgeGoods(by="wu", is_passed=True, word="seen")))
    ),
    "swapped": Silence(asked(kind=Kind.RESHIP, why=Why.WRONG_ITEM), AT_ONCE, Role.WAREHOUSE, looked_at),
    "unreplaced": Silence(
        asked(how="unmade", kind=Kind.RESHIP, why=Why.SHORT, patience=HURRIED),
        HURRIED.decide_within,
        Role.SERVICE,
        done(),
    ),
    "untriggered": Silence(asked(), REAL.trigger_within, Role.FINANCE, done(wish(TRIGGER))),
    "unassessed": Silence(asked(wish(TRIGGER), how="unmade"), SOON.done_within, Role.FINANCE, done()),
    "by_hand_refund": Silence(asked(wish(TRIGGER), *GIVEN_UP, how="shunned"), AT_ONCE, Role.FINANCE, looked_at),
    "given_back_twice": Silence(
        asked(*ONE_PART, *GIVEN_UP, puzzled, paid_by_hand, how="shunned", plan=Plan(graded=ONE_WORN), kind=Kind.RETURN),
        AT_ONCE,
        Role.FINANCE,
        looked_at,
    ),
    "by_hand_order": Silence(
        asked(*GIVEN_UP, how="never_made", kind=Kind.RESHIP, why=Why.SHORT), AT_ONCE, Role.SERVICE, looked_at
    ),
    "goods_without_return": Silence(
        asked(wish(Withdraw(by="customer")), Back.arrive, kind=Kind.RETURN), AT_ONCE, Role.SERVICE, looked_at
    ),
    "not_sent_home": Silence(
        asked(Back.arrive, Back.inspect, wish(NOT_ACCEPTED), kind=Kind.RETURN),
        REAL.send_home_within,
        Role.WAREHOUSE,
        done(Back.send_home),
    ),
    "graded_otherwise": Silence(
        asked(Back.arrive, Back.inspect, plan=Plan(graded=MORE), kind=Kind.RETURN), AT_ONCE, Role.SERVICE, looked_at
    ),
    "not_refunded": Silence(asked(wish(TRIGGER), how="slow"), SOON.refund_within, Role.FINANCE, gone_back),
    "held": Silence(asked(wish(HoldBack(by="fin"))), SOON.hold_within, Role.OPS, done(wish(Release(by="fin")))),
    "kept_back": Silence(
        asked(wish(HoldBack(by="fin", role=Role.FINANCE))),
        SOON.hold_within,
        Role.FINANCE,
        done(wish(Release(by="boss", role=Role.FINANCE))),
    ),
    "stuck": Silence(asked(wish(TRIGGER), how="shunned"), AT_ONCE, Role.FINANCE, done(HELD, wish(RETRY))),
    "unread": Silence(asked(puzzled), AT_ONCE, Role.OPS, done(wish(Dismiss(by="desk", telling=UNREADABLE.id)))),
}
LOOKED_AT = (
    "swapped",
    "by_hand_refund",
    "given_back_twice",
    "by_hand_order",
    "goods_without_return",
    "graded_otherwise",
)
BY_A_PERSON = dict.fromkeys(LOOKED_AT, "boss")  # nothing else ends them


class Seen(NamedTuple):
    """What the store was told of one silence."""

    too_soon: list[str]  # open cases shortly before
    role: Role
    rung: Owner
    closed_by: str | None
    wished: set[type]


async def lived(street, name):
    silence = PEOPLES[name]
    back = await silence.begins(street)
    too_soon = []
    if silence.lasts > MARGIN:
        await back.pass_by(silence.lasts - MARGIN)
        too_soon = [case.deadline for case in back.matter.cases if not case.closed_at]
    if silence.lasts:
        await back.pass_by(min(silence.lasts, MARGIN) + MINUTE)
    opened = case_of(await back.until(lambda matter: case_of(matter, name)), name)
    await silence.ends(street, back)
    matter = await back.until(lambda matter: case_of(matter, name).closed_at)
    return Seen(too_soon, opened.role, opened.rung, case_of(matter, name).closed_by, wishes_of(matter))


def case_of(matter, name):
    return next((case for case in matter.cases if case.deadline == name), None)


def wishes_of(matter):
    return {type(entry.wish) for entry in matter.wishes}


async def reminded(street):
    back = await street.begin(policy=SOON, steps=SERVICE, urgent="allergy", service=ALWAYS)
    await back.until(lambda _: back.mine(What.PROGRESS))
    await back.pass_by(REAL.remind_every - MARGIN)
    assert len(back.mine(What.PROGRESS)) == 1
    await back.pass_by(MARGIN + MINUTE)
    await back.until(lambda _: len(back.mine(What.PROGRESS)) == 2)
    await back.wish(Decide(by="wu", role=Role.SERVICE, is_agreed=False, word="no"))
    return await back.go_on()


async def lapsed(street):
    back = await street.begin(Plan(sends=False), policy=SOON, kind=Kind.RETURN)
    await back.pass_by(REAL.send_back_within - MARGIN)
    assert stage_of(back.matter) is ReturnStage.APPROVED
    await back.pass_by(MARGIN + MINUTE)
    matter = await back.go_on()
    assert stage_of(matter) is ReturnStage.EXPIRED
    return matter


async def asked_after(street):
    """Nobody tells how far it is; we ask, and then it lies at the warehouse's door."""
    back = await street.begin(policy=SOON, kind=Kind.RETURN)
    await back.send_back()
    [own] = (await back.until(lambda matter: matter.parcels)).parcels
    street.news[own.id] = [tracked(own.id, at=now())]
    await back.pass_by(SOON.track_after + MINUTE)
    await back.until(lambda matter: matter.parcels[0].facts)
    return await back.go_on()


async def shown(street):
    """A picture is all that is missing, and nobody presses a button."""
    back = await street.begin(policy=SOON, kind=Kind.REFUND_ONLY, steps=SERVICE, if_shown=True)
    assert stage_of(back.matter) is ReturnStage.ASKED
    await back.tell(back.said("goods_shown", Source.CHANNEL, picture="p1"))
    matter = await back.go_on()
    assert [decision.by for decision in decisions(matter)] == ["clock"]
    return matter


async def gone_by_itself(street):
    back = await street.begin(Plan(triggers=False), policy=SOON, freely=Money(minor=50_00))
    matter = await back.go_on()
    assert stage_of(matter) is ReturnStage.REFUNDED
    return matter


async def refused_for_a_while(street):
    """The provider pays nothing back, and then it does: nobody presses a button."""
    back = await street.begin(policy=SOON)
    street.treat(back, "forbidden")
    await back.wish(TRIGGER)
    await back.until(lambda matter: matter.hold and matter.cases)
    street.heal(back)
    await back.pass_by(SOON.ask_payment_after + MINUTE)
    matter = await back.go_on()
    assert stage_of(matter) is ReturnStage.REFUNDED
    assert back.wrongs() == []
    return matter


async def refused_by_finance(street):
    """No silence: the wishes that nothing here waits for."""
    back = await street.begin(Plan(triggers=False), policy=SOON)
    await back.wish(AmendPolicy(by="desk", change=Amendment(span=Span.HOLD_WITHIN, plus=DAY)))
    await back.wish(RefuseRefund(by="fin", word="no"))
    return await back.go_on()


CLOCKS = {
    "progress": reminded,
    "shown": shown,
    "not_sent_back": lapsed,
    "silent_courier": asked_after,
    "little": gone_by_itself,
    "refused": refused_for_a_while,
}


@pytest.fixture(scope="module")
async def lives(env):
    async with a_street(env) as street:
        lives = [*(lived(street, name) for name in PEOPLES), *(live(street) for live in CLOCKS.values())]
        ends = await asyncio.gather(*lives, refused_by_finance(street), return_exceptions=True)
    return dict(zip([*PEOPLES, *CLOCKS, ""], ends, strict=True))


def test_every_row_is_lived_through():
    peoples, clocks = ([row.name for row in ROWS if row.is_for_people is is_for] for is_for in (True, False))

    assert (sorted(PEOPLES), sorted(CLOCKS)) == (sorted(peoples), sorted(clocks))


@pytest.mark.parametrize("name", PEOPLES)
async def test_a_silence_is_somebodys_case_in_time_and_no_longer_than_it_lasts(lives, name):
    seen = lives[name]
    if isinstance(seen, BaseException):
        raise seen

    assert name not in seen.too_soon
    assert (seen.role, seen.rung) == (PEOPLES[name].role, Owner.OWNER)
    assert seen.closed_by == BY_A_PERSON.get(name)


@pytest.mark.parametrize("name", CLOCKS)
async def test_the_clock_does_what_nobody_has_to_be_asked_for(lives, name):
    if isinstance(lives[name], BaseException):
        raise lives[name]


async def test_every_wish_of_a_return_was_told(lives):
    told = [life.wished if isinstance(life, Seen) else wishes_of(life) for life in lives.values()]

    assert set().union(*told) == set(get_args(get_args(ReturnWish)[0]))

"""Every silence that an order may fall into, lived through on the real server: nobody looks too soon, somebody looks
in time, and the case closes by itself when the silence ends."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple

import pytest

from models.case import Owner, Role
from models.errand import Outcome, State, What
from models.noun import Money
from models.stage import Paying, Stage
from models.story import Shield
from models.wish import Approve, Cancel, CloseCase, Dismiss, Release, Retry, Urge
from rules import labels
from rules.inquiries import shield
from rules.silences import ROWS
from rules.stages import stage_of
from tests import others, standing
from tests.builders import (
    a_telling,
    delivered,
    paid,
    received_back,
    refund_settled,
    return_told,
    shipped,
    tracked,
)
from tests.going_on import AHEAD, World
from tests.standing import REAL, UNREADABLE, Town, a_town, handled, labelled

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AT_ONCE, MARGIN = timedelta(0), timedelta(minutes=5)
HASTY = REAL.model_copy(update={"known_within": timedelta(seconds=1), "couriers": ("sf",)})
SOON = REAL.model_copy(  # a span is not much longer than the pauses between the questions in it: each of them is lived
    update={"settle_within": 20 * MINUTE, "refund_within": 20 * MINUTE, "ask_payment_after": 10 * MINUTE}
)
OVER = (Stage.CANCELLED, Stage.REFUNDED, Stage.COMPLETED)


class Silent(Town):
    """Parties that say nothing of single orders, or the wrong thing."""

    def __init__(self, *about):
        super().__init__(*about)
        self.news = {}  # parcel -> what its courier says when asked

    def faults(self):
        """What stands before the parties' methods."""
        house = self.house
        theirs = [(house.sf, "routes", self._routes), (house.wechat, "close", self._close)]
        theirs += [(house.wechat, "refund", self._refund), (house.wechat, "refunded", self._refunded)]
        theirs += [(house.shop, "report_shipped", self._report)]
        return [*super().faults(), *(others.Fault(*fault) for fault in theirs)]

    async def _routes(self, real, parcel):
        return tuple(self.news.get(parcel.parcel, ()))

    async def _close(self, real, number):
        is_paid = self.how(number) == "paid_they_say"
        return Outcome(state=State.REFUSED, code="already_paid") if is_paid else await real(number)

    async def _refund(self, real, refund):
        if self.how(refund.number) == "forbidden":
            return Outcome(state=State.REFUSED, code="not_permitted")
        done = await real(refund)
        return Outcome(state=State.BEGUN) if self.how(refund.number) == "slow" else done

    async def _refunded(self, real, number, bill):
        return Outcome(state=State.BEGUN) if self.how(number) == "slow" else await real(number, bill)

    async def _report(self, real, report):
        is_refused = self.how(report.key) == "untold"
        return Outcome(state=State.REFUSED, code="not_yours") if is_refused else await real(report)


class Silence(NamedTuple):
    """How an order falls silent, for how long nobody has to look, whose case it is then, and what ends it."""

    begins: Callable[[Town], Awaitable[World]]
    lasts: timedelta
    role: Role
    ends: Callable[[Town, World], Awaitable[None]]


# what may happen to the first parcel of an order, or to the order


def of_first(do):
    async def ends(town, world):
        await do(world, world.order.parcels[0].id)

    return ends


def told(*says):
    async def ends(town, world):
        await world.tell(*(say(world.order.parcels[0].id) for say in says))

    return ends


def wished(wish):
    async def ends(town, world):
        town.heal(world)
        await world.wish(wish)

    return ends


def first(begins, then):
    """An order that stands somewhere, and what happened then."""

    async def both(town):
        world = await begins(town)
        await then(town, world)
        return world

    return both


def shipped_of(parcel):
    return shipped(parcel, at=AHEAD)


def returning(parcel):
    return tracked(parcel, "returning", at=AHEAD)


def home(parcel):
    return received_back(parcel, at=AHEAD)


def signed(parcel):
    return delivered(parcel, f"e-{parcel}", at=AHEAD, proof="electronic")


def proven(parcel):
    return delivered(parcel, f"d-{parcel}", at=AHEAD)


async def answered(town, world):
    """By the next time that it is asked."""
    town.heal(world)
    await world.pass_by(MARGIN + MINUTE)


async def paid_for(town, world):
    await world.pay()


async def looked_at(town, world):
    """The desk closes what is open."""
    for case in world.order.cases:
        if not case.closed_at:
            await world.wish(CloseCase(by="desk", deadline=case.deadline, since=case.since))


async def written(town, world):
    box = labels.asked_for(world.order)
    said = {"parcel": labels.number(world.order, box), "box": box.id, "courier": "jd", "waybill": "JD1"}
    await world.tell(a_telling("parcel_labelled", "desk", "w1", **said))


async def one_cent(town):
    world = await standing.received(town)
    await world.tell(paid(f"tx-{world.number}", at=AHEAD, amount=Money(minor=1)))
    return world


async def paid_they_say(town):
    """The provider does not close the bill because it is paid, and knows of no payment."""
    world = await standing.received(town, SOON)
    town.treat(world, "paid_they_say")
    await world.pass_by(REAL.pay_within + MINUTE)
    await world.until(lambda order: any(errand.what is What.CLOSE for errand in order.errands))
    return world


async def stopped(town, how, what):
    """A stop whose undo does not end."""
    world = await labelled(town, policy=SOON)
    town.treat(world, how)
    await world.wish(Cancel(by="u1"))
    await world.until(lambda order: any(errand.what is what for errand in order.errands))
    return world


async def unvoided(town):
    return await stopped(town, "unanswered", What.VOID)


async def refunding(town):
    return await stopped(town, "slow", What.REFUND)


async def refund_ended(town, world):
    await world.tell(refund_settled(world.mine("refund")[0].key))


async def undone(town):
    world = await labelled(town)
    await world.wish(Cancel(by="u1"))
    await world.house.end(world.story)
    return world


async def untold(town):
    world = await labelled(town)
    town.treat(world, "untold")
    await world.ship(world.order.parcels[0].id)
    return world


async def lost(town):
    world = await town.begin(policy=HASTY)
    town.treat(world, "hushed")
    await world.pay()
    return world


async def at_the_door(town):
    """The customer has it, and the courier does not say what it took."""
    return await handled(town, World.ship, World.deliver, policy=SOON, paying=Paying.ON_DELIVERY)


async def unproven(town):
    """Three times the courier's best word is a code in its system."""
    world = await handled(town, World.ship, World.move)
    await told(signed)(town, world)
    await world.until(lambda order: stage_of(order) is Stage.DELIVERED)
    await world.pass_by(4 * REAL.prove_after)
    return world


async def lessened(town):
    """One of two units is refunded when both are off their shelf."""
    world = await labelled(town, two=True)
    cups = next(box.id for box in world.order.boxes if box.units[0].sku == "cup")
    await world.pick(next(parcel.id for parcel in world.order.parcels if parcel.box == cups))
    await world.tell(return_told(world.order, "given", line=1, minor=5000))
    return world


async def unread(town):
    world = await standing.received(town)
    await world.tell(UNREADABLE)
    return world


RETRY = wished(Retry(by="desk"))
PEOPLES = {
    "unanswered": Silence(unvoided, REAL.done_within, Role.OPS, answered),
    "paid_and_silent": Silence(paid_they_say, REAL.done_within, Role.FINANCE, paid_for),
    "held": Silence(standing.held, REAL.hold_within, Role.OPS, wished(Release(by="desk"))),
    "gave_too_much": Silence(first(undone, told(shipped_of, proven)), AT_ONCE, Role.FINANCE, looked_at),
    "returned": Silence(first(standing.delivered, told(home)), AT_ONCE, Role.SERVICE, looked_at),
    "wrong_amount": Silence(one_cent, AT_ONCE, Role.FINANCE, wished(Cancel(by="fin"))),
    "unreviewed": Silence(standing.paid_and_to_review, REAL.review_within, Role.OPS, wished(Approve(by="ops"))),
    "unlabelled": Silence(standing.unwritten, REAL.label_within, Role.OPS, written),
    "by_hand": Silence(standing.unwritten, AT_ONCE, Role.WAREHOUSE, written),
    "lessened": Silence(lessened, AT_ONCE, Role.WAREHOUSE, looked_at),
    "lost_label": Silence(lost, AT_ONCE, Role.OPS, wished(Retry(by="desk", what=What.LABEL))),
    "unpicked": Silence(labelled, REAL.pick_within, Role.WAREHOUSE, of_first(World.pick)),
    "unpacked": Silence(standing.picked, REAL.pack_within, Role.WAREHOUSE, of_first(World.pack)),
    "unshipped": Silence(standing.packed, REAL.ship_within, Role.WAREHOUSE, of_first(World.ship)),
    "untold": Silence(untold, AT_ONCE, Role.OPS, RETRY),
    "uncollected": Silence(standing.shipped, REAL.collect_within, Role.OPS, of_first(World.move)),
    "undelivered": Silence(standing.in_transit, REAL.deliver_within, Role.SERVICE, of_first(World.deliver)),
    "unproven": Silence(unproven, AT_ONCE, Role.SERVICE, told(proven)),
    "unsettled": Silence(at_the_door, SOON.settle_within, Role.FINANCE, of_first(World.collect)),
    "astray": Silence(first(standing.in_transit, told(returning)), AT_ONCE, Role.SERVICE, of_first(World.deliver)),
    "not_back": Silence(standing.stopping, REAL.return_within, Role.OPS, told(home)),
    "not_put_back": Silence(standing.refunded, REAL.put_back_within, Role.WAREHOUSE, of_first(World.put_back)),
    "not_refunded": Silence(refunding, SOON.refund_within, Role.FINANCE, refund_ended),
    "contradicted": Silence(first(undone, told(shipped_of)), AT_ONCE, Role.OPS, told(home)),
    "urged": Silence(first(labelled, wished(Urge(by="u1"))), AT_ONCE, Role.SERVICE, of_first(World.pick)),
    "stuck": Silence(standing.stuck, AT_ONCE, Role.OPS, RETRY),
    "unread": Silence(unread, AT_ONCE, Role.OPS, wished(Dismiss(by="desk", telling=UNREADABLE.id))),
}


class Seen(NamedTuple):
    """What the store was told of one silence."""

    too_soon: list[str]  # open cases shortly before
    role: Role
    rung: Owner
    closed_by: str | None


async def lived(town, name):
    silence = PEOPLES[name]
    world = await silence.begins(town)
    too_soon = []
    if silence.lasts:
        await world.pass_by(silence.lasts - MARGIN)
        too_soon = [case.deadline for case in world.order.cases if not case.closed_at]
        await world.pass_by(MARGIN + MINUTE)
    opened = case_of(await world.until(lambda order: case_of(order, name)), name)
    await silence.ends(town, world)
    closed = case_of(await world.until(lambda order: case_of(order, name).closed_at), name)
    return Seen(too_soon, opened.role, opened.rung, closed.closed_by)


def case_of(order, name):
    return next((case for case in order.cases if case.deadline == name), None)


async def unasked_payment(town):
    """Nobody tells of the payment; we ask."""
    world = await standing.received(town)
    town.house.wechat.takes_money(world.order, transaction=f"tx-{world.number}")
    await world.pass_by(2 * MINUTE)
    return await world.until(lambda order: order.payments)


async def unasked_courier(town):
    world = await standing.shipped(town)
    parcel = world.order.parcels[0].id
    town.news[parcel] = [tracked(parcel, "out_for_delivery")]
    await world.pass_by(REAL.track_after + MINUTE)
    return await world.until(lambda order: stage_of(order) is Stage.IN_TRANSIT)


async def unasked_proof(town):
    world = await handled(town, World.ship, World.move)
    parcel = world.order.parcels[0].id
    await world.tell(signed(parcel))
    await world.until(lambda order: shield(order) is Shield.YELLOW)
    town.news[parcel] = [delivered(parcel, "d2", proof="photo")]
    await world.pass_by(REAL.prove_after + MINUTE)
    return await world.until(lambda order: shield(order) is Shield.GREEN)


async def unpaid(town):
    world = await standing.received(town)
    await world.pass_by(REAL.pay_within - MARGIN)
    assert not world.order.wishes
    await world.pass_by(MARGIN + MINUTE)
    assert stage_of(await world.house.end(world.story)) is Stage.CANCELLED
    assert world.wrongs() == []


async def unended(town):
    world = await standing.delivered(town)
    await world.pass_by(REAL.complete_after - MARGIN)
    assert stage_of(world.order) is Stage.DELIVERED
    await world.pass_by(MARGIN + MINUTE)
    assert stage_of(await world.house.end(world.story)) is Stage.COMPLETED
    assert world.wrongs() == []


async def refused_for_a_while(town):
    """The provider pays nothing back, and then it does: nobody presses a button."""
    world = await labelled(town)
    town.treat(world, "forbidden")
    await world.wish(Cancel(by="u1"))
    await world.until(lambda order: order.hold and order.cases)
    town.heal(world)
    await world.pass_by(5 * REAL.ask_payment_after + MINUTE)
    assert stage_of(await world.house.end(world.story)) is Stage.REFUNDED
    assert world.wrongs() == []


CLOCKS = {
    "silent_provider": unasked_payment,
    "silent_courier": unasked_courier,
    "electronic_only": unasked_proof,
    "unpaid": unpaid,
    "incomplete": unended,
    "refused": refused_for_a_while,
}


@pytest.fixture(scope="module")
async def lives(env):
    async with a_town(env, kind=Silent) as town:
        lives = [*(lived(town, name) for name in PEOPLES), *(live(town) for live in CLOCKS.values())]
        ends = await asyncio.gather(*lives, return_exceptions=True)
    return dict(zip([*PEOPLES, *CLOCKS], ends, strict=True))


def test_every_row_is_lived_through():
    peoples, clocks = ([row.name for row in ROWS if row.is_for_people is is_for] for is_for in (True, False))

    assert (sorted(PEOPLES), sorted(CLOCKS)) == (sorted(peoples), sorted(clocks))


BY_A_PERSON = {"gave_too_much": "desk", "returned": "desk", "lessened": "desk"}  # nothing else ends them


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

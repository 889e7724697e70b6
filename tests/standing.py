"""How an order comes to stand somewhere: each of these brings one there, and hands over the world around it."""

import asyncio
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta

from models.policy import Policy
from models.stage import Paying, Stage
from models.wish import Cancel, HoldBack
from rules.stages import stage_of
from tests import others
from tests.builders import PRICE, a_telling, an_order, two_boxes
from tests.going_on import A_MINUTE, World
from tests.workflows.conftest import House

REAL = Policy(couriers=("sf", "jd"), answer_within=timedelta(seconds=1))
STRICT = REAL.model_copy(update={"approval_limit": PRICE})
UNREADABLE = a_telling("parcel_weighed", "drone", "w1")


class Town:
    """One house, and parties that treat single orders badly until they are talked to."""

    def __init__(self, house, paying=Paying.PREPAID):
        self.house, self.paying = house, paying
        self.sick = {}  # business number -> how it is treated

    async def begin(self, *, policy=REAL, two=False, paying=None):
        order = (two_boxes if two else an_order)(policy=policy, paying=paying or self.paying)
        return World(self.house, await self.house.begin(order))

    def treat(self, world, how):
        self.sick[world.number] = how

    def heal(self, world):
        """Everybody is well again."""
        self.sick.pop(world.number, None)

    def how(self, key):
        return self.sick.get(key.split("-")[0])

    def faults(self):
        """What stands before the parties' methods."""
        couriers = (self.house.sf, self.house.jd)
        faults = [others.Fault(courier, "book", self._book) for courier in couriers]
        faults += [others.Fault(courier, "booked", self._booked) for courier in couriers]
        return [*faults, *(others.Fault(courier, "void", self._void) for courier in couriers)]

    async def _book(self, real, booking):
        if self.how(booking.key) == "shunned":
            raise others.Refused("not_served")
        done = await real(booking)
        while self.how(booking.key) == "hushed":
            await asyncio.sleep(0.05)
        return done

    async def _booked(self, real, key, courier):
        if self.how(key) == "hushed" and self._is_printed(key):
            raise others.Unavailable("away")
        return await real(key, courier)

    def _is_printed(self, key):
        return any(deed.key == key for courier in (self.house.sf, self.house.jd) for deed in courier.done("label"))

    async def _void(self, real, label):
        if self.how(label.parcel) == "refused":
            raise others.Refused("with_the_driver")
        if self.how(label.parcel) == "unanswered":
            raise others.Unavailable("away")
        return await real(label)


@asynccontextmanager
async def a_town(env, paying=Paying.PREPAID, kind=Town, **options):
    house = House(env)
    house.memory.on_hand.update(east=1000, west=1000)
    house.memory.want_boxes = 2  # one thing is in one place, two things are in two
    town = kind(house, paying)
    with ExitStack() as faults:
        for fault in town.faults():
            faults.enter_context(fault)
        async with house.at_work(**options):
            yield town


async def received(town, policy=REAL):
    """Nobody has paid; an order that is paid at the door waits for its review."""
    world = await town.begin(policy=policy if town.paying is Paying.PREPAID else STRICT)
    if world.is_prepaid:
        await world.until(lambda _: f"{world.number}-pay-1" in town.house.links.known)
    return world


async def paid_and_to_review(town):
    world = await town.begin(policy=STRICT)
    await world.pay()
    await world.until(lambda order: stage_of(order) is Stage.PAID)
    return world


async def asked(town):
    """The courier has printed a label and does not say so."""
    world = await town.begin()
    town.treat(world, "hushed")
    if world.is_prepaid:
        await world.pay()
    await world.until(lambda order: world.mine("label") and order.boxes)
    return world


async def unwritten(town):
    """Every courier has said no: somebody is asked to write a label."""
    world = await town.begin()
    town.treat(world, "shunned")
    if world.is_prepaid:
        await world.pay()
    await world.until(lambda order: [case.deadline for case in order.cases] == ["by_hand"])
    return world


async def labelled(town, **fields):
    world = await town.begin(**fields)
    if world.is_prepaid:
        await world.pay()
    await world.until(lambda order: order.boxes and len([p for p in order.parcels if p.waybill]) == len(order.boxes))
    return world


async def handled(town, *steps, **fields):
    """Each step done to the first parcel."""
    world = await labelled(town, **fields)
    for step in steps:
        await step(world, world.order.parcels[0].id)
    return world


async def picked(town):
    return await handled(town, World.pick)


async def packed(town):
    return await handled(town, World.pick, World.pack)


async def partly_shipped(town):
    return await handled(town, World.ship, two=True)


async def shipped(town):
    return await handled(town, World.ship)


async def in_transit(town):
    return await handled(town, World.ship, World.move)


async def partly_delivered(town):
    world = await handled(town, World.ship, World.move, two=True)
    first, second = (parcel.id for parcel in world.order.parcels)
    await world.ship(second)
    await world.move(second)
    await world.deliver(first)
    if not world.is_prepaid:
        await world.collect(first)
    return world


async def delivered(town):
    """Why the courier is asked for the money later than usual: the test's clock stands while a question is out."""
    policy = REAL.model_copy(update={"ask_payment_after": 2 * REAL.hold_within})
    return await handled(town, World.ship, World.deliver, policy=REAL if town.paying is Paying.PREPAID else policy)


async def settled(town):
    """Delivered, and the courier has told of the money that it took at the door."""
    return await handled(town, World.ship, World.deliver, World.collect)


async def completed(town):
    """All is done but a word that nobody could read."""
    world = await (delivered if town.paying is Paying.PREPAID else settled)(town)
    await world.tell(UNREADABLE)
    await world.until(lambda order: order.cases)
    await world.pass_by(REAL.complete_after + A_MINUTE)
    await world.until(lambda order: stage_of(order) is Stage.COMPLETED)
    return world


async def stopping(town):
    """Somebody stopped a parcel on the road."""
    world = await in_transit(town)
    await world.wish(Cancel(by="u1"))
    await world.until(lambda _: world.mine("intercept"))
    return world


async def stopping_stuck(town):
    """The courier does not take its label back."""
    world = await labelled(town)
    town.treat(world, "refused")
    await world.wish(Cancel(by="u1"))
    await world.until(lambda order: order.hold and order.cases)
    return world


async def cancelled(town):
    """All is undone but a word that nobody could read; nobody had approved it."""
    world = await received(town, STRICT)
    await world.tell(UNREADABLE)
    await world.wish(Cancel(by="u1"))
    await world.until(lambda order: order.cases and stage_of(order) is Stage.CANCELLED)
    return world


async def refunded(town):
    """The money is back; the units lie on the packing table."""
    world = await picked(town)
    await world.wish(Cancel(by="u1"))
    await world.until(lambda order: stage_of(order) in (Stage.REFUNDED, Stage.CANCELLED))
    return world


async def held(town):
    world = await labelled(town)
    await world.wish(HoldBack(by="u1"))
    await world.until(lambda order: order.hold)
    return world


async def stuck(town):
    """A parcel is back, and nobody knows why."""
    world = await handled(town, World.ship, World.move, World.bring_back)
    await world.until(lambda order: order.hold and order.cases)
    return world


async def cash_back(town):
    """The courier took the money, the customer did not take the parcel: a person gives the money back."""
    world = await handled(town, World.ship, World.move, World.collect)
    await world.wish(Cancel(by="u1"))
    await world.until(lambda _: world.mine("intercept"))
    await world.bring_back(world.left[0])
    await world.until(lambda order: order.hold and order.cases)
    return world


async def overdue(town):
    """Nobody has picked it in time."""
    world = await labelled(town)
    await world.pass_by(REAL.pick_within + A_MINUTE)
    await world.until(lambda order: order.cases)
    return world

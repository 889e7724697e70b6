"""Orders whose runs are lost, and what is left of them in the end."""

from datetime import timedelta
from functools import partial
from typing import NamedTuple

from models.errand import What
from models.stage import Stage
from rules.stages import stage_of
from tests.going_on import World
from tests.losing import PASSING, Losable, Watched, counted
from tests.standing import REAL, Town

SOON = timedelta(seconds=1)
ONCE = (What.LABEL, What.REFUND)  # money: twice is a loss
HARMLESS = (What.VOID, What.INTERCEPT)


class Frail(Losable, World):
    """The people around an order whose run may be lost."""

    def __init__(self, house, story):
        super().__init__(house, story)
        self.seen_to = set()

    def _see_to(self, errand):
        if errand.key not in self.seen_to:
            self.seen_to.add(errand.key)
            super()._see_to(errand)

    async def _answer_to(self, scan):
        order = await self.until(lambda order: any(answer.scan == scan.id for answer in order.scans))
        return next(answer for answer in order.scans if answer.scan == scan.id)


class Mortal(Watched, Town):
    """A town in which every order may be lost."""

    def __init__(self, house, paying, passing=PASSING):
        super().__init__(house, paying)
        self.watch(house.memory, house.links, *house.parties(), passing=passing)

    async def begin(self, *, policy=REAL, two=False, paying=None):
        world = await super().begin(policy=policy.model_copy(update={"complete_after": SOON}), two=two, paying=paying)
        return self.may_lose(Frail(self.house, world.story))


class End(NamedTuple):
    """What a life left behind."""

    stage: Stage
    money: tuple  # labels and refunds, as often as they are in the books
    deeds: tuple  # what is harmless twice, and no matter of a moment
    cases: tuple
    wrongs: tuple


def end_of(world, order):
    name = partial(_named, world.number)
    return End(
        stage_of(order),
        tuple(sorted(name(deed) for what in ONCE for deed in world.mine(what))),
        tuple(sorted({name(deed) for what in HARMLESS for deed in world.mine(what)})),
        counted(order.cases),
        tuple(world.wrongs()),
    )


def _named(number, deed):
    return str(deed).replace(number, "order")

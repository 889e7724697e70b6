"""What becomes of orders for which somebody wishes something, wherever they stand."""

import asyncio
from datetime import timedelta
from typing import NamedTuple

from temporalio.client import WorkflowUpdateFailedError

from models.policy import Amendment, Span
from models.stage import Stage
from models.wish import (
    AmendPolicy,
    Approve,
    Cancel,
    CancelRest,
    ChangeAddress,
    CloseCase,
    Complete,
    Dismiss,
    Expire,
    GiveUp,
    HoldBack,
    Release,
    Retry,
    Urge,
)
from rules.stages import stage_of
from tests.builders import NOON
from tests.going_on import A_MINUTE
from tests.standing import REAL, a_town

AT_ONCE = 10  # stories side by side: two cores are busy, and no task waits long
GRANTED = "-> "  # and the stage of its end
SOONER = Amendment(span=Span.COMPLETE_AFTER, plus=timedelta(days=-6))
WISHES = {
    "cancel": Cancel(by="u1"),
    "cancel_rest": CancelRest(by="u1"),
    "hold": HoldBack(by="u1"),
    "release": Release(by="u1"),
    "change_address": ChangeAddress(by="u1", contact_version=2, destination="110101"),
    "approve": Approve(by="u1"),
    "urge": Urge(by="u1"),
    "amend_policy": AmendPolicy(by="u1", change=SOONER),
    "retry": Retry(by="u1"),
    "give_up": GiveUp(by="u1"),
    "dismiss": Dismiss(by="u1", telling="w1"),
    "close_case": CloseCase(by="u1", deadline="any", since=NOON),
    "complete": Complete(by="u1"),
    "expire": Expire(by="u1"),
}


def at(outcome, *stages):
    """The same for all of them."""
    return dict.fromkeys(stages, outcome)


class Life(NamedTuple):
    """An order for which somebody wished something, at its end."""

    stood: Stage
    answers: dict[str, str | None]  # wish -> the reason, or None
    ended: Stage
    wrongs: list[str]


class Table(NamedTuple):
    """What a merchant expects of every wish at every stage."""

    stands: dict  # stage -> how an order comes to stand there
    rows: dict  # wish -> stage -> the reason, or the end
    goes_on: dict  # stage -> the end of an order of which nothing was wished, or nothing granted
    elsewhere: dict  # what stands at another stage than its name says

    def expected(self, stage, wish):
        """Where it stood, what was answered, where it ended, and nothing wrong in anybody's books."""
        answer = None if wish in self.granted(stage) else self.rows[wish][stage]
        return self.elsewhere.get(stage, stage), answer, self.end(stage, wish), []

    def seen(self, lives, stage, wish):
        """The same, as it was. Raises: whatever broke that life."""
        life = lives[stage, wish]
        if isinstance(life, BaseException):
            raise life
        return life.stood, life.answers[wish], life.ended, life.wrongs

    def granted(self, stage):
        return [wish for wish in WISHES if self.rows[wish][stage].startswith(GRANTED)]

    def refused(self, stage):
        return [wish for wish in WISHES if wish not in self.granted(stage)]

    def end(self, stage, wish):
        said = self.rows[wish][stage]
        return said.removeprefix(GRANTED) if said.startswith(GRANTED) else self.goes_on[stage]


async def lives_of(env, paying, table):
    """For each stage a life for each wish that is granted there, and one in which every other wish is refused."""
    lives = [(stage, (wish,)) for stage in table.stands for wish in table.granted(stage)]
    lives += [(stage, tuple(table.refused(stage))) for stage in table.stands]
    places = asyncio.Semaphore(AT_ONCE)
    async with a_town(env, paying) as town:

        async def lived(stage, wishes):
            async with places:
                return await live(town, table.stands[stage], wishes)

        ends = await asyncio.gather(*(lived(*life) for life in lives), return_exceptions=True)
    known = zip(lives, ends, strict=True)
    return {(stage, wish): end for (stage, wishes), end in known for wish in wishes}


async def live(town, stand, names):
    world = await stand(town)
    order = await town.house.current(world.story)
    answers = {name: await answer(town, world, name) for name in names}
    for name in [name for name, reason in answers.items() if reason is None and name in AFTER]:
        await AFTER[name](town, world)
    town.heal(world)
    end = await world.go_on()
    return Life(stage_of(order), answers, stage_of(end), world.wrongs())


async def answer(town, world, name):
    if name == "retry":
        town.heal(world)
    try:
        await world.wish(fitted(world, name))
    except WorkflowUpdateFailedError as refused:
        return refused.cause.message
    return None


def fitted(world, name):
    """A case is closed by its name and its beginning."""
    known = [case for case in world.order.cases if not case.closed_at]
    if name != "close_case" or not known:
        return WISHES[name]
    return CloseCase(by="u1", deadline=known[0].deadline, since=known[0].since)


async def turned_round(town, world):
    """The courier hears of a stop on the road, and takes an hour: nothing else may happen until the parcel is home."""
    out = {*world.left} - world.home
    await world.until(lambda _: {deed.about for deed in world.mine("intercept")} == out)
    if out:
        await world.pass_by(timedelta(hours=1))


async def hurried(town, world):
    """Somebody looks, also while a person holds the order."""
    await world.until(lambda order: "urged" in [case.deadline for case in order.cases])


async def stood_still(town, world):
    """No scan goes on, no label is bought; a person who forgets it is reminded."""
    town.heal(world)
    await world.until(lambda order: order.hold)
    before = (list(world.left), len(world.mine("pay")))
    await world.scan_all()
    await world.pass_by(REAL.hold_within + A_MINUTE)
    await world.until(lambda order: "held" in [case.deadline for case in order.cases])
    assert (list(world.left), len(world.mine("pay"))) == before


AFTER = {"cancel": turned_round, "urge": hurried, "hold": stood_still}

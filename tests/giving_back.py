"""The world around one return: its customer, its warehouse, finance and the desk go on until its story ends."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import NamedTuple

from api import stories
from models.approval import Agreement
from models.case import Role
from models.errand import Outcome, State, What
from models.errors import NotYet, Refused
from models.fact import GoodsInspected
from models.policy import Policy
from models.returns import AfterSale, Claim, Grade, Kind
from models.rma import Assessed, ReturnStage
from models.stage import Source
from models.wish import CloseCase, Dismiss, JudgeGoods, Release, Retry, Trigger
from rules import errands, homeward
from rules.return_labels import live
from rules.return_news import standing
from rules.return_stages import BY_HAND, SPINES, agreement, decisions, is_unjudged, owed, stage_of, told
from tests import others
from tests.around import Around
from tests.builders import a_telling, refund_settled, tracked
from tests.others import now
from tests.workflows.test_rma import Books, Counter
from workflows.rma import ReturnWorkflow

BRISK = Policy(answer_within=timedelta(seconds=1), ask_payment_after=timedelta(seconds=1))
TWO = (Claim(line=0, quantity=2),)
GOOD, NOT_OURS = ((Grade.AS_NEW, 2),), ((Grade.ANOTHER, 2),)
ONE_WORN = ((Grade.AS_NEW, 1), (Grade.WORN, 1))
numbers = count(1)


class Ledger(Books):
    """What the store knows of returns: the newest record of each, and what was decided once."""

    def __init__(self):
        super().__init__(())
        self.records, self.runs, self.sums, self.orders = {}, {}, {}, {}

    async def put_return(self, record):
        known = self.records.get(record.matter.id)
        if known and known.version >= record.matter.version and self.runs[known.id] != record.run:
            raise Refused("older_than_known")
        self.records[record.matter.id], self.runs[record.matter.id] = record.matter, record.run

    async def replace(self, matter):
        """One new order for each return, however often it is asked for."""
        self.must_be_told(matter)
        return self.orders.setdefault(matter.id, f"{matter.order}-X1")

    def must_be_told(self, matter):
        known = self.records.get(matter.id)
        if known is None or standing(known) is AfterSale.OPEN:
            raise NotYet("order_not_told")

    async def assess(self, matter):
        """Two payments hold it; what was worn, or did not come, is not given back of the first."""
        self.must_be_told(matter)
        first, second = (Counter.part(f"{matter.id}-tx{n}", minor) for n, minor in ((1, 30_00), (2, 20_00)))
        seen = told(matter, GoodsInspected)
        is_whole = seen is None or {units.grade for units in seen.graded} == {Grade.AS_NEW}
        parts = tuple(
            part.model_copy(update={"bill": f"{matter.id}-pay"})
            for part in ((first, second) if is_whole else (second,))
        )
        return self.sums.setdefault(matter.id, Assessed(shares=(), parts=parts, at=now()))


class Returning(Counter):
    """A house that takes back things of many orders."""

    def __init__(self, env):
        super().__init__(env)
        self.books = Ledger()

    def last_known(self, story):
        return self.books.records.get(story.matter.id, story.matter)

    async def ask(self, **fields):
        number = f"G{next(numbers):04}"
        known = {"id": f"{number}-R1", "business_no": f"{number}-R1", "order": f"web/shop/{number}"}
        begun = await super().ask(**{**known, "policy": BRISK, "claims": TWO, **fields})
        story = self.client.get_workflow_handle_for(ReturnWorkflow.run, begun.id)  # whichever run tells it
        story.matter = begun.matter
        self.started[-1] = story  # also of a run that was entered again
        return story

    async def tell(self, story, *tellings):
        for telling in tellings:
            await stories.tell(self.client, story.matter.id, telling, lambda: self.last(story))

    async def last(self, story):
        return self.last_known(story)


class Plan(NamedTuple):
    """What the people around a return will do when it is their turn."""

    decides: tuple = ()  # one after the other
    sends: bool = True
    is_own: bool = False  # on a label of its own, also where we gave one
    graded: tuple = GOOD
    triggers: bool = True
    is_passed: bool = True  # as a person judges what did not simply pass
    settles: str | None = None  # the provider's last word, where it only took the task


class Back(Around):
    """Each of them does what the plan says, once its turn has come."""

    def __init__(self, house, story):
        super().__init__(house, story)
        self.plan = Plan()

    async def send_back(self):
        """On the label that was given; where there is none, on one of the customer's own."""
        label = live(self.matter)
        if label and not self.plan.is_own:
            await self.tell(tracked(label.id, "collected", at=now()))
        else:
            await self.tell(self.said("goods_sent_back", Source.CHANNEL, courier="sf", waybill=f"own-{self.number}"))

    async def arrive(self):
        await self.tell(self.said("goods_arrived", Source.WAREHOUSE, place="east"))

    async def inspect(self):
        graded = [{"line": 0, "quantity": units, "grade": grade} for grade, units in self.plan.graded]
        await self.tell(self.said("goods_inspected", Source.WAREHOUSE, place="east", graded=graded))

    async def send_home(self):
        await self.tell(self.said("goods_sent_home", Source.WAREHOUSE, courier="sf", waybill=f"home-{self.number}"))

    async def settle(self, end="done"):
        """Each refund that the provider took, in its own time."""
        for errand in errands.under_way(self.matter):
            if errand.what is What.REFUND and any(deed.key == errand.key for deed in self.mine(What.REFUND)):
                await self.tell(refund_settled(errand.key, end, f"r-{errand.key}", now()))

    def said(self, kind, source, **body):
        return a_telling(kind, source, f"{kind}-{self.number}", now(), **body)

    async def _turn(self):
        matter = self.matter
        await self._desk(matter)
        if agreement(matter) is Agreement.OPEN and self.plan.decides:
            await self._word(self.plan.decides[len(decisions(matter))])
        if next_step := STEPS.get(stage_of(matter)):
            await next_step(self, matter)
        if self.plan.settles:
            await self.settle(self.plan.settles)

    async def _desk(self, matter):
        """Looks at whatever waits for a word; who gives money by hand is seen by another."""
        if matter.hold:
            await self._word(self._answer(matter.hold))
        for case in [case for case in matter.cases if not case.closed_at and case.deadline in LOOKED_AT]:
            await self._word(CloseCase(by="boss", deadline=case.deadline, since=case.since, role=Role.ADMIN))
        for entry in matter.unread:
            await self._word(Dismiss(by="desk", telling=entry.telling.id))

    def _answer(self, hold):
        if hold.by:
            return Release(by="fin")
        return Retry(by="desk")

    # what the books say at the end

    def wrongs(self):
        """Everything that no merchant would sign; empty when it is right."""
        return [*self._twice(), *self._money(), *self._gate(), *self._labels()]

    def _twice(self):
        abouts = [deed.about for deed in (*self.mine(What.REFUND), *self.mine(What.LABEL))]
        return [f"{about} twice" for about in set(abouts) if abouts.count(about) > 1]

    def _money(self):
        """What was decided, by the providers' books and by people's hands; nothing where nothing was decided."""
        by_hand = [errand for errand in self.matter.errands if errand.state is State.GIVEN_UP]
        parts = self.matter.assessed.parts if self.matter.assessed else ()
        wanted = sum(part.amount.minor for part in parts)
        given = sum(deed.amount.minor for deed in (*self.mine(What.REFUND), *by_hand))
        is_open = [f"owed {due.about}" for due in owed(self.matter)]
        return [*is_open, *([] if wanted == given else [f"given {given} of {wanted}"])]

    def _gate(self):
        """Set aside is what went back, and nothing else."""
        claims = {key for key in self.house.memory.claims if key.startswith(self.number)}
        given = {deed.key for deed in self.mine(What.REFUND)}
        return [] if claims == given else [f"claimed {claims}, given {given}"]

    def _labels(self):
        """Every label that was bought is used, or void."""
        void = {deed.about for deed in self.mine(What.VOID)}
        used = {parcel.id for parcel in self.matter.parcels if parcel.facts}
        return [f"unused {deed.key}" for deed in self.mine(What.LABEL) if deed.key not in void | used]


async def _sends(back, matter):
    is_to_send = ReturnStage.SENT_BACK in SPINES[matter.kind] and back.plan.sends
    if is_to_send and (matter.back is None or live(matter)):
        await back.send_back()


async def _looks(back, matter):
    if told(matter, GoodsInspected) is None:
        await back.inspect()
    if is_unjudged(matter):
        await back._word(JudgeGoods(by="wu", is_passed=back.plan.is_passed, word="seen"))  # noqa: SLF001 - one of them


async def _triggers(back, matter):
    if matter.kind is Kind.RETURN and not back.plan.is_passed:
        await back._word(JudgeGoods(by="wu", is_passed=False, word="seen"))  # noqa: SLF001 - one of them
    elif back.plan.triggers and not matter.hold:
        await back._word(Trigger(by="fin"))  # noqa: SLF001 - one of them


async def _sends_home(back, matter):
    if homeward.here_since(matter):
        await back.send_home()


LOOKED_AT = (*BY_HAND, "given_back_twice", "goods_without_return", "graded_otherwise", "swapped")
STEPS: dict[ReturnStage, Callable] = {
    ReturnStage.APPROVED: _sends,
    ReturnStage.SENT_BACK: lambda back, _: back.arrive(),
    ReturnStage.ARRIVED: _looks,
    ReturnStage.DUE: _triggers,
    ReturnStage.REFUSED: _sends_home,
}


class Street:
    """One house that takes things back, and a provider that treats single returns badly until it is talked to."""

    def __init__(self, house):
        self.house, self.sick, self.news = house, {}, {}  # parcel -> what its courier says when asked

    async def begin(self, plan=None, **fields):
        """A return, and the people around it."""
        back = self.around(await self.house.ask(**fields))
        back.plan = plan or back.plan
        return back

    def around(self, story):
        return Back(self.house, story)

    def treat(self, back, how):
        self.sick[back.number] = how

    def heal(self, back):
        """Who is only slow stays so: the last word comes by itself."""
        if self.how(back.number) != "slow":
            self.sick.pop(back.number, None)

    def how(self, key):
        return self.sick.get("-".join(key.split("-")[:2]))

    def faults(self):
        """What stands before the others' methods."""
        house = self.house
        ours = [(house.books, "assess", self._reckon), (house.books, "replace", self._replace)]
        theirs = [(house.wechat, "refund", self._refund), (house.wechat, "refunded", self._refunded)]
        theirs += [(courier, "book", self._book) for courier in (house.sf, house.jd)]
        theirs += [(house.sf, "routes", self._routes)]
        return [others.Fault(*fault) for fault in (*ours, *theirs)]

    async def _reckon(self, real, matter):
        if self.how(matter.id) == "unmade":
            raise NotYet("order_not_told")
        return await real(matter)

    async def _replace(self, real, matter):
        if self.how(matter.id) == "never_made":
            raise Refused("number_taken")
        return await self._reckon(real, matter)

    async def _book(self, real, booking):
        if self.how(booking.key) == "shunned":
            raise Refused("not_served")
        return await real(booking)

    async def _routes(self, real, parcel):
        return tuple(self.news.get(parcel.parcel, ()))

    async def _refund(self, real, refund):
        how = self.how(refund.number)
        if how in REFUSALS:
            return REFUSALS[how]
        if how == "abnormal":
            return Outcome(state=State.BEGUN)
        done = await real(refund)
        while self.how(refund.number) == "hushed":
            await asyncio.sleep(0.05)
        return Outcome(state=State.BEGUN) if how == "slow" else done

    async def _refunded(self, real, number, bill):
        """Who is hushed does not say what it did; of what it did not do it says so."""
        how, known = self.how(number), await real(number, bill)
        if how == "hushed" and known.state is State.DONE:
            raise others.Unavailable("away")
        return ANSWERS.get(how, known) if known.state is State.DONE or how == "abnormal" else known


REFUSALS = {
    "forbidden": Outcome(state=State.REFUSED, code="not_permitted"),
    "shunned": Outcome(state=State.REFUSED, code="not_served"),  # for good
}
ANSWERS = {
    "abnormal": Outcome(state=State.REFUSED, code="abnormal"),
    "slow": Outcome(state=State.BEGUN),
}


@asynccontextmanager
async def a_street(env, kind=Street, **options):
    house = Returning(env)
    street = kind(house)
    with ExitStack() as faults:
        for fault in street.faults():
            faults.enter_context(fault)
        async with house.at_work(**options):
            yield street

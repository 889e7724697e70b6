"""The world around one order: its buyer, its warehouse, its couriers and its desk go on until the story ends."""

from datetime import timedelta
from itertools import count

from models.errand import State, What
from models.stage import Paying, Stage
from models.wish import Approve, Cancel, Complete, Dismiss, GiveUp, Release, Retry
from rules import labels, reviews
from rules.errands import find
from rules.stages import passed, stage_of
from tests.around import Around
from tests.builders import (
    NOON,
    a_telling,
    delivered,
    packed,
    paid,
    picked,
    put_back,
    received_back,
    shipped,
    tracked,
)

AHEAD = NOON + timedelta(days=999)  # by clocks that are ahead: it counts as the moment of hearing
A_MINUTE = timedelta(minutes=1)
HARMLESS = (
    What.VOID,
    What.INTERCEPT,
    What.REPORT,
    What.CLOSE,
)  # said again after a silence


class World(Around):
    def __init__(self, house, story):
        super().__init__(house, story)
        self.paid = 0  # minor units that the provider or the courier took
        self.taken, self.left, self.home, self.there, self.dead = set(), [], set(), set(), set()
        self.cashed = set()  # parcels whose money the courier took
        self.is_stopped = False
        self.by_phone = set()  # labels that a person has seen to
        self.early = []  # what was done before its time
        self.turns = count(1)

    @property
    def order(self):
        """As the store knows it."""
        return self.matter

    @property
    def is_prepaid(self):
        return self.story.matter.paying is Paying.PREPAID

    def _take_note(self, wish, hold):
        self.is_stopped |= isinstance(wish, Cancel)
        if isinstance(wish, GiveUp) and hold and hold.errand:
            self._see_to(find(self.order, hold.errand))

    def _see_to(self, errand):
        """What the desk takes over it does: by telephone, or from the till."""
        if errand.what is What.VOID:
            self.by_phone.add(errand.about)
        if errand.what is What.REFUND:
            self.paid -= errand.amount.minor

    # each of them, alone

    async def pay(self):
        """The buyer, by the link."""
        total = self.order.total
        self.paid += total.minor
        await self.tell(paid(f"tx-{self.number}", amount=total, bill=f"{self.number}-pay-1"))

    async def pick(self, parcel):
        self.taken.add(parcel)
        await self.tell(picked(parcel, at=AHEAD))

    async def pack(self, parcel):
        self.taken.add(parcel)
        await self.tell(packed(parcel, at=AHEAD))

    async def ship(self, parcel):
        self.left.append(parcel)
        await self.tell(shipped(parcel, at=AHEAD))

    async def move(self, parcel):
        await self.tell(tracked(parcel, id=f"m-{parcel}", at=AHEAD))

    async def deliver(self, parcel):
        self.there.add(parcel)
        await self.tell(delivered(parcel, id=f"d-{parcel}", at=AHEAD))

    async def collect(self, parcel):
        """The money that the label asks for at the door."""
        amount = self.asked_at_the_door(parcel)
        self.cashed.add(parcel)
        self.paid += amount.minor
        cash = paid(f"cash-{parcel}", f"c-{parcel}", source="courier", amount=amount, bill=parcel)
        await self.tell(cash)

    async def bring_back(self, parcel):
        """Only from now on the money may go back, and the units be sold again."""
        self.early += [f"refund before {parcel} was home" for _ in self.mine("refund")]
        self._must_be_off_the_shelf(parcel)
        self.home.add(parcel)
        await self.tell(received_back(parcel, id=f"b-{parcel}", at=AHEAD))

    async def put_back(self, parcel):
        self._must_be_off_the_shelf(parcel)
        self.taken.discard(parcel)
        await self.tell(put_back(parcel, id=f"p-{parcel}", at=AHEAD))

    def asked_at_the_door(self, parcel):
        printed = [deed.amount for deed in self.mine("label") if deed.key == parcel]
        return printed[0] if printed else labels.to_collect(self.order, self.box(parcel))

    def box(self, parcel):
        boxes = {known.id: known.box for known in self.order.parcels}
        return next(box for box in self.order.boxes if box.id == boxes[parcel])

    def _must_be_off_the_shelf(self, parcel):
        box = self.box(parcel).id
        self.early += [f"{box} free before it was back"] if box in self.house.memory.released else []

    # all together

    async def _turn(self):
        order = self.order
        await self._desk(order)
        if self._will_pay(order):
            await self.pay()
        await self.scan_all()
        for parcel in self._on_the_road():
            await self._arrive(parcel)
        for parcel in set() if self.is_prepaid else self.there - self.cashed:
            await self.collect(parcel)
        if stage_of(order) is (Stage.DELIVERED if self.is_prepaid else Stage.PAID) and not order.hold:
            await self.pass_by(order.policy.complete_after + A_MINUTE)

    def _will_pay(self, order):
        has_link = f"{self.number}-pay-1" in self.house.links.known
        return self.is_prepaid and has_link and not self.paid and not self.is_stopped

    async def _desk(self, order):
        """Looks at whatever waits for a word."""
        if order.hold:
            await self._word(self._answer(order.hold))
        if box := labels.asked_for(order):
            await self._write(order, box)
        if reviews.is_wanted(order) and not reviews.approved_at(order) and not self.is_stopped:
            await self._word(Approve(by="desk"))
        for entry in order.unread:
            await self._word(Dismiss(by="desk", telling=entry.telling.id))

    def _answer(self, hold):
        """Let go what a person held; try again what is stuck, but for money that only a person can give back."""
        if hold.by:
            return Release(by="desk")
        return (GiveUp if hold.code == "refund_by_hand" else Retry)(by="desk")

    async def _write(self, order, box):
        number = labels.number(order, box)
        said = {"parcel": number, "box": box.id, "courier": "jd", "waybill": f"JD-{number}"}
        await self.tell(a_telling("parcel_labelled", "desk", number, **said, contact_version=order.contact_version))

    async def scan_all(self):
        """Every parcel that lies in the house."""
        gone = {*self.left, *self.dead}
        for parcel in self.order.parcels:
            if parcel.waybill and parcel.id not in gone:
                await self._hand_over(parcel.id)

    async def _hand_over(self, parcel):
        """Three live scans; who is refused has the parcel in his hands still."""
        steps = [(picked, "k"), (packed, "c"), (shipped, "s")]
        made = [make(parcel, f"{parcel}-{letter}{next(self.turns)}", AHEAD, live=True) for make, letter in steps]
        await self.tell(*made)
        answer = await self._answer_to(made[-1])
        if answer.reason is None:
            self.left.append(parcel)
        elif answer.reason != "held":
            self.dead.add(parcel)
            await self._lay_aside(parcel, answer.reason)

    async def _answer_to(self, scan):
        known = await self.house.current(self.story)
        return next(answer for answer in known.scans if answer.scan == scan.id)

    async def _lay_aside(self, parcel, reason):
        """Stopped goods go to their shelf; a box with an old address gets another label."""
        if reason == "stopped_put_back" and parcel in self.taken:
            await self.put_back(parcel)

    def _on_the_road(self):
        return [parcel for parcel in self.left if parcel not in self.there | self.home]

    async def _arrive(self, parcel):
        """Back if somebody asked for it; whoever stopped the order waits for the courier to hear of it."""
        if any(deed.about == parcel for deed in self.mine("intercept")):
            await self.bring_back(parcel)
        elif not self.is_stopped:
            await self.deliver(parcel)

    # what their books say at the end

    def wrongs(self):
        """Everything in the books that no merchant would sign; empty when they are right."""
        return [*self.early, *self._twice(), *self._labels(), *self._money(), *self._shelves(), *self._end()]

    def _twice(self):
        """A label and a refund are money: once in their books. What is harmless twice is wanted once by the story."""
        told = {what: [deed.key for deed in self.mine(what)] for what in ("label", "refund")}
        done = [errand for errand in self.order.errands if errand.state is State.DONE]
        told |= {what: [errand.about for errand in done if errand.what is what] for what in HARMLESS}
        return [f"{what} twice" for what, keys in told.items() if len(keys) != len(set(keys))]

    def _labels(self):
        """Void or used, never both, never neither."""
        printed, void = {deed.key for deed in self.mine("label")}, {deed.about for deed in self.mine("void")}
        void |= self.by_phone
        written = {parcel.id for parcel in self.order.parcels if "-hand-" in parcel.id}
        is_right = (printed | written) - void == set(self.left) and not void & set(self.left)
        told = {deed.about for deed in self.mine("report")}
        sent = {parcel.waybill for parcel in self.order.parcels if parcel.id in self.there}
        return ([] if is_right else [f"labels {printed | written} void {void} left {self.left}"]) + [
            f"the channel was not told of {waybill}" for waybill in sent - told
        ]

    def _money(self):
        kept = self.paid - sum(deed.amount.minor for deed in self.mine("refund"))
        prices = {line.sku: line.unit_price.minor for line in self.order.lines}
        units = [unit for parcel in self.there for unit in self.box(parcel).units]
        worth = sum(prices[unit.sku] * unit.quantity for unit in units)
        return [] if kept == worth else [f"kept {kept} for goods of {worth}"]

    def _shelves(self):
        there = {self.box(parcel).id for parcel in self.there}
        kept = [box.id for key, boxes in self.house.memory.reserved.items() if self.number in key for box in boxes]
        free = [box for box in kept if box in self.house.memory.released]
        return [] if sorted(free) == sorted({*kept} - there) else [f"free {free} of {kept}, delivered {there}"]

    def _end(self):
        """What nobody paid nobody can pay any more, and the window was as long as the policy says."""
        is_open = self.mine("pay") and not self.paid and not self.mine("close")
        ends = [entry.at for entry in self.order.wishes if isinstance(entry.wish, Complete)]
        there = dict(passed(self.order)).get(Stage.DELIVERED)
        held = sum((pause.until - pause.since for pause in self.order.pauses), timedelta(0))
        within = [self.order.policy.complete_after, self.order.policy.complete_after + held + A_MINUTE]
        is_timely = all(within[0] <= at - there <= within[1] for at in ends)
        return [*(["an open bill"] if is_open else []), *([] if is_timely else [f"there {there}, completed {ends}"])]

"""WeChat Pay refuses everything for an hour: one incident, few messages, and all of it mended without a hand.

The hour is compressed: six minutes of it are one here, and every span that orders live by with them. What counts in
minutes of people (an incident's gap of ten, a message a minute, its half hour) is not.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from time import monotonic

from chaos.storms.ground import Report, Size, Tell, all_are, bill_of, differing, known, rule
from demo.play import Cast
from models.errand import State, What
from models.order import Record
from models.policy import Policy
from models.stage import Stage
from store.cases import Cases, Incident
from world.shop_books import Order

FACTOR = 6
HOUR = 3600.0 / FACTOR  # seconds
APART = 4.0  # seconds between two orders
LOOKS_APART = 5.0  # seconds
PLACED_WITHIN = 12.0  # seconds; after that the buyer looks for his link on the page of his order
MESSAGES = 4  # to one person in such an hour: the first, and one in each half hour of theirs, with room for one
MENDED_WITHIN = 900.0
POLICY = Policy(
    pay_within=timedelta(minutes=30) / FACTOR,
    ask_payment_after=timedelta(minutes=1) / FACTOR,
    answer_within=timedelta(seconds=10),
    label_within=timedelta(minutes=30),
    lead_after=timedelta(hours=2) / FACTOR,
    manager_after=timedelta(hours=6) / FACTOR,
    couriers=("sf",),
)
BUYERS = ("pays", "pays", "pays", "changes_mind", "walks_away")


@dataclass
class Hour:
    """What is seen while it lasts."""

    cast: Cast
    orders: dict[str, Order] = field(default_factory=dict)
    buyers: dict[str, str] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    most: tuple[Incident, ...] = ()

    async def shop(self, seed: int) -> None:
        """Buyers come, one after another, until cancelled."""
        chance = Random(seed)  # noqa: S311 - no secret
        while True:
            self._comes(chance.choice(BUYERS))
            await asyncio.sleep(APART)

    async def watch(self) -> None:
        """The board, until cancelled: the most incidents that stood on it at once."""
        while True:
            seen = await Cases(self.cast.house.db).incidents()
            self.most = seen if len(seen) >= len(self.most) else self.most
            await asyncio.sleep(LOOKS_APART)

    def _comes(self, buyer: str) -> None:
        order = self.cast.shop.order(provider="wechat")
        self.orders[order.number], self.buyers[order.number] = order, buyer
        self.tasks.append(asyncio.create_task(self._buys(order, buyer)))

    async def _buys(self, order: Order, buyer: str) -> None:
        """Whoever gets a link within his patience follows it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PLACED_WITHIN):
                await self.cast.shop.place(order)
        placed, end = self.cast.shop.books.placed[order.number], monotonic() + POLICY.pay_within.total_seconds()
        while placed.link is None and monotonic() < end:
            placed.link = await self.cast.shop.link(order)
        if placed.link is None or buyer == "walks_away":
            return
        bill = self.cast.town.wechat.books.bills[bill_of(self.cast, order)]
        if not bill.is_closed:
            self.cast.town.wechat.pay(bill.out_trade_no)
        if buyer == "changes_mind":
            await asyncio.sleep(APART)
            await self.cast.shop.cancel(order)


async def storm(cast: Cast, size: Size, tell: Tell) -> Report:
    """Some minutes as always, the hour, and what becomes of it."""
    report, hour = Report("refusing"), Hour(cast)
    await rule(cast, POLICY)
    long = size.long(HOUR)
    tell(f"THE HOUR IS COMPRESSED BY {FACTOR}: it takes {long / 60:.0f} min, and so do all spans of orders")
    tasks = [asyncio.create_task(hour.shop(cast.town.seed)), asyncio.create_task(hour.watch())]
    try:
        await asyncio.sleep(long / 10)
        tell("WeChat Pay refuses everything")
        cast.town.wechat.dials.set(shut=1.0)
        for part in range(1, 6):
            await asyncio.sleep(long / 5)
            tell(f"{part * 12} min of 60: {len(hour.orders)} orders, {_seen(hour)}, {_messages(cast)} messages")
        cast.town.wechat.dials.set(shut=0.0)
        tell("WeChat Pay is itself again")
        tasks[0].cancel()
        await asyncio.wait(
            hour.tasks, timeout=POLICY.pay_within.total_seconds()
        )  # until the last one has lost patience
        orders = list(hour.orders.values())
        report.must(await all_are(cast, orders, _is_at_rest, MENDED_WITHIN), "not every order recovered by itself")
    finally:
        for task in (*tasks, *hour.tasks):
            task.cancel()
        await asyncio.gather(*tasks, *hour.tasks, return_exceptions=True)
    await _judged(cast, hour, report)
    return report


def _seen(hour: Hour) -> str:
    return ", ".join(f"{one.deadline} at {one.party}: {one.open} open" for one in hour.most) or "no incident"


def _messages(cast: Cast) -> int:
    return len(cast.town.dingtalk.books.messages)


def _is_at_rest(record: Record) -> bool:
    """Ended, or paid and with its label: nothing of it waits for money."""
    is_begun = any(errand.state is State.BEGUN for errand in record.order.errands)
    has_label = any(parcel.waybill for parcel in record.order.parcels)
    return not (record.order.hold or is_begun) and (record.is_ended or has_label)


async def _judged(cast: Cast, hour: Hour, report: Report) -> None:
    records = await known(cast, list(hour.orders.values()))
    refused = [r for r in records.values() if any(e.state is State.REFUSED for e in r.order.errands)]
    ended = [record.standing.stage for record in records.values()]
    report.figures |= {
        "refusing.factor": FACTOR,
        "refusing.orders": len(records),
        "refusing.orders_refused_something": len(refused),
        "refusing.incidents": len(hour.most),
        "refusing.messages": _messages(cast),
        "refusing.expired": ended.count(Stage.CANCELLED),
        "refusing.paid_back": ended.count(Stage.REFUNDED),
        "refusing.kept": sum(stage not in (Stage.CANCELLED, Stage.REFUNDED) for stage in ended),
    }
    report.must(len(records) == len(hour.orders), "orders were lost")
    saved = [r for r in refused if r.order.payments]
    report.figures["refusing.refused_and_paid_later"] = len(saved)
    report.must(len(refused) > 0, "nothing was refused: this was no storm")
    report.must(len(hour.most) == 1, f"incidents on the board: {_seen(hour)}")
    report.must(_messages(cast) <= MESSAGES, f"{_messages(cast)} messages were sent")
    report.must(not await Cases(cast.house.db).incidents(), "the incident is still on the board")
    for number, record in records.items():
        _judge(cast, number, record, report)
    report.wrong += await differing(cast, but=("it ended",))


def _judge(cast: Cast, number: str, record: Record, report: Report) -> None:
    """Expired is right where nobody paid; nobody's money is kept for nothing, and nobody's is taken twice."""
    bills = cast.town.wechat.books.bills
    captures = [c for no, bill in bills.items() if no.startswith(record.order.business_no) for c in bill.captures]
    report.must(len(captures) <= 1, f"{number} was paid {len(captures)} times")
    paid_back = [errand for errand in record.order.errands if (errand.what, errand.state) == (What.REFUND, State.DONE)]
    report.must(len(paid_back) <= 1, f"{number} was paid back {len(paid_back)} times")
    is_expired = record.standing.stage is Stage.CANCELLED
    report.must(not (is_expired and captures), f"{number} was paid, and is expired")

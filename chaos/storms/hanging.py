"""A courier answers nobody, then too late; the other courier keeps its pace, and nothing is done twice."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from benchmarks.callbacks import percentile
from chaos.storms.ground import Report, Size, Tell, all_are, bill_of, differing, known, rule, until
from demo.play import Cast
from models.errand import State, What
from models.order import Record
from models.policy import Policy
from rules import payments
from world.shop_books import Order

CALM, HANG = 180.0, 600.0  # seconds
APART = 1.5  # seconds between two orders: every other one for the courier that hangs
SETTLED_WITHIN = 900.0
KEEPS = 0.8  # of its pace before
ENOUGH = 0.9  # of the time after which a silent courier's label is a person's matter
LATE_BY = 25.0  # seconds: longer than anybody waits for an answer
HOUR = timedelta(hours=1)
USUAL = Policy(pay_within=2 * HOUR, ask_payment_after=timedelta(minutes=5), answer_within=timedelta(seconds=20))
SF_FIRST = USUAL.model_copy(update={"couriers": ("sf", "kuaidi100.yto")})
YTO_FIRST = USUAL.model_copy(update={"couriers": ("kuaidi100.yto", "sf")})


@dataclass
class Stream:
    """Orders that come one after another, in turn for either courier."""

    cast: Cast
    sf: list[Order] = field(default_factory=list)
    yto: list[Order] = field(default_factory=list)

    async def flow(self) -> None:
        """Until cancelled."""
        for turn in range(1_000_000):
            began = asyncio.get_running_loop().time()
            await self._one((self.sf, SF_FIRST) if turn % 2 else (self.yto, YTO_FIRST))
            await asyncio.sleep(max(0.0, began + APART - asyncio.get_running_loop().time()))

    async def _one(self, which: tuple[list[Order], Policy]) -> None:
        kept, policy = which
        await rule(self.cast, policy)
        order = self.cast.shop.order(provider="wechat")
        await self.cast.shop.place(order)
        self.cast.town.wechat.pay(bill_of(self.cast, order))
        kept.append(order)


@dataclass(frozen=True)
class Span:
    """A part of the storm."""

    since: datetime
    until: datetime

    def labelled(self, records: Sequence[Record]) -> list[float]:
        """How long each label of this span took since its money. Units: seconds."""
        pairs = [(_labelled_at(record), payments.covered_at(record.order)) for record in records]
        return [(at - paid).total_seconds() for at, paid in pairs if at and paid and self.since <= at < self.until]

    def a_minute(self, records: Sequence[Record]) -> float:
        """Labels in a minute."""
        return len(self.labelled(records)) / ((self.until - self.since).total_seconds() / 60)


async def storm(cast: Cast, size: Size, tell: Tell) -> Report:
    """Ten minutes of silence from one of two couriers."""
    report, stream = Report("hanging"), Stream(cast)
    sf = cast.town.sf.dials
    flow = asyncio.create_task(stream.flow())
    try:
        tell(f"both couriers answer for {size.long(CALM):.0f} s")
        before = await _span(size.long(CALM))
        tell(f"SF takes calls and answers none for {size.long(HANG) / 2:.0f} s")
        sf.set(hang=1.0)
        silent = await _span(size.long(HANG) / 2)
        tell(f"SF does its deed and answers after {LATE_BY:.0f} s, for {size.long(HANG) / 2:.0f} s")
        sf.set(hang=0.0, does_but_late=1.0, late_by=LATE_BY)
        late = await _span(size.long(HANG) / 2)
        sf.set(does_but_late=0.0)
    finally:
        flow.cancel()
        await asyncio.wait([flow])
    orders = (*stream.sf, *stream.yto)
    tell(f"SF is back; {len(orders)} orders came")
    report.must(await all_are(cast, orders, _is_seen_to, SETTLED_WITHIN), "not every order has a label or a person")
    await _measured(cast, stream, (before, Span(silent.since, late.until)), report)
    await _judged(cast, stream, report)
    return report


async def _span(seconds: float) -> Span:
    since = datetime.now(UTC)
    await asyncio.sleep(seconds)
    return Span(since, datetime.now(UTC))


def _labelled_at(record: Record) -> datetime | None:
    return min((parcel.labelled_at for parcel in record.order.parcels if parcel.labelled_at), default=None)


def _is_lost(record: Record) -> bool:
    return any(errand.what is What.LABEL and errand.state is State.LOST for errand in record.order.errands)


def _asked_for(record: Record) -> timedelta:
    """How long it was asked what became of a label that nobody can tell of."""
    lost = [errand for errand in record.order.errands if errand.state is State.LOST]
    return min((errand.ended_at or errand.began_at) - errand.began_at for errand in lost)


def _is_seen_to(record: Record) -> bool:
    return _labelled_at(record) is not None or _is_lost(record)


async def _measured(cast: Cast, stream: Stream, spans: tuple[Span, Span], report: Report) -> None:
    records = list((await known(cast, stream.yto)).values())
    before, during = spans
    pace = before.a_minute(records), during.a_minute(records)
    waits = [percentile(span.labelled(records), 0.5) for span in spans]
    report.figures |= {
        "hanging.others_per_min_before": round(pace[0], 1),
        "hanging.others_per_min_during": round(pace[1], 1),
        "hanging.others_wait_p50_s_before": round(waits[0], 2),
        "hanging.others_wait_p50_s_during": round(waits[1], 2),
    }
    report.must(
        pace[1] >= KEEPS * pace[0], f"the other courier's pace fell from {pace[0]:.1f} to {pace[1]:.1f} a minute"
    )


async def _judged(cast: Cast, stream: Stream, report: Report) -> None:
    records = await known(cast, stream.sf)
    lost = [number for number, record in records.items() if _is_lost(record)]
    with_sf = [r for r in records.values() if any(p.waybill and p.courier == "sf" for p in r.order.parcels)]
    report.figures |= {
        "hanging.sf_orders": len(records),
        "hanging.sf_labelled_there": len(with_sf),
        "hanging.sf_wait_for_a_hand": len(lost),
        "hanging.sf_labels_bought": len(cast.town.sf.books.labels),
    }
    hasty = [number for number in lost if _asked_for(records[number]) < ENOUGH * USUAL.known_within]
    report.must(not hasty, f"{len(hasty)} orders gave a label up while there was time left")
    report.must(await until(lambda: _agree(cast), 60), "books differ")
    report.wrong += await differing(cast, but=("it ended",))


async def _agree(cast: Cast) -> bool:
    return not await differing(cast, but=("it ended",))

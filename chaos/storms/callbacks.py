"""Thousands of callbacks at once, while Temporal answers nobody: all are thanked, and each has its effect once."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from time import monotonic, perf_counter

import httpx
import psutil

from benchmarks.callbacks import percentile
from chaos.storms.ground import Report, Size, Tell, all_are, bill_of, differing, known, placed, rule, unheard, until
from demo.play import Cast
from models.fact import ParcelDelivered, ParcelHandedOver, ParcelTracked
from models.order import Record
from models.policy import Policy
from world.pushes import Push, Pusher
from world.sf_books import LAST, ROAD
from world.shop_books import Order

UNPAID, ON_THE_ROAD = 500, 250  # orders: one callback each; eighteen pushes each
NODES = ("50", *ROAD, *("36", "31") * 4, "204", "44", *LAST["photo"])
AWAY = 120.0  # seconds without Temporal
LINES = 25  # senders' connections
REPEATED = 0.1  # of what was thanked for: honest senders, who lost the answer
AGAIN_AFTER, AT_MOST = 2.0, 60  # seconds, attempts
DRAINED_WITHIN = 1500.0
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CALM = Policy(
    couriers=("sf",),
    pay_within=6 * HOUR,
    ask_payment_after=3 * MINUTE,
    answer_within=timedelta(seconds=20),
    track_after=HOUR,
)


@dataclass
class Sack(Pusher):
    """Letters that are not sent yet."""

    letters: list[Push] = field(default_factory=list)

    def push(self, push: Push) -> None:
        """Keep it for the burst."""
        self.letters.append(push)


@dataclass(frozen=True)
class Post:
    """A letter, and who knows whether it was thanked for."""

    push: Push
    sender: Pusher


@dataclass
class Burst:
    """What came of all letters. Units: seconds."""

    took: list[float] = field(default_factory=list)
    answers: Counter[tuple[str, int | None, bytes]] = field(default_factory=Counter)
    unthanked: list[str] = field(default_factory=list)


async def storm(cast: Cast, size: Size, tell: Tell) -> Report:
    """A burst into a house without Temporal; then everything is heard."""
    report = Report("callbacks")
    await rule(cast, CALM)
    unpaid, rolling = await _prepared(cast, size, tell)
    letters = _written(cast, unpaid)
    many = len(letters)
    tell(f"{many} letters, and Temporal freezes")
    async with _frozen(cast):
        began = monotonic()
        burst = await burst_of(letters, cast.town.seed)
        report.figures |= _measured(burst, monotonic() - began)
        tell(f"thanked for after {monotonic() - began:.0f} s, p99 {report.figures['callbacks.p99_ms']:.0f} ms")
        await asyncio.sleep(max(0.0, size.long(AWAY) - (monotonic() - began)))
        waiting, age = await unheard(cast)
    tell(f"Temporal is back; {waiting} wait, the oldest for {age:.0f} s")
    report.must(waiting >= many, f"{waiting} of {many} letters are in the inbox")
    report.must(not burst.unthanked, f"{len(burst.unthanked)} letters were never thanked for")
    await _drained(cast, waiting, report, tell)
    await _judged(cast, unpaid, rolling, report)
    return report


async def _prepared(cast: Cast, size: Size, tell: Tell) -> tuple[list[Order], list[Order]]:
    """Orders that nobody has paid, and orders whose parcels are with the driver."""
    tell(f"placing {size.many(UNPAID) + size.many(ON_THE_ROAD)} orders")
    rolling = await placed(cast, size.many(ON_THE_ROAD))
    for order in rolling:
        await cast.shop.pay(order)
    unpaid = await placed(cast, size.many(UNPAID))
    tell("until the parcels have labels")
    await all_are(cast, rolling, lambda record: any(p.waybill for p in record.order.parcels), 600)
    await _handed_over(cast, rolling)
    tell("until the parcels are with the driver")
    await all_are(cast, rolling, lambda record: any(p.first(ParcelHandedOver) for p in record.order.parcels), 600)
    await until(lambda: _is_quiet(cast), 120)
    return unpaid, rolling


async def _is_quiet(cast: Cast) -> bool:
    return (await unheard(cast))[0] == 0


async def _handed_over(cast: Cast, orders: Sequence[Order]) -> None:
    waybills = await _waybills(cast, orders)
    cast.warehouse.books.handed_over.extend(waybills)
    await cast.warehouse.tell([cast.warehouse.beep("ship", waybill, is_live=False) for waybill in waybills])


async def _waybills(cast: Cast, orders: Sequence[Order]) -> list[str]:
    found = await known(cast, orders)
    return [parcel.waybill for record in found.values() for parcel in record.order.parcels if parcel.waybill]


def _written(cast: Cast, unpaid: Sequence[Order]) -> list[Post]:
    """Every letter, in the order that chance gives."""
    town = cast.town
    till, road = Sack(town.wechat.dials, town.wechat.pusher.manners), Sack(town.sf.dials, town.sf.pusher.manners)
    usual = town.wechat.pusher, town.sf.pusher
    town.wechat.pusher, town.sf.pusher = till, road
    for order in unpaid:
        town.wechat.pay(bill_of(cast, order))
    for label in town.sf.books.labels:
        for code in NODES:
            town.sf.move(label.waybill, code)
    town.wechat.pusher, town.sf.pusher = usual
    letters = [Post(push, sender) for sender in (till, road) for push in sender.letters]
    Random(town.seed).shuffle(letters)  # noqa: S311 - no secret
    return letters


@asynccontextmanager
async def _frozen(cast: Cast) -> AsyncIterator[None]:
    """Temporal takes calls and answers none: worse than one that is gone."""
    leash = psutil.Process(cast.servers.running["temporal"].pid)
    victims = leash.children(recursive=True)
    for victim in victims:
        victim.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for victim in victims:
            victim.send_signal(signal.SIGCONT)


async def burst_of(letters: Sequence[Post], seed: int, again_after: float = AGAIN_AFTER) -> Burst:
    """All of them, as fast as so many lines carry them; some once more. Units: seconds."""
    burst, chance = Burst(), Random(seed)  # noqa: S311 - no secret
    left = [*letters, *chance.sample(list(letters), int(len(letters) * REPEATED))]
    limits = httpx.Limits(max_connections=LINES, max_keepalive_connections=LINES)
    async with httpx.AsyncClient(timeout=10, trust_env=False, limits=limits) as client:

        async def line() -> None:
            while left:
                await _delivered(client, left.pop(), burst, again_after)

        await asyncio.gather(*(line() for _ in range(LINES)))
    return burst


async def _delivered(client: httpx.AsyncClient, post: Post, burst: Burst, again_after: float) -> None:
    for _ in range(AT_MOST):
        if await _sent(client, post, burst):
            return
        await asyncio.sleep(again_after)
    burst.unthanked.append(post.push.id)


async def _sent(client: httpx.AsyncClient, post: Post, burst: Burst) -> bool:
    letter, began = post.push.write(), perf_counter()
    try:
        answer = await client.post(post.push.url, content=letter.body, headers=letter.headers)
    except httpx.HTTPError:
        burst.answers[_party(post), None, b""] += 1
        return False
    burst.took.append(perf_counter() - began)
    burst.answers[_party(post), answer.status_code, answer.content] += 1
    return post.sender.manners.accepts(answer.status_code, answer.content)


def _party(post: Post) -> str:
    return post.push.url.split("/webhooks/")[1].split("/")[1]


def _measured(burst: Burst, took: float) -> dict[str, float]:
    fine = sum(count for (_, status, _), count in burst.answers.items() if status and status < httpx.codes.BAD_REQUEST)
    return {
        "callbacks.sent": sum(burst.answers.values()),
        "callbacks.sent_again": sum(burst.answers.values()) - fine,
        "callbacks.kinds_of_answer": len(burst.answers),
        "callbacks.per_s": round(len(burst.took) / took, 1),
        "callbacks.p50_ms": round(percentile(burst.took, 0.5) * 1000, 1),
        "callbacks.p99_ms": round(percentile(burst.took, 0.99) * 1000, 1),
    }


async def _drained(cast: Cast, waiting: int, report: Report, tell: Tell) -> None:
    began, left = monotonic(), waiting

    async def look() -> bool:
        nonlocal left
        now, age = await unheard(cast)
        if now <= left - max(1, waiting // 5):
            left = now
            tell(f"{now} wait, the oldest for {age:.0f} s")
        return now == 0

    report.must(await until(look, DRAINED_WITHIN), "the inbox did not drain")
    took = monotonic() - began
    report.figures |= {"inbox.drained_s": round(took, 1), "inbox.drain_per_s": round(waiting / took, 1)}


async def _judged(cast: Cast, unpaid: Sequence[Order], rolling: Sequence[Order], report: Report) -> None:
    await all_are(cast, rolling, _is_delivered, 600)
    for number, record in (await known(cast, [*unpaid, *rolling])).items():
        report.must(len(record.order.payments) == 1, f"{number} has {len(record.order.payments)} payments")
    for number, record in (await known(cast, rolling)).items():
        report.must(_is_delivered(record), f"{number} is not told as delivered")
        report.must(_facts_once(record), f"{number} knows of a station twice")
    report.wrong += await differing(cast, but=("it ended",))


def _is_delivered(record: Record) -> bool:
    return any(parcel.first(ParcelDelivered) for parcel in record.order.parcels)


def _facts_once(record: Record) -> bool:
    tracks = [fact.subject for parcel in record.order.parcels for fact in parcel.all(ParcelTracked)]
    return len(tracks) == len(set(tracks))

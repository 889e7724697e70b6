"""DingTalk refuses, is silent, or limits us as it really does: nothing else is slower, nothing is lost, no flood."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from sqlalchemy import text

from benchmarks.callbacks import percentile
from chaos.storms.ground import Report, Size, Tell, all_are, rule, until
from demo.play import Cast
from models.policy import Policy
from world.beijing import milliseconds
from world.dingtalk import A_MINUTE, AT_MOST, Received, signature
from world.shop_books import Order

SPELL = 150.0  # seconds of each mood
APART = 2.0  # seconds between two orders
TOLD_WITHIN = 1200.0  # a robot that was punished rests for ten minutes
FLOOD = 20  # messages in any minute: what the robot takes
SLOWED = 2.0  # times what it took before, and a second
SECOND = timedelta(seconds=1)
OVERDUE_AT_ONCE = Policy(pay_within=timedelta(hours=2), couriers=("sf",), pick_within=SECOND, lead_after=2 * SECOND)
WELL: dict[str, float] = {"refuse": 0.0, "hang": 0.0, "does_but_late": 0.0}
CROWDED = "was used by others too often"
MOODS: dict[str, dict[str, float]] = {
    "is as always": {},
    "answers nobody": {"hang": 1.0},
    "answers too late": {"does_but_late": 1.0, "late_by": 25.0},
    "refuses": {"refuse": 1.0},
    CROWDED: {},
}
UNTOLD = text("""
    SELECT count(*) FROM reminders JOIN cases ON cases.id = case_id
    LEFT JOIN reminder_messages said ON said.id = message
    WHERE closed_at IS NULL AND sent_at IS NULL
""")
OTHERS = "from another system in the same room"
HOPE = text("DELETE FROM muted_robots")


@dataclass
class Day:
    """Orders one after another, each overdue at once; and how long each took to its label. Units: seconds."""

    cast: Cast
    orders: list[Order] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=dict)

    async def spell(self, mood: str, seconds: float) -> None:
        """So long, in this mood of the robot's."""
        end, loop = asyncio.get_running_loop().time() + seconds, asyncio.get_running_loop()
        while loop.time() < end:
            order = self.cast.shop.order(provider="wechat")
            self.orders.append(order)
            began = loop.time()
            await self.cast.shop.place(order)
            await self.cast.shop.pay(order)
            self.took.setdefault(mood, []).append(loop.time() - began)
            await asyncio.sleep(max(0.0, began + APART - loop.time()))


async def storm(cast: Cast, size: Size, tell: Tell) -> Report:
    """Mood after mood; then everybody has heard of everything, and of nothing by name twice."""
    report, day = Report("muted"), Day(cast)
    await rule(cast, OVERDUE_AT_ONCE)
    for mood, turned in MOODS.items():
        cast.town.dingtalk.dials.set(**WELL | turned)
        await _begin_anew(cast, mood)
        tell(f"the robot {mood}: {len(day.orders)} orders so far, {len(_read(cast))} messages")
        await day.spell(mood, size.long(SPELL))
    cast.town.dingtalk.dials.set(**WELL)
    tell(f"the robot is itself again, {len(_read(cast))} messages so far")
    report.must(await all_are(cast, day.orders, lambda r: any(p.waybill for p in r.order.parcels), 300), "no label")
    report.must(await until(lambda: _all_told(cast), TOLD_WITHIN), "somebody was never told")
    await _judged(cast, day, report)
    return report


async def _begin_anew(cast: Cast, mood: str) -> None:
    """Each mood meets people whom nobody has given up: else the first one's rest would hide the others."""
    async with cast.house.db.begin() as conn:
        await conn.execute(HOPE)
    if mood == CROWDED:
        async with httpx.AsyncClient(base_url=cast.town.addresses["dingtalk"], trust_env=False) as client:
            for _ in range(AT_MOST + 1):
                await _others_speak(cast, client)


async def _others_speak(cast: Cast, client: httpx.AsyncClient) -> None:
    known, at = cast.town.dingtalk.settings, str(milliseconds())
    asked = {"access_token": known.access_token, "timestamp": at, "sign": signature(at, known.secret)}
    await client.post("/robot/send", params=asked, json={"msgtype": "text", "text": {"content": OTHERS}})


def _read(cast: Cast) -> list[Received]:
    return [one for one in cast.town.dingtalk.books.messages if one.text != OTHERS]


async def _all_told(cast: Cast) -> bool:
    """Nobody waits for a message, and of none it is unsure whether it came."""
    async with cast.house.db.begin() as conn:
        return int((await conn.execute(UNTOLD)).scalar_one()) == 0


async def _judged(cast: Cast, day: Day, report: Report) -> None:
    usual = percentile(day.took["is as always"], 0.5)
    for mood, took in day.took.items():
        report.figures[f"muted.order_p50_s.{mood.replace(' ', '_')}"] = round(percentile(took, 0.5), 2)
        report.must(percentile(took, 0.5) <= SLOWED * usual + 1, f"orders are slower while the robot {mood}")
    read = _read(cast)
    busiest = max((sum(0 <= other.at - one.at < A_MINUTE for other in read) for one in read), default=0)
    report.figures |= {
        "muted.orders": len(day.orders),
        "muted.messages": len(read),
        "muted.messages_in_the_busiest_minute": busiest,
        "muted.turned_away": len(cast.town.dingtalk.books.turned_away),
    }
    report.must(busiest <= FLOOD, f"{busiest} messages in one minute")
    report.must(bool(read), "nobody was told anything")

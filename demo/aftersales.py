"""What customers ask back in the play, and the people of ours who see to it: service, finance and the desk."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from demo.town import Town
from world.beijing import now
from world.returns import Counter
from world.shop import Shop
from world.shop_books import CATALOGUE, Order

THERE = ("delivered", "completed")
OUR_FAULT = ("not_as_described", "defective", "wrong_item")
GOODS = ("no_reason", "wrong_size", "colour_off", *OUR_FAULT)  # they come back
LEFT = ("damaged_in_transit", "parts_missing", "short", "out_of_date", "unwell")  # the customer keeps them
WAYS = {  # so many of a hundred customers who ask something back; what, and why they may
    "in_time": (30, "return", GOODS),
    "late": (8, "return", GOODS),
    "another_thing": (8, "return", GOODS),
    "empty_box": (8, "return", GOODS),
    "never_sends": (8, "return", GOODS),
    "withdraws": (8, "return", GOODS),
    "swaps": (10, "exchange", ("wrong_size", "defective", "wrong_item")),
    "got_another": (10, "reship", ("wrong_item",)),
    "lacks_something": (5, "reship", ("short", "parts_missing")),
    "keeps": (20, "refund_only", LEFT),
    "was_not_there": (5, "refund_only", ("not_received",)),
    "is_upset": (5, "compensation", ("damaged_in_transit", "colour_off")),
}
KEEPS = ("keeps", "was_not_there", "is_upset", "got_another", "lacks_something")
A_NO = 0.1  # of what service is asked
NOT_PASSED = 0.3  # of goods that did not simply pass
CARDS_GONE = 0.1  # of those who paid with WeChat
MONEY = ("by_hand_refund", "given_back_twice")
OVER = (
    "goods_without_return",
    "graded_otherwise",
    "by_hand_order",
    "swapped",
)  # somebody looks, and that is all
SOON = 1.5  # seconds between two looks
AGAIN = {"refund_lost": "retry", "refund_absent": "retry", "more_than_let_go": "trigger"}
PASSES = "refund_balance_too_low"


@dataclass(frozen=True)
class Desks:
    """Keys of our people, each with hands of its own."""

    service: httpx.AsyncClient
    ops: httpx.AsyncClient
    finance: httpx.AsyncClient
    admin: httpx.AsyncClient  # the second pair of eyes


@dataclass
class AfterSales:
    """Customers with something to give back, and whoever answers them."""

    town: Town
    shop: Shop
    counter: Counter
    desks: Desks
    seed: int
    ways: dict[str, str] = field(default_factory=dict)  # order number: what its customer is like

    def __post_init__(self) -> None:
        self._chance = Random(self.seed + 1)  # noqa: S311 - chance in a play

    async def one(self, order: Order) -> None:
        """Once everything has arrived somebody asks something back."""
        if not await self._arrived(order):
            return
        way = self.ways[order.number] = self.drawn(order)
        if order.provider == "wechat" and self._chance.random() < CARDS_GONE:
            self.town.wechat.lose_card(self.town.bill(self.shop.books.placed[order.number].link or ""))
        await self.counter.ask(order, self._words(order, way), "keeps" if way in KEEPS else way)

    def drawn(self, _: Order) -> str:
        """What its customer is like."""
        return self._chance.choices(list(WAYS), weights=[weight for weight, _, _ in WAYS.values()])[0]

    async def _arrived(self, order: Order) -> bool:
        """Whether the customer has it, as the hub shows the shop."""
        for _ in range(self.counter.looks):
            stage = (await self.shop.see(self.shop.path(order))).get("stage")
            if stage in THERE:
                return True
            if stage in ("cancelled", "refunded"):
                return False
            await asyncio.sleep(SOON)
        return False

    def _words(self, order: Order, way: str) -> dict[str, Any]:
        _, kind, whys = WAYS[way]
        words: dict[str, Any] = {"kind": kind, "why": self._chance.choice(whys)}
        if kind == "compensation":
            return {**words, "sum": {"minor": self._chance.choice((500, 1_000, 2_000))}}
        some = self._chance.sample(range(len(order.lines)), self._chance.randint(1, len(order.lines)))
        units = {line: self._chance.randint(1, order.lines[line].quantity) for line in sorted(some)}
        words["claims"] = [{"line": line, "quantity": count} for line, count in units.items()]
        if words["why"] == "wrong_size" and kind == "exchange":
            words["instead"] = [{"line": line, "sku": self._chance.choice(CATALOGUE).sku} for line in units]
        return words

    # Our people. --------------------------------------------------------------------------------------------------

    async def decides(self) -> None:
        """Service, and above it the desk, agree to most of what is asked."""
        while True:
            await asyncio.sleep(SOON)
            listed = await self.desks.service.get("/returns", params={"stage": "asked", "limit": 200})
            for row in listed.json().get("rows", []):
                told = await self.desks.service.get(f"/returns/{row['id']}")
                await self._decide(row, (told.json().get("next_step") or {}).get("levels", []))
            arrived = await self.desks.service.get("/returns", params={"stage": "arrived", "limit": 200})
            for row in arrived.json().get("rows", []):
                if row["waits_for"] == "unjudged":
                    await self._judge(row["id"])

    async def _judge(self, number: str) -> None:
        """Goods that are not as they should be are exchanged all the same, more often than not."""
        is_passed = self._chance.random() >= NOT_PASSED
        answer = await self._judged(number, is_passed=is_passed)
        if answer.status_code == httpx.codes.CONFLICT and is_passed:  # an empty box
            await self._judged(number, is_passed=False)

    async def _judged(self, number: str, *, is_passed: bool) -> httpx.Response:
        word = "approve_goods" if is_passed else "refuse_goods"
        wish = {"kind": "judge_goods", "is_passed": is_passed, "word": word}
        return await self.desks.service.post(f"/returns/{number}/wishes", json=wish)

    async def _decide(self, row: Mapping[str, Any], levels: list[str]) -> None:
        is_agreed = self._chance.random() >= A_NO
        word = f"approve_{row['kind'].partition('_')[0]}" if is_agreed else "refuse_used"
        wish = {"kind": "decide", "is_agreed": is_agreed, "word": word}
        desk = {"service": self.desks.service, "operations": self.desks.ops}.get(next(iter(levels), ""))
        if desk:
            await desk.post(f"/returns/{row['id']}/wishes", json=wish)

    async def lets_go(self) -> None:
        """Finance looks at what is due, and lets all of it go that is not nothing: a box was empty."""
        while True:
            await asyncio.sleep(SOON)
            listed = await self.desks.finance.get("/finance/refunds", params={"status": "due", "limit": 200})
            sums = {row["id"]: row["amount"]["minor"] for row in listed.json().get("rows", [])}
            for deed, some in (
                ("trigger", [number for number, minor in sums.items() if minor]),
                ("refuse", [number for number, minor in sums.items() if not minor]),
            ):
                if some:
                    words = {"deed": deed, "returns": some, "word": "looked_at"}
                    await self.desks.finance.post("/finance/refunds/many", json=words)

    async def sees_to(self) -> None:
        """What stands still: a card that takes nothing is paid by hand, and a second person says that it was."""
        while True:
            await asyncio.sleep(SOON)
            listed = await self.desks.ops.get("/cases", params={"limit": 200})
            for row in listed.json().get("rows", []):
                await self._looks(row)

    async def _looks(self, row: Mapping[str, Any]) -> None:
        case = row["case"]
        if case["deadline"] in (*OVER, *MONEY):
            desk = self.desks.admin if case["deadline"] in MONEY else self.desks.ops
            await desk.post(f"/cases/{row['id']}/close", json={"note": ""})
        elif case["deadline"] == "not_sent_home":
            await self._send_home(case["story"])
        elif case["deadline"] == "stuck" and "-R" in case["story"]:
            held = (await self.desks.finance.get(f"/returns/{case['story']}")).json().get("held")
            kind = AGAIN.get(held, "give_up")
            if held not in (None, PASSES):  # else it moves on already, or the clock tries it again
                await self.desks.finance.post(f"/returns/{case['story']}/wishes", json={"kind": kind})

    async def _send_home(self, number: str) -> None:
        """What was refused goes to its customer again, once however often it is looked at."""
        body = {"courier": "sf", "waybill": f"HOME-{number}"}
        words = {"kind": "goods_sent_home", "at": now().isoformat(), "body": body}
        await self.desks.ops.post(f"/returns/{number}/facts", json=words, headers={"idempotency-key": f"{number}-home"})

    async def runs_dry(self, after: float, lasts: float) -> None:
        """For a while there is too little in our accounts; then somebody pays in."""
        await asyncio.sleep(after)
        for party in (self.town.wechat, self.town.alipay):
            party.dials.set(empty=1.0)
        try:
            await asyncio.sleep(lasts)
        finally:
            for party in (self.town.wechat, self.town.alipay):
                party.dials.set(empty=0.0)

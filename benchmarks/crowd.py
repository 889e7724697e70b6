"""Many open orders at once, and what became of each of them, by its record and by the world's books."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from random import Random
from time import monotonic

from api import stories
from benchmarks.rounds import Live, Load, played
from demo.play import Cast
from demo.premises import CHANNEL_SHOP, SHOP
from models.contact import Contact
from models.errand import State, What
from models.errors import Missing
from models.intake import NewOrder
from models.line import Box
from models.noun import Id
from models.order import Order as Noted
from models.order import Record
from models.policy import Policy
from models.reservation import Reservation
from models.stage import Stage
from rules import errands
from stack import Down
from store.claims import Claims
from store.orders import OrderBook
from store.policies import Policies
from store.stock import Shelves
from world.people import DISTRICTS
from world.shop_books import Order

CALM = timedelta(days=2)  # nobody's bill ends, and no provider is asked, while it is measured
PATIENT = Policy(pay_within=CALM, ask_payment_after=CALM, couriers=("kuaidi100.yto",))
XINJIANG = "65"
SETTLED_WITHIN = 300.0  # seconds: records follow the stories
AT_ONCE = 24
ROUND = 250  # orders that come in together
THERE = next(place for place in DISTRICTS if place[3].startswith(XINJIANG))
ELSEWHERE = tuple(place for place in DISTRICTS if place is not THERE)
Holds = Callable[[Record], bool]


@dataclass(frozen=True)
class Size:
    """How many orders, and which part of them."""

    orders: int
    xinjiang: float  # goes there
    paid: float  # is paid for, and has its label


@dataclass
class Crowd:
    """Orders of one shop that all stand open: most wait for their money, some for the warehouse."""

    cast: Cast
    size: Size
    orders: list[Order] = field(default_factory=list)
    looks: int = 0  # at records, each a transaction
    chance: Random = field(default_factory=lambda: Random(15))  # noqa: S311 - no secrets here

    @property
    def ids(self) -> list[Id]:
        """Of all of them."""
        return [id_of(order) for order in self.orders]

    @property
    def there(self) -> list[Order]:
        """Those that go to Xinjiang."""
        return [order for order in self.orders if order.receiver.district_code.startswith(XINJIANG)]

    async def come(self, told: Callable[[], None]) -> None:
        """Some through the door, paid for and labelled; the others as copies of one. Raises: Down if one is lost."""
        await Policies(self.cast.house.db).put(CHANNEL_SHOP, PATIENT, "benchmarks")
        self.orders.append(await self._through_the_door())
        await self.all_are(lambda record: bool(errands.of(record.order, What.PAY, State.DONE)), self.ids)
        told()
        mould = (await OrderBook(self.cast.house.db).get(self.ids[0])).order
        paid = round(self.size.orders * self.size.paid)
        await self._come(self._buyer, paid, told)
        await self._come(partial(self._copy, mould), self.size.orders - paid - 1, told)
        await self.all_are(lambda record: record.standing.stage is Stage.LABELLED, self.ids[1 : paid + 1])
        await self.all_are(lambda record: bool(record.order.boxes), self.ids)

    async def _come(self, live: Live, count: int, told: Callable[[], None]) -> None:
        """In rounds, so that no round lasts longer than its patience."""
        for start in range(0, count, ROUND):
            some = min(ROUND, count - start)
            came = await played(live, Load(some, AT_ONCE), told)
            if len(came.done) < some:
                raise Down(f"{some - len(came.done)} orders did not come in. The first: {came.failed[:1]}")

    async def _through_the_door(self) -> Order:
        """Placed, with a bill. Of round numbers, so that it can be copied."""
        order = replace(self._drawn(), discount=0, freight=0)
        if (await self.cast.shop.place(order)).link is None:
            raise Down("An order got no bill.")
        return order

    async def _buyer(self) -> str:
        order = await self._through_the_door()
        await self.cast.shop.pay(order)
        self.orders.append(order)
        return id_of(order)

    async def _copy(self, mould: Noted) -> str:
        """An order that stands where another one stands: claimed, its units reserved, its bill known at the provider.

        Why: its story is entered with what is known of it, as a lost one is, and so it costs a third.
        """
        order, house = self._drawn(), self.cast.house
        receiver = Contact(**asdict(order.receiver))
        new = NewOrder(
            channel="web", shop=SHOP, number=order.number, lines=mould.lines, total=mould.total,
            placed_at=order.placed_at, receiver=receiver,
        )  # fmt: skip
        seed = (await Claims(house.db, house.contacts, Policies(house.db)).claim(new, b"{}")).order
        boxes = await self._reserved(seed)
        self._billed(mould, seed)
        words = mould.model_dump_json().replace(mould.business_no, seed.business_no).replace(mould.id, seed.id)
        own = {"boxes": boxes, "destination": seed.destination, "received_at": seed.received_at}
        await stories.begin(house.temporal, Noted.model_validate_json(words).model_copy(update=own))
        self.orders.append(order)
        return seed.id

    async def _reserved(self, seed: Noted) -> tuple[Box, ...]:
        words = {name: getattr(seed, name) for name in ("business_no", "lines", "destination")}
        until = seed.received_at + PATIENT.pay_within
        key = f"{seed.business_no}-reserve-1"
        return await Shelves(self.cast.house.db).reserve(Reservation(key=key, order_id=seed.id, until=until, **words))

    def _billed(self, mould: Noted, seed: Noted) -> None:
        bills = self.cast.town.wechat.books.bills
        for number, bill in list(bills.items()):
            if _stem(number) == mould.business_no:
                other = number.replace(mould.business_no, seed.business_no)
                bills[other] = replace(
                    bill, out_trade_no=other, asked=bill.asked | {"out_trade_no": other}, captures=[]
                )

    def _drawn(self) -> Order:
        province, city, district, code = self._place()
        drawn = self.cast.shop.order(provider="wechat")
        receiver = replace(drawn.receiver, province=province, city=city, district=district, district_code=code)
        return replace(drawn, receiver=receiver)

    def _place(self) -> tuple[str, str, str, str]:
        return THERE if self.chance.random() < self.size.xinjiang else self.chance.choice(ELSEWHERE)

    async def all_are(self, holds: Holds, orders: Sequence[Id]) -> None:
        """Every single one by its record. Raises: Down, with the first that is not."""
        left, until = list(orders), monotonic() + SETTLED_WITHIN
        while left := await self._not_yet(holds, left):
            if monotonic() > until:
                raise Down(f"{len(left)} of {len(orders)} orders are not as they should be. The first: {left[0]}")
            await asyncio.sleep(0.5)

    async def _not_yet(self, holds: Holds, orders: Sequence[Id]) -> list[Id]:
        book, wrong = OrderBook(self.cast.house.db), list[Id]()
        for order in orders:
            self.looks += 1
            try:
                wrong += [] if holds(await book.get(order)) else [order]
            except Missing:  # it has not told of itself yet
                wrong.append(order)
        return wrong

    async def undone(self) -> None:
        """The world's books after all were cancelled: no bill is open, no money kept, no label alive. Raises: Down."""
        mine = {record.order.business_no: record.order.id for record in await self._records()}
        if wrong := [*self._open_bills(mine), *self._kept_money(mine), *self._living_labels(mine)]:
            raise Down(f"{len(wrong)} entries in the world's books are not undone. The first: {wrong[0]}")

    async def _records(self) -> list[Record]:
        book = OrderBook(self.cast.house.db)
        return [await book.get(order) for order in self.ids]

    def _open_bills(self, mine: dict[str, Id]) -> list[str]:
        bills = self.cast.town.wechat.books.bills
        return [
            f"bill {no}" for no, bill in bills.items() if _stem(no) in mine and not (bill.is_closed or bill.captures)
        ]

    def _kept_money(self, mine: dict[str, Id]) -> list[str]:
        books, kept = self.cast.town.wechat.books, Counter[str]()
        for no, bill in books.bills.items():
            kept[_stem(no)] += sum(capture.total for capture in bill.captures)
        for refund in books.refunds:
            kept[_stem(refund.out_trade_no)] -= refund.refund if refund.status == "SUCCESS" else 0
        return [f"{fen} fen of {stem}" for stem, fen in kept.items() if stem in mine and fen]

    def _living_labels(self, mine: dict[str, Id]) -> list[str]:
        labels = self.cast.town.kuaidi.books.labels
        return [f"label {label.order_id}" for label in labels if _stem(label.order_id) in mine and not label.is_void]


def id_of(order: Order) -> Id:
    """As we call it."""
    return f"{CHANNEL_SHOP}/{order.number}"


def _stem(number: str) -> str:
    """Our number, with which every number at a party begins."""
    return number.partition("-")[0]

"""What an own shop sells and writes down."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from world.people import Person, person

COURIERS = ("SF", "YTO", "ZTO", "STO", "YUNDA", "JTSD", "JD", "EMS", "DBKD")  # codes this shop knows


@dataclass(frozen=True)
class Item:
    """Something on the shelf. Units: fen."""

    sku: str
    title: str
    price: int


CATALOGUE = (
    Item("TEA-250", "西湖龙井 250g", 16_800),
    Item("CUP-WHITE", "白瓷茶杯", 3_900),
    Item("POT-CLAY", "紫砂壶", 29_900),
    Item("NUTS-500", "每日坚果 500g", 7_900),
    Item("SOCKS-3", "棉袜三双", 2_990),
    Item("LAMP-DESK", "护眼台灯", 19_900),
    Item("PEN-GEL", "中性笔一盒", 1_500),
    Item("PHONE-CASE", "手机壳", 4_900),
)


@dataclass(frozen=True)
class Line:
    """So many of one thing."""

    item: Item
    quantity: int


@dataclass(frozen=True)
class Order:
    """What somebody bought here."""

    number: str
    paying: str  # prepaid | on_delivery
    provider: str  # wechat | alipay
    lines: tuple[Line, ...]
    discount: int
    freight: int
    receiver: Person
    placed_at: datetime
    note: str = ""

    @property
    def total(self) -> int:
        """What is to be paid. Units: fen."""
        return sum(line.item.price * line.quantity for line in self.lines) - self.discount + self.freight


@dataclass
class Placed:
    """How the hub took one order."""

    number: str
    total: int
    paying: str
    answers: list[int] = field(default_factory=list)  # status codes, in the order they came
    link: str | None = None
    is_paid: bool = False
    wants_cancel: bool = False


@dataclass(frozen=True)
class Shipped:
    """The hub says that a parcel left."""

    key: str
    number: str
    courier: str
    waybill: str
    units: tuple[tuple[str, int], ...]
    is_last: bool


@dataclass
class Books:
    """What was really ordered, and what the hub told."""

    placed: dict[str, Placed] = field(default_factory=dict)
    shipped: list[Shipped] = field(default_factory=list)  # each believed telling once
    repeated: list[str] = field(default_factory=list)  # keys told again
    progress: dict[str, tuple[str, str]] = field(default_factory=dict)  # by the hub's key: return and stage
    cancelled: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # number and why we said no
    wishes: list[tuple[str, str, int]] = field(default_factory=list)  # number, wish, status
    forged: list[int] = field(default_factory=list)  # what the hub answered to forgers


def drawn(chance: Random, number: str, at: datetime) -> Order:
    """An order such as people make."""
    items = chance.sample(CATALOGUE, chance.choice((1, 1, 1, 2, 3)))
    lines = tuple(Line(item, chance.choice((1, 1, 2, 3))) for item in items)
    provider, discount = chance.choice(("wechat", "alipay")), chance.choice((0, 0, 500, 1_000))
    return Order(number, "prepaid", provider, lines, discount, chance.choice((0, 0, 1_000)), person(chance), at)


def spelled(order: Order, shop: str) -> bytes:
    """The order as this shop's software sends it."""
    words: dict[str, Any] = {
        "channel": "web",
        "shop": shop,
        "number": order.number,
        "paying": order.paying,
        "provider": order.provider,
        "currency": "CNY",
        "lines": list(_lines(order.lines)),
        "discount": order.discount,
        "freight": order.freight,
        "promotions": list(_promotions(order)),
        "total": order.total,
        "placed_at": order.placed_at.isoformat(timespec="seconds"),
        "receiver": asdict(order.receiver),
        "note": order.note,
    }
    return json.dumps(words, ensure_ascii=False).encode()


def _promotions(order: Order) -> Iterable[dict[str, int]]:
    """Whoever pays less has spent enough; half of it kept is not enough."""
    if order.discount:
        yield {"threshold": order.total - order.freight + order.discount, "off": order.discount}


def _lines(lines: Iterable[Line]) -> Iterable[dict[str, Any]]:
    for line in lines:
        item = line.item
        yield {"sku": item.sku, "title": item.title, "quantity": line.quantity, "unit_price": item.price}

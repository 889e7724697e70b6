"""What Kuaidi100 writes down: e-waybills, subscriptions, and each step of each parcel."""

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from world.beijing import milliseconds

Words = dict[str, Any]

NUMBERS = {  # company: how its numbers begin
    "yuantong": "YT",
    "zhongtong": "7359",
    "shentong": "7730",
    "yunda": "4312",
    "jtexpress": "JT",
    "jd": "JDV",
    "ems": "1143",
    "shunfeng": "SF1",
    "debangkuaidi": "DPK",
}
WANTS_PHONE = ("shunfeng", "zhongtong")
ROAD = ("1002", "1001", "5")  # trunk road, the last city, on the way to the door
LAST = {"electronic": ("301",), "other": ("303",), "locker": ("501", "304")}
BACK = ("6", "4")
NAMES = {
    "103": ("揽收", "已收取快件"),
    "1002": ("干线", "快件已发往转运中心"),
    "1001": ("在途", "快件已到达派件城市"),
    "5": ("派件", "正在派件"),
    "501": ("投柜或驿站", "快件已暂存至驿站,请凭取货码领取"),
    "301": ("签收", "客户签收人: 本人"),
    "302": ("签收", "派件异常后签收"),
    "303": ("签收", "已代签收"),
    "304": ("签收", "客户已从驿站取件"),
    "2": ("疑难", "派件异常"),
    "203": ("疑难", "收件人拒收"),
    "14": ("拒签", "收件人拒签"),
    "6": ("退回", "快件退回中"),
    "4": ("退签", "退件已签收"),
}


def md5(words: str) -> str:
    """Their one way to sign."""
    return hashlib.md5(words.encode(), usedforsecurity=False).hexdigest().upper()


@dataclass(frozen=True)
class Settings:
    """One customer of theirs."""

    key: str = "kKdEyOfHub"
    customer: str = "A0B1C2D3E4"
    secret: str = "s3cr3tOfTheLabels"  # noqa: S105 - of a party that does not exist
    partners: tuple[str, ...] = ("K210001",)  # monthly accounts known to the companies
    first_number: int = 8_830_000_000_000


@dataclass
class Label:
    """One e-waybill given away."""

    order_id: str
    company: str
    number: str
    phones: tuple[str, ...]
    collect_fen: int = 0
    is_void: bool = False
    is_intercepted: bool = False


@dataclass(frozen=True)
class Step:
    """One step of one parcel."""

    at: str  # Beijing wall time
    code: str


@dataclass
class Subscription:
    """Somebody wants to be told of one number."""

    company: str
    number: str
    callback: str
    salt: str | None
    company_before: str | None = None  # what the customer said first, where we know better


@dataclass
class Books:
    """What was really done, however often."""

    labels: list[Label] = field(default_factory=list)
    handed_over: list[str] = field(default_factory=list)
    steps: dict[str, list[Step]] = field(default_factory=dict)
    delivered: dict[str, str] = field(default_factory=dict)
    collected: dict[str, int] = field(default_factory=dict)  # number: fen taken at the door
    brought_back: list[str] = field(default_factory=list)
    intercepts: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def by_order(self, order_id: str) -> Label | None:
        """The first label of one of the customer's numbers."""
        return next((label for label in self.labels if label.order_id == order_id), None)

    def by_number(self, number: str) -> Label | None:
        """The label with this number."""
        return next((label for label in self.labels if label.number == number), None)

    def subscribed(self, number: str) -> list[Subscription]:
        """Who wants to be told of it."""
        return [wish for wish in self.subscriptions if wish.number == number]


def label_from(asked: Words, number: str) -> Label:
    """The label that this order asks for."""
    phones = tuple(str(asked[who].get("mobile") or asked[who].get("tel")) for who in ("recMan", "sendMan"))
    collect = int(Decimal(str(asked.get("collection") or 0)) * 100)
    return Label(str(asked.get("orderId") or ""), asked["kuaidicom"], number, phones, collect)


def sheet(label: Label) -> Words:
    """What the customer gets of a label."""
    return {
        "taskId": f"T{label.number}",
        "kuaidinum": label.number,
        "kdComOrderNum": f"KD{label.number}",
        "childNum": "",
        "bulkpen": "021-浦东-08",
        "label": f"https://api.kuaidi100.example/label/{label.number}",
    }


def track(company: str, number: str, steps: list[Step]) -> Words:
    """The whole list, newest first. The state of the parcel is the state of its newest step."""
    state = _state(steps[-1].code) if steps else "0"
    return {
        "message": "ok",
        "nu": number,
        "ischeck": "1" if state == "3" else "0",
        "com": company,
        "status": "200",
        "state": state,
        "condition": "00",
        "data": [_told(step) for step in reversed(steps)],
    }


def _state(code: str) -> str:
    """The high-level state of a sub-code: 1001 is 0, 301 is 3, 14 is itself."""
    return {4: "0", 3: code[0]}.get(len(code), code)


def _told(step: Step) -> Words:
    status, words = NAMES.get(step.code, ("在途", "信息记录"))
    place = {"areaCode": "CN310115000000", "areaName": "上海,上海市,浦东新区", "location": "上海市"}
    return {"time": step.at, "ftime": step.at, "context": words, "status": status, "statusCode": step.code, **place}


def answer(data: Words | None = None, code: int = 200, words: str = "success") -> Words:
    """How the label desk answers."""
    return {"success": code == 200, "code": code, "message": words, "data": data, "time": milliseconds() % 1000}  # noqa: PLR2004

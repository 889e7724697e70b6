"""What SF writes down: labels, what the driver took, every station on the way."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus

Words = dict[str, Any]
ROAD = ("30", "36", "31", "204", "44")  # loaded, sealed, arrived, given to a person, on the way to the door
LAST = {
    "electronic": ("80",),
    "photo": ("80", "8000"),
    "otp": ("678", "679"),
    "locker": ("125", "128"),
}
BACK = ("33", "648", "31")
WORDS = {
    "50": "顺丰速运 已收取快件",
    "30": "快件在【深圳南山营业点】完成分拣,准备发往 【深圳集散中心】",
    "36": "快件离开【深圳集散中心】,已在发往下一站的路上",
    "31": "快件到达 【上海浦东营业点】",
    "204": "快件交给派送员,正在派送途中",
    "44": "正在派送途中,请您准备签收",
    "33": "派件异常",
    "80": "已签收,感谢使用顺丰,期待再次为您服务",
    "8000": '在官网"运单资料&签收图",可查看签收人信息',
    "125": "快递员派件至丰巢",
    "126": "快递员取消派件将快件取出丰巢",
    "128": "客户从丰巢取件成功",
    "648": "快件已退回/转寄,新单号为: SF0000000000000",
    "678": "快件到达驿站",
    "679": "驿站完成派件",
}


class Digest(StrEnum):
    """How an account signs; fixed when it was opened."""

    STANDARD = "standard"
    SIMPLE = "simple"


def _standard(words: str) -> str:
    spelled = quote_plus(words, safe="*-._").replace("~", "%7E")  # as Java spells it: it escapes the tilde
    return _md5(spelled)


def _md5(words: str) -> str:
    return base64.b64encode(hashlib.md5(words.encode(), usedforsecurity=False).digest()).decode()


DIGESTS: dict[Digest, Callable[[str], str]] = {Digest.STANDARD: _standard, Digest.SIMPLE: _md5}


@dataclass(frozen=True)
class Settings:
    """One account at SF."""

    partner_id: str = "OHUB001"
    checkword: str = "checkword~of*the account"
    monthly_card: str = "7551234567"
    digest: Digest = Digest.STANDARD
    push_url: str | None = None  # where routes are told; None: the account asked for no push
    first_waybill: int = 7_444_400_000_000


@dataclass
class Label:
    """One waybill number given away."""

    order_id: str
    waybill: str
    phones: tuple[str, ...]
    collect_fen: int = 0  # to be collected at the door
    is_void: bool = False
    is_intercepted: bool = False


@dataclass(frozen=True)
class Node:
    """One station of one parcel."""

    id: str
    waybill: str
    order_id: str
    at: str  # Beijing wall time
    place: str
    words: str
    code: str
    reason: str = ""


@dataclass
class Books:
    """What was really done, however often."""

    labels: list[Label] = field(default_factory=list)
    handed_over: list[str] = field(default_factory=list)  # waybills, each time a driver took one
    nodes: dict[str, list[Node]] = field(default_factory=dict)
    delivered: dict[str, str] = field(default_factory=dict)  # waybill: with what evidence
    collected: dict[str, int] = field(default_factory=dict)  # waybill: fen taken at the door
    brought_back: list[str] = field(default_factory=list)
    intercepts: list[str] = field(default_factory=list)  # waybills, each time we asked
    registered: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)  # what was asked about what

    def by_order(self, order_id: str) -> Label | None:
        """The label of one of the customer's numbers."""
        return next((label for label in self.labels if label.order_id == order_id), None)

    def by_waybill(self, waybill: str) -> Label | None:
        """The label with this number."""
        return next((label for label in self.labels if label.waybill == waybill), None)


def sheet(label: Label) -> Words:
    """What the customer is told of an order."""
    state = {"orderId": label.order_id, "originCode": "755", "destCode": "021", "filterResult": 2, "remark": ""}
    return {**state, "waybillNoInfoList": numbers(label)}


def numbers(label: Label) -> list[Words]:
    """Its waybill numbers: one mother, no children."""
    return [{"waybillType": 1, "waybillNo": label.waybill}]


def station(node: Node) -> Words:
    """One station, as a route query tells it."""
    return {"acceptTime": node.at, "acceptAddress": node.place, "remark": node.words, "opCode": node.code}


def collects(asked: Words) -> int:
    """What is to be collected at the door. Units: fen."""
    wanted = [extra for extra in asked.get("serviceList") or [] if extra.get("name") == "COD"]
    return int(Decimal(wanted[0]["value"]) * 100) if wanted else 0

"""Kuaidi100's words and ours: its states with their meanings, its fields, and the way between.

Source: the official Java and Python demos (github.com/kuaidi100-api, SDK 1.1.3), api.kuaidi100.com documents of the
e-waybill (V2), subscription and query, read 2026-11.
"""

from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from connectors.couriers.kuaidi100_envelope import Account, company, whose
from connectors.couriers.tracks import Codes, Station, WallTime
from connectors.ports import Booking, Shipped
from models.contact import Contact
from models.fact import Milestone, Proof
from models.noun import Id

CODES = Codes(
    prefix="kd",
    milestones={
        "1": Milestone.COLLECTED,  # 揽收 (101 已下单 and 102 待揽收 say only that there is a label)
        "103": Milestone.COLLECTED,  # 已揽收
        "0": Milestone.IN_TRANSIT,  # 在途
        "1001": Milestone.IN_TRANSIT,  # 到达派件城市
        "1002": Milestone.IN_TRANSIT,  # 干线
        "1003": Milestone.IN_TRANSIT,  # 转递
        "7": Milestone.IN_TRANSIT,  # 转投
        "8": Milestone.IN_TRANSIT,  # 清关
        "10": Milestone.IN_TRANSIT,  # 待清关
        "11": Milestone.IN_TRANSIT,  # 清关中
        "12": Milestone.IN_TRANSIT,  # 已清关
        "5": Milestone.OUT_FOR_DELIVERY,  # 派件
        "501": Milestone.AT_PICKUP_POINT,  # 投柜或驿站
        "2": Milestone.EXCEPTION,  # 疑难
        "201": Milestone.EXCEPTION,  # 超时未签收
        "202": Milestone.EXCEPTION,  # 超时未更新
        "203": Milestone.EXCEPTION,  # 拒收
        "204": Milestone.EXCEPTION,  # 派件异常
        "205": Milestone.EXCEPTION,  # 柜或驿站超时未取
        "206": Milestone.EXCEPTION,  # 无法联系
        "207": Milestone.EXCEPTION,  # 超区
        "208": Milestone.EXCEPTION,  # 滞留
        "209": Milestone.EXCEPTION,  # 破损
        "210": Milestone.EXCEPTION,  # 销单
        "13": Milestone.EXCEPTION,  # 清关异常
        "14": Milestone.EXCEPTION,  # 拒签
        "6": Milestone.RETURNING,  # 退回
        "4": Milestone.RETURNED,  # 退签 (401 已销单 is our own void)
    },
    proofs={
        "3": Proof.ELECTRONIC,  # 签收, by whom it does not say
        "301": Proof.ELECTRONIC,  # 本人签收
        "302": Proof.ELECTRONIC,  # 派件异常后签收
        "303": Proof.ELECTRONIC,  # 代签
        "304": Proof.LOCKER,  # 投柜或站签收
    },
)
SUBSCRIBED = ("200", "501")  # 成功, 重复订阅
NOTHING_YET = "500"  # of a query: 查询无结果


class _Words(BaseModel, frozen=True, hide_input_in_errors=True, alias_generator=to_camel, coerce_numbers_to_str=True):
    """Anything they say: fields that we do not know are no harm."""


class Label(_Words, frozen=True):
    """An e-waybill."""

    kuaidinum: Id


class LabelAnswer(_Words, frozen=True):
    """What the label desk says."""

    code: str
    data: object = None


class PollAnswer(_Words, frozen=True):
    """What the subscription desk says."""

    return_code: str


class _Step(_Words, frozen=True):
    ftime: WallTime
    status_code: str | None = None


class Track(_Words, frozen=True):
    """All they know of a parcel, newest first; or why they say nothing."""

    nu: Id | None = None
    state: str = ""
    data: tuple[_Step, ...] = ()
    return_code: str | None = None

    def stations(self) -> tuple[Station, ...]:
        """Oldest first. Without sub-codes only the newest step says something: the state of the whole."""
        if self.nu is None:
            return ()
        states = (self.state, *("" for _ in self.data[1:]))
        told = zip(self.data, states, strict=False)
        newest_first = [Station(self.nu, step.status_code or state, step.ftime) for step, state in told]
        return tuple(reversed(newest_first))


class Push(_Words, frozen=True):
    """What they push: the state of the watching, and the whole list."""

    status: str  # polling, shutdown (signed for), abort (they give up, or look under another company), updateall
    last_result: Track | None = None


def order_words(account: Account, booking: Booking) -> dict[str, Any]:
    """A parcel of ours in their words; `reorder` off: our number again is the label they gave for it."""
    words = asking_words(account, booking.key, booking.courier)
    words |= {"recMan": _person(booking.receiver), "sendMan": _person(booking.sender), "cargo": "商品"}
    words |= {"count": sum(unit.quantity for unit in booking.units), "payType": "MONTHLY", "printType": "NON"}
    return words | ({"collection": booking.collect.text} if booking.collect else {})


def asking_words(account: Account, key: Id, courier: Id) -> dict[str, Any]:
    """Our number and nothing that a label could be made from."""
    words = {"kuaidicom": company(account, courier), "orderId": key, "reorder": False}
    return words | whose(account, courier)


def parcel_words(account: Account, parcel: Shipped) -> dict[str, Any]:
    """A parcel that has its number."""
    words = {"kuaidicom": company(account, parcel.courier), "kuaidinum": parcel.waybill}
    return words | whose(account, parcel.courier)


def _person(contact: Contact) -> dict[str, str]:
    where = f"{contact.province}{contact.city}{contact.district}{contact.address}"
    return {"name": contact.name, "mobile": contact.phone, "printAddr": where}

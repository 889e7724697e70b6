"""SF's words and ours: its codes with their meanings, its fields, and the way between.

Source: public integrations of 丰桥 on GitHub (fuzui/aggregatelogistics ShunfengOpCode; the list of opCodes and their
names as several hold it), read 2026-11.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field
from pydantic.alias_generators import to_camel

from connectors.couriers.sf_envelope import Account
from connectors.couriers.tracks import Codes, Station, WallTime
from connectors.ports import Booking, Shipped
from models.contact import Contact
from models.errors import Refused
from models.fact import Milestone, Proof
from models.noun import Id

CREATE, FIND, UPDATE = "EXP_RECE_CREATE_ORDER", "EXP_RECE_SEARCH_ORDER_RESP", "EXP_RECE_UPDATE_ORDER"
ROUTES, REGISTER, INTERCEPT = "EXP_RECE_SEARCH_ROUTES", "EXP_RECE_REGISTER_ROUTE", "EXP_RECE_WANTED_INTERCEPT"

CODES = Codes(
    prefix="sf",
    milestones={
        "50": Milestone.COLLECTED,  # 顺丰已收件
        "54": Milestone.COLLECTED,  # 上门收件
        "43": Milestone.COLLECTED,  # 收件入仓
        "607": Milestone.COLLECTED,  # 代理收件
        "30": Milestone.IN_TRANSIT,  # 已装车, 准备发往下一站
        "31": Milestone.IN_TRANSIT,  # 到达
        "36": Milestone.IN_TRANSIT,  # 封车
        "302": Milestone.IN_TRANSIT,  # 车辆发车
        "304": Milestone.IN_TRANSIT,  # 离开经停点
        "3036": Milestone.IN_TRANSIT,  # 准备送往下一站
        "105": Milestone.IN_TRANSIT,  # 航空起飞
        "106": Milestone.IN_TRANSIT,  # 航空落地
        "44": Milestone.OUT_FOR_DELIVERY,  # 正在派送途中
        "204": Milestone.OUT_FOR_DELIVERY,  # 派件责任交接
        "123": Milestone.OUT_FOR_DELIVERY,  # 正送往顺丰店/站
        "125": Milestone.AT_PICKUP_POINT,  # 快递员派件至丰巢
        "130": Milestone.AT_PICKUP_POINT,  # 到达顺丰店/站
        "657": Milestone.AT_PICKUP_POINT,  # 合作点从顺丰交接
        "678": Milestone.AT_PICKUP_POINT,  # 到达驿站
        "126": Milestone.EXCEPTION,  # 快递员取消派件将快件取出丰巢: the courier took it out, nobody got it
        "33": Milestone.EXCEPTION,  # 派件异常
        "66": Milestone.EXCEPTION,  # 中转批量滞留
        "70": Milestone.EXCEPTION,  # 派件不成功 (reason 46: 取消寄件)
        "77": Milestone.EXCEPTION,  # 中转滞留
        "870": Milestone.EXCEPTION,  # 非正常派件
        "99": Milestone.EXCEPTION,  # 转寄: to another address or back home, it does not say which
        "648": Milestone.RETURNING,  # 已退回/转寄, 新单号
        "631": Milestone.RETURNING,  # 新单退回
    },
    proofs={
        "80": Proof.ELECTRONIC,  # 已签收: somebody pressed a key
        "97": Proof.ELECTRONIC,  # 整车签收
        "935": Proof.ELECTRONIC,  # 外配签收
        "128": Proof.LOCKER,  # 客户从丰巢取件成功
        "679": Proof.OTP,  # 驿站完成派件: against the pick-up code
    },
    picture="8000",  # 签收图可查: comes after 80
)

NOT_SERVED = "3"  # filterResult 不可收派
CANCEL, CANCELLED = 2, 2  # dealType, resStatus


class _Words(BaseModel, frozen=True, hide_input_in_errors=True, alias_generator=to_camel):
    """Anything they say: fields that we do not know are no harm."""


class _Number(_Words, frozen=True):
    waybill_type: int  # 1 母单, 2 子单
    waybill_no: Id


class Sheet(_Words, frozen=True, coerce_numbers_to_str=True):
    """An order at SF and its numbers."""

    filter_result: str | None = None
    waybill_no_info_list: tuple[_Number, ...] | None = None

    @property
    def waybill(self) -> Id | None:
        """The mother's number."""
        return next((number.waybill_no for number in self.waybill_no_info_list or () if number.waybill_type == 1), None)


class Updated(_Words, frozen=True):
    """What became of a cancel."""

    res_status: int


def _or_none(words: object) -> object:
    return words or None


class _Route(_Words, frozen=True, coerce_numbers_to_str=True):
    accept_time: WallTime
    op_code: str


class _Way(_Words, frozen=True):
    mail_no: Id
    routes: tuple[_Route, ...] | None = None


class Ways(_Words, frozen=True):
    """All they know of some parcels."""

    route_resps: tuple[_Way, ...]

    def stations(self, waybill: Id) -> tuple[Station, ...]:
        """Of one of them."""
        routes = [route for way in self.route_resps if way.mail_no == waybill for route in way.routes or ()]
        return tuple(Station(waybill, route.op_code, route.accept_time) for route in routes)


class Pushed(_Route, frozen=True):
    """One station as they push it."""

    id: Id
    mailno: Id
    orderid: Annotated[Id | None, BeforeValidator(_or_none)] = None


class _Body(_Words, frozen=True):
    routes: tuple[Pushed, ...] = Field(alias="WaybillRoute")


class Push(_Words, frozen=True):
    """What they push."""

    body: _Body = Field(alias="Body")


def create_words(account: Account, booking: Booking) -> dict[str, Any]:
    """A parcel of ours in their words."""
    return {
        "language": "zh-CN",
        "orderId": booking.key,
        "monthlyCard": account.monthly_card,
        "payMethod": 1,  # 寄付
        "expressTypeId": account.product,
        "parcelQty": 1,
        "isReturnRoutelabel": 1,
        "cargoDetails": [{"name": unit.sku, "count": unit.quantity} for unit in booking.units],
        "contactInfoList": [_person(1, booking.sender), _person(2, booking.receiver)],
        "serviceList": _collecting(account, booking),
    }


def intercept_words(account: Account, parcel: Shipped) -> dict[str, Any]:
    """Bring this parcel home."""
    words = {"waybillNo": parcel.waybill, "serviceCode": account.intercept, "role": "1", "payMode": "4"}
    home = account.home
    if home is None:
        raise Refused("no_return_address")
    address = {"province": home.province, "city": home.city, "county": home.district, "address": home.address}
    whose = {"contact": home.name, "phone": home.phone}
    return {**words, "monthlyCardNo": account.monthly_card, "newDestAddress": address | whose}


def _person(kind: int, contact: Contact) -> dict[str, Any]:
    return {
        "contactType": kind,
        "contact": contact.name,
        "mobile": contact.phone,
        "country": "CN",
        "province": contact.province,
        "city": contact.city,
        "county": contact.district,
        "address": contact.address,
    }


def _collecting(account: Account, booking: Booking) -> list[dict[str, str]]:
    if booking.collect is None:
        return []
    return [{"name": "COD", "value": booking.collect.text, "value1": account.monthly_card}]

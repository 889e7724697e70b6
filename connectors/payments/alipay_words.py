"""Alipay's words and ours: its states with their meanings, its codes, its fields, and the way between.

Source: https://opendocs.alipay.com/common/02km9f (codes of the gateway), https://opendocs.alipay.com/open/00f7nv (what
to do with errors), the tables of the trade methods there, apifox 3618910/doc-3272874 (the notify), read 2026-11.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator

from connectors.payments.alipay_envelope import CHINA, Credentials
from connectors.ports import Bill, RefundOrder
from models.errors import Failure, Garbled, Missing, Refused, Unavailable
from models.fact import RefundEnd, Telling
from models.noun import Id, Money
from models.stage import Source

OURS = re.compile(r"[0-9A-Za-z-]{1,64}")  # out_trade_no has letters, digits and underscores: our hyphen becomes one
YUAN = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,2}))?")

OPEN = "WAIT_BUYER_PAY"  # 交易创建,等待买家付款
CLOSED = "TRADE_CLOSED"  # 未付款交易超时关闭, or 支付完成后全额退款: only a payment date tells which
PAID_STATES = (
    "TRADE_SUCCESS",  # 交易支付成功
    "TRADE_FINISHED",  # 交易结束,不可退款
)

CODES: dict[str, tuple[type[Failure], str]] = {
    "20000": (Unavailable, "party_failed"),  # 服务不可用: it may have been done
    "20001": (Refused, "not_permitted"),  # 授权权限不足
    "40001": (Refused, "invalid_request"),  # 缺少必选参数
    "40002": (Refused, "account_wrong"),  # 非法的参数: signature, app id, clock …
    "40003": (Refused, "not_permitted"),  # 条件异常: no key uploaded …
    "40005": (Unavailable, "throttled"),  # 调用频次超限
    "40006": (Refused, "not_permitted"),  # 权限不足
}
SUB_CODES: dict[str, tuple[type[Failure], str]] = {
    "ACQ.SYSTEM_ERROR": (Unavailable, "party_failed"),  # 系统错误: it may have been done
    "ACQ.TRADE_NOT_EXIST": (Missing, "unknown_bill"),  # 交易不存在, also while nobody has scanned the code
    "ACQ.TRADE_HAS_SUCCESS": (Refused, "already_paid"),  # 交易已被支付
    "ACQ.TRADE_HAS_CLOSE": (Refused, "already_closed"),  # 交易已经关闭
    "ACQ.CONTEXT_INCONSISTENT": (Refused, "number_used"),  # 交易信息被篡改
    "ACQ.TRADE_STATUS_ERROR": (Refused, "wrong_state"),  # 交易状态不合法
    "ACQ.REASON_TRADE_STATUS_INVALID": (Refused, "wrong_state"),
    "ACQ.REASON_ILLEGAL_STATUS": (Refused, "wrong_state"),
    "ACQ.TRADE_HAS_FINISHED": (Refused, "too_late_to_refund"),  # 交易已完结
    "ACQ.TRADE_NOT_ALLOW_REFUND": (Refused, "refund_not_allowed"),  # 当前交易不允许退款
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": (Refused, "more_than_left"),  # 退款金额超限
    "ACQ.REASON_TRADE_REFUND_FEE_ERR": (Refused, "more_than_left"),  # 退款金额无效
    "ACQ.DISCORDANT_REPEAT_REQUEST": (Refused, "number_used"),  # 不一致的请求
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": (Refused, "balance_too_low"),  # 卖家余额不足
    "ACQ.INVALID_PARAMETER": (Refused, "invalid_request"),  # 参数无效
    "ACQ.ACCESS_FORBIDDEN": (Refused, "not_permitted"),  # 无权限使用接口
    "ACQ.PARTNER_ERROR": (Refused, "account_wrong"),  # APP_ID 填写错误
}


class Account(Credentials, frozen=True):
    """One merchant's app."""

    name: Id  # what policies and the registry call it
    notify_url: str
    address: str = "https://openapi.alipay.com"


def instant(text: object) -> object:
    """China's wall clock, with or without milliseconds."""
    if not isinstance(text, str):
        return text
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def fen(text: object) -> object:
    """Yuan as text; a float would lose a fen one day."""
    read = YUAN.fullmatch(text) if isinstance(text, str) else None
    if read is None:
        raise ValueError("not an amount")
    return int(read[1]) * 100 + int((read[2] or "").ljust(2, "0"))


Instant = Annotated[datetime, BeforeValidator(instant)]
Fen = Annotated[int, BeforeValidator(fen)]


class _Words(BaseModel, frozen=True, hide_input_in_errors=True):
    """Anything they say: fields that we do not know are no harm."""


class Head(_Words, frozen=True):
    """What every answer begins with."""

    code: str
    sub_code: str = ""


class CodeAnswer(_Words, frozen=True):
    """A bill that can be paid."""

    qr_code: str


class Trade(_Words, frozen=True):
    """A trade as a query shows it."""

    trade_no: Id
    out_trade_no: str
    trade_status: str
    total_amount: Fen
    send_pay_date: Instant | None = None


class RefundAnswer(_Words, frozen=True):
    """What a refund moved."""

    fund_change: str = "N"


class RefundState(_Words, frozen=True):
    """One refund, or nothing at all."""

    refund_status: str = ""


class Notice(_Words, frozen=True):
    """What a notify says. One shape for payments, refunds and closings."""

    notify_id: Id
    notify_time: Instant
    notify_type: str
    app_id: str
    seller_id: str
    trade_no: Id
    out_trade_no: str
    trade_status: str
    total_amount: Fen
    gmt_payment: Instant | None = None
    gmt_refund: Instant | None = None
    refund_fee: Fen | None = None
    out_biz_no: str | None = None  # of a refund: our number for it

    @property
    def is_refund(self) -> bool:
        """Whether it is about money that went back."""
        return self.gmt_refund is not None or bool(self.refund_fee)


def bill_words(bill: Bill) -> str:
    """A bill of ours in their words."""
    return _json(
        {
            "out_trade_no": spelled(bill.number),
            "total_amount": bill.amount.text,
            "subject": bill.subject,
            "time_expire": bill.expires_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
        }
    )


def refund_words(refund: RefundOrder) -> str:
    """A refund of ours in their words."""
    return _json(
        {
            "trade_no": refund.transaction,
            "refund_amount": refund.amount.text,
            "out_request_no": spelled(refund.number),
        }
    )


def bill_named(number: Id) -> str:
    """A bill of ours, by number only."""
    return _json({"out_trade_no": spelled(number)})


def refund_named(number: Id, **trade: str) -> str:
    """A refund of ours, by number and trade."""
    return _json({"out_request_no": spelled(number), **trade})


def spelled(number: Id) -> str:
    """Our number as they allow it. Raises: Refused."""
    if not OURS.fullmatch(number):
        raise Refused("number_not_allowed")
    return number.replace("-", "_")


def unspelled(number: str) -> Id:
    """Their spelling of our number as we write it."""
    return number.replace("_", "-")


def failure_of(head: Head) -> Failure | None:
    """Their no in our words; none if it is a yes. Only the codes: their sentences change."""
    if head.code == "10000":
        return None
    if head.code == "40004":  # 业务处理失败
        kind, ours = SUB_CODES.get(head.sub_code, (Refused, "refused"))
    else:
        kind, ours = CODES.get(head.code, (Garbled, "unknown_code"))
    return kind(ours)


def captured_telling(trade: Trade | Notice, paid_at: datetime | None, id: str) -> Telling:  # noqa: A002 - see Telling
    """A paid trade in our words; the buyer stays with them. The amount is the bill's, with discounts that they bear."""
    if paid_at is None:
        raise Garbled("incomplete")
    money = Money(minor=trade.total_amount).model_dump(mode="json")
    body = {"transaction": trade.trade_no, "amount": money, "bill": unspelled(trade.out_trade_no)}
    return Telling(kind="payment_captured", source=Source.PROVIDER, id=id, at=paid_at, body=body)


def settled_telling(notice: Notice, number: str) -> Telling:
    """A refund in our words. Alipay tells only of those that are done."""
    at = notice.gmt_refund or notice.notify_time
    body = {"refund": unspelled(number), "end": RefundEnd.DONE.value}
    return Telling(kind="refund_settled", source=Source.PROVIDER, id=notice.notify_id, at=at, body=body)


def _json(words: Mapping[str, str]) -> str:
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))

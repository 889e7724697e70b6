"""WeChat Pay's words and ours: its states with their meanings, its codes, its fields, and the way between.

Source: https://pay.weixin.qq.com/doc/v3/merchant/4013070356 (query), 4013070360 (close), GitHub
wechatpay-apiv3/wechatpay-go (fields and states), read 2026-11.
"""

import json
import re
from datetime import timedelta, timezone
from typing import Any

from pydantic import AwareDatetime, BaseModel

from connectors.http import Ask
from connectors.payments.wechat_envelope import Credentials, Resource
from connectors.ports import Bill, RefundOrder
from models.errand import Outcome, State
from models.errors import Failure, Garbled, Missing, Refused, Unavailable
from models.fact import RefundEnd, Telling
from models.noun import Currency, Id, Money
from models.stage import Source

ORDERS, REFUNDS = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
CHINA = timezone(timedelta(hours=8))
OUR_NUMBER = re.compile(r"[0-9A-Za-z_-]{6,32}")  # what out_trade_no may be, without `|` and `*`
OUR_REFUND = re.compile(r"[0-9A-Za-z_-]{1,64}")

PAID_STATES = (
    "SUCCESS",  # 支付成功
    "REFUND",  # 转入退款: paid, and something was given back since; it stays so after any refund
)
OPEN_STATES = (
    "NOTPAY",  # 未支付
    "USERPAYING",  # 用户支付中 (payment codes only)
)
DEAD_STATES = (
    "CLOSED",  # 已关闭
    "REVOKED",  # 已撤销 (payment codes only)
    "PAYERROR",  # 支付失败 (payment codes only)
)
REFUND_STATES = {
    "SUCCESS": Outcome(state=State.DONE),  # 退款成功
    "PROCESSING": Outcome(state=State.BEGUN),  # 退款处理中
    "CLOSED": Outcome(state=State.REFUSED, code="refund_closed"),  # 退款关闭: they will not do it any more
    "ABNORMAL": Outcome(state=State.REFUSED, code="refund_abnormal"),  # 退款异常: the buyer's card does not take it
}
REFUND_ENDS = {
    "SUCCESS": RefundEnd.DONE,
    "CLOSED": RefundEnd.CLOSED,
    "ABNORMAL": RefundEnd.ABNORMAL,
}
REFUSALS: dict[str, tuple[type[Failure], str]] = {
    "ORDERPAID": (Refused, "already_paid"),  # 该订单已支付
    "ORDER_CLOSED": (Refused, "already_closed"),  # 订单已关闭
    "ORDERCLOSED": (Refused, "already_closed"),
    "OUT_TRADE_NO_USED": (Refused, "number_used"),  # 商户订单号重复
    "INVALID_REQUEST": (Refused, "invalid_request"),  # number used with other content, or more than is left
    "NOT_ENOUGH": (Refused, "balance_too_low"),  # 商户余额不足
    "TRADE_OVERDUE": (Refused, "too_late_to_refund"),  # 订单已经超过可退款的最大期限: paid more than a year ago
    "PARAM_ERROR": (Refused, "invalid_request"),
    "APPID_MCHID_NOT_MATCH": (Refused, "account_wrong"),
    "MCH_NOT_EXISTS": (Refused, "account_wrong"),
    "SIGN_ERROR": (Refused, "account_wrong"),  # our key, serial or clock
    "NO_AUTH": (Refused, "not_permitted"),
    "ORDER_NOT_EXIST": (Missing, "unknown_bill"),
    "ORDERNOTEXIST": (Missing, "unknown_bill"),
    "RESOURCE_NOT_EXISTS": (Missing, "unknown_bill"),
    "USERPAYING": (Unavailable, "buyer_is_paying"),
    "FREQUENCY_LIMITED": (Unavailable, "throttled"),
    "RATELIMIT_EXCEEDED": (Unavailable, "throttled"),
    "SYSTEM_ERROR": (Unavailable, "party_failed"),
    "BANKERROR": (Unavailable, "party_failed"),
}


class Account(Credentials, frozen=True):
    """One merchant account."""

    name: Id  # what policies and the registry call it
    appid: str
    notify_url: str  # https and without a query, says WeChat
    address: str = "https://api.mch.weixin.qq.com"


class _Words(BaseModel, frozen=True, hide_input_in_errors=True):
    """Anything they say: fields that we do not know are no harm."""


class AmountShape(_Words, frozen=True):
    """Money as they count it. Units: fen."""

    total: int
    currency: Currency = Currency.CNY


class OrderAnswer(_Words, frozen=True):
    """A bill that can be paid."""

    code_url: str


class Transaction(_Words, frozen=True):
    """A bill and what became of it."""

    appid: str
    mchid: str
    out_trade_no: str
    trade_state: str
    transaction_id: Id | None = None
    success_time: AwareDatetime | None = None
    amount: AmountShape | None = None


class RefundAnswer(_Words, frozen=True):
    """A refund as the API shows it."""

    refund_id: Id
    status: str


class RefundNotice(_Words, frozen=True):
    """A refund as the notify tells it."""

    mchid: str
    out_trade_no: str
    out_refund_no: str
    refund_status: str
    success_time: AwareDatetime | None = None


class Notice(_Words, frozen=True):
    """What a notify carries around what it says."""

    id: Id
    create_time: AwareDatetime
    event_type: str
    resource: Resource


class Refusal(_Words, frozen=True):
    """How they say no."""

    code: str


def order_request(account: Account, bill: Bill) -> Ask:
    """A bill of ours in their words."""
    words = {
        "appid": account.appid,
        "mchid": account.mchid,
        "description": bill.subject,
        "out_trade_no": spelled(bill.number, OUR_NUMBER),
        "time_expire": bill.expires_at.astimezone(CHINA).isoformat(timespec="seconds"),
        "notify_url": account.notify_url,
        "amount": {"total": bill.amount.minor, "currency": bill.amount.currency},
    }
    return post(f"{ORDERS}/native", words)


def refund_request(account: Account, refund: RefundOrder) -> Ask:
    """A refund of ours in their words. By their number, because a bill that was paid twice has two."""
    words = {
        "transaction_id": refund.transaction,
        "out_refund_no": spelled(refund.number, OUR_REFUND),
        "notify_url": account.notify_url,
        "amount": {
            "refund": refund.amount.minor,
            "total": refund.captured.minor,
            "currency": refund.amount.currency,
        },
    }
    return post(REFUNDS, words)


def captured_telling(paid: Transaction, id: str) -> Telling:  # noqa: A002 - as the telling names it
    """Their transaction in our words; the buyer stays with them."""
    if paid.transaction_id is None or paid.success_time is None or paid.amount is None:
        raise Garbled("incomplete")
    money = Money(minor=paid.amount.total, currency=paid.amount.currency)
    body = {"transaction": paid.transaction_id, "amount": money.model_dump(mode="json"), "bill": paid.out_trade_no}
    return Telling(kind="payment_captured", source=Source.PROVIDER, id=id, at=paid.success_time, body=body)


def settled_telling(refund: RefundNotice, notice: Notice) -> Telling:
    """The end of a refund in our words."""
    body: dict[str, Any] = {"refund": refund.out_refund_no, "end": REFUND_ENDS[refund.refund_status].value}
    at = refund.success_time or notice.create_time
    return Telling(kind="refund_settled", source=Source.PROVIDER, id=notice.id, at=at, body=body)


def refund_outcome(refund: RefundAnswer) -> Outcome:
    """Where a refund stands, with their number for it."""
    if refund.status not in REFUND_STATES:
        raise Garbled("unknown_state")
    return REFUND_STATES[refund.status].model_copy(update={"reference": refund.refund_id})


def failure_of(code: str) -> Failure:
    """Their no in our words. Only the code: their sentences change."""
    kind, ours = REFUSALS.get(code, (Refused, "refused"))
    return kind(ours)


def order_path(number: Id) -> str:
    """Where a bill of ours is found."""
    return f"{ORDERS}/out-trade-no/{spelled(number, OUR_NUMBER)}"


def spelled(number: Id, allowed: re.Pattern[str]) -> str:
    """Our number as theirs: the same, or none. Raises: Refused."""
    if not allowed.fullmatch(number):
        raise Refused("number_not_allowed")
    return number


def post(target: str, words: dict[str, Any]) -> Ask:
    """A request with a body."""
    return Ask("POST", target, json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode())

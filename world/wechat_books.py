"""What WeChat Pay writes down, and how it spells it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from world.beijing import BEIJING


@dataclass
class Capture:
    """Money taken from a buyer once."""

    transaction_id: str
    total: int  # fen
    success_time: datetime


@dataclass
class Bill:
    """An order of ours at WeChat (商户订单)."""

    out_trade_no: str
    trade_type: str
    asked: dict[str, Any]  # the request, to tell whether a second one is the same
    code_url: str
    prepay_id: str
    expires_at: datetime | None
    is_closed: bool = False
    is_card_gone: bool = False  # the buyer closed the account that it was paid from: no refund arrives there
    captures: list[Capture] = field(default_factory=list)

    @property
    def total(self) -> int:
        """What was asked for, in fen."""
        return int(self.asked["amount"]["total"])

    def is_payable(self, now: datetime) -> bool:
        """Whether the buyer's phone still lets him pay."""
        return not self.is_closed and (self.expires_at is None or now < self.expires_at)


@dataclass
class Refund:
    """Money given back once (退款单)."""

    refund_id: str
    out_refund_no: str
    out_trade_no: str
    transaction_id: str
    refund: int  # fen
    total: int  # fen, of the transaction
    notify_url: str | None
    create_time: datetime
    status: str = "PROCESSING"
    success_time: datetime | None = None


@dataclass
class Books:
    """Everything that was really done."""

    bills: dict[str, Bill] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)  # a list: what was done twice must show twice

    def refund(self, out_refund_no: str) -> Refund | None:
        """The refund with this number of the merchant's."""
        return next((refund for refund in self.refunds if refund.out_refund_no == out_refund_no), None)

    def refunded(self, transaction_id: str) -> int:
        """What of it is given back or on its way back, in fen."""
        alive = ("PROCESSING", "SUCCESS", "ABNORMAL")
        return sum(r.refund for r in self.refunds if r.transaction_id == transaction_id and r.status in alive)


def instant(at: datetime) -> str:
    """As WeChat writes it: RFC 3339, seconds, China's clock."""
    return at.astimezone(BEIJING).isoformat(timespec="seconds")


def moment(text: str) -> datetime:
    """Read an instant of ours. Raises: ValueError: without a zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no zone")
    return at.astimezone(UTC)


def transaction(bill: Bill, capture: Capture | None, state: str, words: str) -> dict[str, Any]:
    """A transaction as the query and the notify show it."""
    shown: dict[str, Any] = {
        "appid": bill.asked["appid"],
        "mchid": bill.asked["mchid"],
        "out_trade_no": bill.out_trade_no,
        "trade_state": state,
        "trade_state_desc": words,
        "attach": bill.asked.get("attach", ""),
        "promotion_detail": [],
    }
    if capture is None:
        return shown | {"payer": {}, "amount": {"total": bill.total, "currency": "CNY"}}
    amount = {"total": capture.total, "payer_total": capture.total, "currency": "CNY", "payer_currency": "CNY"}
    return shown | {
        "transaction_id": capture.transaction_id,
        "trade_type": bill.trade_type,
        "bank_type": "OTHERS",
        "success_time": instant(capture.success_time),
        "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        "amount": amount,
    }


def refund_answer(refund: Refund) -> dict[str, Any]:
    """A refund as the API shows it."""
    return _refund(refund, "status") | {
        "channel": "ORIGINAL",
        "create_time": instant(refund.create_time),
        "funds_account": "AVAILABLE",
        "promotion_detail": [],
    }


def refund_notice(refund: Refund, mchid: str) -> dict[str, Any]:
    """A refund as the notify shows it: another name for the status, and fewer fields."""
    return {"mchid": mchid} | _refund(refund, "refund_status")


def _refund(refund: Refund, status: str) -> dict[str, Any]:
    ended = {"success_time": instant(refund.success_time)} if refund.success_time else {}
    return ended | {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "user_received_account": "支付用户零钱",
        status: refund.status,
        "amount": {
            "total": refund.total,
            "refund": refund.refund,
            "payer_total": refund.total,
            "payer_refund": refund.refund,
            **({"settlement_refund": refund.refund, "currency": "CNY"} if status == "status" else {}),
        },
    }

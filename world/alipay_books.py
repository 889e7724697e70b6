"""What Alipay writes down, and how it spells it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from world.beijing import wall_text


@dataclass
class Refund:
    """Money given back once."""

    out_request_no: str
    amount: int  # fen
    at: datetime


@dataclass
class Capture:
    """A trade (交易): it exists from the moment that a buyer opens the code."""

    trade_no: str
    total: int  # fen
    opened_at: datetime
    paid_at: datetime | None = None
    closed_at: datetime | None = None
    is_finished: bool = False  # the time for refunds is over
    refunds: list[Refund] = field(default_factory=list)

    @property
    def refunded(self) -> int:
        """Given back so far, in fen."""
        return sum(refund.amount for refund in self.refunds)

    @property
    def status(self) -> str:
        """As a query names it."""
        if self.paid_at is None:
            return "TRADE_CLOSED" if self.closed_at else "WAIT_BUYER_PAY"
        if self.refunded == self.total:
            return "TRADE_CLOSED"
        return "TRADE_FINISHED" if self.is_finished else "TRADE_SUCCESS"


@dataclass
class Bill:
    """A code that a merchant asked for. Until somebody scans it, there is no trade."""

    out_trade_no: str
    total: int  # fen
    subject: str
    notify_url: str | None
    qr_code: str
    expires_at: datetime | None
    trades: list[Capture] = field(default_factory=list)


@dataclass
class Books:
    """Everything that was really done."""

    bills: dict[str, Bill] = field(default_factory=dict)

    def find(self, asked: dict[str, Any]) -> tuple[Bill, Capture] | None:
        """The trade that is meant: by their number if it is given, else by ours."""
        for bill in self.bills.values():
            for trade in bill.trades:
                if trade.trade_no == asked.get("trade_no", trade.trade_no) and (
                    asked.get("trade_no") or bill.out_trade_no == asked.get("out_trade_no")
                ):
                    return bill, trade
        return None


def yuan(fen: int) -> str:
    """An amount as Alipay writes it."""
    return f"{fen / 100:.2f}"


def fen(text: object) -> int | None:
    """Read an amount of ours: yuan with at most two decimals."""
    whole, _, rest = str(text).partition(".")
    if not whole.isdecimal() or (rest and not rest.isdecimal()) or len(rest) > 2:  # noqa: PLR2004 - fen and no finer
        return None
    return int(whole) * 100 + int(rest.ljust(2, "0") or 0)


def trade_answer(bill: Bill, trade: Capture) -> dict[str, Any]:
    """A trade as a query shows it."""
    paid = trade.total if trade.paid_at else 0
    answer: dict[str, Any] = {
        "buyer_logon_id": "159****5620",
        "buyer_pay_amount": yuan(paid),
        "buyer_user_id": "2088101117955611",
        "invoice_amount": yuan(paid),
        "out_trade_no": bill.out_trade_no,
        "point_amount": "0.00",
        "receipt_amount": yuan(paid),
        "total_amount": yuan(trade.total),
        "trade_no": trade.trade_no,
        "trade_status": trade.status,
    }
    if trade.paid_at:
        answer["send_pay_date"] = wall_text(trade.paid_at)
        answer["fund_bill_list"] = [{"amount": yuan(paid), "fund_channel": "ALIPAYACCOUNT"}]
    return answer


def notice(bill: Bill, trade: Capture, refund: Refund | None) -> dict[str, str]:
    """A trade as a notify tells it; with a refund, what changed is the refund."""
    told = {
        "notify_type": "trade_status_sync",
        "trade_no": trade.trade_no,
        "out_trade_no": bill.out_trade_no,
        "buyer_id": "2088101117955611",
        "buyer_logon_id": "159****5620",
        "trade_status": trade.status,
        "subject": bill.subject,
        "total_amount": yuan(trade.total),
        "receipt_amount": yuan(trade.total),
        "invoice_amount": yuan(trade.total),
        "buyer_pay_amount": yuan(trade.total),
        "point_amount": "0.00",
        "gmt_create": wall_text(trade.opened_at),
        "gmt_payment": wall_text(trade.paid_at or trade.opened_at),
        "fund_bill_list": f'[{{"amount":"{yuan(trade.total)}","fundChannel":"ALIPAYACCOUNT"}}]',
    }
    return told | (_given_back(trade, refund) if refund else {})


def _given_back(trade: Capture, refund: Refund) -> dict[str, str]:
    ended = {"gmt_close": wall_text(refund.at)} if trade.status == "TRADE_CLOSED" else {}
    when = f"{wall_text(refund.at)}.{refund.at.microsecond // 1000:03}"
    return ended | {"out_biz_no": refund.out_request_no, "refund_fee": yuan(trade.refunded), "gmt_refund": when}

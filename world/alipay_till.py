"""What Alipay does at its till: codes, payments, closing and refunds, by its own rules and in its own words.

Source: https://opendocs.alipay.com/open/00f7nv (what to do with errors) and the tables of codes of the trade methods
there, read 2026-11.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from world.alipay_books import Bill, Books, Capture, Refund, fen, trade_answer, yuan
from world.beijing import BEIJING, wall_text
from world.dials import Dials

OURS = re.compile(r"[0-9A-Za-z_]{1,64}")


class No(Exception):
    """Alipay says no: its code, and words that explain it."""

    def __init__(self, sub_code: str, sub_msg: str, code: str = "40004", msg: str = "Business Failed") -> None:
        super().__init__(sub_code)
        self.body = {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg}


@dataclass
class AlipayDials(Dials):
    """Moods that only Alipay has."""

    unknown: float = 0.0  # does the deed, and answers that it does not know what became of it (code 20000)
    empty: float = 0.0  # the merchant's balance is too low for a refund


@dataclass
class Till:
    """One merchant's money."""

    dials: AlipayDials
    now: Callable[[], datetime]
    books: Books = field(default_factory=Books)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def precreate(self, asked: dict[str, Any], notify_url: str | None) -> dict[str, Any]:
        """A code to scan. The same number with the same amount is the same code."""
        number, total = _number(asked), fen(asked.get("total_amount"))
        if not total or not asked.get("subject"):
            raise No("ACQ.INVALID_PARAMETER", "参数无效")
        if self.dials.happens("refuse"):
            raise No("ACQ.ACCESS_FORBIDDEN", "无权限使用接口")
        bill = self.books.bills.get(number) or self._new(number, total, asked, notify_url)
        _check_again(bill, total, asked["subject"])
        return {"out_trade_no": number, "qr_code": bill.qr_code}

    def query(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A trade, if somebody has scanned the code."""
        return trade_answer(*self.meant(asked))

    def close(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Nobody can pay the trade any more. A code that was never scanned stays what it is."""
        bill, trade = self.meant(asked)
        if trade.status != "WAIT_BUYER_PAY":
            raise No("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        trade.closed_at = self.now()
        return {"trade_no": trade.trade_no, "out_trade_no": bill.out_trade_no}

    def refund(self, asked: dict[str, Any]) -> tuple[dict[str, Any], Refund | None]:
        """Money back; and the refund, if this call moved it."""
        bill, trade = self.meant(asked)
        number, amount = asked.get("out_request_no", bill.out_trade_no), fen(asked.get("refund_amount"))
        known = next((refund for refund in trade.refunds if refund.out_request_no == number), None)
        if known and known.amount != amount:
            raise No("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致")
        made = None if known else self._give_back(trade, number, amount or 0)
        return self._refund_answer(bill, trade, known or made, "Y" if made else "N"), made

    def refund_query(self, asked: dict[str, Any]) -> dict[str, Any]:
        """One refund; nothing but success if there is none."""
        bill, trade = self.meant(asked)
        for refund in trade.refunds:
            if refund.out_request_no == asked.get("out_request_no"):
                return {
                    "trade_no": trade.trade_no,
                    "out_trade_no": bill.out_trade_no,
                    "out_request_no": refund.out_request_no,
                    "refund_amount": yuan(refund.amount),
                    "total_amount": yuan(trade.total),
                    "refund_status": "REFUND_SUCCESS",
                    "gmt_refund_pay": wall_text(refund.at),
                }
        return {}

    def meant(self, asked: dict[str, Any]) -> tuple[Bill, Capture]:
        """The trade that is asked about."""
        if found := self.books.find(asked):
            return found
        raise No("ACQ.TRADE_NOT_EXIST", "交易不存在")

    def scan(self, out_trade_no: str, amount: int | None = None) -> tuple[Bill, Capture]:
        """A buyer opens the code: now there is a trade. Raises: No: his phone tells him that he cannot."""
        bill = self.books.bills.get(out_trade_no)
        if bill is None or (bill.expires_at and self.now() >= bill.expires_at):
            raise No("ACQ.TRADE_HAS_CLOSE", "二维码已失效")
        if any(trade.closed_at for trade in bill.trades):
            raise No("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        trade = Capture(self._trade_no(), bill.total if amount is None else amount, self.now())
        bill.trades.append(trade)
        return bill, trade

    def pay(self, out_trade_no: str, amount: int | None = None) -> tuple[Bill, Capture]:
        """A buyer pays: the trade that he opened, or a new one."""
        bill = self.books.bills.get(out_trade_no)
        waiting = [trade for trade in bill.trades if trade.status == "WAIT_BUYER_PAY"] if bill else []
        opened = (bill, waiting[0]) if bill and waiting else self.scan(out_trade_no, amount)
        opened[1].paid_at = self.now()
        return opened

    def _trade_no(self) -> str:
        return f"{self.now():%Y%m%d}22001{next(self.numbers):015}"

    def _new(self, number: str, total: int, asked: dict[str, Any], notify_url: str | None) -> Bill:
        code = f"https://qr.alipay.com/bax{next(self.numbers):012x}"
        bill = Bill(number, total, asked["subject"], notify_url, code, _end(asked))
        self.books.bills[number] = bill
        return bill

    def _give_back(self, trade: Capture, number: str, amount: int) -> Refund:
        if trade.paid_at is None:
            raise No("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        if trade.is_finished:
            raise No("ACQ.TRADE_HAS_FINISHED", "交易已完结")
        if not 0 < amount <= trade.total - trade.refunded:
            raise No("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
        if self.dials.happens("refuse") or self.dials.happens("empty"):
            raise No("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
        refund = Refund(number, amount, self.now())
        trade.refunds.append(refund)
        return refund

    def _refund_answer(self, bill: Bill, trade: Capture, refund: Refund | None, change: str) -> dict[str, Any]:
        at = refund.at if refund else self.now()
        return {
            "buyer_logon_id": "159****5620",
            "buyer_user_id": "2088101117955611",
            "fund_change": change,
            "gmt_refund_pay": wall_text(at),
            "out_trade_no": bill.out_trade_no,
            "refund_fee": yuan(trade.refunded),
            "send_back_fee": yuan(refund.amount if refund and change == "Y" else 0),
            "trade_no": trade.trade_no,
        }


def _number(asked: dict[str, Any]) -> str:
    number = asked.get("out_trade_no", "")
    if not OURS.fullmatch(str(number)):
        raise No("ACQ.INVALID_PARAMETER", "参数无效")
    return str(number)


def _end(asked: dict[str, Any]) -> datetime | None:
    text = asked.get("time_expire")
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING) if text else None
    except ValueError:
        raise No("ACQ.INVALID_PARAMETER", "参数无效") from None


def _check_again(bill: Bill, total: int, subject: str) -> None:
    if any(trade.paid_at for trade in bill.trades):
        raise No("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
    if any(trade.closed_at for trade in bill.trades):
        raise No("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    if (bill.total, bill.subject) != (total, subject):
        raise No("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")

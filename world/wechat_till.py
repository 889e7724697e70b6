"""What WeChat Pay does at its till: orders, payments, closing and refunds, by its own rules and in its own words.

Source: https://pay.weixin.qq.com/doc/v3/merchant/4013070356 (query), 4013070360 (close), GitHub
wechatpay-apiv3/wechatpay-go (fields), read 2026-11. Codes that merchants report rather than a table names: ORDERPAID,
"201 商户订单号重复", TRADE_OVERDUE.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from world import wechat_books as shown
from world.dials import Dials
from world.wechat_books import Bill, Books, Capture, Refund
from world.wechat_wire import Merchant, No

OURS = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
OUR_REFUND = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
ASKED = ("appid", "mchid", "description", "out_trade_no", "notify_url", "amount")
SAME = ("appid", "mchid", "description", "amount", "attach", "payer")  # what makes a second order the same as the first
LONGEST_WORDS = 127
OPEN_FOR = timedelta(days=7)  # where the merchant sets no end
GIVEN_BACK_FOR = timedelta(days=365)  # after the payment: 支付后一年内可退款


@dataclass
class MoneyDials(Dials):
    """Moods that only a payment provider has."""

    settle_after: float = 1.0  # the party's seconds until a refund ends
    abnormal_refund: float = 0.0  # the buyer's card does not take it
    closed_refund: float = 0.0  # they will not do it after all
    empty: float = 0.0  # the merchant's balance is too low for a refund
    shut: float = 0.0  # the merchant may do nothing at all: every call of his is refused


@dataclass
class Till:
    """One merchant's money."""

    merchant: Merchant
    dials: MoneyDials
    now: Callable[[], datetime]
    books: Books = field(default_factory=Books)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def order(self, product: str, asked: dict[str, Any]) -> Bill:
        """A merchant asks for money. The same number with the same words is the same order."""
        self._check(product, asked)
        bill = self.books.bills.get(asked["out_trade_no"]) or self._open(product.upper(), asked)
        _check_open(bill)
        if bill.trade_type != product.upper() or any(bill.asked.get(part) != asked.get(part) for part in SAME):
            raise No(400, "INVALID_REQUEST", "201 商户订单号重复")
        return bill

    def known(self, out_trade_no: str, mchid: str) -> Bill:
        """The order with this number."""
        if mchid != self.merchant.mchid:
            raise wrong("mchid")
        if out_trade_no not in self.books.bills:
            raise No(404, "ORDER_NOT_EXIST", "订单不存在")
        return self.books.bills[out_trade_no]

    def paid(self, transaction_id: str) -> tuple[Bill, Capture]:
        """The payment with this number of theirs."""
        for bill in self.books.bills.values():
            for capture in bill.captures:
                if capture.transaction_id == transaction_id:
                    return bill, capture
        raise No(404, "ORDER_NOT_EXIST", "订单不存在")

    def transaction(self, bill: Bill, capture: Capture | None) -> dict[str, Any]:
        """What a query shows of it."""
        if capture and self.books.refunded(capture.transaction_id):
            return shown.transaction(bill, capture, "REFUND", "订单发生过退款,退款详情请查询退款单")
        if capture:
            return shown.transaction(bill, capture, "SUCCESS", "支付成功")
        if bill.is_closed:
            return shown.transaction(bill, None, "CLOSED", "订单已关闭")
        return shown.transaction(bill, None, "NOTPAY", "订单未支付")

    def close(self, bill: Bill) -> None:
        """Nobody can pay it any more."""
        _check_open(bill)
        bill.is_closed = True

    def capture(self, out_trade_no: str, amount: int | None) -> tuple[Bill, Capture]:
        """A buyer pays. Raises: No: his phone tells him that he cannot."""
        bill = self.books.bills.get(out_trade_no)
        if bill is None or not bill.is_payable(self.now()):
            raise No(400, "ORDER_CLOSED", "订单已关闭或已过期")
        capture = Capture(self._number("4200"), bill.total if amount is None else amount, self.now())
        bill.captures.append(capture)
        return bill, capture

    def refund(self, asked: dict[str, Any]) -> tuple[Refund, bool]:
        """A merchant gives money back; and whether this is the first we hear of it."""
        need(asked, "out_refund_no", "amount")
        bill, capture = self._to_refund(asked)
        known = self.books.refund(asked["out_refund_no"])
        refund = known or self._give_back(bill, capture, asked)
        if (refund.transaction_id, refund.refund) != (capture.transaction_id, asked["amount"].get("refund")):
            raise No(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致,请核实后再试")
        return refund, known is None

    def settle(self, refund: Refund) -> None:
        """The bank has spoken."""
        is_card_gone = self.books.bills[refund.out_trade_no].is_card_gone
        abnormal, closed = self.dials.happens("abnormal_refund") or is_card_gone, self.dials.happens("closed_refund")
        refund.status = "ABNORMAL" if abnormal else "CLOSED" if closed else "SUCCESS"
        refund.success_time = self.now() if refund.status == "SUCCESS" else None

    def _number(self, start: str) -> str:
        return f"{start}{self.now():%Y%m%d}{next(self.numbers):016}"

    def _check(self, product: str, asked: dict[str, Any]) -> None:
        need(asked, *ASKED, *(("payer",) if product == "jsapi" else ()))
        if (asked["appid"], asked["mchid"]) != (self.merchant.appid, self.merchant.mchid):
            raise No(400, "APPID_MCHID_NOT_MATCH", "AppID和mch_id不匹配")
        if not OURS.fullmatch(str(asked["out_trade_no"])) or len(asked["description"]) > LONGEST_WORDS:
            raise wrong("out_trade_no/description")
        total = asked["amount"].get("total")
        if "?" in asked["notify_url"] or not isinstance(total, int) or total < 1:
            raise wrong("notify_url/amount")
        if self.dials.happens("refuse"):
            raise No(403, "NO_AUTH", "商户号该产品权限未开通")

    def _open(self, trade_type: str, asked: dict[str, Any]) -> Bill:
        serial = f"{next(self.numbers):010}"
        code_url, prepay_id = f"weixin://wxpay/bizpayurl?pr={serial}", f"wx{serial}"
        bill = Bill(asked["out_trade_no"], trade_type, asked, code_url, prepay_id, self._end(asked))
        self.books.bills[bill.out_trade_no] = bill
        return bill

    def _end(self, asked: dict[str, Any]) -> datetime:
        try:
            return shown.moment(asked["time_expire"]) if "time_expire" in asked else self.now() + OPEN_FOR
        except ValueError:
            raise wrong("time_expire") from None

    def _to_refund(self, asked: dict[str, Any]) -> tuple[Bill, Capture]:
        if not OUR_REFUND.fullmatch(str(asked["out_refund_no"])):
            raise wrong("out_refund_no")
        transaction_id = asked.get("transaction_id") or self._first_of(asked.get("out_trade_no", ""))
        try:
            bill, capture = self.paid(transaction_id)
        except No:
            raise No(404, "RESOURCE_NOT_EXISTS", "订单不存在") from None
        if asked["amount"].get("total") != capture.total:
            raise No(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致,请核实后再试")
        return bill, capture

    def _first_of(self, out_trade_no: str) -> str:
        bill = self.books.bills.get(out_trade_no)
        return bill.captures[0].transaction_id if bill and bill.captures else ""

    def _give_back(self, bill: Bill, capture: Capture, asked: dict[str, Any]) -> Refund:
        if self.now() >= capture.success_time + GIVEN_BACK_FOR:
            raise No(403, "TRADE_OVERDUE", "订单已经超过可退款的最大期限")
        wanted = asked["amount"].get("refund", 0)
        if not 0 < wanted <= capture.total - self.books.refunded(capture.transaction_id):
            raise No(400, "INVALID_REQUEST", "申请退款金额超过订单可退金额")
        if self.dials.happens("refuse") or self.dials.happens("empty"):
            raise No(403, "NOT_ENOUGH", "基本账户余额不足,请充值后重新发起")
        refund = Refund(
            refund_id=self._number("5030"),
            out_refund_no=asked["out_refund_no"],
            out_trade_no=bill.out_trade_no,
            transaction_id=capture.transaction_id,
            refund=wanted,
            total=capture.total,
            notify_url=asked.get("notify_url"),
            create_time=self.now(),
        )
        self.books.refunds.append(refund)
        return refund


def need(asked: dict[str, Any], *fields: str) -> None:
    """Fields that must be there and hold something."""
    if missing := [field for field in fields if not asked.get(field)]:
        raise wrong(missing[0])


def wrong(field: str) -> No:
    """A field that breaks their rules."""
    return No(400, "PARAM_ERROR", f"输入源“/body/{field}”映射到值字段规则校验失败")


def _check_open(bill: Bill) -> None:
    if bill.captures:
        raise No(400, "ORDERPAID", "该订单已支付")
    if bill.is_closed:
        raise No(400, "ORDER_CLOSED", "订单已关闭")

"""Alipay's gateway v2 for one merchant: bills as QR codes (precreate), their closing, refunds, and what we are told.

Source: see `alipay_words` and `alipay_envelope`.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from pydantic import ValidationError

from connectors.http import Caller, understood
from connectors.payments.alipay_envelope import Envelope
from connectors.payments.alipay_words import (
    CLOSED,
    OPEN,
    PAID_STATES,
    Account,
    CodeAnswer,
    Head,
    Notice,
    RefundAnswer,
    RefundState,
    Trade,
    bill_named,
    bill_words,
    captured_telling,
    failure_of,
    refund_named,
    refund_words,
    settled_telling,
    spelled,
    unspelled,
)
from connectors.ports import Addressed, Bill, Link, Message, RefundOrder, Reply, whose_refund
from models.errand import Outcome, State
from models.errors import Forged, Garbled, Missing, Refused, Unavailable
from models.fact import Telling
from models.noun import Id

__all__ = ["Account", "Alipay"]

LARGEST_NOTICE = 64 * 1024  # bytes; real ones have one or two thousand
RETRIED_WITHIN = timedelta(hours=48)  # their last retry comes after some 25 hours
CLOCKS_DIFFER_BY = timedelta(minutes=15)


class Alipay:
    """One merchant's app at Alipay."""

    def __init__(self, account: Account, line: Caller, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.account, self.line, self.now = account, line, now
        self.name = account.name
        self._envelope = Envelope(account)

    async def create(self, bill: Bill) -> Link:
        """Ask for money. The same number again is the same bill, until it is paid or closed."""
        raw = await self._ask("alipay.trade.precreate", bill_words(bill), self.account.notify_url)
        return Link(url=understood(CodeAnswer, raw).qr_code)

    async def captured(self, number: Id) -> Telling:
        """The payment as the notify would tell it. Raises: Unavailable("not_yet"), Refused("already_closed")."""
        try:
            trade = await self._trade(number)
        except Missing:  # nobody has scanned the code
            raise Unavailable("not_yet") from None
        if _is_paid(trade):
            return captured_telling(trade, trade.send_pay_date, f"query-{trade.trade_no}")
        if trade.trade_status == OPEN:
            raise Unavailable("not_yet")
        raise Refused("already_closed")

    async def close(self, number: Id) -> Outcome:
        """Nobody can pay it any more. REFUSED("already_paid"): somebody has.

        Why DONE for a code that nobody scanned: Alipay has no trade to close, and the code dies at its own end. Who
        scans and pays before that makes a payment that comes too late, and gets it back.
        """
        try:
            await self._ask("alipay.trade.close", bill_named(number))
        except Missing:
            return Outcome(state=State.DONE)
        except Refused as no:
            return await self._why_not_closed(number) if no.code == "wrong_state" else _refused(no)
        return Outcome(state=State.DONE)

    async def refund(self, refund: RefundOrder) -> Outcome:
        """Money back, at once. The same number again moves nothing and is the same refund."""
        try:
            raw = await self._ask("alipay.trade.refund", refund_words(refund))
        except Refused as no:
            return _refused(no)
        if understood(RefundAnswer, raw).fund_change == "Y":
            return Outcome(state=State.DONE)
        found = await self._refund_state(refund_named(refund.number, trade_no=refund.transaction))
        return Outcome(state=State.BEGUN) if found.state is State.ABSENT else found

    async def refunded(self, number: Id, bill: Id) -> Outcome:
        """What became of a refund. A failed one is ABSENT: the same number may be tried again."""
        return await self._refund_state(refund_named(number, out_trade_no=spelled(bill)))

    def read(self, message: Message) -> tuple[Addressed, ...]:
        """A notify: money came or went back. Raises: Forged, Garbled."""
        said = self._envelope.believed(message.body)
        if len(message.body) > LARGEST_NOTICE:
            raise Garbled("too_large")
        notice = _noticed(dict(said))
        if (notice.app_id, notice.seller_id) != (self.account.app_id, self.account.seller_id):
            raise Forged("not_ours")
        if not -CLOCKS_DIFFER_BY < message.heard_at - notice.notify_time < RETRIED_WITHIN:
            raise Forged("stale")
        telling = _told(notice)
        bill = unspelled(notice.out_trade_no)
        key = whose_refund(unspelled(notice.out_biz_no), bill) if notice.out_biz_no else bill
        return (Addressed(to="ours", key=key, telling=telling),) if telling else ()

    def thanks(self) -> Reply:
        """Exactly these seven letters end their seven retries (25 h)."""
        return Reply(status=HTTPStatus.OK, body=b"success")

    def sorry(self, code: str) -> Reply:  # noqa: ARG002 - they would not read it
        """Anything else makes them send again."""
        return Reply(status=HTTPStatus.BAD_REQUEST, body=b"fail")

    async def _trade(self, number: Id) -> Trade:
        return understood(Trade, await self._ask("alipay.trade.query", bill_named(number)))

    async def _why_not_closed(self, number: Id) -> Outcome:
        trade = await self._trade(number)
        if _is_paid(trade):
            return Outcome(state=State.REFUSED, code="already_paid")
        if trade.trade_status == CLOSED:
            return Outcome(state=State.DONE)
        raise Unavailable("buyer_is_paying")

    async def _refund_state(self, words: str) -> Outcome:
        try:
            raw = await self._ask("alipay.trade.fastpay.refund.query", words)
        except Missing:
            return Outcome(state=State.ABSENT)
        is_done = understood(RefundState, raw).refund_status == "REFUND_SUCCESS"
        return Outcome(state=State.DONE if is_done else State.ABSENT)

    async def _ask(self, method: str, content: str, notify_url: str | None = None) -> str:
        answer = await self.line.send(self._envelope.sealed(method, content, notify_url, self.now()))
        raw, is_signed = self._envelope.opened(method, answer.body)
        head = understood(Head, raw)
        if not is_signed and head.code in ("10000", "40004"):  # only the gateway itself says no without a signature
            raise Garbled("answer_unsigned")
        if failure := failure_of(head):
            raise failure
        return raw


def _is_paid(trade: Trade) -> bool:
    """A trade that was given back whole is closed, and yet it was paid."""
    return trade.trade_status in PAID_STATES or (trade.trade_status == CLOSED and trade.send_pay_date is not None)


def _noticed(fields: dict[str, str]) -> Notice:
    try:
        return Notice.model_validate(fields)
    except ValidationError:
        raise Garbled("unreadable") from None


def _told(notice: Notice) -> Telling | None:
    """What a story should hear of it, if anything."""
    if notice.notify_type != "trade_status_sync":
        return None
    if notice.is_refund:
        return settled_telling(notice, notice.out_biz_no) if notice.out_biz_no else None
    if notice.trade_status in PAID_STATES:
        return captured_telling(notice, notice.gmt_payment, notice.notify_id)
    if notice.trade_status in (OPEN, CLOSED):
        return None
    raise Garbled("unknown_state")


def _refused(no: Refused) -> Outcome:
    return Outcome(state=State.REFUSED, code=no.code)

"""WeChat Pay v3 for one merchant: bills as QR codes (native), their closing, refunds, and what WeChat tells us.

Source: see `wechat_words` and `wechat_envelope`.
"""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from connectors.http import Answer, Ask, Caller, understood
from connectors.payments.wechat_envelope import Envelope
from connectors.payments.wechat_words import (
    DEAD_STATES,
    OPEN_STATES,
    OUR_REFUND,
    PAID_STATES,
    REFUND_ENDS,
    REFUNDS,
    Account,
    Notice,
    OrderAnswer,
    RefundAnswer,
    RefundNotice,
    Refusal,
    Transaction,
    captured_telling,
    failure_of,
    order_path,
    order_request,
    post,
    refund_outcome,
    refund_request,
    settled_telling,
    spelled,
)
from connectors.ports import Addressed, Bill, Link, Message, RefundOrder, Reply, whose_refund
from models.errand import Outcome, State
from models.errors import Forged, Garbled, Missing, Refused, Unavailable
from models.fact import Telling
from models.noun import Id

__all__ = ["Account", "WeChatPay"]

LARGEST_NOTICE = 64 * 1024  # bytes; real ones have one or two thousand


class WeChatPay:
    """One merchant account at WeChat Pay."""

    def __init__(
        self,
        account: Account,
        line: Caller,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self.account, self.line, self.now, self.nonce = account, line, now, nonce
        self.name = account.name
        self._envelope = Envelope(account)

    async def create(self, bill: Bill) -> Link:
        """Ask for money. The same number again is the same code, until it is paid or closed."""
        answer = await self._send(order_request(self.account, bill))
        return Link(url=understood(OrderAnswer, answer.body).code_url)

    async def captured(self, number: Id) -> Telling:
        """The payment as the notify would tell it. Raises: Unavailable("not_yet"), Refused("already_closed")."""
        answer = await self._send(Ask("GET", f"{order_path(number)}?mchid={self.account.mchid}"))
        paid = understood(Transaction, answer.body)
        if paid.trade_state in PAID_STATES:
            return captured_telling(paid, f"query-{paid.transaction_id}")
        if paid.trade_state in DEAD_STATES:
            raise Refused("already_closed")
        if paid.trade_state in OPEN_STATES:
            raise Unavailable("not_yet")
        raise Garbled("unknown_state")

    async def close(self, number: Id) -> Outcome:
        """Nobody can pay it any more. REFUSED("already_paid"): somebody has."""
        try:
            await self._send(post(f"{order_path(number)}/close", {"mchid": self.account.mchid}))
        except Missing:
            return Outcome(state=State.DONE)
        except Refused as no:
            return Outcome(state=State.DONE) if no.code == "already_closed" else _refused(no)
        return Outcome(state=State.DONE)

    async def refund(self, refund: RefundOrder) -> Outcome:
        """Money back. WeChat accepts first (BEGUN) and tells the end later."""
        try:
            answer = await self._send(refund_request(self.account, refund))
        except Refused as no:
            return _refused(no)
        return refund_outcome(understood(RefundAnswer, answer.body))

    async def refunded(self, number: Id, bill: Id) -> Outcome:  # noqa: ARG002 - other providers need the bill
        """What became of a refund."""
        try:
            answer = await self._send(Ask("GET", f"{REFUNDS}/{spelled(number, OUR_REFUND)}"))
        except Missing:
            return Outcome(state=State.ABSENT)
        return refund_outcome(understood(RefundAnswer, answer.body))

    def read(self, message: Message) -> tuple[Addressed, ...]:
        """A notify: money came, or a refund ended. Raises: Forged, Garbled."""
        self._envelope.check(message.headers, message.body, message.heard_at)
        if len(message.body) > LARGEST_NOTICE:
            raise Garbled("too_large")
        notice = understood(Notice, message.body)
        plain = self._envelope.opened(notice.resource)
        match notice.event_type.partition("."):
            case ("TRANSACTION", _, "SUCCESS"):
                return self._paid(notice, understood(Transaction, plain))
            case ("REFUND", _, _):
                return self._given_back(notice, understood(RefundNotice, plain))
            case _:
                return ()  # an event of tomorrow: nothing for a story of today

    def thanks(self) -> Reply:
        """200 or 204 without a body ends their fifteen retries (24 h 4 min)."""
        return Reply(status=HTTPStatus.NO_CONTENT)

    def sorry(self, code: str) -> Reply:
        """Any 4xx or 5xx makes them send again."""
        body = json.dumps({"code": "FAIL", "message": code}).encode()
        return Reply(HTTPStatus.BAD_REQUEST, body, "application/json")

    def _paid(self, notice: Notice, paid: Transaction) -> tuple[Addressed, ...]:
        if (paid.appid, paid.mchid) != (self.account.appid, self.account.mchid):
            raise Forged("not_ours")
        if paid.trade_state not in PAID_STATES:
            raise Garbled("unknown_state")
        return (Addressed(to="ours", key=paid.out_trade_no, telling=captured_telling(paid, notice.id)),)

    def _given_back(self, notice: Notice, refund: RefundNotice) -> tuple[Addressed, ...]:
        if refund.mchid != self.account.mchid:
            raise Forged("not_ours")
        if refund.refund_status not in REFUND_ENDS:
            raise Garbled("unknown_state")
        return (
            Addressed(
                to="ours",
                key=whose_refund(refund.out_refund_no, refund.out_trade_no),
                telling=settled_telling(refund, notice),
            ),
        )

    async def _send(self, ask: Ask) -> Answer:
        answer = await self.line.send(self._envelope.sealed(ask, self.now(), self.nonce()))
        try:
            self._envelope.check(answer.headers, answer.body, self.now())
        except Forged as doubt:
            raise Garbled(f"answer_{doubt.code}") from None
        if answer.status >= HTTPStatus.BAD_REQUEST or answer.status == HTTPStatus.ACCEPTED:
            raise failure_of(understood(Refusal, answer.body).code)
        return answer


def _refused(no: Refused) -> Outcome:
    return Outcome(state=State.REFUSED, code=no.code)

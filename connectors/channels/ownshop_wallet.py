"""The wallet of an own shop: what a customer takes as a balance there, instead of the way it was paid (退至余额).

Signed as everything between an own shop and us (see `ownshop`); answered in JSON:

    POST /credits             {"number", "order", "amount": {"minor", "currency"}}: add that much to the balance of
                              whoever placed the order. Once for each number, however often it is said: the answer to
                              it is that of the question below. A no that is no credit: 4xx with {"error": "…"}.
    GET /credits/{number}     {"number", "state": "done" | "refused" | "unknown", "reason": "…"}, always 200.

Source: the protocol is our own, version 1, 2026-11-23.
"""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel

from connectors.channels.ownshop_words import Counterpart, signed
from connectors.http import Ask, Caller, understood
from connectors.ports import RefundOrder
from models.errand import Outcome, State
from models.errors import Garbled, Refused
from models.noun import Id
from rules.wallets import wallet_of

CREDITS = "/credits"
STATES = {"done": State.DONE, "refused": State.REFUSED, "unknown": State.ABSENT}
WORDS = {  # theirs: ours
    "not_signed": "account_wrong",  # our clock or secret: a person must look
    "number_used": "number_used",  # for another sum
    "unknown_order": "unknown_order",
    "no_wallet": "no_wallet",  # who placed the order has no balance there
    "frozen": "wallet_frozen",
}


class Account(Counterpart, frozen=True):
    """The wallet of one own shop; `address`: where it is asked."""

    @property
    def name(self) -> Id:
        """The shop's name for itself behind a word of ours."""
        return wallet_of(f"{self.channel}/{self.shop}")


class _Credit(BaseModel, frozen=True, hide_input_in_errors=True):
    number: str
    state: Literal["done", "refused", "unknown"]
    reason: str = ""


class _No(BaseModel, frozen=True, hide_input_in_errors=True):
    error: str


class OwnShopWallet:
    """Where one own shop keeps its customers' balances."""

    def __init__(
        self,
        account: Account,
        line: Caller,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self.account, self.line, self.now, self.nonce = account, line, now, nonce
        self.name = account.name

    async def refund(self, refund: RefundOrder) -> Outcome:
        """A credit, at once. The same number again is the same credit."""
        amount = {"minor": refund.amount.minor, "currency": refund.amount.currency}
        words = {"number": refund.number, "order": refund.order.rpartition("/")[2], "amount": amount}
        try:
            return await self._told("POST", CREDITS, refund.number, json.dumps(words).encode())
        except Refused as no:
            return Outcome(state=State.REFUSED, code=no.code)

    async def refunded(self, number: Id, bill: Id) -> Outcome:  # noqa: ARG002 - a credit has a number of its own
        """What became of a credit."""
        return await self._told("GET", f"{CREDITS}/{number}", number)

    async def _told(self, method: str, path: str, number: Id, body: bytes = b"") -> Outcome:
        """Raises: Refused, Garbled where it speaks of something else, Unavailable."""
        timestamp, whole = str(int(self.now().timestamp())), urlsplit(self.account.address).path.rstrip("/") + path
        headers = signed(self.account, f"{method} {whole}", timestamp, self.nonce(), body)
        answer = await self.line.send(Ask(method, path, body, headers))
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise Refused(WORDS.get(understood(_No, answer.body).error, "refused"))
        credit = understood(_Credit, answer.body)
        if credit.number != number:
            raise Garbled("another_credit")
        code = WORDS.get(credit.reason, "refused") if credit.state == "refused" else None
        return Outcome(state=STATES[credit.state], code=code)

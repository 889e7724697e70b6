"""An own shop: orders come to us signed, and shipped parcels go back signed the same way.

What is signed with HMAC-SHA256 are three lines, each ended by a line feed, and the raw body after them:

    METHOD path?query       as in the request line: `POST /orders`; the path as it was sent, percent-signs and all,
                            without scheme and host; no `?` where there is no query
    timestamp               Unix seconds
    nonce                   1 to 128 visible characters of ASCII

The headers are X-Shop-Key, X-Shop-Timestamp, X-Shop-Nonce and X-Shop-Signature (hex).

Why the first line: a body alone says neither what is wanted nor of which order, and a wish for one order, signed,
was granted on another.
"""

import hmac
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from connectors.channels.ownshop_words import Account, courier_code, new_order, signature
from connectors.http import Ask, Caller
from connectors.ports import Addressed, Message, Page, Report, Window
from models.errand import Outcome, State
from models.errors import Forged, Garbled, Missing, Refused
from models.intake import NewOrder

MOST_REMEMBERED = 100_000  # nonces
SHIPPED = "/hub/shipped"


class _No(BaseModel, frozen=True, hide_input_in_errors=True):
    error: str = ""


class OwnShop:
    """One shop of our own."""

    def __init__(
        self,
        account: Account,
        line: Caller,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self.account, self.line, self.now, self.nonce = account, line, now, nonce
        self.name = account.name
        self._heard: dict[str, datetime] = {}

    def arrival(self, message: Message) -> tuple[NewOrder, ...]:
        """One order. Raises: Forged, Garbled with the fields that are wrong."""
        self.verify(message)
        return (new_order(self.account, message.body),)

    async def changed(self, window: Window) -> Page:  # noqa: ARG002 - there is nothing to pull
        """The shop pushes. Raises: Missing."""
        raise Missing("nothing_to_pull")

    async def report_shipped(self, report: Report) -> Outcome:
        """A parcel left. DONE also when they knew; REFUSED for good: unknown courier, unknown order."""
        try:
            code = courier_code(self.account, report.company)
        except Refused as no:
            return _refused(no.code)
        words = {"key": report.key, "number": report.order.rpartition("/")[2], "courier": code}
        units = [{"sku": unit.sku, "quantity": unit.quantity} for unit in report.units]
        return await self._tell({**words, "waybill": report.waybill, "units": units, "is_last": report.is_last})

    def after_sales(self, message: Message) -> tuple[Addressed, ...]:  # noqa: ARG002 - the shop asks by wishes
        """An own shop asks for a cancel or a return at our door. Raises: Missing."""
        raise Missing("nothing_to_hear")

    def verify(self, message: Message) -> None:
        """Whether this shop wrote it, lately, and for the first time here. Raises: Forged.

        Why the first time: a replayed order meets its claim and changes nothing, a replayed wish might.
        """
        headers = message.headers
        timestamp, nonce = headers.get("x-shop-timestamp", ""), headers.get("x-shop-nonce", "")
        wanted = signature(self.account, message.asked, timestamp, nonce, message.body)
        if headers.get("x-shop-key") != self.account.key or not nonce:
            raise Forged("unknown_key")
        if not hmac.compare_digest(wanted.encode(), headers.get("x-shop-signature", "").encode()):
            raise Forged("bad_signature")
        self._believe_once(_instant(timestamp), nonce, message.heard_at)

    def _believe_once(self, at: datetime, nonce: str, heard_at: datetime) -> None:
        if abs(heard_at - at) > self.account.believed_within:
            raise Forged("stale")
        if nonce in self._heard:
            raise Forged("replayed")
        self._forget(heard_at)
        self._heard[nonce] = heard_at

    def _forget(self, heard_at: datetime) -> None:
        """What is too old to be believed need not be remembered: the oldest stands first."""
        limit = 2 * self.account.believed_within
        while self._heard:
            nonce, at = next(iter(self._heard.items()))
            if heard_at - at <= limit and len(self._heard) < MOST_REMEMBERED:
                return
            del self._heard[nonce]

    async def _tell(self, words: dict[str, object]) -> Outcome:
        body = json.dumps(words, ensure_ascii=False).encode()
        answer = await self.line.send(Ask("POST", SHIPPED, body, self._signed(SHIPPED, body)))
        if answer.status == HTTPStatus.UNAUTHORIZED:  # our clock or secret: a person must look
            return _refused("account_wrong")
        if answer.status >= HTTPStatus.BAD_REQUEST:
            return _refused(_reason(answer.body))
        return Outcome(state=State.DONE)

    def _signed(self, path: str, body: bytes) -> dict[str, str]:
        """For a POST at the shop; where its address has a path, that is a part of what is asked."""
        timestamp, nonce = str(int(self.now().timestamp())), self.nonce()
        asked = f"POST {urlsplit(self.account.address).path.rstrip('/')}{path}"
        return {
            "content-type": "application/json",
            "x-shop-key": self.account.key,
            "x-shop-timestamp": timestamp,
            "x-shop-nonce": nonce,
            "x-shop-signature": signature(self.account, asked, timestamp, nonce, body),
        }


def _instant(timestamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise Forged("stale") from None


def _refused(code: str) -> Outcome:
    return Outcome(state=State.REFUSED, code=code)


def _reason(body: bytes) -> str:
    try:
        told = _No.model_validate_json(body).error
    except ValidationError:
        raise Garbled("unreadable") from None
    return told if told.isidentifier() and told.isascii() else "refused"

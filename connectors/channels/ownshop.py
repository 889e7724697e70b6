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
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from connectors.channels.ownshop_words import Account, courier_code, new_order, signature, signed
from connectors.http import Ask, Caller
from connectors.ports import Addressed, Mark, Message, Page, Progress, Report, Window
from models.asking import NewReturn
from models.errand import Outcome, State
from models.errors import Forged, Garbled, Missing, Refused
from models.intake import NewOrder

NONCE = re.compile(r"[\x21-\x7e]{1,128}")
SHIPPED, RETURNS = "/hub/shipped", "/hub/returns"


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
        whole = {**words, "waybill": report.waybill, "units": units, "is_last": report.is_last}
        return await self._tell(SHIPPED, whole)

    async def report_progress(self, progress: Progress) -> Outcome:
        """How far an urgent return is. DONE also when they knew."""
        number = progress.order.rpartition("/")[2]
        words: dict[str, object] = {
            "key": progress.key,
            "number": number,
            "return": progress.return_id,
            "stage": progress.stage,
        }
        return await self._tell(RETURNS, words)

    def after_sales(self, message: Message) -> tuple[NewReturn | Addressed, ...]:  # noqa: ARG002 - the shop asks by wishes
        """An own shop asks for a cancel or a return at our door. Raises: Missing."""
        raise Missing("nothing_to_hear")

    def verify(self, message: Message) -> Mark:
        """That this shop wrote it, and lately; whether for the first time is for whoever remembers. Raises: Forged."""
        headers = message.headers
        timestamp, nonce = headers.get("x-shop-timestamp", ""), headers.get("x-shop-nonce", "")
        wanted = signature(self.account, message.asked, timestamp, nonce, message.body)
        if headers.get("x-shop-key") != self.account.key:
            raise Forged("unknown_key")
        if not hmac.compare_digest(wanted.encode(), headers.get("x-shop-signature", "").encode()):
            raise Forged("bad_signature")
        return self._mark(_instant(timestamp), nonce, message.heard_at)

    def _mark(self, at: datetime, nonce: str, heard_at: datetime) -> Mark:
        """Kept twice as long as it is believed: the clock of another door may be behind ours."""
        within = self.account.believed_within
        if abs(heard_at - at) > within:
            raise Forged("stale")
        if not NONCE.fullmatch(nonce):
            raise Forged("bad_nonce")
        return Mark(nonce, at + 2 * within)

    async def _tell(self, path: str, words: dict[str, object]) -> Outcome:
        body = json.dumps(words, ensure_ascii=False).encode()
        answer = await self.line.send(Ask("POST", path, body, self._signed(path, body)))
        if answer.status == HTTPStatus.UNAUTHORIZED:  # our clock or secret: a person must look
            return _refused("account_wrong")
        if answer.status >= HTTPStatus.BAD_REQUEST:
            return _refused(_reason(answer.body))
        return Outcome(state=State.DONE)

    def _signed(self, path: str, body: bytes) -> dict[str, str]:
        """For a POST at the shop."""
        asked = f"POST {urlsplit(self.account.address).path.rstrip('/')}{path}"
        return signed(self.account, asked, str(int(self.now().timestamp())), self.nonce(), body)


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

"""How the shop and its order hub sign what they tell each other: HMAC over what is asked, when, a nonce and the body.

What is asked is the method and the path with its query, as they stand in the request line: `POST /orders`.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

WINDOW = 300  # seconds that a message may be old, or early


@dataclass(frozen=True)
class Pen:
    """A key name and its secret."""

    key: str
    secret: str

    def signature(self, asked: str, timestamp: str, nonce: str, body: bytes) -> str:
        """What belongs under this request."""
        words = f"{asked}\n{timestamp}\n{nonce}\n".encode() + body
        return hmac.new(self.secret.encode(), words, hashlib.sha256).hexdigest()

    def headers(self, asked: str, body: bytes, late_by: float = 0.0) -> dict[str, str]:
        """Signed now, or so many seconds ago."""
        timestamp, nonce = str(int(time.time() - late_by)), uuid4().hex
        return {
            "content-type": "application/json",
            "x-shop-key": self.key,
            "x-shop-timestamp": timestamp,
            "x-shop-nonce": nonce,
            "x-shop-signature": self.signature(asked, timestamp, nonce, body),
        }


@dataclass
class Reader:
    """Believes a signed message once."""

    pen: Pen
    seen: set[str] = field(default_factory=set)

    def believes(self, asked: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the other side of this pen wrote it, lately, and for the first time."""
        timestamp, nonce = headers.get("x-shop-timestamp", ""), headers.get("x-shop-nonce", "")
        wanted = self.pen.signature(asked, timestamp, nonce, body)
        if not hmac.compare_digest(wanted, headers.get("x-shop-signature", "")) or nonce in self.seen:
            return False
        self.seen.add(nonce)
        return headers.get("x-shop-key") == self.pen.key and abs(time.time() - int(timestamp)) <= WINDOW

"""How much and how many times somebody may say something to us; how often: `api/quotas.py`."""

import asyncio
from collections import OrderedDict
from hashlib import sha256
from typing import Final

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.errors import Problem

KIB: Final = 1024
ORDER_BODY: Final = 512 * KIB  # 500 lines with room to spare
SCANS_BODY: Final = 256 * KIB  # 200 scans with room to spare
WEBHOOK_BODY: Final = 1024 * KIB  # a batch of tracks
SMALL_BODY: Final = 32 * KIB  # a wish, a fact, a form
BODY_WITHIN: Final = 10.0  # seconds for a body to arrive


async def body_of(request: Request, limit: int, within: float = BODY_WITHIN) -> bytes:
    """The raw body, for everybody who asks. Raises: Problem 413, as soon as it is known to be too large; 400, 408."""
    known = getattr(request.state, "raw", None)
    if isinstance(known, bytes):
        return known
    told = request.headers.get("content-length", "0")
    if not told.isdecimal() or int(told) > limit:
        raise Problem(413, "too_large")
    try:
        async with asyncio.timeout(within):
            raw = await _collected(request, limit)
    except TimeoutError:
        raise Problem(408, "too_slow", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Problem(400, "hung_up") from None  # nobody reads it, and it is no failure of ours
    request.state.raw = raw
    return raw


async def _collected(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Problem(413, "too_large")
    return bytes(body)


class Replays:
    """What was said before, word for word, and is safe with us: it gets its thanks without another transaction.

    Why: signatures stay right when somebody sends the same message a thousand times. The store would find them all
    out by their ids; this spares it. A message is remembered only after its transaction, so a lost one is never.
    Why in this process alone: a copy that another door takes is found out by its ids, and a callback heard twice is
    one fact. What shops sign may be a wish, which is granted again: those nonces are in the store.
    """

    def __init__(self, remembered: int = 10_000) -> None:
        self.remembered = remembered
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def knows(self, *words: bytes) -> bool:
        """Whether exactly this was kept before, as far back as we remember."""
        return _mark(words) in self._seen

    def note(self, *words: bytes) -> None:
        """It is kept."""
        self._seen[_mark(words)] = None
        if len(self._seen) > self.remembered:
            self._seen.popitem(last=False)


def _mark(words: tuple[bytes, ...]) -> bytes:
    return sha256(b"\0".join(sha256(word).digest() for word in words)).digest()

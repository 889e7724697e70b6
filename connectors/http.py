"""How anybody outside is called over HTTP: bounded in time and size, written down, each failure in our own word."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Protocol, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from models.errors import Failure, Garbled, Unavailable
from models.noun import Id

ANSWER_WITHIN = timedelta(seconds=10)
CONNECT_WITHIN = timedelta(seconds=3)
LARGEST_ANSWER = 8 * 1024 * 1024  # bytes
Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True)
class Ask:
    """One request to a party, ready to go out."""

    method: str
    target: str  # path and query, as it is signed
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a party said, below 500 and not "too many"."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Call:
    """One call as the call book keeps it: no query, no headers, no bodies, for they carry secrets and people."""

    party: Id
    method: str
    path: str
    began_at: datetime
    took: timedelta
    status: int | None  # none: no answer
    code: str = ""  # our word for what went wrong


class CallLog(Protocol):
    """Where calls are written down."""

    def note(self, call: Call) -> None:
        """Keep it for later and return at once. Why: no answer may wait for, or be lost by, our own memory."""


class Caller(Protocol):
    """Whoever carries a request to a party."""

    async def send(self, ask: Ask) -> Answer:
        """Raises: Unavailable: silence, 5xx, throttled. Garbled: not HTTP as it should be."""


class Unlogged:
    """Writes nothing down."""

    def note(self, call: Call) -> None:
        """Forget it."""


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates we believe. Why once: reading them takes longer than many a call, and no party has its own."""
    return httpx.create_ssl_context(trust_env=False)


class Line:
    """The line to one party. Close it, or use it as a context."""

    def __init__(
        self, party: Id, address: str, log: CallLog | None = None, answer_within: timedelta = ANSWER_WITHIN
    ) -> None:
        self.party, self.address, self.log = party, address.rstrip("/"), log or Unlogged()
        self.answer_within = answer_within.total_seconds()
        patience = httpx.Timeout(self.answer_within, connect=CONNECT_WITHIN.total_seconds())
        self._client = httpx.AsyncClient(timeout=patience, verify=_trusted(), trust_env=False, follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def send(self, ask: Ask) -> Answer:
        """Carry it there and bring the answer. Raises: Unavailable, Garbled."""
        began_at, answer, code = datetime.now(UTC), None, ""
        try:
            answer = await self._exchange(ask)
            check(answer)
        except Failure as failure:
            code = failure.code
            raise
        finally:
            took, status = datetime.now(UTC) - began_at, answer.status if answer else None
            path = ask.target.partition("?")[0]
            self.log.note(Call(self.party, ask.method, path, began_at, took, status, code))
        return answer

    async def _exchange(self, ask: Ask) -> Answer:
        try:
            async with asyncio.timeout(self.answer_within):  # httpx counts the gaps, not the whole
                return await self._ask(ask)
        except (httpx.TimeoutException, TimeoutError):
            raise Unavailable("timeout") from None
        except httpx.DecodingError:
            raise Garbled("undecodable") from None
        except httpx.HTTPError:
            raise Unavailable("unreachable") from None

    async def _ask(self, ask: Ask) -> Answer:
        url = self.address + ask.target
        async with self._client.stream(ask.method, url, content=ask.body, headers=dict(ask.headers)) as answer:
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LARGEST_ANSWER:
                    raise Garbled("too_large")
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body)


def check(answer: Answer) -> None:
    """Whether it is an answer at all. Raises: Unavailable, Garbled."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Unavailable("throttled")
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable(f"status_{answer.status}")
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        raise Garbled("redirected")


def understood(shape: type[Shape], words: bytes | str, code: str = "unreadable") -> Shape:
    """JSON in the shape that we expect. Raises: Garbled, with our code and none of their words."""
    try:
        return shape.model_validate_json(words)
    except ValidationError:
        raise Garbled(code) from None

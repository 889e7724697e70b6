"""DingTalk, simulated: a group's robot that takes at most twenty messages a minute, and the group that reads them.

Source: open.dingtalk.com, custom robots: signature, error codes 310000, 130101, 300001; read 2026-11.
"""

import base64
import hashlib
import hmac
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from world.beijing import milliseconds
from world.controls import controls
from world.dials import Dials, Moody

A_MINUTE, THROTTLED_FOR, AN_HOUR = 60_000, 600_000, 3_600_000  # milliseconds
AT_MOST = 20  # messages in a minute
LONGEST = 20_000  # bytes of one message


@dataclass(frozen=True)
class Settings:
    """One robot in one group."""

    access_token: str = "d1ng70k3n"  # noqa: S105 - of a group that does not exist
    secret: str = "SEC0123456789abcdef0123456789abcdef"  # noqa: S105 - of a group that does not exist


@dataclass(frozen=True)
class Received:
    """One message that the group read."""

    at: int  # milliseconds
    kind: str
    text: str


@dataclass
class Books:
    """What was really read, and what was turned away."""

    messages: list[Received] = field(default_factory=list)
    turned_away: list[int] = field(default_factory=list)  # error codes


class DingTalk:
    """One robot."""

    def __init__(self, settings: Settings | None = None, dials: Dials | None = None) -> None:
        self.settings = settings or Settings()
        self.dials = dials or Dials()
        self.books = Books()
        routes = [Route("/robot/send", self._send, methods=["POST"]), *controls(self)]
        self.app = Moody(Starlette(routes=routes), self.dials)
        self._lately: deque[int] = deque()
        self._silent_until = 0

    async def _send(self, request: Request) -> Response:
        told = await request.json()
        if wrong := self._unfit(request, told) or self._too_fast():
            self.books.turned_away.append(wrong[0])
            return JSONResponse({"errcode": wrong[0], "errmsg": wrong[1]})
        kind = told["msgtype"]
        words = told[kind].get("content") or told[kind].get("text")
        self.books.messages.append(Received(milliseconds(), kind, words))
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    def _unfit(self, request: Request, told: dict[str, Any]) -> tuple[int, str] | None:
        asked = request.query_params
        if asked.get("access_token") != self.settings.access_token:
            return 300001, "token is not exist"
        if abs(milliseconds() - int(asked.get("timestamp") or 0)) > AN_HOUR:
            return 310000, "invalid timestamp"
        if not hmac.compare_digest(signature(asked["timestamp"], self.settings.secret), asked.get("sign", "")):
            return 310000, "sign not match"
        if told.get("msgtype") not in ("text", "markdown") or self.dials.happens("refuse"):
            return 400105, "unsupported msgtype"
        if len(str(told[told["msgtype"]]).encode()) > LONGEST:
            return 460101, "message too long, exceed 20000 bytes"
        return None

    def _too_fast(self) -> tuple[int, str] | None:
        at = milliseconds()
        while self._lately and self._lately[0] <= at - A_MINUTE * self.dials.pace:
            self._lately.popleft()
        if at >= self._silent_until and len(self._lately) < AT_MOST:
            self._lately.append(at)
            return None
        if at >= self._silent_until:
            self._silent_until = at + int(THROTTLED_FOR * self.dials.pace)
        return 130101, "send too fast, exceed 20 times per minute"


def signature(timestamp: str, secret: str) -> str:
    """What must come with a message of this millisecond."""
    signed = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()

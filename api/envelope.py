"""Around every request: its number, what its answer must not allow, and what nobody expected."""

import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import tell

log = logging.getLogger(__name__)
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


Told = Callable[[Request, Exception], Awaitable[Response]]


class Envelope:
    """The outermost layer: what nobody expected is one line in the log, without its message, and an answer.

    Why: the message of an exception may quote a row or a field, and so a name or a phone.
    """

    def __init__(self, app: ASGIApp, told: Told = tell) -> None:
        self.app, self.told = app, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; where that fails before an answer has begun, answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number = scope["instance"] = f"urn:uuid:{uuid4()}"
        reply = _Reply(send, number, "no-cache" if scope["path"].startswith("/static/") else "no-store")
        try:
            await self.app(scope, receive, reply)
        except Exception as error:  # noqa: BLE001 - the outermost line: nothing may leave it
            log.error("unexpected", extra=_where(error, number))  # noqa: TRY400 - its message may be personal
            if not reply.began:
                await (await self._answer(Request(scope), error))(scope, receive, reply)

    async def _answer(self, request: Request, error: Exception) -> Response:
        """As whoever asks can read it; where that breaks too, a document."""
        try:
            return await self.told(request, error)
        except Exception as again:  # noqa: BLE001 - what is broken may be how pages are made
            log.error("unexpected", extra=_where(again, request.scope["instance"]))  # noqa: TRY400 - as above
            return await tell(request, error)


class _Reply:
    """An answer on its way out, in its envelope."""

    def __init__(self, send: Send, number: str, keeping: str) -> None:
        self.send, self.number, self.keeping, self.began = send, number, keeping, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.number.removeprefix("urn:uuid:")
            headers.setdefault("Cache-Control", self.keeping)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self.send(message)


def _where(error: Exception, number: str) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    steps = tuple(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)
    return {"error": type(error).__name__, "where": steps, "instance": number}

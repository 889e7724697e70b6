"""Where the way of a message begins: each answer of the door is a span, under its route's own pattern."""

from http import HTTPStatus
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.counting import KNOWN, OTHER, route_of
from models.noun import Id

UNTOLD: Final = ("/health/", "/metrics", "/static/")  # what machines ask all day


class Tracing:
    """A layer around everything that is counted.

    Why no trace is taken over: whoever sends a webhook is a stranger, and shall not say which trace it belongs to.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self.app, self.tracer = app, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and take note of what came back."""
        if scope["type"] != "http" or scope["path"].startswith(UNTOLD):
            await self.app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in KNOWN else OTHER
        with self.tracer.start_as_current_span(
            method, Context(), SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                await self._followed(span, scope, receive, send)
            finally:
                span.update_name(f"{method} {route_of(scope)}")
                span.set_attributes({"http.request.method": method, "http.route": route_of(scope)})

    async def _followed(self, span: Span, scope: Scope, receive: Receive, send: Send) -> None:
        async def listen(message: Message) -> None:
            if "status" in message:
                span.set_attribute("http.response.status_code", message["status"])
                if message["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    span.set_status(Status(StatusCode.ERROR))
            await send(message)

        try:
            await self.app(scope, receive, listen)
        except Exception:
            span.set_status(Status(StatusCode.ERROR))
            raise


def note(party: Id, outcome: str) -> None:
    """Whose message it was, and what became of it."""
    trace.get_current_span().set_attributes({"oms.party": party, "oms.outcome": outcome})

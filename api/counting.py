"""Every answer counted and timed, under the route's own pattern and never under what stood in the path."""

from collections.abc import MutableMapping
from http import HTTPMethod
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.figures import Figures

NOWHERE, OTHER = "none", "other"
KNOWN = frozenset(HTTPMethod)  # whoever invents methods shall not invent series


class Counting:
    """A layer around the routes."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self.app, self.figures = app, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note what came back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, began = 500, perf_counter()

        async def listen(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, listen)
        finally:
            route = route_of(scope)
            method = scope["method"] if scope["method"] in KNOWN else OTHER
            self.figures.requests.labels(method, route, str(status)).inc()
            self.figures.took.labels(route).observe(perf_counter() - began)


def route_of(scope: MutableMapping[str, Any]) -> str:
    """The pattern of the route that answered, or `none`."""
    return str(getattr(scope.get("route"), "path", NOWHERE))

"""How often one address may come, before anything is done for it."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.dependencies import place_of, spend
from api.errors import Problem
from api.quotas import Limit
from api.tools import Tools

ALWAYS: Final = "/health/live"  # whoever asks it restarts who does not answer


class Pacing:
    """A layer around the routes, inside what counts answers."""

    def __init__(self, app: ASGIApp, tools: Tools, told: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self.app, self.tools, self.told = app, tools, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or say when to come again."""
        if scope["type"] == "http" and scope["path"] != ALWAYS:
            request = Request(scope)
            try:
                spend(self.tools, Limit.ADDRESS, place_of(request))
            except Problem as problem:
                await (await self.told(request, problem))(scope, receive, send)
                return
        await self.app(scope, receive, send)

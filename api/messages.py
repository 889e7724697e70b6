"""A request as a connector wants it: what was said, byte for byte."""

from typing import Final

from fastapi import Request

from api.dependencies import now
from api.limits import body_of
from connectors.ports import Message

LONGEST: Final = 4096  # characters of one header that a connector may have to read


async def message_of(request: Request, limit: int, token: str = "") -> Message:
    """The message, with its raw body. Raises: Problem 408, 413."""
    body = await body_of(request, limit)
    headers = {name: value for name, value in request.headers.items() if len(value) <= LONGEST}
    return Message(headers, dict(request.query_params), body, now(), token, _asked(request))


def _asked(request: Request) -> str:
    """The request line without its version: what was sent, before any of it was decoded."""
    path, query = request.scope["raw_path"], request.scope["query_string"]
    target: bytes = path + b"?" + query if query else path
    return f"{request.method} {target.decode('latin-1')}"

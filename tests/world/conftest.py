"""Somebody who is told things by the parties, and remembers how."""

from dataclasses import dataclass, field

import pytest
from starlette.responses import Response

from world.server import serve


@dataclass
class Mailbox:
    """A door of ours that answers whatever the test wants."""

    address: str = ""
    status: int = 204
    word: bytes = b""
    letters: list = field(default_factory=list)  # (headers, body)

    async def __call__(self, scope, receive, send):
        assert scope["type"] == "http"
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.letters.append((headers, body))
        await Response(self.word, self.status)(scope, receive, send)


@pytest.fixture
async def mailbox():
    box = Mailbox()
    async with serve(box) as address:
        box.address = f"{address}/told"
        yield box

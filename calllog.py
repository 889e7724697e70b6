"""Where calls to parties are written down, without anybody waiting for it."""

import asyncio
import logging
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from connectors.http import Call
from models.errors import Failure
from store import calls

ROOM = 10_000  # calls that may wait to be written; beyond that the oldest outage costs the newest lines
_log = logging.getLogger("orderhub.calls")


class Book(Protocol):
    """Keeps calls."""

    async def log(self, call: calls.Call) -> None:
        """One line."""


class CallWriter:
    """Takes calls at once and writes them one after the other. A context: what waits is written at its end."""

    def __init__(self, book: Book) -> None:
        self.book, self._waiting = book, asyncio.Queue[Call](ROOM)

    def note(self, call: Call) -> None:
        """Keep it for later and return at once."""
        with suppress(asyncio.QueueFull):
            self._waiting.put_nowait(call)

    async def __aenter__(self) -> Self:
        self._writing = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await self._waiting.join()
        self._writing.cancel()
        with suppress(asyncio.CancelledError):
            await self._writing

    async def _write(self) -> None:
        while True:
            call = await self._waiting.get()
            try:
                await self.book.log(_line(call))
            except Failure as failure:
                _log.warning("a call was not written down", extra={"party": call.party, "code": failure.code})
            finally:
                self._waiting.task_done()


def _line(call: Call) -> calls.Call:
    """The path names the question; no query, no body."""
    what = f"{call.method}:{call.path}"[:80]
    outcome = call.code or ("answered" if call.status else "silent")
    return calls.Call(call.party, what, "", call.began_at, call.took, outcome, call.status)

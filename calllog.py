"""Where calls to parties are written down, without anybody waiting for it."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from temporalio.common import MetricMeter

from connectors.http import Call
from models.errors import Failure
from store import calls

ROOM = 10_000  # calls that may wait to be written; beyond that the oldest outage costs the newest lines
TOOK = "oms_call_seconds"
_log = logging.getLogger("orderhub.calls")


class Book(Protocol):
    """Keeps calls."""

    async def log(self, call: calls.Call) -> None:
        """One line."""


class CallWriter:
    """Takes calls at once and writes them one after the other. A context: what waits is written at its end."""

    def __init__(self, book: Book, meter: MetricMeter = MetricMeter.noop, tracer: Tracer | None = None) -> None:
        self.book, self._waiting = book, asyncio.Queue[Call](ROOM)
        self.tracer = tracer
        self._took = meter.create_histogram_float(TOOK, "Time until a party answered, or we gave up")

    def note(self, call: Call) -> None:
        """Keep it for later and return at once."""
        self._took.record(call.took.total_seconds(), {"party": call.party, "outcome": _outcome(call)})
        if self.tracer:
            _trace(self.tracer, call)
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
            except Exception as failure:  # noqa: BLE001 - a line that cannot be written costs no other line
                code = failure.code if isinstance(failure, Failure) else type(failure).__name__
                _log.warning("a call was not written down", extra={"party": call.party, "code": code})
            finally:
                self._waiting.task_done()


def _line(call: Call) -> calls.Call:
    """The path names the question; no query, no body."""
    what = f"{call.method}:{call.path}"[:80]
    return calls.Call(call.party, what, "", call.began_at, call.took, _word(call), call.status)


def _word(call: Call) -> str:
    return call.code or ("answered" if call.status else "silent")


def _outcome(call: Call) -> str:
    """The same in few words, whatever number they answer with."""
    word = _word(call)
    return "failed" if word.startswith("status_") else word


def _trace(tracer: Tracer, call: Call) -> None:
    """A span of the trace that we are in. Why made afterwards: nothing of ours goes out to a party."""
    words = {"oms.party": call.party, "http.request.method": call.method, "oms.outcome": _outcome(call)}
    known = words | ({"http.response.status_code": call.status} if call.status else {})
    began = int(call.began_at.timestamp() * 1_000_000) * 1000
    span = tracer.start_span(f"{call.method} {call.party}", kind=SpanKind.CLIENT, attributes=known, start_time=began)
    if call.code:
        span.set_status(Status(StatusCode.ERROR))
    span.end(began + call.took // timedelta(microseconds=1) * 1000)

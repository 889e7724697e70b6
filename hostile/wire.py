"""HTTP/1.1 as bytes: what no ordinary client would send goes out as it is."""

import asyncio
import contextlib
from types import TracebackType
from typing import Final, Self

from hostile.calls import Answer, Call, May

PATIENCE: Final = 60.0  # seconds for an answer
AT_MOST: Final = 1 << 22  # bytes of one line, or of what came of a broken call
BODILESS: Final = (204, 304)


class Line:
    """One connection at a time, opened again whenever it is closed. Close it, or use it as a context."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._both: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    async def send(self, call: Call, place: bytes) -> Answer:
        """Say it, from this address. What is no HTTP gets a connection of its own.

        Why twice: a door may hang up on a connection that rests just when we speak.
        """
        if call.may is May.BROKEN:
            self._hang_up()
        is_fresh = self._both is None
        answer = await self._said(call, place)
        return answer if answer.status or is_fresh or call.may is May.BROKEN else await self._said(call, place)

    async def _said(self, call: Call, place: bytes) -> Answer:
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await self._opened()
                writer.write(spelled(call, place))
                with contextlib.suppress(ConnectionError):  # refused before it was heard out: the answer is there
                    await writer.drain()
                return await self._heard(reader, call)
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            self._hang_up()
            return Answer(0)

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._both is None or self._both[0].at_eof():
            self._hang_up()
            self._both = await asyncio.open_connection(self.host, self.port, limit=AT_MOST)
        return self._both

    async def _heard(self, reader: asyncio.StreamReader, call: Call) -> Answer:
        if call.may is May.BROKEN:
            return await self._last_words(reader)
        status, headers = await _head(reader)
        while status == 100:  # noqa: PLR2004 - Continue
            status, headers = await _head(reader)
        body = await _body(reader, headers) if call.method != b"HEAD" and status not in BODILESS else b""
        if headers.get("connection") == "close":
            self._hang_up()
        return Answer(status, headers.get("content-type", ""), body)

    async def _last_words(self, reader: asyncio.StreamReader) -> Answer:
        """What the server makes of it, if anything: half a request may wait for its other half."""
        head = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                head = await reader.readline()
        self._hang_up()
        status = head[9:12]
        return Answer(int(status) if status.isdigit() else 0)

    def _hang_up(self) -> None:
        if self._both:
            self._both[1].close()
        self._both = None


def spelled(call: Call, place: bytes) -> bytes:
    """The bytes on the wire. Whoever brings a length or coding has the last word; what has no method is whole."""
    if not call.method:
        return call.target
    names = {name.lower() for name, _ in call.headers}
    ours = [(b"Host", b"door"), (b"X-Forwarded-For", place)]
    if not names & {b"content-length", b"transfer-encoding"} and (call.body or call.method == b"POST"):
        ours.append((b"Content-Length", b"%d" % len(call.body)))
    if call.may is May.BROKEN:
        ours.append((b"Connection", b"close"))
    head = b"".join(b"%b: %b\r\n" % pair for pair in (*ours, *call.headers))
    return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (call.method, call.target, head, call.body)


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines[1:] if line)
    return int(lines[0].split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return body

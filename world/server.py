"""Where a party lives: an ASGI app on a port of this machine, in this event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

CLOSED_WITHIN = 2.0  # seconds for what is still being said


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the loop, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self.closing = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # writes the Date of our answers
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End at once. Why not uvicorn's own: it naps a tenth of a second or two, and tests end hundreds of parties."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in tuple(self.server_state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSED_WITHIN):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.001)
        await self.lifespan.shutdown()

    def close(self) -> None:
        self.should_exit = True
        self.closing.set()


class _Calls:
    """Knows which calls are being answered, so that a party that hangs can still be closed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.open: set[asyncio.Task[object]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self.app(scope, receive, send)
            return
        self.open.add(task)
        try:
            await self.app(scope, receive, send)
        finally:
            self.open.discard(task)

    def hang_up(self) -> None:
        for task in tuple(self.open):
            task.cancel()


@asynccontextmanager
async def serve(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Run one app on 127.0.0.1 and yield its address, e.g. "http://127.0.0.1:54321". Port 0: a free one."""
    calls = _Calls(app)
    listener = socket.create_server(("127.0.0.1", port))
    server = _Server(uvicorn.Config(calls, log_config=None, log_level="critical", access_log=False))
    running = asyncio.create_task(server.serve([listener]))
    listening = asyncio.create_task(server.listening.wait())
    try:
        await asyncio.wait((running, listening), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            raise RuntimeError("the app did not start")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listening.cancel()
        server.close()
        calls.hang_up()
        await asyncio.wait((running,))
        listener.close()

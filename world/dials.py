"""How well or badly a party behaves: turned by tests and by the demo while it runs."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from random import Random

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOUR = 3600.0
CONTROLS = "/_world"  # paths below are ours to watch by, and always well behaved


@dataclass
class Dials:
    """One party's moods. A number is a chance from 0 to 1 unless it says seconds."""

    drop_push: float = 0.0  # a push is never sent, nor sent again
    delay_push: float = 0.0  # seconds before the first sending
    duplicate_push: float = 0.0  # an accepted push is sent once more
    reorder_push: float = 0.0  # a push waits until a later one has overtaken it
    forge_push: float = 0.0  # a forged copy is sent beside the real one
    fail: float = 0.0  # answers 5xx and does nothing
    slow: float = 0.0  # seconds before every answer
    hang: float = 0.0  # does nothing and does not answer within the hour
    does_but_late: float = 0.0  # does the deed, and answers when nobody waits any more
    late_by: float = HOUR  # seconds that such an answer takes
    refuse: float = 0.0  # says no, in the party's own words
    pace: float = 1.0  # our seconds for one second of the party's own schedule
    seed: int = 0
    _chance: Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)  # noqa: S311 - moods are no secrets

    def set(self, **values: float) -> None:
        """Turn some dials. Raises: ValueError: no such dial, or not a number."""
        if unknown := values.keys() - readings(self).keys():
            raise ValueError(f"no dial called {', '.join(sorted(unknown))}")
        if wrong := [name for name, value in values.items() if not isinstance(value, int | float)]:
            raise ValueError(f"not a number: {', '.join(sorted(wrong))}")
        for name, value in values.items():
            setattr(self, name, value)
        if "seed" in values:
            self._chance = Random(self.seed)  # noqa: S311 - moods are no secrets

    def happens(self, name: str) -> bool:
        """Whether this mood strikes now."""
        chance: float = getattr(self, name)
        return chance > 0 and self._chance.random() < chance


def readings(dials: Dials) -> dict[str, float]:
    """How every dial stands."""
    return {dial.name: getattr(dials, dial.name) for dial in fields(dials) if not dial.name.startswith("_")}


class Moody:
    """Stands before a party's app and applies fail, slow, hang and does_but_late to every call of ours."""

    def __init__(self, app: ASGIApp, dials: Dials) -> None:
        self.app = app
        self.dials = dials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the mood answer, or the party."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROLS):
            await self.app(scope, receive, send)
            return
        await asyncio.sleep(self.dials.slow)
        await self._mood()(scope, receive, send)

    def _mood(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        if self.dials.happens("hang"):
            return hangs
        if self.dials.happens("fail"):
            return PlainTextResponse("<html><h1>502 Bad Gateway</h1></html>", 502, media_type="text/html")
        if self.dials.happens("does_but_late"):
            return self._late
        return self.app

    async def _late(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self.app(scope, receive, keep)
        await until_gone(receive, self.dials.late_by)
        for message in kept:
            await send(message)


async def hangs(_scope: Scope, receive: Receive, _send: Send) -> None:
    """Listen, and say nothing."""
    await until_gone(receive, HOUR)


async def until_gone(receive: Receive, seconds: float) -> None:
    """Wait until the caller hangs up, at most so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass

"""Somebody who reads a party's book as it grows, and tells whoever waits for an entry."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Entry = TypeVar("Entry")
LOOKS_EVERY = 0.02  # seconds


class Reader(Generic[Entry]):
    """Reads every entry once, however many wait. An entry whose key is None is nobody's."""

    def __init__(self, book: Sequence[Entry], key: Callable[[Entry], str | None]) -> None:
        self.book, self.key = book, key
        self._read = 0
        self._waited = dict[str, asyncio.Future[Entry]]()

    async def entry(self, key: str) -> Entry:
        """The entry with this key, once it is there."""
        try:
            return await self._future(key)
        finally:
            self._waited.pop(key, None)

    async def read(self) -> None:
        """Until cancelled."""
        while True:
            fresh, self._read = self.book[self._read :], len(self.book)
            for entry in fresh:
                self._tell(self.key(entry), entry)
            await asyncio.sleep(LOOKS_EVERY)

    def _tell(self, key: str | None, entry: Entry) -> None:
        if key and not (future := self._future(key)).done():
            future.set_result(entry)

    def _future(self, key: str) -> "asyncio.Future[Entry]":
        return self._waited.setdefault(key, asyncio.get_running_loop().create_future())

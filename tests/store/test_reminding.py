"""Who brings reminders works among those who tell stories: what goes wrong there must not end them."""

import asyncio
from contextlib import suppress

from sqlalchemy.exc import DataError

from activities import reminders
from store.database import Broken


class Unreadable:
    """Cases of which one cannot be read."""

    def __init__(self):
        self.looks, self.again = 0, asyncio.Event()

    async def due_reminders(self):
        self.looks += 1
        if self.looks == 1:
            raise Broken(DataError("a statement", {}, ValueError()))
        self.again.set()
        return ()


async def test_a_case_that_cannot_be_read_ends_no_worker(monkeypatch):
    monkeypatch.setattr(reminders, "EVERY", 0)
    cases = Unreadable()
    reminding = asyncio.create_task(reminders.remind(cases, ()))
    looked = asyncio.create_task(cases.again.wait())
    await asyncio.wait({reminding, looked}, return_when=asyncio.FIRST_COMPLETED, timeout=60)

    assert looked.done()
    reminding.cancel()
    with suppress(asyncio.CancelledError):
        await reminding

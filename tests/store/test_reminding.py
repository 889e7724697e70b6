"""Who brings reminders works among those who tell stories: what goes wrong there must not end them."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy.exc import DataError

from activities import reminders
from models.case import Owner
from models.duty import Person
from models.errors import Garbled, Refused, Unavailable
from store.cases import Gathered, Reminder
from store.database import Broken
from tests.builders import NOON

LI = Person(id="li", robot="room")


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


def a_line(number, *, is_unsure=False):
    return Reminder(number, f"web/shop/B{number}", "unpicked", NOON, Owner.OWNER, None, False, is_unsure)  # noqa: FBT003


class Told:
    """Cases that one person waits for, and what becomes of the message."""

    def __init__(self):
        self.ends = []

    async def due_reminders(self):
        return (Gathered(LI, (a_line(1),)),)

    async def claim_reminder(self, person):
        return Gathered(LI, (a_line(1),), message=7)

    async def sent(self, message):
        self.ends.append(("sent", message))

    async def unsent(self, message, robot, mute):
        self.ends.append(("unsent", message, robot, mute))

    async def unheard(self, message, robot, mute):
        self.ends.append(("unheard", message, robot, mute))


class Room:
    name = "room"

    def __init__(self, *failure):
        self.failure = failure

    async def send(self, text):
        for failure in self.failure:
            raise failure


MINUTE = timedelta(minutes=1)
ENDS = [
    ((), ("sent", 7)),
    ((Refused("account_wrong"),), ("unsent", 7, "room", 10 * MINUTE)),
    ((Unavailable("throttled"),), ("unsent", 7, "room", 10 * MINUTE)),
    ((Unavailable("too_soon"),), ("unsent", 7, "room", MINUTE)),
    ((Unavailable("timeout"),), ("unheard", 7, "room", 10 * MINUTE)),
    ((Garbled("status_404"),), ("unheard", 7, "room", 10 * MINUTE)),
]


@pytest.mark.parametrize(("failure", "end"), ENDS)
async def test_what_nobody_read_waits_and_what_may_have_been_read_is_not_said_again(failure, end):
    told = Told()

    assert await reminders.remind_all(told, {"room": Room(*failure)}) == (not failure)
    assert told.ends == [end]


def test_what_may_have_been_read_is_counted_and_not_named():
    words = reminders.words(Gathered(LI, (a_line(1), a_line(2, is_unsure=True), a_line(3, is_unsure=True))))

    assert "web/shop/B1" in words
    assert "may not have arrived: 2" in words
    assert "web/shop/B2" not in words

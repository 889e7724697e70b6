"""Records are looked at until they show what was said: together, ever more slowly, whatever the store does."""

import asyncio

import pytest

from api.awaiting import PAUSES, SLOWEST, Awaited
from models.errors import StoreAway
from models.scan import Answer, Word
from store.scans import KeptScan
from tests.builders import NOON

FIRST, SECOND = (KeptScan(id=name, what="picked", code=name, at=NOON, by="b") for name in ("s1", "s2"))


class Book:
    """Records that show a scan at their own time."""

    def __init__(self, *looks):
        self.looks, self.asked = list(looks), []

    async def said(self, orders, scans):
        self.asked.append((sorted(orders), sorted(scans)))
        look = self.looks.pop(0)
        if look is None:
            raise StoreAway("store_away")
        return {(order, scan): Answer(scan=scan, word=Word.ACCEPTED) for order, scan in look}


async def told():
    """Somebody who has told everything."""


async def failing():
    raise LookupError("a bug")


@pytest.fixture
def pauses(monkeypatch):
    made, sleep = [], asyncio.sleep

    async def noted(seconds):
        made.append(seconds)
        await sleep(0)

    monkeypatch.setattr("api.awaiting.asyncio.sleep", noted)
    return made


def awaiting(book):
    awaited = Awaited(book, {})
    awaited.add(FIRST, (("web/demo/1", "p1"),))
    awaited.add(SECOND, (("web/demo/2", "p2"), ("web/demo/3", "p3")))
    return awaited


async def test_all_are_looked_for_at_once_and_who_has_an_answer_no_more():
    book = Book((), [("web/demo/1", "s1"), ("web/demo/2", "s2")], [("web/demo/2", "s2"), ("web/demo/3", "s2")])
    awaited = awaiting(book)

    await awaited.heard(asyncio.create_task(told()))

    everybody = (["web/demo/1", "web/demo/2", "web/demo/3"], ["s1", "s2"])
    assert book.asked == [everybody, everybody, (["web/demo/2", "web/demo/3"], ["s2"])]
    assert {scan.id: answer.word for scan, answer in awaited.answers.items()} == {"s1": "accepted", "s2": "accepted"}


async def test_looks_grow_apart_and_a_store_that_is_away_is_asked_again(pauses):
    last = [("web/demo/1", "s1"), ("web/demo/2", "s2"), ("web/demo/3", "s2")]
    awaited = awaiting(Book(*[None] * 8, last))

    await awaited.heard(asyncio.create_task(told()))

    assert pauses == [*PAUSES, *[SLOWEST] * (9 - len(PAUSES))]
    assert len(awaited.answers) == 2


async def test_who_hangs_in_the_telling_holds_up_nobody_elses_answer():
    book = Book([("web/demo/1", "s1"), ("web/demo/2", "s2"), ("web/demo/3", "s2")])
    awaited, never = awaiting(book), asyncio.create_task(asyncio.sleep(60))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(awaited.heard(never), SLOWEST * 3.5)

    assert len(awaited.answers) == 2
    never.cancel()


async def test_nobody_looks_for_what_a_return_was_told_and_a_failure_of_the_telling_is_not_hidden():
    awaited = Awaited(Book(), {})
    awaited.add(FIRST, (("B1-R1", "B1-R1-label-1"),))

    await awaited.heard(asyncio.create_task(told()))
    with pytest.raises(LookupError):
        await awaited.heard(asyncio.create_task(failing()))

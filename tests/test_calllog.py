"""Calls are written down whatever becomes of the one before."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DataError

from calllog import CallWriter
from connectors.http import Call
from models.errors import Unavailable
from store.database import Broken

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Book:
    """Fails once, with what it is given."""

    def __init__(self, failure):
        self.failure, self.lines = failure, []

    async def log(self, line):
        if failure := self.failure:
            self.failure = None
            raise failure
        self.lines.append(line)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Unavailable("store_away"), "store_away"),
        (Broken(DataError("INSERT", {}, ValueError("13800138000"))), "Broken"),
        (KeyError("13800138000"), "KeyError"),
    ],
)
async def test_a_call_that_cannot_be_written_down_costs_no_other(failure, code, caplog):
    book = Book(failure)
    async with CallWriter(book) as writer:
        for path in ("/first", "/second"):
            writer.note(Call("sf", "POST", path, NOON, timedelta(seconds=1), 200))

    assert [line.what for line in book.lines] == ["POST:/second"]
    (said,) = [record for record in caplog.records if record.msg == "a call was not written down"]
    assert (said.party, said.code) == ("sf", code)
    assert "13800138000" not in caplog.text + str(said.__dict__)

"""The line to a party: what it makes of silence, of trouble and of rubbish."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, RedirectResponse, StreamingResponse

from connectors.http import LARGEST_ANSWER, Ask, Line, understood
from models.errors import Garbled, Unavailable
from world.server import serve

ASK = Ask("GET", "/v3/orders/1?secret=1", b"", {"x-ours": "1"})


class Book:
    def __init__(self):
        self.calls = []

    def note(self, call):
        self.calls.append(call)


async def drips():
    while True:
        yield b"."
        await asyncio.sleep(0.05)


ANSWERS = {
    "fine": PlainTextResponse("yes", 404),
    "busy": PlainTextResponse("slow down", 429),
    "broken": PlainTextResponse("<html>", 502),
    "moved": RedirectResponse("http://elsewhere.example/"),
    "endless": PlainTextResponse("x" * (LARGEST_ANSWER + 1)),
    "not_gzip": PlainTextResponse("no gzip at all", headers={"content-encoding": "gzip"}),
}


async def ask(answer, answer_within=5.0, headers=None):
    book = Book()

    async def party(scope, receive, send):
        if headers is not None:
            headers.update(dict(scope["headers"]))
        await answer(scope, receive, send)

    async with (
        serve(party) as address,
        Line("party-1", address, book, timedelta(seconds=answer_within)) as line,
    ):
        try:
            return await line.send(ASK), book.calls
        except (Unavailable, Garbled) as failure:
            return failure, book.calls


async def test_an_answer_comes_with_its_status_and_the_call_is_written_down_without_its_secrets():
    heard = {}
    answer, (call,) = await ask(ANSWERS["fine"], headers=heard)

    assert (answer.status, answer.body, answer.headers["content-length"]) == (404, b"yes", "3")
    assert heard[b"x-ours"] == b"1"
    assert (call.party, call.method, call.path, call.status, call.code) == ("party-1", "GET", "/v3/orders/1", 404, "")
    assert call.took > timedelta(0)


@pytest.mark.parametrize(
    ("answer", "kind", "code", "status"),
    [
        ("busy", Unavailable, "throttled", 429),
        ("broken", Unavailable, "status_502", 502),
        ("moved", Garbled, "redirected", 307),
        ("endless", Garbled, "too_large", None),
        ("not_gzip", Garbled, "undecodable", None),
    ],
)
async def test_trouble_has_our_word_for_it(answer, kind, code, status):
    failure, (call,) = await ask(ANSWERS[answer])

    assert (type(failure), failure.code) == (kind, code)
    assert (call.code, call.status) == (code, status)


async def test_a_party_that_answers_drop_by_drop_is_not_waited_for():
    failure, (call,) = await ask(StreamingResponse(drips()), answer_within=0.3)

    assert (type(failure), failure.code, call.code) == (Unavailable, "timeout", "timeout")


async def test_nobody_at_the_address_is_unavailable():
    async with serve(ANSWERS["fine"]) as address:
        pass
    async with Line("party-1", address) as line:
        with pytest.raises(Unavailable, match="unreachable"):
            await line.send(ASK)


class Shape(BaseModel):
    number: int


@pytest.mark.parametrize("words", [b"", b"{", b"\xff", b'{"number": "secret"}', b"[" * 100_000])
def test_what_does_not_fit_is_garbled_and_not_repeated(words):
    with pytest.raises(Garbled) as error:
        understood(Shape, words)

    assert (str(error.value), error.value.__cause__) == ("unreadable", None)


def test_fields_of_tomorrow_are_no_harm():
    assert understood(Shape, b'{"number": 1, "colour": "red"}') == Shape(number=1)

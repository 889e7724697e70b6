"""What a storm is made of, without the storm: the long form is `python -m chaos.storms`."""

import asyncio
from datetime import UTC, datetime, timedelta

from starlette.responses import PlainTextResponse

from chaos.storms.callbacks import Post, Sack, burst_of
from chaos.storms.ground import Report, Size
from chaos.storms.hanging import Span
from world.dials import Dials
from world.pushes import Letter, Manners, Push
from world.server import serve

THANKS = b"SUCCESS"


def letters(address, many):
    sender = Sack(Dials(), Manners((), lambda status, answer: (status, answer) == (200, THANKS)))
    for nth in range(many):
        body = str(nth).encode()
        push = Push(str(nth), "", f"{address}/webhooks/payments/wechat/main", lambda body=body: Letter({}, body))
        sender.push(push)
    return [Post(push, sender) for push in sender.letters]


async def test_every_letter_is_sent_until_it_is_thanked_for_and_some_are_sent_once_more():
    heard = []

    async def forgetful(scope, receive, send):
        body = (await receive())["body"]
        heard.append(body)
        answer = PlainTextResponse(THANKS) if heard.count(body) > 1 else PlainTextResponse("later", 503)
        await answer(scope, receive, send)

    async with serve(forgetful) as address, asyncio.timeout(60):
        burst = await burst_of(letters(address, 20), seed=1, again_after=0.01)

    assert set(heard) == {str(nth).encode() for nth in range(20)}
    assert len(heard) >= 2 * 20 + 2
    assert burst.answers["wechat", 503, b"later"] == 20
    assert burst.answers["wechat", 200, THANKS] == 20 + 2
    assert burst.unthanked == []


async def test_a_letter_that_is_never_thanked_for_is_told():
    async with serve(PlainTextResponse("FAIL")) as address, asyncio.timeout(60):
        burst = await burst_of(letters(address, 1), seed=1, again_after=0.0)

    assert burst.unthanked == ["0"]


def test_a_storm_is_scaled_and_what_does_not_hold_is_harm():
    report = Report("rain")
    report.must(Size().many(5000) == 5000, "dry")
    report.must(Size(0.1).many(5000) == 500, "small")
    report.must(Size(0.1).long(600) == 61, "wrong")

    assert report.wrong == ["wrong"]


def test_a_span_without_labels_has_no_pace():
    now = datetime.now(UTC)

    assert Span(now, now + timedelta(minutes=1)).a_minute([]) == 0

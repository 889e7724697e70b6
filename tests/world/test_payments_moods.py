"""What the dials of a simulated party do, seen at WeChat Pay."""

import asyncio
import time

import httpx
import pytest

from world.dials import Dials
from world.keys import Key
from world.pushes import Letter, Manners, Push, Pusher
from world.server import serve
from world.wechat import WeChatPay
from world.wechat_wire import Merchant

BOOKS = "/_world/books"
QUERY = "/v3/pay/transactions/out-trade-no/ABCDEF?mchid=1"


@pytest.fixture
async def party():
    made = WeChatPay(Merchant("wx1", "1", "1", Key().public_pem, "0" * 32))
    async with serve(made.app) as address, httpx.AsyncClient(base_url=address, timeout=0.5) as http:
        made.http = http
        yield made


async def test_a_failing_party_says_502_and_its_controls_still_work(party):
    party.dials.set(fail=1)

    assert (await party.http.get(QUERY)).status_code == 502
    assert (await party.http.get(BOOKS)).status_code == 200


@pytest.mark.parametrize("mood", [{"hang": 1}, {"does_but_late": 1}, {"slow": 2}])
async def test_a_silent_party_leaves_us_waiting(party, mood):
    party.dials.set(**mood)

    with pytest.raises(httpx.ReadTimeout):
        await party.http.get(QUERY)


async def test_a_late_answer_does_come(party):
    party.dials.set(does_but_late=1, late_by=0.1)

    before = time.monotonic()
    assert (await party.http.get(QUERY)).status_code == 400
    assert time.monotonic() - before >= 0.1


async def test_a_party_that_hangs_can_be_closed():
    made = WeChatPay(Merchant("wx1", "1", "1", Key().public_pem, "0" * 32))
    made.dials.set(hang=1)
    called = asyncio.Event()

    async def app(scope, receive, send):
        if scope["type"] == "http":
            called.set()
        await made.app(scope, receive, send)

    async with asyncio.timeout(3), httpx.AsyncClient() as http:
        async with serve(app) as address:
            asking = asyncio.create_task(http.get(address + QUERY))
            await called.wait()
        assert (await asyncio.gather(asking, return_exceptions=True))[0] is not None


def test_a_dial_is_turned_by_name_and_number():
    dials = Dials()

    for wrong in ({"faill": 1}, {"_chance": 1}, {"fail": "1"}):
        with pytest.raises(ValueError, match=r"dial|number"):
            dials.set(**wrong)


def test_the_same_seed_has_the_same_moods():
    moods = [[dials.happens("fail") for _ in range(50)] for dials in (Dials(fail=0.5, seed=7), Dials(fail=0.5, seed=7))]

    assert moods[0] == moods[1]
    assert 10 < moods[0].count(True) < 40


def pushes(mailbox, *names):
    return [Push(name, name, mailbox.address, lambda name=name: Letter({}, name.encode())) for name in names]


async def delivered(mailbox, names, **moods):
    async with Pusher(Dials(pace=0.01, **moods), Manners((1, 1), lambda status, _: status == 204)) as pusher:
        for push in pushes(mailbox, *names):
            pusher.push(push)
            if not moods.get("reorder_push"):
                await pusher.idle()
        await pusher.idle()
    return [body.decode() for _, body in mailbox.letters], pusher


async def test_a_push_may_be_dropped_and_is_remembered_as_dropped(mailbox):
    letters, pusher = await delivered(mailbox, "ab", drop_push=1)

    assert (letters, [push.id for push in pusher.dropped]) == ([], ["a", "b"])


async def test_a_push_may_come_twice(mailbox):
    assert (await delivered(mailbox, "ab", duplicate_push=1))[0] == ["a", "a", "b", "b"]


async def test_a_push_may_be_overtaken(mailbox):
    async with Pusher(Dials(reorder_push=1), Manners((), lambda status, _: status == 204)) as pusher:
        early, late = pushes(mailbox, "early", "late")
        pusher.push(early)
        while not pusher._held:  # noqa: SLF001 - until it waits to be overtaken
            await asyncio.sleep(0)
        pusher.dials.set(reorder_push=0)
        pusher.push(late)
        await pusher.idle()

    assert [body for _, body in mailbox.letters] == [b"late", b"early"]


async def test_a_push_that_is_never_accepted_ends_with_its_schedule(mailbox):
    mailbox.status = 500
    letters, pusher = await delivered(mailbox, "a")

    assert letters == ["a", "a", "a"]
    assert [delivery.accepted for delivery in pusher.deliveries] == [False, False, False]


async def test_nobody_at_home_is_an_attempt_too(mailbox):
    mailbox.address = "http://127.0.0.1:1/told"
    _, pusher = await delivered(mailbox, "a")

    assert [delivery.status for delivery in pusher.deliveries] == [None, None, None]

"""How much and how often is too much, and what somebody hears who is told so."""

import json
from dataclasses import replace

import httpx
import pytest

from api.figures import Figures
from api.limits import Replays
from api.quotas import DEFAULTS, Limit, Quotas, household
from models.case import Role
from running import listening
from settings import Limits, load
from tests.api.conftest import PEN, SECRETS, TOKEN, Door, an_order_paper, eventually
from world.shop_wire import Pen

SF = f"/webhooks/couriers/sf/sf/{TOKEN}"
PUSH = json.dumps({"Body": {"WaybillRoute": []}}).encode()


def pacing(door, limit, quota="1/h burst 2"):
    """The same door, where something is counted that nobody else may use up."""
    return Door(replace(door.tools, quotas=Quotas(DEFAULTS | {limit: quota}), figures=Figures()))


def refused_as(answer):
    return answer.status_code, answer.headers["content-type"], answer.json()["code"]


TOO_OFTEN = (429, "application/problem+json", "too_often")


def test_so_many_and_then_wait_and_nobody_else_waits():
    quotas = Quotas(DEFAULTS | {Limit.FAILURES: "1/m burst 3"})

    *welcome, told = [quotas.wait(Limit.FAILURES, "10.0.0.1") for _ in range(4)]

    assert welcome == [0, 0, 0]
    assert told in (59, 60)  # the clock ran on between the first and the last
    assert quotas.wait(Limit.FAILURES, "10.0.0.2") == 0
    assert quotas.wait(Limit.ADDRESS, "10.0.0.1") == 0


async def test_whoever_waits_may_come_again():
    quotas = Quotas(DEFAULTS | {Limit.KEY: "1/s burst 1"})

    async def comes():
        return quotas.wait(Limit.KEY, "a") == 0

    assert [await comes(), await comes()] == [True, False]
    assert await eventually(comes)


def test_only_so_many_are_remembered():
    quotas = Quotas(DEFAULTS | {Limit.ADDRESS: "1/h burst 1"}, remembered=2)
    for place in ("a", "b", "c"):
        quotas.wait(Limit.ADDRESS, place)

    assert [quotas.wait(Limit.ADDRESS, place) > 0 for place in ("c", "b", "a")] == [True, True, False]


def test_unless_told_otherwise_an_honest_storm_is_welcome():
    told = {limit: getattr(Limits(), limit) for limit in Limit}
    quotas = Quotas(told)

    assert told == DEFAULTS
    assert not any(quotas.wait(limit, "wechat") for limit in (Limit.KEY, Limit.ADDRESS) for _ in range(5_000))


@pytest.mark.parametrize(
    ("host", "who"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("no address", "no address"),
    ],
)
def test_who_may_choose_among_addresses_is_one(host, who):
    assert household(host) == who


async def test_a_key_is_refused_beyond_its_quota_and_no_other_is(door):
    door = pacing(door, Limit.KEY)
    answers = [await door.get("/orders", Role.OPS) for _ in range(3)]

    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert refused_as(answers[2]) == TOO_OFTEN
    assert 3500 < int(answers[2].headers["retry-after"]) <= 3600
    figures = (await door.get("/metrics")).text
    assert 'oms_limited_total{limit="key"} 1.0' in figures


async def test_what_a_shop_signs_and_what_it_asks_by_key_are_one_quota(door):
    door = pacing(door, Limit.KEY)
    await door.get("/orders", Role.SHOP)
    placed = [await door.place(number=number) for number in ("DEMO1", "DEMO2")]

    assert placed[0].status_code == 202
    assert refused_as(placed[1]) == TOO_OFTEN
    assert (await door.place(number="DEMO2", pen=Pen(PEN.key, "a guess"))).status_code == 401


async def test_an_address_is_refused_whatever_it_wants_but_who_asks_whether_we_live_is_told(door):
    door = pacing(door, Limit.ADDRESS)
    answers = [await door.get(path, None) for path in ("/nowhere", "/login", "/nowhere")]

    assert [answer.status_code for answer in answers] == [404, 200, 429]
    assert refused_as(answers[2]) == TOO_OFTEN
    assert (await door.get("/health/live", None)).status_code == 200
    assert "Too many attempts" in (await door.get("/login", None)).text


async def test_guessing_signatures_ends_sooner_than_signing(door):
    door = pacing(door, Limit.FAILURES)
    guesses = [await door.place(pen=Pen(PEN.key, "a guess")) for _ in range(3)]

    assert [answer.status_code for answer in guesses] == [401, 401, 429]
    assert (await door.place()).status_code == 202


async def test_guessing_at_shops_ends_as_guessing_at_signatures_does(door):
    door = pacing(door, Limit.FAILURES)
    guesses = [await door.place(an_order_paper(shop=f"guess{n}")) for n in range(3)]

    assert [answer.status_code for answer in guesses] == [401, 401, 429]


async def test_a_party_is_refused_in_its_own_words_and_what_it_tells_again_is_taken(door):
    door = pacing(door, Limit.KEY, "1/s burst 1")

    async def pushes():
        return await door.post(SF, None, content=PUSH)

    answers = [await pushes() for _ in range(3)]
    late = next(answer for answer in answers if answer.status_code == 429)

    assert (late.json()["return_code"], late.headers["retry-after"]) == ("1000", "1")
    assert await eventually(lambda: _thanked(pushes))


async def _thanked(pushes):
    return (await pushes()).status_code == 200


async def test_whoever_guesses_at_a_partys_path_uses_up_nobodys_quota_but_its_own(door):
    door = pacing(door, Limit.FAILURES)
    door.tools.quotas.wait(Limit.KEY, "sf/sf")
    guess = SF.replace(TOKEN, "x" * 16)
    answers = [await door.post(guess, None, content=PUSH) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert (await door.post(SF, None, content=PUSH)).status_code == 200


async def test_a_page_says_so_too(door):
    door = pacing(door, Limit.KEY, "1/h burst 3")
    await door.client.post("/login", data={"key": SECRETS[Role.ADMIN]})
    answers = [await door.client.get("/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Too many attempts" in answers[2].text


@pytest.mark.parametrize(("proxies", "statuses"), [((), [404, 429, 429]), (("127.0.0.0/8",), [404, 404, 429])])
async def test_whose_address_counts_behind_a_proxy(door, proxies, statuses, tmp_path):
    door = pacing(door, Limit.ADDRESS, "1/h burst 1")
    config = listening(door.app, load(data=tmp_path, proxies=proxies), "127.0.0.1")
    config.load()
    transport = httpx.ASGITransport(config.loaded_app, client=("127.0.0.1", 7))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as anybody:
        lies = ("1.1.1.1, 203.0.113.1", "2.2.2.2, 203.0.113.2", "3.3.3.3, 203.0.113.2")
        answers = [await anybody.get("/nowhere", headers={"x-forwarded-for": lie}) for lie in lies]

    assert [answer.status_code for answer in answers] == statuses


def test_a_replay_is_known_only_after_it_was_kept_and_word_for_word():
    replays = Replays()

    assert not replays.knows(b"wechat/main", b"body")
    replays.note(b"wechat/main", b"body")
    assert replays.knows(b"wechat/main", b"body")
    assert not replays.knows(b"wechat/mainbody", b"")
    assert not replays.knows(b"wechat/other", b"body")


@pytest.mark.parametrize("more", [1, 5])
def test_replays_forget_the_oldest(more):
    replays = Replays(remembered=10)
    for number in range(10 + more):
        replays.note(str(number).encode())

    assert [replays.knows(str(number).encode()) for number in (more - 1, more)] == [False, True]

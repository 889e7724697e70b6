"""The robot's connector against the simulated robot and against recordings."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from starlette.responses import RedirectResponse

from connectors.http import Answer, Line
from connectors.messengers.dingtalk import Account, DingTalk
from models.errors import Failure, Garbled, Refused, Unavailable
from world.dingtalk import DingTalk as World
from world.server import serve

RECORDINGS = sorted((Path(__file__).parents[2] / "recordings" / "dingtalk").glob("*.json"))
NOW = datetime(2026, 11, 22, 5, 5, 30, tzinfo=UTC)


class Clock:
    """Stands until it is moved."""

    def __init__(self):
        self.at = datetime.now(UTC)

    def __call__(self):
        return self.at


@pytest.fixture
async def robot():
    world = World()
    known = {"access_token": world.settings.access_token, "secret": world.settings.secret}
    async with serve(world.app) as address, Line("dingtalk", address, answer_within=timedelta(seconds=1)) as line:
        party = DingTalk(Account(address=address, **known), line, Clock())
        party.world = world
        yield party


async def test_words_reach_the_group(robot):
    await robot.send("ABCDEFGHJKMNPQRS 超过 2 小时未发货")

    assert [message.text for message in robot.world.books.messages] == ["ABCDEFGHJKMNPQRS 超过 2 小时未发货"]


async def test_it_keeps_below_twenty_a_minute_by_itself(robot):
    for _ in range(20):
        await robot.send("one more")
    with pytest.raises(Unavailable, match="too_soon"):
        await robot.send("one too many")
    robot.now.at += timedelta(minutes=1)

    with pytest.raises(Unavailable, match="throttled"):  # their own minute has not passed: this one reaches them
        await robot.send("a minute later")
    assert (len(robot.world.books.messages), robot.world.books.turned_away) == (20, [130101])


@pytest.mark.parametrize("mood", [{"fail": 1}, {"hang": 1}, {"slow": 5}])
async def test_silence_may_have_been_read(robot, mood):
    robot.world.dials.set(**mood)

    with pytest.raises(Unavailable):
        await robot.send("hello?")


async def test_a_message_done_too_late_was_read_all_the_same(robot):
    robot.world.dials.set(does_but_late=1)
    with pytest.raises(Unavailable, match="timeout"):
        await robot.send("hello?")

    assert len(robot.world.books.messages) == 1


async def test_their_no_is_for_good(robot):
    robot.world.dials.set(refuse=1)

    with pytest.raises(Refused, match="refused_400105"):
        await robot.send("hello")


async def test_what_is_too_long_is_not_even_sent(robot):
    with pytest.raises(Refused, match="too_long"):
        await robot.send("长" * 7000)

    assert robot.world.books.turned_away == []


async def test_a_punished_robot_is_throttled():
    away = RedirectResponse("/login", 302)
    async with serve(away) as address, Line("dingtalk", address) as line:
        robot = DingTalk(Account(access_token="TOKEN", secret="SEC000"), line, lambda: NOW)  # noqa: S106

        with pytest.raises(Unavailable, match="throttled"):
            await robot.send("hello")


class Theirs:
    """Answers one question, and keeps it."""

    def __init__(self, answer):
        self.answer, self.asked = answer, None

    async def send(self, ask):
        self.asked = ask
        return self.answer


@pytest.mark.parametrize("page", [pytest.param(json.loads(file.read_text()), id=file.stem) for file in RECORDINGS])
async def test_it_is_asked_and_understood(page):
    line = Theirs(Answer(page["answer"]["status"], {}, page["answer"]["body"].encode()))
    robot = DingTalk(Account(access_token="TOKEN", secret="SEC000"), line, lambda: NOW)  # noqa: S106
    try:
        again = await robot.send(**page["ours"])
    except Failure as failure:
        again = [type(failure).__name__, failure.code]

    assert again == page["again"]
    path, _, query = line.asked.target.partition("?")
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    sent = {"method": line.asked.method, "path": path, "query": fields, "body": json.loads(line.asked.body)}
    assert sent == page["request"]


def test_there_are_recordings_of_every_kind_of_answer():
    said = [json.loads(file.read_text())["again"] for file in RECORDINGS]

    assert None in said
    assert {kind for kind, _ in filter(None, said)} == {"Unavailable", "Refused", Garbled.__name__}

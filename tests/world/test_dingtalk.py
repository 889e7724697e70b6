"""The simulated robot, against an independent client of the real one."""

import asyncio

import httpx
import pytest
from dingtalkchatbot.chatbot import DingtalkChatbot

from world.dingtalk import DingTalk
from world.server import serve


@pytest.fixture
async def robot():
    party = DingTalk()
    async with serve(party.app) as address:
        party.url = f"{address}/robot/send?access_token={party.settings.access_token}"
        yield party


async def test_it_believes_what_an_independent_client_signs(robot):
    client = DingtalkChatbot(robot.url, secret=robot.settings.secret)
    told = await asyncio.to_thread(client.send_text, "ABCDEFGHJKMNPQRS: 2 小时未发货")

    assert told == {"errcode": 0, "errmsg": "ok"}
    assert [(message.kind, message.text) for message in robot.books.messages] == [
        ("text", "ABCDEFGHJKMNPQRS: 2 小时未发货")
    ]


async def test_it_turns_away_who_does_not_know_the_secret(robot):
    client = DingtalkChatbot(robot.url, secret="SEC-a-guess")  # noqa: S106
    told = await asyncio.to_thread(client.send_text, "hello")

    assert told == {"errcode": 310000, "errmsg": "sign not match"}
    assert robot.books.messages == []


async def test_it_turns_away_an_old_timestamp(robot):
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{robot.url}&timestamp=1&sign=x", json={"msgtype": "text", "text": {}})

    assert answer.json()["errcode"] == 310000


async def test_the_twenty_first_message_in_a_minute_is_one_too_many(robot):
    signed = DingtalkChatbot(robot.url, secret=robot.settings.secret).webhook
    async with httpx.AsyncClient() as client:
        told = [await client.post(signed, json={"msgtype": "text", "text": {"content": "."}}) for _ in range(21)]

    assert {answer.json()["errcode"] for answer in told[:20]} == {0}
    assert told[20].json() == {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
    assert (len(robot.books.messages), robot.books.turned_away) == (20, [130101])

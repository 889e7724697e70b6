"""The simulated Kuaidi100, asked as its official demos ask the real one."""

import hashlib
import json
from urllib.parse import parse_qs

import httpx
import pytest

from world.kuaidi100 import Kuaidi100
from world.server import serve

THANKS = '{"result":true,"returnCode":"200","message":"成功"}'.encode()
SALT = "0123456789abcdef0123456789abcdef"


@pytest.fixture
async def kuaidi100(mailbox):
    mailbox.status, mailbox.word = 200, THANKS
    party = Kuaidi100()
    party.dials.set(pace=0.00001)
    async with serve(party.app) as address:
        party.address, party.callback = address, mailbox.address
        yield party


def md5(words):
    return hashlib.md5(words.encode()).hexdigest().upper()  # noqa: S324


async def post(party, path, form):
    async with httpx.AsyncClient() as client:
        return (await client.post(party.address + path, data=form)).json()


async def label(party, method="order", **changes):
    settings, man = party.settings, {"name": "张三", "mobile": "13800001234", "printAddr": "广东深圳市南山区"}
    asked = {"kuaidicom": "yuantong", "partnerId": settings.partners[0], "recMan": man, "sendMan": man}
    asked |= {"orderId": "ABCDEFGHJKMNPQRS-label-1", "reorder": False} | changes
    param = json.dumps({name: value for name, value in asked.items() if value is not None})
    sign = md5(param + "1795334400000" + settings.key + settings.secret)
    form = {"method": method, "key": settings.key, "t": "1795334400000", "param": param, "sign": sign}
    return await post(party, "/label/order", form)


async def query(party, number, com="yuantong", phone="1234", sign=None):
    param = json.dumps({"com": com, "num": number, "phone": phone, "resultv2": "4", "show": "0", "order": "desc"})
    sign = sign or md5(param + party.settings.key + party.settings.customer)
    return await post(party, "/poll/query.do", {"customer": party.settings.customer, "sign": sign, "param": param})


async def subscribe(party, number, company="yuantong", **details):
    wanted = {"callbackurl": party.callback, "resultv2": "4"} | details
    param = {"company": company, "number": number, "key": party.settings.key, "parameters": wanted}
    return await post(party, "/poll", {"schema": "json", "param": json.dumps(param)})


def told(mailbox):
    forms = [parse_qs(body.decode()) for _, body in mailbox.letters]
    return [(json.loads(form["param"][0]), form) for form in forms]


async def test_a_repeated_order_gives_the_first_label_unless_a_new_one_is_wanted(kuaidi100):
    first = await label(kuaidi100)
    again = await label(kuaidi100)
    another = await label(kuaidi100, reorder=True)

    assert (first["code"], first["data"]["kuaidinum"][:2]) == (200, "YT")
    assert again["data"]["kuaidinum"] == first["data"]["kuaidinum"] != another["data"]["kuaidinum"]
    assert len(kuaidi100.books.labels) == 2


async def test_an_order_without_people_finds_a_label_and_makes_none(kuaidi100):
    unknown = await label(kuaidi100, recMan=None, sendMan=None)
    first = await label(kuaidi100)
    found = await label(kuaidi100, recMan=None, sendMan=None)

    assert unknown["code"] != 200
    assert found["data"]["kuaidinum"] == first["data"]["kuaidinum"]
    assert len(kuaidi100.books.labels) == 1


async def test_companies_are_called_by_their_codes(kuaidi100):
    assert (await label(kuaidi100, kuaidicom="zhongtong", orderId="z"))["data"]["kuaidinum"].startswith("7359")
    assert (await label(kuaidi100, kuaidicom="yto", orderId="y"))["code"] != 200


async def test_a_wrong_signature_opens_no_desk(kuaidi100):
    assert (await query(kuaidi100, "YT1", sign="AAAA"))["returnCode"] == "503"
    form = {"method": "order", "t": "1", "param": "{}", "sign": "AAAA"}
    assert (await post(kuaidi100, "/label/order", form))["code"] == 30002
    assert kuaidi100.books.calls == []


async def test_a_label_is_void_until_a_driver_has_the_parcel(kuaidi100):
    number = (await label(kuaidi100))["data"]["kuaidinum"]
    assert (await label(kuaidi100, "cancel", kuaidinum=number))["code"] == 200

    kuaidi100.hand_over(number)
    assert (await label(kuaidi100, "cancel", kuaidinum=number))["code"] != 200
    assert kuaidi100.books.labels[0].is_void


async def test_nothing_is_known_before_the_first_step(kuaidi100):
    assert (await query(kuaidi100, "YT1"))["returnCode"] == "500"


async def test_every_push_brings_the_whole_list_newest_first_and_signed_with_the_salt(kuaidi100, mailbox):
    await subscribe(kuaidi100, "YT1", salt=SALT)
    kuaidi100.move("YT1", "103")
    await kuaidi100.pusher.idle()
    kuaidi100.move("YT1", "301")
    await kuaidi100.pusher.idle()

    (first, _), (last, form) = told(mailbox)
    assert (first["status"], last["status"]) == ("polling", "shutdown")
    assert [step["statusCode"] for step in last["lastResult"]["data"]] == ["301", "103"]
    assert (last["lastResult"]["state"], last["lastResult"]["ischeck"]) == ("3", "1")
    assert form["sign"] == [md5(form["param"][0] + SALT)]


async def test_without_a_salt_nothing_is_signed(kuaidi100, mailbox):
    await subscribe(kuaidi100, "YT1")
    kuaidi100.move("YT1", "103")
    await kuaidi100.pusher.idle()

    assert "sign" not in told(mailbox)[0][1]


async def test_who_subscribes_twice_or_to_nobody_is_told_so(kuaidi100):
    codes = [(await subscribe(kuaidi100, "YT1"))["returnCode"] for _ in range(2)]

    assert codes == ["200", "501"]
    assert (await subscribe(kuaidi100, "YT1", company="YT0"))["returnCode"] == "700"


async def test_they_correct_a_wrong_company_and_go_on_under_the_right_one(kuaidi100, mailbox):
    await subscribe(kuaidi100, "7359001", company="yuantong")
    kuaidi100.correct_company("7359001", "zhongtong")
    await kuaidi100.pusher.idle()
    kuaidi100.move("7359001", "103")
    await kuaidi100.pusher.idle()

    (abort, _), (later, _) = told(mailbox)
    assert (abort["status"], abort["autoCheck"], abort["comOld"], abort["comNew"]) == ("abort", "0", "", "zhongtong")
    assert (later["autoCheck"], later["comOld"], later["comNew"]) == ("1", "yuantong", "zhongtong")
    assert later["lastResult"]["com"] == "zhongtong"


async def test_a_push_is_told_three_times_more_until_the_exact_word_comes(kuaidi100, mailbox):
    mailbox.word = b'{"result":false,"returnCode":"500"}'
    await subscribe(kuaidi100, "YT1")
    kuaidi100.move("YT1", "103")
    await kuaidi100.pusher.idle()

    assert len(mailbox.letters) == 4


async def test_a_forger_does_not_know_the_salt(kuaidi100, mailbox):
    await subscribe(kuaidi100, "YT1", salt=SALT)
    kuaidi100.dials.set(forge_push=1)
    kuaidi100.move("YT1", "103")
    await kuaidi100.pusher.idle()

    signs = [form["sign"] == [md5(form["param"][0] + SALT)] for _, form in told(mailbox)]
    assert sorted(signs) == [False, True]


async def test_an_intercepted_parcel_comes_home(kuaidi100):
    number = (await label(kuaidi100))["data"]["kuaidinum"]
    kuaidi100.hand_over(number)
    assert (await label(kuaidi100, "interceptOrder", kuaidinum=number))["code"] == 200
    await kuaidi100.travel(number)

    assert (kuaidi100.books.brought_back, kuaidi100.books.delivered) == ([number], {})
    assert (await query(kuaidi100, number))["state"] == "4"

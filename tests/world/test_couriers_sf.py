"""The simulated SF, asked as public integrations ask the real one."""

import base64
import hashlib
import json
from urllib.parse import quote_plus

import httpx
import pytest

from world.server import serve
from world.sf import SfExpress
from world.sf_books import Digest, Settings

THANKS = '{"return_code":"0000","return_msg":"成功"}'.encode()


@pytest.fixture
async def sf(mailbox):
    mailbox.status, mailbox.word = 200, THANKS
    party = SfExpress(Settings(push_url=mailbox.address))
    party.dials.set(pace=0.0001)
    async with serve(party.app) as address:
        party.address = address
        yield party


def standard(words):
    return base64.b64encode(hashlib.md5(quote_plus(words, safe="*-._").replace("~", "%7E").encode()).digest())  # noqa: S324


async def ask(sf, service, told, digest=standard, **changes):
    settings, words = sf.settings, json.dumps(told, ensure_ascii=False)
    form = {
        "partnerID": settings.partner_id,
        "requestID": "5e7c6f0e-3d9b-4f39-9a2c-4f2c4b6a0001",
        "serviceCode": service,
        "timestamp": "1795334400000",
        "msgDigest": digest(words + "1795334400000" + settings.checkword).decode(),
        "msgData": words,
    } | changes
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{sf.address}/std/service", data=form)
    outer = answer.json()
    return outer["apiResultCode"], json.loads(outer["apiResultData"] or "{}")


async def a_label(sf, order_id="ABCDEFGHJKMNPQRS-label-1", **changes):
    contacts = [{"contactType": 1, "mobile": "13800000001"}, {"contactType": 2, "mobile": "13800001234"}]
    asked = {"orderId": order_id, "monthlyCard": sf.settings.monthly_card, "contactInfoList": contacts} | changes
    return await ask(sf, "EXP_RECE_CREATE_ORDER", asked)


async def way(sf, waybill, tail="1234"):
    asked = {"trackingType": "1", "trackingNumber": [waybill], "methodType": "1", "checkPhoneNo": tail}
    _, told = await ask(sf, "EXP_RECE_SEARCH_ROUTES", asked)
    return [route["opCode"] for route in told["msgData"]["routeResps"][0]["routes"]]


async def test_a_label_is_bought_once_and_found_by_our_number(sf):
    code, told = await a_label(sf)
    _, again = await a_label(sf)
    _, found = await ask(sf, "EXP_RECE_SEARCH_ORDER_RESP", {"orderId": "ABCDEFGHJKMNPQRS-label-1"})

    assert (code, told["success"], told["errorCode"]) == ("A1000", True, "S0000")
    assert (again["success"], again["errorCode"]) == (False, "8016")
    assert found["msgData"]["waybillNoInfoList"] == told["msgData"]["waybillNoInfoList"]
    assert [label.order_id for label in sf.books.labels] == ["ABCDEFGHJKMNPQRS-label-1"]


async def test_an_unknown_number_is_not_found(sf):
    _, told = await ask(sf, "EXP_RECE_SEARCH_ORDER_RESP", {"orderId": "nobody"})

    assert (told["success"], told["errorCode"]) == (False, "6150")


async def test_a_wrong_signature_is_refused_on_the_first_level(sf):
    code, told = await ask(sf, "EXP_RECE_SEARCH_ORDER_RESP", {"orderId": "x"}, msgDigest="AAAA")

    assert (code, told) == ("A1006", {})
    assert sf.books.calls == []


async def test_an_account_signs_the_way_it_was_opened_with():
    party = SfExpress(Settings(digest=Digest.SIMPLE))
    async with serve(party.app) as address:
        party.address = address
        standardly, _ = await ask(party, "EXP_RECE_SEARCH_ORDER_RESP", {"orderId": "x"})
        simply, _ = await ask(
            party,
            "EXP_RECE_SEARCH_ORDER_RESP",
            {"orderId": "x"},
            digest=lambda words: base64.b64encode(hashlib.md5(words.encode()).digest()),  # noqa: S324
        )

    assert (standardly, simply) == ("A1006", "A1000")


async def test_a_refused_district_is_an_answer_without_a_waybill(sf):
    sf.dials.set(refuse=1)
    _, told = await a_label(sf)

    assert (told["success"], told["msgData"]["filterResult"]) == (True, 3)
    assert sf.books.labels == []


async def test_a_label_is_void_until_a_driver_has_the_parcel(sf):
    await a_label(sf)
    await a_label(sf, "second")
    sf.hand_over(sf.books.labels[1].waybill)

    _, first = await ask(sf, "EXP_RECE_UPDATE_ORDER", {"orderId": "ABCDEFGHJKMNPQRS-label-1", "dealType": 2})
    _, again = await ask(sf, "EXP_RECE_UPDATE_ORDER", {"orderId": "ABCDEFGHJKMNPQRS-label-1", "dealType": 2})
    _, second = await ask(sf, "EXP_RECE_UPDATE_ORDER", {"orderId": "second", "dealType": 2})
    _, found = await ask(sf, "EXP_RECE_SEARCH_ORDER_RESP", {"orderId": "ABCDEFGHJKMNPQRS-label-1"})

    assert first["msgData"]["resStatus"] == 2
    assert (again["errorCode"], found["errorCode"], second["success"]) == ("8037", "8037", False)
    assert [label.is_void for label in sf.books.labels] == [True, False]


async def test_a_parcel_travels_and_each_station_is_told_and_can_be_asked(sf, mailbox):
    await a_label(sf)
    waybill = sf.books.labels[0].waybill
    sf.hand_over(waybill)
    await sf.travel(waybill, evidence="photo")
    await sf.pusher.idle()

    told = [json.loads(body)["Body"]["WaybillRoute"][0] for _, body in mailbox.letters]
    assert await way(sf, waybill) == ["50", "30", "36", "31", "204", "44", "80", "8000"]
    assert sorted(route["opCode"] for route in told) == sorted(await way(sf, waybill))
    assert {route["orderid"] for route in told} == {"ABCDEFGHJKMNPQRS-label-1"}
    assert sf.books.delivered == {waybill: "photo"}


async def test_routes_are_shown_to_whoever_knows_the_phone(sf):
    await a_label(sf)
    sf.hand_over(sf.books.labels[0].waybill)

    assert await way(sf, sf.books.labels[0].waybill, tail="9999") == []
    assert await way(sf, sf.books.labels[0].waybill, tail="1234") == ["50"]


async def test_a_push_is_told_again_until_the_exact_word_comes(sf, mailbox):
    mailbox.word = b'{"return_code":"1000"}'
    sf.move("SF1", "50")
    await sf.pusher.idle()

    assert len(mailbox.letters) == 5
    assert not any(delivery.accepted for delivery in sf.pusher.deliveries)


async def test_an_intercepted_parcel_comes_home(sf):
    await a_label(sf)
    waybill = sf.books.labels[0].waybill
    asked = {"waybillNo": waybill, "serviceCode": "2", "role": "1", "payMode": "4"}
    _, told = await ask(sf, "EXP_RECE_WANTED_INTERCEPT", asked)
    await sf.travel(waybill)

    assert told["success"]
    assert sf.books.brought_back == [waybill]
    assert "80" not in await way(sf, waybill)


async def test_money_is_collected_at_the_door(sf):
    await a_label(sf, serviceList=[{"name": "COD", "value": "198.50"}])
    await sf.travel(sf.books.labels[0].waybill, evidence="otp")

    assert sf.books.collected == {sf.books.labels[0].waybill: 19850}


async def test_the_demo_drives_it_from_another_process(sf):
    await a_label(sf)
    waybill = sf.books.labels[0].waybill
    async with httpx.AsyncClient(base_url=sf.address) as client:
        await client.post("/_world/hand_over", json={"waybill": waybill})
        books = (await client.get("/_world/books")).json()

    assert books["handed_over"] == [waybill]

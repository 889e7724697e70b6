"""What is SF's own."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.couriers.sf import SfExpress
from connectors.http import Line
from models.errand import Outcome, State
from models.errors import Forged, Garbled
from models.fact import ParcelStirred
from rules.reading import read
from tests.connectors.couriers.conftest import KEY, sf_account
from world.server import serve
from world.sf import SfExpress as World
from world.sf_books import Digest, Settings


async def test_the_three_digests(sf_counter):
    world = World(Settings(digest=Digest.SIMPLE))
    async with serve(world.app) as address, Line("sf", address, answer_within=timedelta(seconds=1)) as line:
        simple = SfExpress(sf_account(address, digest="simple"), line)

        assert (await simple.book(sf_counter.booking())).state is State.DONE
        assert (await simple.booked(KEY, "sf")).state is State.DONE


async def test_a_district_that_they_do_not_serve_is_refused_in_our_word(sf_counter):
    sf_counter.world.dials.set(refuse=1)

    assert await sf_counter.courier.book(sf_counter.booking()) == Outcome(state=State.REFUSED, code="not_served")


async def test_a_void_label_is_not_a_label(sf_counter):
    await sf_counter.courier.void(sf_counter.parcel(await sf_counter.booked()))

    assert await sf_counter.courier.booked(KEY, "sf") == Outcome(state=State.REFUSED, code="void_already")


async def test_a_picture_is_proof_after_a_signature_and_never_before(sf_counter):
    waybill = await sf_counter.booked()
    sf_counter.world.move(waybill, "8000")
    assert await sf_counter.said(waybill) == []

    sf_counter.world.move(waybill, "80")
    sf_counter.world.move(waybill, "8000")
    assert (await sf_counter.said(waybill))[-1] == "photo"
    assert "electronic" in await sf_counter.said(waybill)


@pytest.mark.parametrize(
    ("code", "said"), [("128", "locker"), ("679", "otp"), ("80", "electronic"), ("126", "exception")]
)
async def test_the_end_of_a_way(sf_counter, code, said):
    waybill = await sf_counter.booked()
    sf_counter.world.move(waybill, code)

    assert await sf_counter.said(waybill) == [said]


async def test_a_signature_after_the_turn_is_the_senders_own(sf_counter):
    waybill = await sf_counter.booked()
    for code in ("44", "648", "80", "8000"):
        sf_counter.world.move(waybill, code)

    assert await sf_counter.said(waybill) == ["out_for_delivery", "returning", "returned", "returned"]


async def test_routes_without_the_right_phone_are_empty(sf_counter):
    waybill = await sf_counter.booked()
    sf_counter.world.hand_over(waybill)

    assert await sf_counter.courier.routes(sf_counter.parcel(waybill, tail="9999")) == ()


async def test_a_push_only_makes_us_ask(sf_counter):
    waybill = await sf_counter.booked()
    await sf_counter.world.travel(waybill, evidence="photo")
    await sf_counter.world.pusher.idle()

    facts = [read(heard.telling, heard.telling.at) for heard in sf_counter.door.heard]
    assert {type(fact) for fact in facts} == {ParcelStirred}
    assert {fact.parcel for fact in facts} == {KEY}


async def test_a_push_about_a_strangers_order_goes_by_the_waybill(sf_counter):
    route = {"id": "1", "mailno": "SF1", "orderid": "", "acceptTime": "2026-11-22 13:05:30", "opCode": "50"}
    sf_counter.world.hand_over("SF7444400000000")
    await sf_counter.world.pusher.idle()
    message = sf_counter.door.messages[0]
    (heard,) = sf_counter.courier.read(replace(message, body=json.dumps({"Body": {"WaybillRoute": [route]}}).encode()))

    assert (heard.to, heard.key, heard.telling.body) == ("waybill", "SF1", {})
    assert heard.telling.at.isoformat() == "2026-11-22T13:05:30+08:00"


async def test_an_unreadable_instant_is_garbled(sf_counter):
    route = {"id": "1", "mailno": "SF1", "acceptTime": "yesterday", "opCode": "50"}
    sf_counter.world.hand_over("SF7444400000000")
    await sf_counter.world.pusher.idle()

    body = json.dumps({"Body": {"WaybillRoute": [route]}}).encode()
    with pytest.raises(Garbled):
        sf_counter.courier.read(replace(sf_counter.door.messages[0], body=body))


async def test_routes_are_registered_where_the_account_wants_it(sf_counter):
    waybill = await sf_counter.booked()
    await sf_counter.courier.subscribe(sf_counter.parcel(waybill), "")
    assert sf_counter.world.books.registered == []

    sf_counter.courier.account = sf_counter.courier.account.model_copy(update={"registers": True})
    await sf_counter.courier.subscribe(sf_counter.parcel(waybill), "")
    assert sf_counter.world.books.registered == [waybill]


async def test_without_a_home_nothing_is_called_back(sf_counter):
    waybill = await sf_counter.booked()
    sf_counter.courier.account = sf_counter.courier.account.model_copy(update={"home": None})

    assert await sf_counter.courier.intercept(sf_counter.parcel(waybill)) == Outcome(
        state=State.REFUSED, code="no_return_address"
    )


async def test_the_token_is_compared_as_a_whole(sf_counter):
    sf_counter.world.hand_over("SF7444400000000")
    await sf_counter.world.pusher.idle()

    with pytest.raises(Forged, match="wrong_path"):
        sf_counter.courier.read(replace(sf_counter.door.messages[0], token=sf_counter.door.messages[0].token[:-1]))

"""What is Kuaidi100's own."""

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlencode

import pytest

from connectors.ports import Shipped
from models.errand import Outcome, State
from models.errors import Forged, Refused, Unavailable
from tests.connectors.couriers.conftest import KEY


async def told(counter, **dials):
    waybill = await counter.booked()
    await counter.courier.subscribe(counter.parcel(waybill), counter.callback)
    counter.world.dials.set(**dials)
    counter.world.hand_over(waybill)
    await counter.world.pusher.idle()
    return waybill


async def test_companies_are_named_after_the_dot(kuaidi100_counter):
    booking = replace(kuaidi100_counter.booking(), courier="kuaidi100.zto")

    assert (await kuaidi100_counter.courier.book(booking)).reference.startswith("7359")


@pytest.mark.parametrize(
    ("courier", "code"),
    [
        ("kuaidi100.yt0", "company_unknown"),
        ("kuaidi100", "company_unknown"),
        ("other.yto", "company_unknown"),
        ("kuaidi100.ems", "no_monthly_account"),
    ],
)
async def test_a_company_that_we_cannot_book_is_refused_before_anybody_is_asked(kuaidi100_counter, courier, code):
    booking = replace(kuaidi100_counter.booking(), courier=courier)

    assert await kuaidi100_counter.courier.book(booking) == Outcome(state=State.REFUSED, code=code)
    assert await kuaidi100_counter.courier.booked(KEY, courier) == Outcome(state=State.ABSENT)
    assert kuaidi100_counter.world.books.calls == []


async def test_a_signed_push_is_believed_and_tells_what_a_question_would(kuaidi100_counter):
    waybill = await told(kuaidi100_counter)
    await kuaidi100_counter.world.travel(waybill, evidence="locker")
    await kuaidi100_counter.world.pusher.idle()

    asked = await kuaidi100_counter.courier.routes(kuaidi100_counter.parcel(waybill))
    assert {heard.telling.id for heard in kuaidi100_counter.door.heard} == {telling.id for telling in asked}
    assert {heard.telling.kind for heard in kuaidi100_counter.door.heard} == {"parcel_tracked", "parcel_delivered"}


async def test_a_push_cannot_be_told_again_as_another_parcels(kuaidi100_counter):
    await told(kuaidi100_counter)
    message = kuaidi100_counter.door.messages[0]

    with pytest.raises(Forged, match="bad_signature"):
        kuaidi100_counter.courier.read(replace(message, query={"parcel": "ZZZZZZZZZZZZZZZZ-label-1"}))
    with pytest.raises(Forged, match="bad_signature"):
        kuaidi100_counter.courier.read(replace(message, query={}))


async def test_a_push_whose_signature_was_left_out_is_forged(kuaidi100_counter):
    await told(kuaidi100_counter)
    message = kuaidi100_counter.door.messages[0]
    unsigned = urlencode({"param": parse_qs(message.body.decode())["param"][0]}).encode()

    with pytest.raises(Forged, match="bad_signature"):
        kuaidi100_counter.courier.read(replace(message, body=unsigned))


async def test_one_changed_letter_is_forged(kuaidi100_counter):
    await told(kuaidi100_counter)
    message = kuaidi100_counter.door.messages[0]

    with pytest.raises(Forged, match="bad_signature"):
        kuaidi100_counter.courier.read(replace(message, body=message.body.replace(b"103", b"304")))


async def test_the_forger_is_told_no_and_the_real_one_thanks(kuaidi100_counter):
    await told(kuaidi100_counter, forge_push=1)

    pushes = kuaidi100_counter.world.pusher
    assert (pushes.forged_sent, pushes.forged_accepted) == (1, 0)
    assert kuaidi100_counter.door.refused == ["bad_signature"]
    assert {heard.telling.body["milestone"] for heard in kuaidi100_counter.door.heard} == {"collected"}


async def test_without_a_salt_a_push_only_makes_us_ask(unsigned_counter):
    waybill = await told(unsigned_counter)
    await unsigned_counter.world.travel(waybill, evidence="locker")
    await unsigned_counter.world.pusher.idle()

    assert {heard.telling.kind for heard in unsigned_counter.door.heard} == {"parcel_stirred"}
    assert {heard.telling.body["parcel"] for heard in unsigned_counter.door.heard} == {KEY}


async def test_a_corrected_company_is_no_harm_and_its_list_counts(kuaidi100_counter):
    waybill = await kuaidi100_counter.booked()
    await kuaidi100_counter.courier.subscribe(kuaidi100_counter.parcel(waybill), kuaidi100_counter.callback)
    kuaidi100_counter.world.correct_company(waybill, "zhongtong")
    await kuaidi100_counter.world.pusher.idle()
    kuaidi100_counter.world.hand_over(waybill)
    await kuaidi100_counter.world.pusher.idle()

    kinds = [heard.telling.kind for heard in kuaidi100_counter.door.heard]
    assert (kinds, kuaidi100_counter.door.refused) == (["parcel_stirred", "parcel_tracked"], [])


async def test_lists_out_of_order_and_twice_say_the_same(kuaidi100_counter):
    waybill = await kuaidi100_counter.booked()
    await kuaidi100_counter.courier.subscribe(kuaidi100_counter.parcel(waybill), kuaidi100_counter.callback)
    kuaidi100_counter.world.dials.set(reorder_push=0.5, duplicate_push=1, seed=3)
    kuaidi100_counter.world.hand_over(waybill)
    await kuaidi100_counter.world.travel(waybill, evidence="locker")
    await kuaidi100_counter.world.pusher.idle()

    asked = await kuaidi100_counter.courier.routes(kuaidi100_counter.parcel(waybill))
    assert {heard.telling.id for heard in kuaidi100_counter.door.heard} == {telling.id for telling in asked}


@pytest.mark.parametrize(
    ("code", "said"),
    [("301", "electronic"), ("302", "electronic"), ("303", "electronic"), ("304", "locker"), ("3", "electronic")],
)
async def test_kinds_of_signature(kuaidi100_counter, code, said):
    waybill = await kuaidi100_counter.booked()
    kuaidi100_counter.world.move(waybill, code)

    assert await kuaidi100_counter.said(waybill) == [said]


async def test_a_signature_after_the_turn_is_the_senders_own(kuaidi100_counter):
    waybill = await kuaidi100_counter.booked()
    for code in ("203", "6", "301"):
        kuaidi100_counter.world.move(waybill, code)

    assert await kuaidi100_counter.said(waybill) == ["exception", "returning", "returned"]


async def test_the_same_number_is_not_asked_about_again_too_soon(kuaidi100_counter):
    waybill = await kuaidi100_counter.booked()
    slow = kuaidi100_counter.courier.account.model_copy(update={"ask_again_after": timedelta(minutes=30)})
    kuaidi100_counter.courier.account = slow
    await kuaidi100_counter.said(waybill)

    with pytest.raises(Unavailable, match="asked_lately"):
        await kuaidi100_counter.said(waybill)
    assert [call for call in kuaidi100_counter.world.books.calls if call[0] == "query"] == [("query", waybill)]


async def test_a_question_that_was_not_answered_may_be_asked_again(kuaidi100_counter):
    waybill = await kuaidi100_counter.booked()
    slow = kuaidi100_counter.courier.account.model_copy(update={"ask_again_after": timedelta(minutes=30)})
    kuaidi100_counter.courier.account = slow
    kuaidi100_counter.world.dials.set(fail=1)
    with pytest.raises(Unavailable, match="status_502"):
        await kuaidi100_counter.said(waybill)
    kuaidi100_counter.world.dials.set(fail=0)

    assert await kuaidi100_counter.said(waybill) == []


async def test_who_cannot_subscribe_is_told_why(kuaidi100_counter):
    kuaidi100_counter.world.dials.set(refuse=1)

    with pytest.raises(Refused, match="account_wrong"):
        await kuaidi100_counter.courier.subscribe(Shipped(KEY, "kuaidi100.yto", "YT1"), kuaidi100_counter.callback)


async def test_the_parcels_own_address_carries_no_secret_but_its_name(kuaidi100_counter):
    await told(kuaidi100_counter)
    (wish,) = kuaidi100_counter.world.books.subscriptions

    assert wish.callback == f"{kuaidi100_counter.callback}?parcel={KEY}"
    assert len(wish.salt) == 32
    assert json.loads(parse_qs(kuaidi100_counter.door.messages[0].body.decode())["param"][0])["status"] == "polling"

"""What every courier of ours does, whoever it is."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.ports import Message
from models.errand import Outcome, State
from models.errors import Forged, Garbled, Unavailable
from models.fact import PaymentCaptured
from models.noun import Money
from rules.learning import hear
from rules.reading import read
from tests.builders import NOON, an_order
from tests.connectors.couriers.conftest import KEY

LATER = timedelta(seconds=2)
ABSENT = Outcome(state=State.ABSENT)


async def test_a_label_is_booked_and_found_by_our_key(counter):
    outcome = await counter.courier.book(counter.booking())

    assert outcome.state is State.DONE
    assert outcome.reference == number_of(counter.world.books.labels[0])
    assert await counter.courier.booked(KEY, counter.id) == outcome


def number_of(label):
    return getattr(label, "waybill", None) or label.number


async def test_the_same_key_again_is_the_same_label(counter):
    first, again = [await counter.courier.book(counter.booking()) for _ in range(2)]

    assert first == again
    assert len(counter.world.books.labels) == 1


async def test_a_label_that_nobody_asked_for_is_absent(counter):
    assert await counter.courier.booked("ABCDEFGHJKMNPQRS-label-9", counter.id) == ABSENT
    assert counter.world.books.labels == []


async def test_their_no_is_a_refusal(counter):
    counter.world.dials.set(refuse=1)

    assert (await counter.courier.book(counter.booking())).state is State.REFUSED
    assert counter.world.books.labels == []


@pytest.mark.parametrize("mood", [{"fail": 1}, {"hang": 1}, {"slow": 5}])
async def test_silence_is_not_a_refusal(counter, mood):
    counter.line.answer_within = 0.3
    counter.world.dials.set(**mood)

    with pytest.raises(Unavailable):
        await counter.courier.book(counter.booking())
    with pytest.raises(Unavailable):
        await counter.courier.booked(KEY, counter.id)


async def test_a_label_that_was_done_and_answered_too_late_is_found_by_our_key(counter):
    counter.line.answer_within = 0.3
    counter.world.dials.set(does_but_late=1)
    with pytest.raises(Unavailable):
        await counter.courier.book(counter.booking())
    counter.world.dials.set(does_but_late=0)
    counter.line.answer_within = 10

    found = await counter.courier.booked(KEY, counter.id)
    assert (found.state, len(counter.world.books.labels)) == (State.DONE, 1)


async def test_an_account_that_is_wrong_says_nothing_of_a_label(counter):
    waybill = await counter.booked()
    spoilt = counter.courier.account.model_copy(update=wrong(counter))
    counter.courier.account = spoilt

    with pytest.raises(Unavailable):
        await counter.courier.booked(KEY, counter.id)
    assert (await counter.courier.void(counter.parcel(waybill))).state is State.REFUSED


def wrong(counter):
    other = type(counter.courier.account.push_token)("somebody else's")
    return {"checkword": other} if counter.id == "sf" else {"secret": other}


async def test_a_label_is_void_however_often_we_ask(counter):
    waybill = await counter.booked()
    outcomes = [await counter.courier.void(counter.parcel(waybill)) for _ in range(2)]

    assert [outcome.state for outcome in outcomes] == [State.DONE, State.DONE]
    assert counter.world.books.labels[0].is_void


async def test_a_parcel_that_a_driver_has_cannot_be_voided_but_intercepted(counter):
    waybill = await counter.booked()
    counter.world.hand_over(waybill)

    assert (await counter.courier.void(counter.parcel(waybill))).state is State.REFUSED
    assert (await counter.courier.intercept(counter.parcel(waybill))).state is State.DONE
    await counter.world.travel(waybill)
    assert "returning" in await counter.said(waybill)
    assert not {"electronic", "photo", "otp", "locker"} & set(await counter.said(waybill))


async def test_a_delivered_parcel_cannot_be_intercepted(counter):
    waybill = await counter.booked()
    await counter.world.travel(waybill, evidence="electronic")

    assert (await counter.courier.intercept(counter.parcel(waybill))).state is State.REFUSED


async def test_before_the_first_station_there_is_nothing_to_say(counter):
    assert await counter.said(await counter.booked()) == []


async def test_the_whole_way_is_told_in_our_words(counter):
    waybill = await counter.booked()
    counter.world.hand_over(waybill)
    await counter.world.travel(waybill, evidence="locker")

    said = await counter.said(waybill)
    assert (said[0], said[-1]) == ("collected", "locker")
    assert set(said) == {"collected", "in_transit", "out_for_delivery", "at_pickup_point", "locker"}


async def test_an_electronic_signature_is_no_better_proof_than_it_is(counter):
    waybill = await counter.booked()
    await counter.world.travel(waybill, evidence="electronic")

    assert (await counter.said(waybill))[-1] == "electronic"


async def test_every_telling_is_a_fact_of_the_courier(counter):
    waybill = await counter.booked()
    counter.world.hand_over(waybill)
    await counter.world.travel(waybill, evidence="locker")

    facts = [read(telling, telling.at + LATER) for telling in await counter.courier.routes(counter.parcel(waybill))]
    assert {fact.kind for fact in facts} == {"parcel_tracked", "parcel_delivered"}
    assert {(fact.parcel, fact.source) for fact in facts} == {(KEY, "courier")}


async def test_asked_twice_it_tells_the_same_tellings(counter):
    waybill = await counter.booked()
    await counter.world.travel(waybill, evidence="locker")
    parcel = counter.parcel(waybill)

    assert await counter.courier.routes(parcel) == await counter.courier.routes(parcel)


async def test_tomorrows_codes_do_no_harm(counter):
    waybill = await counter.booked()
    for code in ("99999", "401", "x"):
        counter.world.move(waybill, code)
    await counter.courier.subscribe(counter.parcel(waybill), counter.callback)
    counter.world.move(waybill, "77777")
    await counter.world.pusher.idle()

    assert await counter.said(waybill) == []
    assert (
        counter.door.refused,
        [heard for heard in counter.door.heard if heard.telling.kind != "parcel_stirred"],
    ) == ([], [])


async def test_to_subscribe_twice_is_harmless(counter):
    parcel = counter.parcel(await counter.booked())
    for _ in range(2):
        await counter.courier.subscribe(parcel, counter.callback)


async def test_pushes_are_thanked_for_and_reach_the_parcel_by_our_own_key(counter):
    waybill = await counter.booked()
    await counter.courier.subscribe(counter.parcel(waybill), counter.callback)
    counter.world.hand_over(waybill)
    await counter.world.pusher.idle()

    assert {(heard.to, heard.key) for heard in counter.door.heard} == {("ours", KEY)}
    assert [delivery.accepted for delivery in counter.world.pusher.deliveries] == [True]


async def test_a_push_twice_gives_the_same_ids(counter):
    waybill = await counter.booked()
    await counter.courier.subscribe(counter.parcel(waybill), counter.callback)
    counter.world.dials.set(duplicate_push=1)
    counter.world.hand_over(waybill)
    await counter.world.pusher.idle()

    assert len(counter.door.messages) == 2
    assert len({heard.telling.id for heard in counter.door.heard}) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_each_push_five_times_in_any_order_leaves_the_order_as_once_in_turn(counter, seed):
    waybill = await counter.booked()
    await counter.courier.subscribe(counter.parcel(waybill), counter.callback)
    counter.world.dials.set(drop_push=1)  # we carry them ourselves
    counter.world.hand_over(waybill)
    await counter.world.travel(waybill, evidence="locker")
    await counter.world.pusher.idle()
    pushes = counter.world.pusher.dropped
    once, shuffled = list(pushes), 5 * pushes
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - a play, no secret
    order = an_order()

    assert len(pushes) > 3
    assert heard(counter, order, shuffled) == heard(counter, order, once) != order


def heard(counter, order, pushes):
    """The order after these letters."""
    for push in pushes:
        letter = push.write()
        headers = {name.lower(): value for name, value in letter.headers.items()}
        url = httpx.URL(push.url)
        message = Message(headers, dict(url.params), letter.body, datetime.now(UTC), url.path.rpartition("/")[2])
        for addressed in counter.courier.read(message):
            order = hear(order, addressed.telling, NOON)
    return order


async def test_a_push_by_another_path_is_forged(counter):
    waybill = await counter.booked()
    await counter.courier.subscribe(counter.parcel(waybill), counter.callback)
    counter.world.hand_over(waybill)
    await counter.world.pusher.idle()

    for token in ("", "guess", "é"):
        with pytest.raises(Forged):
            counter.courier.read(replace(counter.door.messages[0], token=token))


async def test_a_forged_push_never_delivers(counter):
    waybill = await counter.booked()
    await counter.courier.subscribe(counter.parcel(waybill), counter.callback)
    counter.world.dials.set(forge_push=1)
    counter.world.hand_over(waybill)
    await counter.world.pusher.idle()

    assert counter.world.pusher.forged_sent == 1
    assert "parcel_delivered" not in {heard.telling.kind for heard in counter.door.heard}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"param=%ff", b"param={", b"x" * 300_000])
async def test_garbage_is_refused_without_repeating_it(counter, body):
    waybill = await counter.booked()
    await counter.courier.subscribe(counter.parcel(waybill), counter.callback)
    counter.world.hand_over(waybill)
    await counter.world.pusher.idle()

    with pytest.raises((Garbled, Forged)) as error:
        counter.courier.read(replace(counter.door.messages[0], body=body))
    assert len(str(error.value)) < 20


async def test_we_are_sorry_until_they_send_again(counter):
    waybill = await counter.booked()
    await counter.courier.subscribe(counter.parcel(waybill), counter.callback)
    answer, moods = counter.courier.thanks, iter([counter.courier.sorry("store_away")])
    counter.door.courier = Moody(counter.courier, lambda: next(moods, None) or answer())
    counter.world.hand_over(waybill)
    await counter.world.pusher.idle()

    assert [delivery.accepted for delivery in counter.world.pusher.deliveries] == [False, True]


class Moody:
    """A courier of ours whose thanks are somebody else's."""

    def __init__(self, courier, thanks):
        self.read, self.thanks = courier.read, thanks


async def test_money_at_the_door_is_asked_for_and_told_when_the_parcel_is_there(counter):
    waybill = await counter.booked(collect=19850)
    with pytest.raises(Unavailable, match="not_yet"):
        await counter.courier.collected(counter.parcel(waybill), Money(minor=19850))
    await counter.world.travel(waybill, evidence="electronic")
    telling = await counter.courier.collected(counter.parcel(waybill), Money(minor=19850))

    fact = read(telling, telling.at + LATER)
    assert isinstance(fact, PaymentCaptured)
    assert (fact.amount.minor, fact.source, fact.bill) == (19850, "courier", counter.parcel(waybill).parcel)
    assert counter.world.books.collected == {waybill: 19850}


async def test_a_hundred_labels_at_once_are_a_hundred_labels(counter):
    keys = [f"ABCDEFGHJKMNPQ{number:02}-label-1" for number in range(50)]
    outcomes = await asyncio.gather(*(counter.courier.book(counter.booking(key)) for key in keys))

    assert len({outcome.reference for outcome in outcomes}) == 50

"""What every payment provider of ours does, whoever it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.errand import Outcome, State
from models.errors import Forged, Refused, Unavailable
from models.fact import PaymentCaptured, RefundSettled
from rules.reading import read
from tests.connectors.payments.conftest import NUMBER, refund_of

LATER = timedelta(seconds=1)


def fact_of(addressed):
    """What a story makes of it."""
    return read(addressed.telling, addressed.telling.at + LATER)


async def test_a_bill_is_paid_and_the_story_hears_it_once_it_is_read(shop):
    link = await shop.provider.create(shop.bill())
    (transaction,) = shop.pays()
    await shop.world.pusher.idle()

    assert "://" in link.url
    (heard,) = shop.door.heard
    assert (heard.to, heard.key) == ("ours", NUMBER)
    fact = fact_of(heard)
    assert isinstance(fact, PaymentCaptured)
    assert (fact.transaction, fact.amount.minor, fact.bill, fact.source) == (transaction, 8800, NUMBER, "provider")
    assert shop.world.pusher.deliveries[-1].accepted


async def test_asked_for_the_payment_the_provider_tells_what_the_callback_told(shop):
    transaction = await shop.paid()
    asked, told = await shop.provider.captured(NUMBER), shop.door.heard[0].telling

    assert asked.body == told.body
    assert (asked.kind, asked.source, asked.id) == (told.kind, told.source, f"query-{transaction}")
    assert abs(asked.at - told.at) < LATER


async def test_an_unpaid_bill_is_not_yet_paid(shop):
    await shop.provider.create(shop.bill())

    with pytest.raises(Unavailable, match="not_yet"):
        await shop.provider.captured(NUMBER)


async def test_the_same_bill_again_is_the_same_bill(shop):
    bill = shop.bill()

    assert await shop.provider.create(bill) == await shop.provider.create(bill)
    assert len(shop.world.books.bills) == 1


async def test_another_bill_of_the_same_number_is_refused(shop):
    await shop.provider.create(shop.bill())

    with pytest.raises(Refused):
        await shop.provider.create(shop.bill(fen=1))


async def test_a_number_that_they_cannot_spell_never_leaves_the_house(shop):
    with pytest.raises(Refused, match="number_not_allowed"):
        await shop.provider.create(shop.bill(number="own/shop1/A:1"))
    assert shop.world.books.bills == {}


async def test_a_paid_bill_does_not_close(shop):
    await shop.paid()

    assert await shop.provider.close(NUMBER) == Outcome(state=State.REFUSED, code="already_paid")


async def test_a_bill_that_they_never_knew_counts_as_closed(shop):
    assert await shop.provider.close(NUMBER) == Outcome(state=State.DONE)


async def test_money_goes_back_once_however_often_we_ask(shop):
    transaction = await shop.paid()
    order = refund_of(transaction)
    first, again = await shop.provider.refund(order), await shop.provider.refund(order)
    await shop.world.pusher.idle()

    assert {first.state, again.state} <= {State.BEGUN, State.DONE}
    assert shop.given_back() == [3000]
    assert (await shop.provider.refunded(order.number, NUMBER)).state is State.DONE
    fact = fact_of(shop.door.heard[-1])
    assert isinstance(fact, RefundSettled)
    assert (fact.refund, fact.end, shop.door.heard[-1].key) == (order.number, "done", order.number)


async def test_parts_go_back_until_nothing_is_left(shop):
    transaction = await shop.paid()
    await shop.provider.refund(refund_of(transaction, "ABC-refund-1", 8799))

    assert (await shop.provider.refund(refund_of(transaction, "ABC-refund-2", 2))).state is State.REFUSED
    assert (await shop.provider.refund(refund_of(transaction, "ABC-refund-3", 1))).state is not State.REFUSED
    assert shop.given_back() == [8799, 1]
    await shop.world.pusher.idle()


async def test_a_bill_that_was_given_back_was_still_paid(shop):
    transaction = await shop.paid()
    await shop.provider.refund(refund_of(transaction, fen=8800))
    await shop.world.pusher.idle()

    assert (await shop.provider.captured(NUMBER)).body["transaction"] == transaction
    assert (await shop.provider.close(NUMBER)).code == "already_paid"


async def test_a_refund_that_nobody_asked_for_is_absent(shop):
    await shop.paid()

    assert await shop.provider.refunded("ABC-refund-1", NUMBER) == Outcome(state=State.ABSENT)


async def test_they_may_refuse_to_give_money_back(shop):
    transaction = await shop.paid()
    shop.world.dials.set(refuse=1)

    assert await shop.provider.refund(refund_of(transaction)) == Outcome(state=State.REFUSED, code="balance_too_low")


async def test_paid_twice_is_two_payments_and_either_goes_back(shop):
    await shop.provider.create(shop.bill())
    first, second = shop.pays(times=2)
    await shop.world.pusher.idle()

    assert {fact_of(heard).transaction for heard in shop.door.heard} == {first, second}
    assert (await shop.provider.refund(refund_of(second, fen=8800))).state is not State.REFUSED
    assert shop.given_back() == [8800]
    await shop.world.pusher.idle()


async def test_another_amount_is_told_as_it_is(shop):
    await shop.paid(amount=1)

    assert fact_of(shop.door.heard[0]).amount.minor == 1


async def test_no_forged_message_is_ever_accepted(shop):
    shop.world.dials.set(forge_push=1, duplicate_push=1, reorder_push=0.5)
    await shop.provider.create(shop.bill())
    shop.pays(times=8)
    await shop.world.pusher.idle()

    assert (shop.world.pusher.forged_sent, shop.world.pusher.forged_accepted) == (8, 0)
    assert len(shop.door.refused) == 8
    assert len({heard.telling.body["transaction"] for heard in shop.door.heard}) == 8


async def test_a_message_without_a_single_right_byte_is_refused(shop):
    await shop.paid()
    (message,) = shop.door.messages

    for place in range(0, len(message.body), max(1, len(message.body) // 40)):
        spoilt = bytearray(message.body)
        spoilt[place] ^= 0x01
        with pytest.raises(Forged):
            shop.provider.read(replace(message, body=bytes(spoilt)))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"a=1&a=2&sign=x&sign_type=RSA2", b"&" * 500])
async def test_rubbish_is_refused_with_a_word_of_ours(shop, body):
    await shop.paid()

    with pytest.raises(Forged) as error:  # not garbled, for that is kept, and nobody signed it
        shop.provider.read(replace(shop.door.messages[0], body=body))
    assert error.value.code.replace("_", "").isalpha()


async def test_a_message_that_is_too_long_and_that_nobody_signed_is_forged(shop):
    await shop.paid()
    message = shop.door.messages[0]

    with pytest.raises(Forged, match="bad_signature"):
        shop.provider.read(replace(message, body=message.body + b" " * 70_000))


@pytest.mark.parametrize("days", [-3, 3])
async def test_an_old_message_and_one_from_tomorrow_are_refused(shop, days):
    await shop.paid()
    message = shop.door.messages[0]

    with pytest.raises(Forged, match="stale"):
        shop.provider.read(replace(message, heard_at=message.heard_at + timedelta(days=days)))


async def test_what_they_say_of_the_buyer_stays_at_the_door(shop):
    await shop.paid()

    told = shop.door.heard[0].telling.model_dump_json() + (await shop.provider.captured(NUMBER)).model_dump_json()
    assert [word for word in ("oUpF8uM", "2088101117955611", "159****5620") if word in told] == []


@pytest.mark.parametrize("mood", ["fail", "hang", "does_but_late"])
async def test_silence_is_not_refusal(shop, mood):
    shop.world.dials.set(**{mood: 1})

    with pytest.raises(Unavailable):
        await shop.provider.create(shop.bill())


async def test_a_refund_done_too_late_is_found_by_its_number(shop):
    transaction = await shop.paid()
    shop.world.dials.set(does_but_late=1)
    with pytest.raises(Unavailable, match="timeout"):
        await shop.provider.refund(refund_of(transaction))
    shop.world.dials.set(does_but_late=0)
    await shop.world.pusher.idle()

    assert (await shop.provider.refunded("ABCDEFGHJKMNPQRS-refund-1", NUMBER)).state is State.DONE
    assert shop.given_back() == [3000]

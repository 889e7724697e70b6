"""What only Alipay does, and our signatures against an independent client."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote_plus, urlencode

import pytest
from alipay import AliPay as Client

from connectors.http import Answer
from connectors.payments.alipay import Account, Alipay
from connectors.payments.alipay_envelope import Envelope
from models.errand import Outcome, State
from models.errors import Forged, Garbled, Refused, Unavailable
from tests.connectors.payments.conftest import NUMBER, OURS, THEIRS, alipay_account, refund_of
from world.alipay_till import No
from world.keys import Key

URL = "https://shop.example/webhooks/payments/alipay/main"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def test_we_sign_as_the_independent_client_signs():
    ask = Envelope(alipay_account(URL)).sealed("alipay.trade.query", '{"out_trade_no":"单号 1&2=3"}', URL, NOW)
    ours = dict(parse_qsl(ask.body.decode()))

    client = Client("2021000000000001", None, OURS.private_pem, THEIRS.public_pem)
    theirs = client.sign_data({name: value for name, value in ours.items() if name != "sign"})
    assert theirs.endswith(f"&sign={quote_plus(ours['sign'])}")


async def heard(shop):
    await shop.paid()
    return shop.door.messages[0]


def resigned(message, key=THEIRS, **changes):
    """The same notify with other fields, signed anew by the independent client in Alipay's place."""
    told = {name: value for name, value in parse_qsl(message.body.decode()) if name not in ("sign", "sign_type")}
    told |= changes
    client = Client("2021000000000001", None, key.private_pem, THEIRS.public_pem)
    sign = client._sign("&".join(f"{name}={told[name]}" for name in sorted(told)))  # noqa: SLF001 - it has no public one
    return replace(message, body=urlencode(told | {"sign_type": "RSA2", "sign": sign}).encode())


async def test_a_notify_signed_by_the_independent_client_is_believed(alipay_shop):
    message = await heard(alipay_shop)

    assert alipay_shop.provider.read(resigned(message)) == alipay_shop.provider.read(message)


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"app_id": "2021000000000002"}, Forged, "not_ours"),
        ({"seller_id": "2088000000000002"}, Forged, "not_ours"),
        ({"total_amount": "88.001"}, Garbled, "unreadable"),
        ({"total_amount": "-1"}, Garbled, "unreadable"),
        ({"total_amount": "٨٨"}, Garbled, "unreadable"),
        ({"trade_no": "张三 13800138000"}, Garbled, "unreadable"),
        ({"gmt_payment": "yesterday"}, Garbled, "unreadable"),
        ({"trade_status": "TRADE_OF_TOMORROW"}, Garbled, "unknown_state"),
    ],
)
async def test_a_signed_notify_must_still_be_for_us_and_make_sense(alipay_shop, changes, error, code):
    message = await heard(alipay_shop)

    with pytest.raises(error, match=f"^{code}$"):
        alipay_shop.provider.read(resigned(message, **changes))


@pytest.mark.parametrize(
    "changes", [{"notify_type": "dut_user_sign"}, {"trade_status": "WAIT_BUYER_PAY"}, {"new_field": "1"}]
)
async def test_what_says_nothing_for_a_story_is_thanked_for(alipay_shop, changes):
    message = await heard(alipay_shop)

    expected = alipay_shop.provider.read(message) if "new_field" in changes else ()
    assert alipay_shop.provider.read(resigned(message, **changes)) == expected


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"sign_type=RSA2", b"sign_type=RSA", "unsigned"),
        (b"sign_type=RSA2", b"", "unsigned"),
        (b"total_amount=88.00", b"total_amount=8800.00", "bad_signature"),
    ],
)
async def test_the_algorithm_is_ours_to_choose(alipay_shop, old, new, code):
    message = await heard(alipay_shop)
    assert old in message.body

    with pytest.raises(Forged, match=f"^{code}$"):
        alipay_shop.provider.read(replace(message, body=message.body.replace(old, new)))


async def test_a_notify_signed_by_a_stranger_is_refused(alipay_shop):
    message = await heard(alipay_shop)

    with pytest.raises(Forged, match=r"^bad_signature$"):
        alipay_shop.provider.read(resigned(message, key=Key()))


async def test_a_field_said_twice_is_refused(alipay_shop):
    message = await heard(alipay_shop)

    with pytest.raises(Forged, match="said_twice"):
        alipay_shop.provider.read(replace(message, body=message.body + b"&total_amount=1.00"))


async def test_while_the_buyer_looks_at_the_code_the_bill_can_be_closed(alipay_shop):
    await alipay_shop.provider.create(alipay_shop.bill())
    alipay_shop.world.scan(alipay_shop.theirs(NUMBER))

    with pytest.raises(Unavailable, match="not_yet"):
        await alipay_shop.provider.captured(NUMBER)
    assert await alipay_shop.provider.close(NUMBER) == Outcome(state=State.DONE)
    assert await alipay_shop.provider.close(NUMBER) == Outcome(state=State.DONE)
    with pytest.raises(No, match="TRADE_HAS_CLOSE"):
        alipay_shop.pays()
    with pytest.raises(Refused, match="already_closed"):
        await alipay_shop.provider.captured(NUMBER)


async def test_a_code_that_nobody_scanned_may_still_be_paid_and_we_hear_of_it(alipay_shop):
    await alipay_shop.provider.create(alipay_shop.bill())
    assert await alipay_shop.provider.close(NUMBER) == Outcome(state=State.DONE)

    (trade_no,) = alipay_shop.pays()
    await alipay_shop.world.pusher.idle()
    assert alipay_shop.door.heard[0].telling.body["transaction"] == trade_no


async def test_a_code_dies_at_the_end_of_its_bill(alipay_shop):
    await alipay_shop.provider.create(alipay_shop.bill(minutes=-1))

    with pytest.raises(No, match="TRADE_HAS_CLOSE"):
        alipay_shop.pays()


async def test_when_they_do_not_know_what_became_of_a_refund_the_same_number_asks_again(alipay_shop):
    order = refund_of(await alipay_shop.paid())
    alipay_shop.world.dials.set(unknown=1)
    with pytest.raises(Unavailable, match="party_failed"):
        await alipay_shop.provider.refund(order)
    alipay_shop.world.dials.set(unknown=0)

    assert await alipay_shop.provider.refund(order) == Outcome(state=State.DONE)
    assert alipay_shop.given_back() == [3000]
    await alipay_shop.world.pusher.idle()


async def test_after_the_last_day_nothing_goes_back(alipay_shop):
    order = refund_of(await alipay_shop.paid())
    alipay_shop.world.books.bills[alipay_shop.theirs(NUMBER)].trades[0].is_finished = True

    assert (await alipay_shop.provider.refund(order)).code == "too_late_to_refund"
    assert (await alipay_shop.provider.captured(NUMBER)).body["transaction"] == order.transaction


async def test_an_answer_signed_by_somebody_else_is_not_believed(alipay_shop):
    account = alipay_account(URL).model_copy(update={"alipay_public_key": Key().public_pem})

    with pytest.raises(Garbled, match="answer_bad_signature"):
        await Alipay(account, alipay_shop.provider.line).create(alipay_shop.bill())


def says(text):
    class Line:
        async def send(self, _ask):
            return Answer(200, {}, text)

    return Alipay(alipay_account(URL), Line())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b'{"alipay_trade_close_response":',
        b'{"alipay_trade_close_response":{"code":"10000"},"sign":1}',
        b'{"alipay_trade_close_response":{"code":"10000"},"sign":"AAAA"}',
        b'{"alipay_trade_close_response":' + b"[" * 100_000,
        b"\xff",
    ],
)
async def test_an_answer_that_makes_no_sense_is_garbled(text):
    with pytest.raises(Garbled):
        await says(text).close(NUMBER)


async def test_the_signature_is_over_the_text_as_it_came():
    raw = '{ "code" : "10000",\n "msg":"\\u6210\\u529f", "nested":{"sign":"}"} }'
    text = f' {{ "sign" : "{THEIRS.sign(raw)}" ,\n "alipay_trade_close_response" : {raw} }} '

    assert await says(text.encode()).close(NUMBER) == Outcome(state=State.DONE)


async def test_keys_may_come_bare_as_the_key_tool_gives_them():
    def bare(pem):
        return "".join(pem.strip().splitlines()[1:-1])

    keys = {"private_key": bare(OURS.private_pem), "alipay_public_key": bare(THEIRS.public_pem)}
    account = Account(**dict(alipay_account(URL)) | keys)
    ask = Envelope(account).sealed("alipay.trade.query", "{}", None, NOW)
    assert ask == Envelope(alipay_account(URL)).sealed("alipay.trade.query", "{}", None, NOW)


def test_the_senders_exact_answers():
    provider = Alipay(alipay_account(URL), None)

    assert (provider.thanks().status, provider.thanks().body, provider.thanks().media_type) == (
        200,
        b"success",
        "text/plain",
    )
    assert (provider.sorry("bad_signature").status, provider.sorry("bad_signature").body) == (400, b"fail")

"""What only WeChat Pay does, and our signatures against an independent client."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from pydantic import ValidationError
from wechatpayv3.utils import build_authorization, load_private_key

from connectors.http import Ask
from connectors.payments.wechat import Account, WeChatPay
from connectors.payments.wechat_envelope import Envelope
from models.errand import Outcome, State
from models.errors import Forged, Garbled, Refused
from tests.connectors.payments.conftest import NUMBER, OURS, SERIAL, THEIRS, refund_of, wechat_account
from world.keys import Key
from world.wechat_till import No

URL = "https://shop.example/webhooks/payments/wechat/main"


def fields(authorization):
    return dict(re.findall(r'(\w+)="([^"]*)"', authorization))


@pytest.mark.parametrize(("method", "body"), [("POST", '{"mchid": "1230000109"}'), ("GET", "")])
def test_we_sign_as_the_independent_client_signs(method, body):
    path = f"/v3/pay/transactions/out-trade-no/{NUMBER}?mchid=1230000109"
    key = load_private_key(OURS.private_pem)
    theirs = fields(build_authorization(path, method, "1230000109", SERIAL, key, data=body))

    at = datetime.fromtimestamp(int(theirs["timestamp"]), UTC)
    ask = Envelope(wechat_account(URL)).sealed(Ask(method, path, body.encode()), at, theirs["nonce_str"])
    assert fields(ask.headers["Authorization"]) == theirs


async def heard(shop):
    await shop.paid()
    return shop.door.messages[0]


def with_header(message, name, value):
    return replace(message, headers={**message.headers, name: value})


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("wechatpay-signature", "", "unsigned"),
        ("wechatpay-timestamp", "", "unsigned"),
        ("wechatpay-timestamp", "٣", "unsigned"),
        ("wechatpay-timestamp", "9" * 5000, "unsigned"),
        ("wechatpay-nonce", "", "unsigned"),
        ("wechatpay-serial", "", "unsigned"),
        ("wechatpay-serial", "PUB_KEY_ID_OF_SOMEBODY", "unknown_serial"),
        ("wechatpay-signature", "WECHATPAY/SIGNTEST/abc", "probe"),
        ("wechatpay-signature", "not base64 ü", "bad_signature"),
        ("wechatpay-signature", "AAAA", "bad_signature"),
        ("wechatpay-nonce", "another", "bad_signature"),
    ],
)
async def test_a_notify_with_a_wrong_header_is_refused(wechat_shop, name, value, code):
    message = await heard(wechat_shop)

    with pytest.raises(Forged, match=f"^{code}$"):
        wechat_shop.provider.read(with_header(message, name, value))


@pytest.mark.parametrize(("seconds", "is_believed"), [(290, True), (310, False), (-290, True), (-310, False)])
async def test_a_notify_is_believed_within_five_minutes(wechat_shop, seconds, is_believed):
    message = await heard(wechat_shop)
    later = replace(message, heard_at=message.heard_at + timedelta(seconds=seconds))

    if is_believed:
        assert wechat_shop.provider.read(later) == wechat_shop.provider.read(message)
    else:
        with pytest.raises(Forged, match="stale"):
            wechat_shop.provider.read(later)


async def test_a_notify_for_another_merchant_is_refused(wechat_shop):
    message = await heard(wechat_shop)
    other = WeChatPay(wechat_account(URL).model_copy(update={"appid": "wx0000000000000000"}), None)

    with pytest.raises(Forged, match="not_ours"):
        other.read(message)


async def test_a_notify_that_our_key_does_not_open_is_kept_and_retried(wechat_shop):
    message = await heard(wechat_shop)
    account = Account(**{**dict(wechat_account(URL)), "api_v3_key": "f" * 32})

    with pytest.raises(Garbled, match="undecryptable"):
        WeChatPay(account, None).read(message)


async def test_their_keys_may_change_while_both_are_known(wechat_shop):
    message = await heard(wechat_shop)
    known = wechat_account(URL).platform_keys
    older = {"serial": "PUB_KEY_ID_OLD", "key": Key().public_pem}

    account = Account(**{**dict(wechat_account(URL)), "platform_keys": (older, *known)})
    assert WeChatPay(account, None).read(message) == wechat_shop.provider.read(message)


async def test_a_platform_certificate_does_as_well_as_a_public_key(wechat_shop):
    message = await heard(wechat_shop)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tenpay.com Root CA")])
    key = load_pem_private_key(THEIRS.private_pem.encode(), None)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, message.heard_at, message.heard_at + timedelta(days=1))
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
        .decode()
    )

    serial = message.headers["wechatpay-serial"]
    account = Account(**{**dict(wechat_account(URL)), "platform_keys": ({"serial": serial, "key": certificate},)})
    assert WeChatPay(account, None).read(message) == wechat_shop.provider.read(message)


async def test_a_closed_bill_cannot_be_paid_nor_asked_for_again(wechat_shop):
    await wechat_shop.provider.create(wechat_shop.bill())

    assert await wechat_shop.provider.close(NUMBER) == Outcome(state=State.DONE)
    assert await wechat_shop.provider.close(NUMBER) == Outcome(state=State.DONE)
    with pytest.raises(No, match="ORDER_CLOSED"):
        wechat_shop.pays()
    with pytest.raises(Refused, match="already_closed"):
        await wechat_shop.provider.create(wechat_shop.bill())
    with pytest.raises(Refused, match="already_closed"):
        await wechat_shop.provider.captured(NUMBER)


@pytest.mark.parametrize(("dial", "end"), [("abnormal_refund", "abnormal"), ("closed_refund", "closed")])
async def test_a_refund_that_ends_badly_says_so(wechat_shop, dial, end):
    wechat_shop.world.dials.set(**{dial: 1})
    order = refund_of(await wechat_shop.paid())

    assert (await wechat_shop.provider.refund(order)).state is State.BEGUN
    await wechat_shop.world.pusher.idle()
    outcome = await wechat_shop.provider.refunded(order.number, NUMBER)
    assert (outcome.state, outcome.code) == (State.REFUSED, f"refund_{end}")
    assert wechat_shop.door.heard[-1].telling.body == {"refund": order.number, "end": end}


async def test_an_answer_signed_by_somebody_else_is_not_believed(wechat_shop):
    account = Account(**{**dict(wechat_account(URL)), "platform_keys": (
        {"serial": wechat_shop.world.serial, "key": Key().public_pem},)})  # fmt: skip

    with pytest.raises(Garbled, match="answer_bad_signature"):
        await WeChatPay(account, wechat_shop.provider.line).create(wechat_shop.bill())


async def test_a_wrong_key_of_ours_is_refused_by_them(wechat_shop):
    account = Account(**{**dict(wechat_account(URL)), "private_key": Key().private_pem})

    with pytest.raises(Refused, match="account_wrong"):
        await WeChatPay(account, wechat_shop.provider.line).create(wechat_shop.bill())


def test_the_senders_exact_answers():
    provider = WeChatPay(wechat_account(URL), None)
    thanks, sorry = provider.thanks(), provider.sorry("bad_signature")

    assert (thanks.status, thanks.body) == (204, b"")
    assert (sorry.status, sorry.media_type) == (400, "application/json")
    assert json.loads(sorry.body) == {"code": "FAIL", "message": "bad_signature"}


def test_secrets_are_not_shown():
    account = wechat_account(URL)
    with pytest.raises(ValidationError) as error:
        Account(**{**dict(account), "api_v3_key": "a-short-secret"})

    shown = repr(account) + str(error.value) + account.model_dump_json()
    assert [secret for secret in ("BEGIN PRIVATE", "0123456789abcdef", "a-short-secret") if secret in shown] == []


@pytest.mark.parametrize(("days", "code"), [(364, None), (366, "too_late_to_refund")])
async def test_a_year_after_the_payment_nothing_goes_back(wechat_shop, days, code):
    order = refund_of(await wechat_shop.paid())
    [capture] = wechat_shop.world.books.bills[NUMBER].captures
    capture.success_time -= timedelta(days=days)

    assert (await wechat_shop.provider.refund(order)).code == code
    await wechat_shop.world.pusher.idle()

"""The simulated WeChat Pay against an independent client of the real one."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from wechatpayv3 import WeChatPay as Client
from wechatpayv3 import WeChatPayType

from world.keys import Key
from world.server import serve
from world.wechat import WeChatPay
from world.wechat_wire import Merchant

API_V3_KEY = "0123456789abcdef0123456789abcdef"
OURS, THEIRS = Key(), Key()
SERIAL = "444F4864EA9B34415AB12CD34EF56A7890123456"
NUMBER = "ABCDEFGHJKMNPQRS-pay-1"


@pytest.fixture
async def wechat(mailbox):
    party = WeChatPay(Merchant("wxd678efh567hg6787", "1230000109", SERIAL, OURS.public_pem, API_V3_KEY), THEIRS)
    party.dials.set(pace=0.001)
    async with serve(party.app) as address:
        party.address = address
        yield party


@pytest.fixture
def client(wechat, mailbox):
    library = Client(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid="1230000109",
        private_key=OURS.private_pem,
        cert_serial_no=SERIAL,
        appid="wxd678efh567hg6787",
        apiv3_key=API_V3_KEY,
        notify_url=mailbox.address,
        public_key=THEIRS.public_pem,
        public_key_id=wechat.serial,
    )
    library._core._gate_way = wechat.address  # noqa: SLF001 - it knows no other way to be pointed elsewhere
    return library


async def ask(call, *args, **kwargs):
    """The library waits in a thread, the party answers in this loop."""
    status, words = await asyncio.to_thread(call, *args, **kwargs)
    return status, json.loads(words) if words else None


async def an_order(client, **changes):
    asked = {"description": "ABCDEFGHJKMNPQRS", "out_trade_no": NUMBER, "amount": {"total": 8800}}
    return await ask(client.pay, **asked | changes)


async def a_refund(client, transaction_id, out_refund_no="R-1", refund=3000, total=8800, url=None):
    amount = {"refund": refund, "total": total, "currency": "CNY"}
    return await ask(
        client.refund, out_refund_no=out_refund_no, amount=amount, transaction_id=transaction_id, notify_url=url
    )


async def test_an_order_is_paid_and_the_library_reads_the_push(wechat, client, mailbox):
    status, answer = await an_order(client)
    (transaction_id,) = wechat.pay(NUMBER)
    await wechat.pusher.idle()

    assert (status, answer["code_url"][:10]) == (200, "weixin://w")
    told = client.callback(*mailbox.letters[0])
    assert (told["event_type"], told["resource"]["transaction_id"]) == ("TRANSACTION.SUCCESS", transaction_id)
    assert (told["resource"]["out_trade_no"], told["resource"]["amount"]["total"]) == (NUMBER, 8800)


async def test_the_same_order_again_is_the_same_order_and_another_one_is_refused(client):
    first = await an_order(client)

    assert await an_order(client) == first
    status, answer = await an_order(client, amount={"total": 1})
    assert (status, answer["code"], answer["message"]) == (400, "INVALID_REQUEST", "201 商户订单号重复")


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"out_trade_no": "short"}, "PARAM_ERROR"), ({"amount": {"total": 0}}, "PARAM_ERROR"), ({"appid": "wx"}, "APPID")],
)
async def test_an_order_that_breaks_their_rules_is_refused(client, changes, code):
    status, answer = await an_order(client, **changes)

    assert status == 400
    assert answer["code"].startswith(code)


async def test_a_query_tells_the_state_of_the_order(wechat, client):
    assert await ask(client.query, out_trade_no=NUMBER) == (404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"})
    await an_order(client)
    assert (await ask(client.query, out_trade_no=NUMBER))[1]["trade_state"] == "NOTPAY"
    (transaction_id,) = wechat.pay(NUMBER)
    assert (await ask(client.query, out_trade_no=NUMBER))[1]["trade_state"] == "SUCCESS"
    await a_refund(client, transaction_id)
    assert (await ask(client.query, transaction_id=transaction_id))[1]["trade_state"] == "REFUND"


async def test_a_closed_order_cannot_be_paid_and_a_paid_one_not_closed(wechat, client):
    await an_order(client)
    await an_order(client, out_trade_no="PAID-1")
    wechat.pay("PAID-1")

    assert await ask(client.close, NUMBER) == (204, None)
    with pytest.raises(Exception, match="ORDER_CLOSED"):
        wechat.pay(NUMBER)
    assert (await ask(client.close, "PAID-1"))[1]["code"] == "ORDERPAID"
    assert (await an_order(client, out_trade_no="PAID-1"))[1]["code"] == "ORDERPAID"
    assert (await ask(client.close, NUMBER))[1]["code"] == "ORDER_CLOSED"


async def test_a_refund_is_processed_then_done_and_told(wechat, client, mailbox):
    await an_order(client)
    (transaction_id,) = wechat.pay(NUMBER)
    status, begun = await a_refund(client, transaction_id, url=mailbox.address)
    await wechat.pusher.idle()

    assert (status, begun["status"]) == (200, "PROCESSING")
    assert (await ask(client.query_refund, "R-1"))[1]["status"] == "SUCCESS"
    told = client.callback(*mailbox.letters[-1])
    assert (told["event_type"], told["resource"]["refund_status"]) == ("REFUND.SUCCESS", "SUCCESS")


async def test_the_same_refund_number_gives_back_once(wechat, client):
    await an_order(client)
    (transaction_id,) = wechat.pay(NUMBER)
    first = await a_refund(client, transaction_id)
    again = await a_refund(client, transaction_id)
    other = await a_refund(client, transaction_id, refund=1)

    assert first[1]["refund_id"] == again[1]["refund_id"]
    assert (other[0], other[1]["code"]) == (400, "INVALID_REQUEST")
    assert [refund.refund for refund in wechat.books.refunds] == [3000]


async def test_never_more_is_given_back_than_was_taken(wechat, client):
    await an_order(client)
    (transaction_id,) = wechat.pay(NUMBER)
    await a_refund(client, transaction_id, "R-1", 8000)

    assert (await a_refund(client, transaction_id, "R-2", 801))[1]["message"] == "申请退款金额超过订单可退金额"
    assert (await a_refund(client, transaction_id, "R-2", 800))[0] == 200
    assert (await a_refund(client, "4200", "R-3", 1))[1]["code"] == "RESOURCE_NOT_EXISTS"


@pytest.mark.parametrize("is_card_gone", [False, True])
async def test_a_refund_may_end_badly(wechat, client, mailbox, is_card_gone):
    wechat.dials.set(abnormal_refund=float(not is_card_gone))
    await an_order(client)
    (transaction_id,) = wechat.pay(NUMBER)
    if is_card_gone:
        wechat.lose_card(NUMBER)
    await a_refund(client, transaction_id, url=mailbox.address)
    await wechat.pusher.idle()

    assert client.callback(*mailbox.letters[-1])["event_type"] == "REFUND.ABNORMAL"


async def test_an_empty_account_refunds_nothing_until_somebody_pays_in(wechat, client):
    await an_order(client)
    (transaction_id,) = wechat.pay(NUMBER)
    wechat.dials.set(empty=1)

    assert (await a_refund(client, transaction_id, "R-1"))[1]["code"] == "NOT_ENOUGH"
    assert wechat.books.refunds == []
    wechat.dials.set(empty=0)
    assert (await a_refund(client, transaction_id, "R-1"))[0] == 200


async def test_a_buyer_who_pays_twice_has_two_transactions(wechat, client, mailbox):
    await an_order(client)
    numbers = wechat.pay(NUMBER, times=2, amount=100)
    await wechat.pusher.idle()

    told = {client.callback(*letter)["resource"]["transaction_id"] for letter in mailbox.letters}
    assert told == set(numbers)
    assert len(told) == 2


async def test_a_push_is_sent_until_it_is_accepted(wechat, client, mailbox):
    mailbox.status = 500
    await an_order(client)
    wechat.pay(NUMBER)
    async with asyncio.timeout(5):
        while len(mailbox.letters) < 3:
            await asyncio.sleep(0.01)
    mailbox.status = 200
    await wechat.pusher.idle()

    assert [delivery.accepted for delivery in wechat.pusher.deliveries][-2:] == [False, True]
    assert len({client.callback(*letter)["id"] for letter in mailbox.letters}) == 1


async def test_no_forged_push_deceives_the_library(wechat, client, mailbox):
    wechat.dials.set(forge_push=1, duplicate_push=1)
    await an_order(client)
    wechat.pay(NUMBER, times=3)  # three tricks; the fourth is a stale letter, for which the library does not look
    await wechat.pusher.idle()

    believed = [bool(client.callback(*letter)) for letter in mailbox.letters]
    assert (believed.count(True), believed.count(False)) == (6, 3)
    assert wechat.pusher.forged_sent == 3


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [("authorization", 'WECHATPAY2-SHA256-RSA2048 mchid="1230000109"', 401), ("accept", "text/html", 400)],
)
async def test_a_call_without_the_right_headers_is_refused_with_a_signed_answer(wechat, client, header, value, status):
    async with httpx.AsyncClient(base_url=wechat.address, headers={"accept": "application/json"}) as http:
        answer = await http.get(f"/v3/pay/transactions/out-trade-no/{NUMBER}?mchid=1230000109", headers={header: value})

    assert answer.status_code == status
    assert client._core._verify_signature(answer.headers, answer.text)  # noqa: SLF001 - the library's own check


async def test_a_merchant_who_is_shut_out_is_refused_whatever_he_asks(wechat, client):
    await an_order(client)
    wechat.dials.set(shut=1)

    asked = [await ask(client.query, out_trade_no=NUMBER), await ask(client.close, NUMBER), await an_order(client)]
    assert [(status, answer["code"]) for status, answer in asked] == [(403, "NO_AUTH")] * 3
    assert not wechat.books.bills[NUMBER].is_closed


async def test_a_call_signed_by_another_key_is_refused(wechat, client):
    stranger = Client(WeChatPayType.NATIVE, "1230000109", Key().private_pem, SERIAL, "wxd678efh567hg6787", API_V3_KEY,
                      public_key=THEIRS.public_pem, public_key_id=wechat.serial)  # fmt: skip
    stranger._core._gate_way = wechat.address  # noqa: SLF001 - see above

    assert (await ask(stranger.query, out_trade_no=NUMBER))[1]["code"] == "SIGN_ERROR"


async def test_an_order_can_be_paid_until_its_end(wechat, client):
    past = datetime.now(UTC) - timedelta(seconds=1)
    await an_order(client, time_expire=past.isoformat(timespec="seconds"))

    with pytest.raises(Exception, match="ORDER_CLOSED"):
        wechat.pay(NUMBER)


async def test_the_world_can_be_watched_and_turned_from_another_process(wechat, client):
    await an_order(client)
    async with httpx.AsyncClient(base_url=wechat.address) as http:
        paid = (await http.post("/_world/pay", json={"out_trade_no": NUMBER})).json()
        turned = (await http.post("/_world/dials", json={"fail": 1})).json()
        books = (await http.get("/_world/books")).json()

        assert books["bills"][NUMBER]["captures"][0]["transaction_id"] == paid["transaction_ids"][0]
        assert turned["fail"] == 1
        assert (await http.post("/_world/dials", json={"faill": 1})).status_code == 400
    await wechat.pusher.idle()

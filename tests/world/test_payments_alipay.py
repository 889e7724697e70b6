"""The simulated Alipay against an independent client of the real one."""

import asyncio
from urllib.parse import parse_qsl

import httpx
import pytest
from alipay import AliPay as Client
from alipay.exceptions import AliPayException, AliPayValidationError

from world.alipay import Alipay, Merchant
from world.keys import Key
from world.server import serve

OURS, THEIRS = Key(), Key()
APP_ID, SELLER = "2021000000000001", "2088000000000001"
NUMBER = "ABCDEFGHJKMNPQRS_pay_1"


@pytest.fixture
async def alipay(mailbox):
    mailbox.status, mailbox.word = 200, b"success"
    party = Alipay(Merchant(APP_ID, SELLER, OURS.public_pem), THEIRS)
    party.dials.set(pace=0.0001)
    async with serve(party.app) as address:
        party.address = address
        yield party


@pytest.fixture
def client(alipay, mailbox):
    library = Client(APP_ID, mailbox.address, OURS.private_pem, THEIRS.public_pem)
    library._gateway = f"{alipay.address}/gateway.do"  # noqa: SLF001 - it knows no other way to be pointed elsewhere
    return library


async def ask(call, *args, **kwargs):
    """The library waits in a thread, the party answers in this loop."""
    return await asyncio.to_thread(call, *args, **kwargs)


async def a_code(client, total="88.00", number=NUMBER):
    return await ask(client.api_alipay_trade_precreate, "ABCDEFGHJKMNPQRS", number, total)


async def a_refund(client, trade_no, number="R_1", amount="30.00"):
    return await ask(client.api_alipay_trade_refund, amount, trade_no=trade_no, out_request_no=number)


async def state(client, **which):
    answer = await ask(client.api_alipay_trade_query, **which)
    return answer.get("trade_status") or answer["sub_code"]


def told(client, letter):
    """What the library believes of a letter."""
    fields = dict(parse_qsl(letter[1].decode()))
    sign = fields.pop("sign")
    assert client.verify(dict(fields), sign)
    return fields


async def test_a_code_is_paid_and_the_library_believes_the_notify(alipay, client, mailbox):
    code = await a_code(client)
    (trade_no,) = alipay.pay(NUMBER)
    await alipay.pusher.idle()

    assert code["qr_code"].startswith("https://qr.alipay.com/")
    notice = told(client, mailbox.letters[0])
    assert (notice["trade_status"], notice["trade_no"], notice["total_amount"]) == ("TRADE_SUCCESS", trade_no, "88.00")
    assert (notice["out_trade_no"], notice["app_id"], notice["seller_id"]) == (NUMBER, APP_ID, SELLER)


async def test_until_somebody_scans_there_is_no_trade(alipay, client):
    await a_code(client)
    assert await state(client, out_trade_no=NUMBER) == "ACQ.TRADE_NOT_EXIST"
    assert (await ask(client.api_alipay_trade_close, NUMBER))["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    alipay.scan(NUMBER)
    assert await state(client, out_trade_no=NUMBER) == "WAIT_BUYER_PAY"
    alipay.pay(NUMBER)
    assert await state(client, out_trade_no=NUMBER) == "TRADE_SUCCESS"
    await alipay.pusher.idle()


async def test_the_same_code_again_is_the_same_and_another_one_is_refused(alipay, client):
    first = await a_code(client)

    assert await a_code(client) == first
    assert (await a_code(client, "1.00"))["sub_code"] == "ACQ.CONTEXT_INCONSISTENT"
    assert (await a_code(client, "1.001", "OTHER_1"))["sub_code"] == "ACQ.INVALID_PARAMETER"
    assert (await a_code(client, number="with-hyphen"))["sub_code"] == "ACQ.INVALID_PARAMETER"


async def test_a_closed_trade_cannot_be_paid_and_a_paid_one_not_closed(alipay, client):
    await a_code(client)
    alipay.scan(NUMBER)
    await a_code(client, number="PAID_1")
    alipay.pay("PAID_1")

    assert (await ask(client.api_alipay_trade_close, NUMBER))["code"] == "10000"
    with pytest.raises(Exception, match="TRADE_HAS_CLOSE"):
        alipay.pay(NUMBER)
    assert (await a_code(client))["sub_code"] == "ACQ.TRADE_HAS_CLOSE"
    assert (await ask(client.api_alipay_trade_close, "PAID_1"))["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    assert (await a_code(client, number="PAID_1"))["sub_code"] == "ACQ.TRADE_HAS_SUCCESS"
    await alipay.pusher.idle()


async def test_a_part_given_back_leaves_the_trade_and_the_whole_closes_it(alipay, client, mailbox):
    await a_code(client)
    (trade_no,) = alipay.pay(NUMBER)
    first = await a_refund(client, trade_no)
    await alipay.pusher.idle()
    assert (first["fund_change"], first["refund_fee"], await state(client, trade_no=trade_no)) == (
        "Y",
        "30.00",
        "TRADE_SUCCESS",
    )
    notice = told(client, mailbox.letters[-1])
    assert (notice["out_biz_no"], notice["refund_fee"], notice["trade_status"]) == ("R_1", "30.00", "TRADE_SUCCESS")

    await a_refund(client, trade_no, "R_2", "58.00")
    await alipay.pusher.idle()
    notice = told(client, mailbox.letters[-1])
    assert (notice["out_biz_no"], notice["refund_fee"], notice["trade_status"]) == ("R_2", "88.00", "TRADE_CLOSED")
    assert await state(client, trade_no=trade_no) == "TRADE_CLOSED"


async def test_the_same_refund_number_gives_back_once(alipay, client):
    await a_code(client)
    (trade_no,) = alipay.pay(NUMBER)
    await a_refund(client, trade_no)
    again = await a_refund(client, trade_no)

    assert (again["fund_change"], again["refund_fee"]) == ("N", "30.00")
    assert (await a_refund(client, trade_no, amount="1.00"))["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert (await a_refund(client, trade_no, "R_2", "58.01"))["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    alipay.dials.set(empty=1)
    assert (await a_refund(client, trade_no, "R_2", "1.00"))["sub_code"] == "ACQ.SELLER_BALANCE_NOT_ENOUGH"
    found = await ask(client.api_alipay_trade_fastpay_refund_query, "R_1", trade_no=trade_no)
    nothing = await ask(client.api_alipay_trade_fastpay_refund_query, "R_2", trade_no=trade_no)
    assert (found["refund_status"], found["refund_amount"]) == ("REFUND_SUCCESS", "30.00")
    assert nothing == {"code": "10000", "msg": "Success"}
    await alipay.pusher.idle()


async def test_it_may_do_the_deed_and_not_know_it(alipay, client):
    await a_code(client)
    (trade_no,) = alipay.pay(NUMBER)
    alipay.dials.set(unknown=1)

    assert (await a_refund(client, trade_no))["code"] == "20000"
    assert alipay.books.bills[NUMBER].trades[0].refunded == 3000
    await alipay.pusher.idle()


async def test_a_buyer_who_pays_twice_has_two_trades(alipay, client, mailbox):
    await a_code(client)
    numbers = alipay.pay(NUMBER, times=2)
    await alipay.pusher.idle()

    assert {told(client, letter)["trade_no"] for letter in mailbox.letters} == set(numbers)
    assert len(set(numbers)) == 2


async def test_only_the_word_success_ends_the_retries(alipay, client, mailbox):
    mailbox.word = b"SUCCESS"
    await a_code(client)
    alipay.pay(NUMBER)
    async with asyncio.timeout(5):
        while len(mailbox.letters) < 2:
            await asyncio.sleep(0.01)
    mailbox.word = b"success"
    await alipay.pusher.idle()

    assert [delivery.accepted for delivery in alipay.pusher.deliveries] == [False] * (len(mailbox.letters) - 1) + [True]
    assert len({told(client, letter)["notify_id"] for letter in mailbox.letters}) == 1


async def test_no_forged_notify_deceives_the_library(alipay, client, mailbox):
    alipay.dials.set(forge_push=1)
    await a_code(client)
    alipay.pay(NUMBER, times=4)
    await alipay.pusher.idle()

    def believed(letter):
        fields = dict(parse_qsl(letter[1].decode()))
        try:
            return client.verify(fields, fields.pop("sign", ""))
        except AliPayException:
            return False

    assert [believed(letter) for letter in mailbox.letters].count(True) == 4
    assert alipay.pusher.forged_sent == 4


async def test_a_call_signed_by_another_key_is_refused_without_a_signature(alipay, client):
    stranger = Client(APP_ID, None, Key().private_pem, THEIRS.public_pem)
    stranger._gateway = client._gateway  # noqa: SLF001 - see above
    with pytest.raises(AliPayException, match=r"isv\.invalid-signature"):
        await state(stranger, out_trade_no=NUMBER)

    other = Client("2021999999999999", None, OURS.private_pem, THEIRS.public_pem)
    other._gateway = client._gateway  # noqa: SLF001 - see above
    with pytest.raises(AliPayException, match=r"isv\.invalid-app-id"):
        await state(other, out_trade_no=NUMBER)


async def test_an_answer_signed_by_another_party_is_noticed_by_the_library(alipay, client):
    suspicious = Client(APP_ID, None, OURS.private_pem, Key().public_pem)
    suspicious._gateway = client._gateway  # noqa: SLF001 - see above

    with pytest.raises(AliPayValidationError):
        await a_code(suspicious)


async def test_the_world_can_be_watched_and_paid_from_another_process(alipay, client):
    await a_code(client)
    async with httpx.AsyncClient(base_url=alipay.address) as http:
        paid = (await http.post("/_world/pay", json={"out_trade_no": NUMBER, "amount": 1})).json()
        books = (await http.get("/_world/books")).json()
        refused = await http.post("/_world/pay", json={"out_trade_no": "NOBODY"})
        await alipay.pusher.idle()
        pushes = (await http.get("/_world/pushes")).json()

    trade = books["bills"][NUMBER]["trades"][0]
    assert [trade["trade_no"]] == paid["transaction_ids"]
    assert (trade["total"], refused.status_code, len(pushes["deliveries"])) == (1, 409, 1)

"""The connector of an own shop's wallet against the simulated wallet: what a provider of refunds must hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.channels.ownshop_wallet import Account, OwnShopWallet
from connectors.http import Answer, Line
from connectors.ports import RefundOrder
from models.errand import Outcome, State
from models.errors import Garbled, Refused, Unavailable
from models.noun import Money
from world.server import serve
from world.shop_wire import Pen
from world.wallet import Wallet

DONE, ABSENT = Outcome(state=State.DONE), Outcome(state=State.ABSENT)
PEN = Pen("demo-shop", "a secret of these tests")
NUMBER, BILL = "ABCDEFGHJKMNPQRS-R1-refund-1", "ABCDEFGHJKMNPQRS-pay-1"
ASKED = RefundOrder(NUMBER, BILL, "tx1", Money(minor=3000), Money(minor=8800), "web/demo/N1")


def an_account(address, **fields):
    return Account(**{"shop": "demo", "address": address, "key": PEN.key, "secret": PEN.secret, **fields})


@pytest.fixture
async def wallet():
    world = Wallet(PEN, without=("N2",))
    async with serve(world.app) as address:
        account = an_account(address)
        async with Line(account.name, address, answer_within=timedelta(seconds=1)) as line:
            ours = OwnShopWallet(account, line)
            ours.world = world
            yield ours


async def test_a_credit_is_done_once_however_often_it_is_asked_for_and_is_found_by_our_number(wallet):
    assert await wallet.refunded(NUMBER, BILL) == ABSENT
    assert [await wallet.refund(ASKED) for _ in range(3)] == [DONE, DONE, DONE]

    assert await wallet.refunded(NUMBER, BILL) == DONE
    assert wallet.world.books.balances == {"N1": 3000}
    assert (wallet.name, wallet.world.books.asked[NUMBER]) == ("wallet/web/demo", 3)


async def test_the_same_number_for_another_sum_and_a_customer_without_a_balance_are_refused(wallet):
    await wallet.refund(ASKED)

    other, nobody = replace(ASKED, amount=Money(minor=1)), replace(ASKED, number="R2", order="web/demo/N2")
    assert await wallet.refund(other) == Outcome(state=State.REFUSED, code="number_used")
    assert await wallet.refund(nobody) == Outcome(state=State.REFUSED, code="no_wallet")
    assert wallet.world.books.balances == {"N1": 3000}


async def test_a_refusal_is_remembered_under_its_number(wallet):
    wallet.world.dials.set(refuse=1)
    said = await wallet.refund(ASKED)
    wallet.world.dials.set(refuse=0)

    no = Outcome(state=State.REFUSED, code="wallet_frozen")
    assert [said, await wallet.refund(ASKED), await wallet.refunded(NUMBER, BILL)] == [no, no, no]
    assert wallet.world.books.balances == {"N1": 0}


@pytest.mark.parametrize("mood", ["fail", "hang"])
async def test_silence_is_not_refusal(wallet, mood):
    wallet.world.dials.set(**{mood: 1})

    with pytest.raises(Unavailable):
        await wallet.refund(ASKED)
    wallet.world.dials.set(**{mood: 0})
    assert await wallet.refunded(NUMBER, BILL) == ABSENT


async def test_a_credit_done_too_late_is_found_by_its_number(wallet):
    wallet.world.dials.set(does_but_late=1)
    with pytest.raises(Unavailable, match="timeout"):
        await wallet.refund(ASKED)
    wallet.world.dials.set(does_but_late=0)

    assert await wallet.refunded(NUMBER, BILL) == DONE
    assert wallet.world.books.balances == {"N1": 3000}


async def test_a_wrong_secret_and_a_wrong_clock_are_our_accounts_matter_and_no_credit(wallet):
    wrong = OwnShopWallet(an_account(wallet.account.address, secret=PEN.key), wallet.line)
    late = OwnShopWallet(wallet.account, wallet.line, lambda: datetime.now(UTC) - timedelta(hours=1))

    for party in (wrong, late):
        assert await party.refund(ASKED) == Outcome(state=State.REFUSED, code="account_wrong")
        with pytest.raises(Refused, match="account_wrong"):
            await party.refunded(NUMBER, BILL)
    assert wallet.world.books.credits == {}


ANSWERS = {
    "a page": (200, b"<html>"),
    "a gateway's no": (404, b"<html>"),
    "a state of tomorrow": (200, b'{"number": "ABCDEFGHJKMNPQRS-R1-refund-1", "state": "processing"}'),
    "another credit": (200, b'{"number": "ABCDEFGHJKMNPQRS-R1-refund-2", "state": "done"}'),
    "a no without a word": (422, b"{}"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_what_we_cannot_read_proves_nothing(answer):
    class Says:
        async def send(self, ask):
            return Answer(answer[0], {}, answer[1])

    party = OwnShopWallet(an_account("http://wallet"), Says())
    for ask in (lambda: party.refund(ASKED), lambda: party.refunded(NUMBER, BILL)):
        with pytest.raises(Garbled):
            await ask()


async def test_a_path_of_its_own_is_signed_too():
    asks = []

    class Keeps:
        async def send(self, ask):
            asks.append(ask)
            return Answer(200, {}, b'{"number": "%s", "state": "done"}' % NUMBER.encode())

    party = OwnShopWallet(
        an_account("http://shop/wallet/"), Keeps(), lambda: datetime.fromtimestamp(7, UTC), lambda: "n"
    )
    assert await party.refunded(NUMBER, BILL) == DONE
    wanted = PEN.signature(f"GET /wallet/credits/{NUMBER}", "7", "n", b"")
    assert asks[0].headers["x-shop-signature"] == wanted

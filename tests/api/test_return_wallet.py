"""Money that goes to a balance with the shop, from the door to the simulated wallet."""

import pytest

from connectors.registry import Accounts, Registry
from models.case import Role
from models.errand import What
from tests.api.conftest import ACCOUNTS, PEN, relaying
from tests.api.test_returns import asked, bought, decided, stands
from world.server import serve
from world.wallet import Wallet


@pytest.fixture
async def wallet():
    world = Wallet(PEN)
    async with serve(world.app) as world.address:
        yield world


@pytest.fixture
async def registry(wallet):
    """With an account at the shop's wallet."""
    told = {"shop": "demo", "address": wallet.address, "key": PEN.key, "secret": PEN.secret}
    async with Registry(Accounts.model_validate({**ACCOUNTS, "wallets": {"ownshop": [told]}})) as known:
        yield known


async def test_who_wishes_it_gets_a_balance_once_and_no_provider_is_asked(lively, wallet):
    async with relaying(lively.tools):
        order = await bought(lively)
        elsewhere = await asked(lively, "web/other/N1", way="balance")
        [fault] = elsewhere.json()["errors"]
        assert (elsewhere.status_code, fault["pointer"], fault["code"]) == (422, "#/way", "wallet_unknown")

        answer = await asked(lively, order, way="balance")
        assert (answer.status_code, answer.json()["way"]) == (201, "balance"), answer.text
        number = answer.json()["id"]
        assert (await decided(lively, number, Role.OPS)).status_code == 200
        await stands(lively, number, "due")

        await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})
        told = await stands(lively, number, "refunded")

    [refund], minor = told["refunds"], told["amount"]["minor"]
    assert (refund["party"], refund["state"]) == ("wallet/web/demo", "done")
    assert wallet.books.balances == {order.rpartition("/")[2]: minor}
    assert wallet.books.asked == {f"{number}-refund-1": 1}
    assert lively.parties.providers[0].done(What.REFUND) == []

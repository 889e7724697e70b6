"""What parties tell us: signed, kept, thanked in their own words, told; forged, stale, huge and unreadable words."""

import asyncio
import json
import random

import httpx
import pytest

from connectors.ports import Bill, RefundOrder
from connectors.registry import Accounts, Registry
from models.case import Role
from models.errand import What
from models.errors import Unavailable
from models.noun import Money
from tests.api.conftest import ACCOUNTS, TOKEN, Door, eventually, relaying, tools_for
from tests.builders import NOON
from tests.connectors.payments.conftest import a_wechat, wechat_account
from world.server import serve

SF = f"/webhooks/couriers/sf/sf/{TOKEN}"


@pytest.fixture
async def wechat():
    """A simulated WeChat Pay, at its own address."""
    world, _, _ = a_wechat()
    world.dials.set(pace=0.0001)
    async with serve(world.app) as address:
        world.address = address
        yield world


@pytest.fixture
async def paying(lively, wechat):
    """A living door at an address of its own, where WeChat can knock."""
    holder = {}

    async def door(scope, receive, send):
        await holder["app"](scope, receive, send)

    async with serve(door) as ours:
        account = wechat_account(f"{ours}/webhooks/payments/wechat/wechat-main", wechat.address)
        told = account.model_dump() | {name: getattr(account, name).get_secret_value() for name in SECRET}
        accounts = Accounts.model_validate({**ACCOUNTS, "payments": {"wechat": [told]}})
        async with Registry(accounts) as registry:
            tools = await tools_for(lively.tools.db, lively.tools.temporal, registry)
            lively.tools = tools
            holder["app"] = Door(tools).app
            lively.wechat, lively.provider = wechat, registry.providers[0]
            yield lively


SECRET = ("private_key", "api_v3_key")


async def paid(door, order_id, times=1):
    """The buyer pays the order's bill at WeChat."""
    business_no = (await door.tools.claims.seed(order_id)).business_no
    bill = Bill(f"{business_no}-pay-1", Money(minor=19900), business_no, NOON.replace(year=2099))
    await door.provider.create(bill)
    door.wechat.pay(bill.number, times)
    await door.wechat.pusher.idle()
    return business_no


async def test_a_payment_is_kept_thanked_and_told(paying):
    order_id = await paying.living()
    async with relaying(paying.tools):
        await paid(paying, order_id)
        told = await paying.until(order_id, lambda told: told["payments"])

    assert told["payments"][0]["amount"]["minor"] == 19900
    assert [one.status for one in paying.wechat.pusher.deliveries if not one.forged] == [204]


@pytest.mark.parametrize("seed", range(3))
async def test_each_callback_five_times_in_any_order_is_one_payment_and_one_refund(paying, seed):
    """Two payments of one bill and the end of the refund that follows, each in five letters of its own."""
    paying.wechat.dials.set(drop_push=1)  # we carry them ourselves
    order_id = await paying.living()
    async with relaying(paying.tools):
        await paid(paying, order_id, times=2)
        assert await five_of_each(paying, seed) == [204] * 10
        await paying.until(order_id, lambda told: len(told["payments"]) == 2)
        await given_back(paying, order_id)
        assert await five_of_each(paying, seed) == [204] * 15
        order = await recorded(paying, order_id, lambda order: order.refunds)

    assert len(order.payments) == 2
    assert [(fact.end, fact.refund) for fact in order.refunds] == [("done", refunds_of(order)[0].key)]
    assert [(refund.amount.minor, refund.state) for refund in refunds_of(order)] == [(19900, "done")]


async def five_of_each(door, seed):
    """Everything that WeChat wanted to say until now; what we answered."""
    letters = [(push.url, push.write()) for push in door.wechat.pusher.dropped for _ in range(5)]
    random.Random(seed).shuffle(letters)  # noqa: S311 - a play, no secret
    async with httpx.AsyncClient() as postman:
        sent = [postman.post(url, content=letter.body, headers=letter.headers) for url, letter in letters]
        return [answer.status_code for answer in await asyncio.gather(*sent)]


async def given_back(door, order_id):
    """WeChat does what our story asked for."""
    order = await recorded(door, order_id, lambda order: any(e.state == "done" for e in refunds_of(order)))
    [refund] = refunds_of(order)
    await door.provider.refund(RefundOrder(refund.key, refund.under, refund.about, refund.amount, refund.whole))
    await door.wechat.pusher.idle()


def refunds_of(order):
    return [errand for errand in order.errands if errand.what is What.REFUND]


async def recorded(door, order_id, holds):
    async def record():
        order = (await door.tools.orders.get(order_id)).order
        return order if holds(order) else None

    return await eventually(record, 15)


async def test_a_forged_copy_changes_nothing_and_leaves_a_count(paying):
    paying.wechat.dials.set(forge_push=1)
    order_id = await paying.living()
    async with relaying(paying.tools):
        await paid(paying, order_id)
        await paying.until(order_id, lambda told: told["payments"])

    forged = [one.status for one in paying.wechat.pusher.deliveries if one.forged]
    assert forged
    assert all(status >= 400 for status in forged)
    assert b'oms_webhooks_total{outcome="forged",party="wechat"} ' in paying.tools.figures.text()
    assert len(await paying.tools.inbox.listing("done", 10)) + len(await paying.tools.inbox.listing("waiting", 10)) == 1


async def test_while_the_store_is_away_nobody_is_thanked(paying, monkeypatch):
    async def away(*_):
        raise Unavailable("store_away")

    order_id = await paying.living()
    with monkeypatch.context() as patched:
        patched.setattr(paying.tools.inbox, "keep", away)
        business_no = (await paying.tools.claims.seed(order_id)).business_no
        bill = Bill(f"{business_no}-pay-1", Money(minor=19900), business_no, NOON.replace(year=2099))
        await paying.provider.create(bill)
        paying.wechat.pay(bill.number)

        async with asyncio.timeout(10):
            while not paying.wechat.pusher.deliveries:
                await asyncio.sleep(0.01)
    async with relaying(paying.tools):
        await paying.until(order_id, lambda told: told["payments"])
    statuses = [one.status for one in paying.wechat.pusher.deliveries]
    assert (statuses[0] >= 400, statuses[-1]) == (True, 204)


def a_push(**changes):
    route = {"mailno": "SF1", "acceptAddress": "深圳市", "reasonName": "", "orderid": "", "remark": "已收件"}
    route |= {"acceptTime": "2026-11-11 12:00:00", "opCode": "50", "id": "159163840000001"}
    return {"Body": {"WaybillRoute": [route | changes]}}


async def test_a_courier_that_does_not_sign_is_heard_on_its_own_path_only(door):
    assert (await door.client.post(SF, json=a_push())).json() == {"return_code": "0000", "return_msg": "成功"}
    guessed = await door.client.post(SF.replace(TOKEN, "x" * 20), json=a_push(id="2"))
    bare = await door.client.post(SF.rpartition("/")[0], json=a_push(id="3"))

    assert [guessed.json()["return_code"], bare.json()["return_code"]] == ["1000", "1000"]
    (row,) = await door.tools.inbox.listing("waiting", 10)
    assert (row.kind, row.key, row.code) == ("parcel_stirred", "SF1", "unaddressed")


async def test_the_same_words_again_are_thanked_without_asking_the_store(door, counted):
    await door.client.post(SF, json=a_push())
    with counted(door.tools.db) as cost:
        answers = [await door.client.post(SF, json=a_push()) for _ in range(5)]

    assert cost.transactions == 0
    assert {answer.json()["return_code"] for answer in answers} == {"0000"}


async def test_a_callback_costs_one_transaction(door, counted):
    with counted(door.tools.db) as cost:
        await door.client.post(SF, json=a_push())

    assert (cost.transactions, cost.statements) == (1, 1)


async def test_news_of_a_waybill_reach_the_parcel_that_has_it(lively):
    order_id = await lively.living("labelled")
    (parcel,) = (await lively.get(f"/orders/{order_id}")).json()["parcels"]
    async with relaying(lively.tools):
        await lively.client.post(SF, json=a_push(mailno=parcel["waybill"]))

        async def heard():
            return await lively.tools.inbox.listing("done", 10)

        async with asyncio.timeout(15):
            while not await heard():
                await asyncio.sleep(0.05)
    record = await lively.tools.orders.get(order_id)
    assert record.order.parcels[0].stirred_at is not None
    assert record.order.unread == ()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", "张三 13800138000".encode(), b"\xff\xfe", b"{}"])
async def test_what_cannot_be_read_is_kept_raw_for_a_person_and_not_thanked(door, body):
    answer = await door.client.post(SF, content=body)

    assert answer.json()["return_code"] == "1000"
    (row,) = await door.tools.inbox.listing("parked", 10)
    assert (row.party, row.kind) == ("sf", "unreadable")
    assert await door.tools.inbox.raw(row.id) == body
    assert "13800138000" not in answer.text


async def test_a_flood_of_unreadable_words_does_not_fill_the_store(door):
    for nth in range(30):
        await door.client.post(SF, content=f"garbage {nth}".encode())

    assert len(await door.tools.inbox.listing("parked", 100)) == 20


async def test_a_huge_message_is_not_read(door):
    answer = await door.client.post(SF, content=b"x" * (1024 * 1024 + 1))

    assert answer.json()["return_code"] == "1000"
    assert await door.tools.inbox.listing("parked", 10) == ()
    assert 'oms_webhooks_total{outcome="too_large",party="sf"} 1.0' in (await door.get("/metrics", Role.OPS)).text


@pytest.mark.parametrize("path", ["payments/sf/sf", "couriers/sf/other", "couriers/nobody/sf", "messengers/sf/sf"])
async def test_an_account_that_is_not_ours(door, path):
    assert (await door.client.post(f"/webhooks/{path}", json={})).status_code in {404, 422}


async def test_raw_words_are_sealed(door, db):
    await door.client.post(SF, content=json.dumps(a_push(acceptAddress="张三的家"), ensure_ascii=False).encode())

    async with db.begin() as conn:
        kept = (await conn.exec_driver_sql("SELECT sealed FROM raws")).scalar_one()
    assert "张三的家".encode() not in kept

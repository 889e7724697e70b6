"""The shop and its buyers, against a hub that this test plays."""

import hashlib
import hmac
import json
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from world.server import serve
from world.shop import Settings, Shop
from world.shop_wire import Pen

TELLING = "POST /hub/shipped"


class Hub:
    """Answers as told, one answer after the other; the last one for ever."""

    def __init__(self):
        self.heard, self.answers = [], [(201, {"pay_url": "weixin://wxpay/1"})]
        paths = ["/orders", "/orders/web/demo/{number}", "/orders/web/demo/{number}/wishes"]
        self.app = Starlette(routes=[Route(path, self.hear, methods=["GET", "POST"]) for path in paths])

    async def hear(self, request):
        self.heard.append((request.method, request.url.path, request.headers, await request.body()))
        status, words = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return JSONResponse(words, status)


@pytest.fixture
async def hub():
    party = Hub()
    async with serve(party.app) as address:
        party.address = address
        yield party


@pytest.fixture
async def shop(hub):
    payments = []

    async def pay(link, amount):
        payments.append((link, amount))

    async with Shop(Settings(hub.address, pause=0.01), {"wechat": pay, "alipay": pay}) as party:
        party.payments = payments
        async with serve(party.app) as address:
            party.address = address
            yield party


async def tell(shop, told, secret=None, headers=None, path="/hub/shipped"):
    body = json.dumps(told).encode()
    pen = Pen(shop.settings.key, secret or shop.settings.secret)
    async with httpx.AsyncClient() as client:
        signed = headers or pen.headers(f"POST {path}", body)
        return await client.post(f"{shop.address}{path}", content=body, headers=signed)


def a_parcel(number, **changes):
    told = {"key": "K-report-1", "number": number, "courier": "YTO", "waybill": "YT8830000000000"}
    return told | {"units": [{"sku": "TEA-250", "quantity": 1}], "is_last": True} | changes


async def test_an_order_is_signed_over_what_is_asked_and_its_raw_bytes(shop, hub):
    await shop.place(shop.order())
    _, _, headers, body = hub.heard[0]

    words = f"POST /orders\n{headers['x-shop-timestamp']}\n{headers['x-shop-nonce']}\n".encode() + body
    assert headers["x-shop-signature"] == hmac.new(shop.settings.secret.encode(), words, hashlib.sha256).hexdigest()
    assert headers["x-shop-key"] == shop.settings.key


async def test_an_order_adds_up_and_says_where_it_goes(shop, hub):
    for _ in range(30):
        await shop.place(shop.order())

    orders = [json.loads(body) for *_, body in hub.heard]
    sums = [sum(line["quantity"] * line["unit_price"] for line in order["lines"]) for order in orders]
    assert [order["total"] for order in orders] == [
        goods - order["discount"] + order["freight"] for goods, order in zip(sums, orders, strict=True)
    ]
    assert {len(order["receiver"]["district_code"]) for order in orders} == {6}
    assert len({order["number"] for order in orders}) == 30


async def test_the_same_seed_draws_the_same_buyers(hub):
    async with Shop(Settings(hub.address, seed=7)) as one, Shop(Settings(hub.address, seed=7)) as other:
        assert [one.order().receiver for _ in range(5)] == [other.order().receiver for _ in range(5)]


async def test_the_shop_tells_again_while_the_hub_is_away(shop, hub):
    hub.answers = [(502, {}), (503, {}), (201, {"pay_url": "weixin://wxpay/1"})]
    placed = await shop.place(shop.order())

    assert placed.answers == [502, 503, 201]
    assert len({body for *_, body in hub.heard}) == 1
    assert len({headers["x-shop-nonce"] for _, _, headers, _ in hub.heard}) == 3


@pytest.mark.parametrize(("api_key", "asked"), [("", "POST"), ("of the shop", "GET")])
async def test_a_buyer_pays_where_the_hub_says_even_if_it_says_so_later(shop, hub, api_key, asked):
    shop.settings = replace(shop.settings, api_key=api_key)
    hub.answers = [(202, {}), (200, {}), (200, {"pay_url": "weixin://wxpay/2"})]
    order = shop.order()
    await shop.place(order)
    await shop.pay(order)

    assert shop.payments == [("weixin://wxpay/2", order.total)]
    assert [method for method, *_ in hub.heard] == ["POST", asked, asked]
    assert hub.heard[-1][2].get("authorization") == (f"Bearer {api_key}" if api_key else None)


async def test_a_buyer_changes_their_mind_and_their_address(shop, hub):
    order = shop.order()
    await shop.place(order)
    await shop.cancel(order)
    await shop.move(order)

    wishes = [json.loads(body) for _, path, _, body in hub.heard if path.endswith("/wishes")]
    assert [wish["kind"] for wish in wishes] == ["cancel", "change_address"]
    assert wishes[1]["receiver"]["name"] == order.receiver.name
    assert wishes[1]["receiver"]["address"] != order.receiver.address
    assert [wish[:2] for wish in shop.books.wishes] == [(order.number, "cancel"), (order.number, "change_address")]


async def test_the_shop_writes_each_parcel_down_once(shop):
    order = shop.order()
    await shop.place(order)
    answers = [(await tell(shop, a_parcel(order.number))).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert [(parcel.courier, parcel.waybill) for parcel in shop.books.shipped] == [("YTO", "YT8830000000000")]
    assert shop.books.repeated == ["K-report-1"]


async def test_how_far_an_urgent_return_is_the_shop_writes_down_once(shop):
    order = shop.order()
    await shop.place(order)
    told = {"key": "K-R1-progress-1", "number": order.number, "return": "K-R1", "stage": "approved"}
    tries = [({}, None), ({}, None), ({"number": "DEMO999"}, None), ({}, "a guess")]
    answers = [await tell(shop, told | words, secret, path="/hub/returns") for words, secret in tries]

    assert [answer.status_code for answer in answers] == [200, 200, 422, 401]
    assert shop.books.progress == {"K-R1-progress-1": ("K-R1", "approved")}


async def test_yt0_is_not_a_courier(shop):
    order = shop.order()
    await shop.place(order)
    answer = await tell(shop, a_parcel(order.number, courier="YT0"))

    assert (answer.status_code, answer.json()["error"]) == (422, "unknown_courier")
    assert (shop.books.shipped, shop.books.refused) == ([], [(order.number, "unknown_courier")])


async def test_an_order_it_never_sold_is_not_shipped(shop):
    assert (await tell(shop, a_parcel("DEMO999"))).status_code == 422


async def test_a_forged_or_replayed_telling_is_turned_away(shop):
    order = shop.order()
    await shop.place(order)
    body = json.dumps(a_parcel(order.number)).encode()
    headers = shop.pen.headers(TELLING, body)
    stale = shop.pen.headers(TELLING, body, late_by=3600)

    assert (await tell(shop, a_parcel(order.number), secret="a guess")).status_code == 401  # noqa: S106
    assert (await tell(shop, a_parcel(order.number), headers=stale)).status_code == 401
    assert (await tell(shop, a_parcel(order.number), headers=headers)).status_code == 200
    assert (await tell(shop, a_parcel(order.number), headers=headers)).status_code == 401

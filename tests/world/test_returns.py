"""Customers who give something back, and the people who open their boxes, against a hub that this test plays."""

import json

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from world.return_bench import Bench
from world.return_books import ANOTHER, EMPTY, WHOLE, Parcel
from world.returns import Counter
from world.server import serve
from world.shop import Settings, Shop
from world.warehouse import Settings as WarehouseSettings

WORDS = {"kind": "return", "why": "no_reason", "claims": [{"line": 0, "quantity": 2}]}
NUMBER = "0123456789ABCDEF-R1"


class Hub:
    """Knows one return, and remembers what it was told. It is busy at first."""

    def __init__(self):
        self.parcels = []
        self.stages, self.told, self.is_busy, self.status = ["asked", "approved"], [], True, 200
        routes = [
            Route("/returns", self.hear, methods=["POST"]),
            Route("/returns/{id}", self.show),
            Route("/returns/{id}/{what}", self.hear, methods=["POST"]),
        ]
        self.app = Starlette(routes=routes)

    async def show(self, request):
        stage = self.stages.pop(0) if len(self.stages) > 1 else self.stages[0]
        known = {"stage": stage, "claims": WORDS["claims"], "parcels": self.parcels}
        return JSONResponse({"id": request.path_params["id"], **known})

    async def hear(self, request):
        if self.is_busy:
            self.is_busy = False
            return JSONResponse({}, 429)
        key = request.headers.get("idempotency-key")
        self.told.append((request.path_params.get("what"), json.loads(await request.body()), key, request.headers))
        return JSONResponse({"id": NUMBER}, self.status)

    def facts(self, kind):
        return [words["body"] for what, words, _, _ in self.told if what == "facts" and words["kind"] == kind]


@pytest.fixture
async def hub():
    party = Hub()
    async with serve(party.app) as address:
        party.address = address
        yield party


@pytest.fixture
async def counter(hub):
    async with Shop(Settings(hub.address, api_key="k", pause=0.01)) as shop:
        shop.posted = []
        yield Counter(shop, shop.posted.append, pause=0.01, late_by=0.01)


@pytest.fixture
async def bench(hub):
    async with Bench(WarehouseSettings(hub.address, "badge", pause=0.01)) as table:
        yield table


async def asked(counter, way):
    return await counter.ask(counter.shop.order(), WORDS, way)


@pytest.mark.parametrize(
    ("way", "content"), [("in_time", WHOLE), ("late", WHOLE), ("another_thing", ANOTHER), ("empty_box", EMPTY)]
)
async def test_a_customer_asks_and_sends_a_box_once_it_is_agreed_to(hub, counter, way, content):
    known = await asked(counter, way)
    (what, words, key, headers), *_ = hub.told
    [parcel] = counter.shop.posted

    assert (what, words["order"], words["why"]) == (None, f"web/demo/{known.order}", "no_reason")
    assert key
    assert headers["x-shop-signature"]
    assert (known.number, parcel.number, parcel.content) == (NUMBER, NUMBER, content)
    assert hub.facts("goods_sent_back") == [{"courier": parcel.courier, "waybill": parcel.waybill}]
    assert counter.books.sent == [parcel]
    assert known.is_reminded is (way == "late")


async def test_who_does_not_pay_for_the_way_back_sends_it_under_the_label_that_the_hub_shows_or_in_vain_waits_for_one(
    hub, counter
):
    ours = {"is_label_of_ours": True, "is_void": False, "courier": "sf", "waybill": "SF7"}
    hub.parcels, words = [{**ours, "waybill": None}, {**ours, "is_void": True}, ours], {**WORDS, "why": "defective"}
    await counter.ask(counter.shop.order(), words, "in_time")
    hub.parcels, hub.stages = [], ["approved"]
    await counter.ask(counter.shop.order(), words, "in_time")

    labelled, own = counter.shop.posted
    assert (labelled.courier, labelled.waybill, labelled.is_labelled, own.is_labelled) == ("sf", "SF7", True, False)
    assert hub.facts("goods_sent_back") == [{"courier": own.courier, "waybill": own.waybill}]


async def test_who_never_sends_keeps_or_withdraws_posts_nothing_and_neither_does_who_is_refused(hub, counter):
    for way in ("never_sends", "keeps", "withdraws"):
        await asked(counter, way)
    hub.stages = ["refused"]
    await asked(counter, "in_time")

    assert (counter.shop.posted, hub.facts("goods_sent_back")) == ([], [])
    assert [words for what, words, _, _ in hub.told if what == "wishes"] == [{"kind": "withdraw"}]
    assert [known.is_withdrawn for known in counter.books.asked] == [False, False, True, False]


@pytest.mark.parametrize(("content", "grades"), [(ANOTHER, {"another"}), (EMPTY, {"missing"}), (WHOLE, None)])
async def test_the_table_says_what_is_really_in_the_box_and_twice_under_the_same_key(hub, bench, content, grades):
    bench.dials.set(duplicate_push=1.0)
    bench.leave(Parcel(NUMBER, "sf", "SF0000000000001", content))
    await bench.shift()
    inspected = hub.facts("goods_inspected")
    keys = [key for _, _, key, _ in hub.told]

    assert hub.facts("goods_arrived") == [{"place": "WH-SZ"}] * 2
    assert len(inspected) == 2
    assert len(set(keys)) == 2
    assert [(row["line"], row["quantity"]) for row in inspected[0]["graded"]] == [(0, 2)]
    found = {row["grade"] for row in inspected[0]["graded"]}
    assert found == grades or (grades is None and not found & {"another", "missing"})
    assert [box.graded for box in bench.books.inspected] == [((0, 2, found.pop()),)]


async def test_a_box_is_opened_once_and_what_the_hub_does_not_take_is_written_down(hub, bench):
    hub.status = 422
    bench.leave(Parcel(NUMBER, "sf", "SF0000000000001", WHOLE))
    await bench.shift()
    await bench.shift()

    assert bench.books.arrived == ["SF0000000000001"]
    assert bench.books.turned_away == [(NUMBER, "goods_arrived", 422), (NUMBER, "goods_inspected", 422)]

"""The warehouse, against a hub that this test plays."""

import json

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from world.server import serve
from world.warehouse import Settings, Warehouse
from world.warehouse_books import Work

BOX = Work("K-label-1", "SF7444400000000", "WH-SZ", "sf", ("TEA-250",))


class Hub:
    """Says `accepted` to every scan, unless told otherwise for its step."""

    def __init__(self):
        self.batches, self.words, self.reasons, self.later, self.status = [], {}, {}, {}, 200
        self.wait = {}  # scan: how often it is asked about before its word comes
        scans = Route("/scans", self.hear, methods=["POST"])
        self.app = Starlette(routes=[scans, Route("/scans/{id}", self.ask)])

    async def hear(self, request):
        scans = json.loads(await request.body())["scans"]
        self.batches.append(scans)
        return JSONResponse({"answers": [self.answer(scan["id"], scan["step"]) for scan in scans]}, self.status)

    def answer(self, scan, step):
        return {"scan": scan, "word": self.words.get(step, "accepted"), "reason": self.reasons.get(step)}

    async def ask(self, request):
        name = request.path_params["id"]
        word = self.later["word"] if self.wait.get(name, 0) < 1 else "kept"
        self.wait[name] = self.wait.get(name, 0) - 1
        return JSONResponse({"scan": name, "word": word})

    @property
    def steps(self):
        return [scan["step"] for batch in self.batches for scan in batch]


@pytest.fixture
async def hub():
    party = Hub()
    async with serve(party.app) as address:
        party.address = address
        yield party


@pytest.fixture
async def warehouse(hub):
    taken = []

    async def boxes():
        return [BOX]

    async with Warehouse(Settings(hub.address, pause=0.01, asks=5), boxes, taken.append) as party:
        party.taken = taken
        yield party


async def test_a_box_is_picked_packed_and_handed_over_once(warehouse, hub):
    await warehouse.shift()
    await warehouse.shift()

    assert hub.steps == ["pick", "pack", "ship"]
    assert (warehouse.taken, warehouse.books.handed_over) == ([BOX], [BOX.waybill])


async def test_a_scan_says_who_where_when_and_what(warehouse, hub):
    await warehouse.shift()
    pick, _, ship = (scan for batch in hub.batches for scan in batch)

    assert pick.keys() == {"id", "step", "code", "sku", "place", "at", "operator", "live"}
    assert (pick["code"], ship["code"]) == (BOX.parcel, BOX.waybill)
    assert (pick["place"], pick["operator"][0], pick["live"]) == ("WH-SZ", "B", True)
    assert pick["at"].endswith("+08:00")


@pytest.mark.parametrize("step", ["pick", "pack", "ship"])
async def test_a_refused_scan_is_obeyed_and_the_things_are_put_back(warehouse, hub, step):
    hub.words[step] = "refused"
    await warehouse.shift()

    assert hub.steps[-2:] == [step, "put_back"]
    assert (warehouse.taken, warehouse.books.put_back) == ([], [BOX.parcel])


@pytest.mark.parametrize(("later", "taken"), [("accepted", [BOX]), ("refused", []), ("kept", [])])
async def test_a_kept_scan_is_asked_about_and_nothing_leaves_before_the_word(warehouse, hub, later, taken):
    hub.words["ship"] = "kept"
    hub.later["word"] = later
    await warehouse.shift()

    assert warehouse.taken == taken


async def test_a_box_of_which_nobody_said_anything_is_put_back_and_begun_again_later(warehouse, hub):
    hub.words["ship"] = hub.later["word"] = "kept"
    await warehouse.shift()
    del hub.words["ship"]
    await warehouse.shift()

    assert hub.steps == ["pick", "pack", "ship", "put_back", "pick", "pack", "ship"]
    assert (warehouse.taken, warehouse.books.done) == ([BOX], [BOX.parcel])


async def test_a_box_is_put_back_only_when_that_was_heard(warehouse, hub):
    hub.words.update(pick="refused", put_back="kept")
    hub.later["word"] = "accepted"
    hub.wait["WH-SZ-0-2"] = 3
    await warehouse.shift()
    await warehouse.shift()

    assert (hub.steps, hub.wait["WH-SZ-0-2"]) == (["pick", "put_back"], -1)


async def test_what_the_hub_believes_to_be_away_comes_home(warehouse, hub):
    hub.words.update(ship="kept", put_back="refused")
    hub.reasons["put_back"] = "left_receive_it_back"
    hub.later["word"] = "kept"
    await warehouse.shift()

    assert hub.steps == ["pick", "pack", "ship", "put_back", "received_back"]
    assert (warehouse.taken, warehouse.books.received_back) == ([], [BOX.waybill])


async def test_without_network_the_box_leaves_and_the_hub_hears_later(warehouse, hub):
    warehouse.dials.set(drop_push=1)
    hub.words["ship"] = "refused"
    await warehouse.shift()

    assert warehouse.taken == [BOX]
    assert [[scan["live"] for scan in batch] for batch in hub.batches] == [[False, False, False]]


async def test_a_scan_is_sometimes_sent_twice(warehouse, hub):
    warehouse.dials.set(duplicate_push=1)
    await warehouse.shift()

    assert hub.steps == ["pick", "pick", "pack", "pack", "ship", "ship"]
    assert len({scan["id"] for batch in hub.batches for scan in batch}) == 3


async def test_a_hub_that_cannot_read_a_scan_is_not_asked_for_ever(warehouse, hub):
    hub.status = 422
    await warehouse.shift()

    assert warehouse.taken == []
    assert len(warehouse.books.turned_away) == 2


async def test_a_long_buffer_goes_in_portions(warehouse, hub):
    await warehouse.tell([warehouse.beep("pick", "K", is_live=False) for _ in range(450)])

    assert [len(batch) for batch in hub.batches] == [200, 200, 50]


async def test_a_parcel_comes_home(warehouse, hub):
    await warehouse.receive_back(BOX.waybill)

    assert (hub.steps, warehouse.books.received_back) == (["received_back"], [BOX.waybill])

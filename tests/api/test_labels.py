"""Labels written by hand: the template, who reads it, and what becomes of a waybill that a person says."""

import asyncio
import re

import pytest

from api.labels import EXAMPLE, Template
from models.case import Role
from models.place import Place
from models.stage import Paying
from store.stock import Shelves
from tests.api.conftest import OTHER_SHOP, relaying
from tests.api.test_pages import sign_in
from tests.api.test_scans import a_scan, scanned, words
from tests.builders import BRISK, a_telling, after, boxes_of, labelled, two_boxes
from tests.others import refuses
from tests.store.makings import a_contact

SENDER = a_contact(name="茶仓", phone="075526000000", address="仓库路 2 号")
MOVED = a_contact(name="李四", phone="13900139000", address="新址 1 号")


async def shelved(door):
    """A place with an address of its own."""
    await Shelves(door.tools.db).add_place(Place(id="east", name="east", district="330106"))
    await door.tools.boxes.send_from("east", SENDER)


async def keep(door, change=lambda order: order, places=("east",), **fields):
    """An order with its boxes reserved, and no label."""
    here = {"id": "web/demo/N1", "business_no": "N1", "version": 1, "destination": "330106", "policy": BRISK}
    order = two_boxes(**{**here, **fields})
    reserved = order.model_copy(update={"boxes": boxes_of(order, places)})
    known = change(reserved)
    is_new = known.version == 1
    return await door.keep(contact=is_new, **{name: getattr(known, name) for name in type(known).model_fields})


def template(nth=1, order="web/demo/N1", stem="N1"):
    return f"/orders/{order}/boxes/{stem}-box-{nth}/template"


PAGE = f"/board{template()}"


def by_hand(order, parcel="N1-hand-1", **changes):
    said = {"parcel": parcel, "box": order.boxes[0].id, "courier": "sf", "waybill": "SF777777", **changes}
    return after(order, a_telling("parcel_labelled", "desk", **said))


async def deeds(door, order_id="web/demo/N1"):
    return [(deed.who, deed.what) for deed in await door.tools.audit.about(order_id)]


async def test_a_template_says_everything_that_stands_on_a_label_and_who_read_it_is_written_down(door):
    await shelved(door)
    order = await keep(door, paying=Paying.ON_DELIVERY)
    told = (await door.get(template(), Role.WAREHOUSE)).json()

    assert told == {
        "order": order.id,
        "business_no": "N1",
        "box": "N1-box-1",
        "place": "east",
        "parcel": "N1-hand-1",
        "contact_version": 1,
        "sender": SENDER.model_dump(),
        "receiver": a_contact().model_dump(),
        "units": [{"sku": "tea", "quantity": 1}, {"sku": "cup", "quantity": 2}],
        "collect": {"minor": 29900, "currency": "CNY"},
        "couriers": ["sf", "jd"],
        "courier": None,
        "waybill": None,
    }
    assert await deeds(door) == [("warehouse-1", "read.template")]


async def test_each_box_has_its_own_number_and_sender_and_what_was_paid_is_not_collected(door):
    await shelved(door)
    await keep(door, places=("east", "west"))
    first, second = [(await door.get(template(nth))).json() for nth in (1, 2)]

    assert (first["parcel"], first["collect"], first["sender"]["name"]) == ("N1-hand-1", None, SENDER.name)
    assert (second["parcel"], second["place"], second["sender"]) == ("N1-hand-2", "west", None)
    assert [units["sku"] for units in second["units"]] == ["cup"]


async def test_it_shows_where_the_order_goes_now(door):
    await keep(door)
    assert await door.tools.contacts.add("web/demo/N1", MOVED) == 2
    assert (await door.get(template())).json()["receiver"] == a_contact().model_dump()

    await keep(door, version=2, contact_version=2)
    told = (await door.get(template())).json()
    assert (told["receiver"], told["contact_version"]) == (MOVED.model_dump(), 2)


async def test_a_box_of_another_order_is_not_there(door):
    await keep(door)
    await door.keep(id="web/demo/N2", business_no="N2")
    answers = [
        await door.get(path) for path in (template(order="web/demo/N2"), template(9), template(order="web/demo/N3"))
    ]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [
        (404, "box_unknown"),
        (404, "box_unknown"),
        (404, "order_unknown"),
    ]
    assert await deeds(door) == []


@pytest.mark.parametrize("role", [Role.FINANCE, Role.SERVICE, Role.SHOP])
async def test_whoever_writes_no_labels_sees_no_address(door, role):
    await keep(door)
    answer = await door.get(template(), role)
    await sign_in(door, role)
    page, order_page = await door.client.get(PAGE), await door.client.get("/board/orders/web/demo/N1")

    assert (answer.status_code, page.status_code) == (403, 403)
    assert a_contact().address not in answer.text + page.text
    assert "/template" not in order_page.text
    assert await deeds(door) == []


async def test_where_a_courier_gave_a_label_nobody_writes_another(door):
    await keep(door, labelled)
    answer = await door.get(template())
    await sign_in(door)
    page = await door.client.get(PAGE)

    assert (answer.status_code, answer.json()["code"]) == (409, "box_has_a_label")
    assert page.headers["location"] == "/board/orders/web/demo/N1?said=refused&code=box_has_a_label"
    assert "The box has a label already." in (await door.client.get(page.headers["location"])).text


async def test_a_label_that_was_written_is_printed_again_with_its_own_number(door):
    await keep(door, by_hand)
    told = (await door.get(template())).json()
    await sign_in(door)
    page = (await door.client.get(PAGE)).text

    assert (told["parcel"], told["courier"], told["waybill"]) == ("N1-hand-1", "sf", "SF777777")
    assert "SF777777" in page
    assert 'name="waybill"' not in page


async def test_the_description_shows_a_template_that_is_one(door):
    schema = (await door.client.get("/openapi.json")).json()["components"]["schemas"]["Template"]

    assert schema["example"] == {name: word for name, word in EXAMPLE.items() if word is not None}
    assert Template.model_validate(EXAMPLE).model_dump(mode="json") == EXAMPLE


async def filled(door, **changes):
    """The page's form as somebody filled it in."""
    await sign_in(door, Role.WAREHOUSE)
    page = (await door.client.get(PAGE)).text
    shown = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page))
    return shown | {"courier": "sf", "waybill": " sf7777771 "} | changes


async def facts(door):
    return [row.kind for row in await door.tools.inbox.listing("waiting", 10)]


async def test_a_waybill_on_the_page_is_a_fact_by_the_word_of_who_sits_there(door):
    await door.place(number="N1")
    await keep(door, version=2)
    form = await filled(door)
    answer = await door.client.post(PAGE, data=form)

    assert answer.headers["location"] == "/board/orders/web/demo/N1?said=noted"
    assert "It is written down" in (await door.client.get(answer.headers["location"])).text
    (kept,) = await asyncio.wait_for(door.tools.tray.take(10), 1)
    assert (kept.order_id, kept.telling.source) == ("web/demo/N1", "desk")
    assert kept.telling.body == {
        "parcel": "N1-hand-1",
        "box": "N1-box-1",
        "courier": "sf",
        "waybill": "SF7777771",
        "contact_version": 1,
        "by": "warehouse-1",
        "reason": "no_courier_label",
    }
    assert await deeds(door) == [("warehouse-1", "vouch.parcel_labelled"), ("warehouse-1", "read.template")]


@pytest.mark.parametrize(
    "changes",
    [
        {"waybill": "SF123"},
        {"waybill": "S" * 31},
        {"waybill": "SF 123456"},
        {"waybill": "SF-123456"},
        {"waybill": "顺丰123456"},
        {"waybill": ""},
        {"courier": "yunda"},
        {"courier": ""},
        {"contact_version": "first"},
    ],
)
async def test_what_is_no_waybill_or_no_courier_of_ours_is_said_to_nobody(door, changes):
    await keep(door)
    answer = await door.client.post(PAGE, data=await filled(door, **changes))

    assert answer.headers["location"] == f"{PAGE}?said=invalid"
    assert "not right" in (await door.client.get(answer.headers["location"])).text
    assert await facts(door) == []


HAND = {"parcel": "N1-hand-1", "box": "N1-box-1", "courier": "sf", "waybill": " sf7777771 ", "contact_version": 1}


async def vouch(door, **changes):
    body = {name: word for name, word in (HAND | changes).items() if word is not None}
    said = {"kind": "parcel_labelled", "at": "2026-11-11T12:00:00+08:00", "reason": "no_courier_label", "body": body}
    return await door.post("/orders/web/demo/N1/facts", Role.WAREHOUSE, json=said)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"waybill": "SF123"}, "#/body/waybill"),
        ({"waybill": "S" * 31}, "#/body/waybill"),
        ({"waybill": "SF 123456"}, "#/body/waybill"),
        ({"waybill": "顺丰123456"}, "#/body/waybill"),
        ({"waybill": 1234567}, "#/body/waybill"),
        ({"waybill": None}, "#/body/waybill"),
        ({"courier": "yunda"}, "#/body/courier"),
        ({"courier": None}, "#/body/courier"),
        ({"box": "N2-box-1"}, "#/body/box"),
    ],
)
async def test_a_label_that_is_vouched_for_is_checked_as_on_the_page(door, changes, pointer):
    await keep(door)
    answer = await vouch(door, **changes)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert await facts(door) == []


async def test_a_waybill_that_is_vouched_for_is_kept_as_scanners_read_it(door):
    await door.place(number="N1")
    await keep(door, version=2)
    assert (await vouch(door)).status_code == 202

    (kept,) = await asyncio.wait_for(door.tools.tray.take(10), 1)
    assert kept.telling.body["waybill"] == "SF7777771"


@pytest.mark.parametrize("changes", [{"parcel": "N1-hand-7"}, {"contact_version": "2"}])
async def test_a_paper_that_is_not_right_any_more_is_not_taken(door, changes):
    await keep(door)
    answer = await door.client.post(PAGE, data=await filled(door, **changes))

    assert (answer.status_code, "too long" in answer.text) == (409, True)
    assert await facts(door) == []


async def test_the_first_word_about_a_label_stands_and_whoever_comes_second_is_told(door):
    await keep(door)
    form = await filled(door)
    first, second = [
        await door.client.post(PAGE, data=form | {"waybill": waybill}) for waybill in ("SF777777", "SF888888")
    ]
    await keep(door, by_hand, version=2)
    third = await door.client.post(PAGE, data=form | {"waybill": "SF999999"})

    assert [one.headers["location"].partition("?")[2] for one in (first, second, third)] == [
        "said=noted",
        "said=refused&code=other_fact",
        "said=refused&code=box_has_a_label",
    ]
    assert await facts(door) == ["parcel_labelled"]


async def test_when_every_courier_refuses_a_hand_written_label_is_scanned_out_by_our_number_and_by_theirs(lively):
    for courier in lively.parties.couriers:
        courier.moods["label"] = refuses
    order_id = await lively.living("allocated")
    why = await lively.until(order_id, lambda told: told["explanation"]["waits_for"] == "by_hand", "/explain")
    box = (await lively.get(f"/orders/{order_id}")).json()["boxes"][0]["id"]
    told = (await lively.get(f"/orders/{order_id}/boxes/{box}/template", Role.WAREHOUSE)).json()
    written = {name: told[name] for name in ("parcel", "box", "contact_version")}
    body = {**written, "courier": told["couriers"][1], "waybill": "YT1234567890"}
    fact = {"kind": "parcel_labelled", "at": "2026-11-11T12:00:00+08:00", "reason": "no_courier_label", "body": body}
    assert why["explanation"]["role"] == "warehouse"

    async with relaying(lively.tools):
        assert (await lively.post(f"/orders/{order_id}/facts", Role.WAREHOUSE, json=fact)).status_code == 202
        await lively.until(order_id, lambda told: told["stage"] == "labelled")
    codes = (("YT1234567890", "pick"), (told["parcel"], "pack"), (told["parcel"], "ship"))
    answers = [words(await scanned(lively, a_scan(*code)))[0][1:] for code in codes]

    assert answers == [("accepted", None)] * 3
    shipped = await lively.until(order_id, lambda told: told["stage"] == "shipped")
    assert [(one["id"], one["courier"], one["waybill"]) for one in shipped["parcels"]] == [
        (told["parcel"], "kuaidi100.yto", "YT1234567890")
    ]
    record = await lively.tools.orders.get(order_id)
    assert {case.deadline for case in record.order.cases if case.closed_at} == {"by_hand"}


async def test_the_orders_page_leads_to_the_template_while_its_case_is_open(lively):
    for courier in lively.parties.couriers:
        courier.moods["label"] = refuses
    order_id = await lively.living("allocated")
    told = await lively.until(order_id, lambda told: told["is_overdue"])
    page = f"/board/orders/{order_id}"
    await sign_in(lively, Role.OPS)
    shown = (await lively.client.get(page)).text

    assert f'href="{page}/boxes/{told["boxes"][0]["id"]}/template"' in shown


async def test_another_shop_learns_nothing(door):
    await keep(door)
    answer = await door.get(template(), None, headers={"authorization": f"Bearer {OTHER_SHOP}"})

    assert answer.status_code == 403

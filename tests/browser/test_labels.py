"""A label written by hand: found from its order, printed, and said where it went."""

import re

import pytest

from models.case import Role
from tests.api.conftest import relaying
from tests.browser.conftest import DESK, PHONE
from tests.others import refuses
from tests.store.makings import a_contact

MILLIMETRE, POINT = 96 / 25.4, 72 / 25.4  # in CSS pixels, and in those of a PDF
SHEET = re.compile(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]")


async def refused_everywhere(lively, **changes):
    for courier in lively.parties.couriers:
        courier.moods["label"] = refuses
    order_id = await lively.living(**changes)
    if "paying" not in changes:
        await lively.pay(order_id)
    await lively.until(order_id, lambda told: told["is_overdue"])
    return order_id


async def test_a_label_is_written_on_a_phone_from_the_orders_page_and_the_order_goes_on(lively, visiting):
    order_id = await refused_everywhere(lively)
    async with relaying(lively.tools), visiting(lively, viewport=PHONE) as visit:
        await visit.sign_in(Role.WAREHOUSE)
        await visit.go(f"/board/orders/{order_id}")
        await visit.page.click("text=Write the label by hand")
        label = await visit.text(".label")
        assert "13800138000" in label
        assert "文三路 9 号 3 幢 502" in label
        assert "TEA-250" in label
        assert not await visit.is_too_wide()
        assert await visit.page.locator("[name=courier] option").all_inner_texts() == ["SF Express", "YTO · Kuaidi100"]
        await visit.page.fill("[name=waybill]", "yt1234567890")
        await visit.page.select_option("[name=courier]", "kuaidi100.yto")
        await visit.page.click("text=This is its waybill")

        assert "It is written down" in await visit.text(".said")
        (parcel,) = (await lively.until(order_id, lambda told: told["parcels"]))["parcels"]
        assert (parcel["courier"], parcel["waybill"]) == ("kuaidi100.yto", "YT1234567890")
        await visit.page.reload()
        assert await visit.page.locator("text=Write the label by hand").count() == 0
        assert (visit.complaints, visit.abroad) == ([], [])


async def test_what_is_no_waybill_does_not_leave_the_page(lively, visiting):
    order_id = await refused_everywhere(lively)
    async with visiting(lively, viewport=PHONE, locale="zh-CN") as visit:
        await visit.sign_in(Role.OPS)
        await visit.go(f"/board/orders/{order_id}")
        await visit.page.click("text=手工打单 >> nth=-1")
        here = visit.page.url
        await visit.page.fill("[name=waybill]", "SF 12-34")
        await visit.page.click("text=登记运单号")

        assert visit.page.url == here
        assert await visit.page.eval_on_selector("[name=waybill]", "field => field.validity.patternMismatch")


LONG = "文三路 477 号华星科技大厦（近教工路口）3 幢 2 单元 1502 室，放门口鞋柜，"


@pytest.mark.parametrize("viewport", [PHONE, DESK])
@pytest.mark.parametrize("address", [LONG, 4 * LONG, 6 * LONG])
async def test_on_paper_there_is_the_label_alone_on_one_sheet(lively, visiting, viewport, address):
    receiver = a_contact(name="欧阳明日香", address=address).model_dump()
    order_id = await refused_everywhere(lively, paying="on_delivery", receiver=receiver)
    async with visiting(lively, viewport=viewport) as visit:
        await visit.sign_in(Role.WAREHOUSE)
        await visit.go(f"/board/orders/{order_id}")
        await visit.page.click("text=Write the label by hand")
        await visit.page.evaluate("print = () => { document.title = 'printed' }")
        await visit.page.click("[data-prints]")
        sheets = SHEET.findall(await visit.page.pdf(prefer_css_page_size=True))
        await visit.page.emulate_media(media="print")
        barcode = await visit.page.locator(".barcode").bounding_box()

        assert await visit.page.title() == "printed"
        assert [tuple(round(float(side) / POINT) for side in sheet) for sheet in sheets] == [(100, 150)]
        assert not await visit.page.locator(".top, .screen").filter(visible=True).count()
        assert "¥199.00" in await visit.text(".label")
        assert barcode["width"] / MILLIMETRE == pytest.approx(308 / 4, abs=0.1)
        assert visit.complaints == []

"""The pages as people meet them: signed in, at a desk and on a phone, in both languages."""

from datetime import UTC, datetime, timedelta

import pytest

from models.case import Case, Owner, Role
from models.stage import Stage
from tests.browser.conftest import PHONE


def late(nth, hours):
    story, opened = f"web/demo/LATE{nth}", datetime.now(UTC) - timedelta(hours=hours)
    case = Case(story=story, deadline="unpicked", since=opened, rung=Owner.LEAD, role=Role.WAREHOUSE, opened_at=opened)
    return {"id": story, "business_no": f"LATE{nth}", "cases": (case,)}


async def with_orders(door):
    await door.keep(id="web/demo/NEW1", business_no="NEW1", received_at=datetime.now(UTC))
    await door.keep(Stage.PACKED, id="web/demo/PACKED1", business_no="PACKED1")
    for nth, hours in enumerate((1, 9)):
        await door.keep(Stage.LABELLED, **late(nth, hours))


async def test_a_wrong_key_is_told_and_the_right_one_opens_the_board(door, visiting):
    async with visiting(door) as visit:
        await visit.sign_in(key="a guess")
        assert await visit.text("[role=alert]") == "Nobody has this key."

        await visit.sign_in()
        assert visit.page.url == visit.address + "/"
        (cookie,) = [one for one in await visit.page.context.cookies() if one["name"] == "oms_session"]
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


async def test_the_board_draws_where_orders_stand_and_shows_the_most_overdue_first(door, visiting):
    await with_orders(door)
    async with visiting(door) as visit:
        await visit.sign_in(Role.OPS)

        counts = await visit.page.locator(".pipe.wide .count").all_text_contents()
        assert counts == ["1", "0", "0", "0", "2", "0", "1", "0", "0", "0", "0", "0", "0"]
        assert await visit.page.locator(".late .number").all_inner_texts() == ["LATE1", "LATE0"]
        assert "late by 9 h" in await visit.text(".late li:first-child")
        link = await visit.page.locator(".late .out").first.get_attribute("href")
        assert link.endswith("/workflows/order%2Fweb%2Fdemo%2FLATE1")
        assert (visit.complaints, visit.abroad) == ([], [])


async def test_the_board_speaks_the_readers_language_and_keeps_the_chosen_one(door, visiting):
    async with visiting(door, locale="zh-CN") as visit:
        await visit.sign_in()
        assert "没有超时订单" in await visit.text("main")

        await visit.page.click("text=English")
        assert "Nothing is overdue" in await visit.text("main")
        await visit.go("/")
        assert "Nothing is overdue" in await visit.text("main")


async def test_the_board_keeps_itself_fresh(door, visiting):
    async with visiting(door) as visit:
        await visit.page.clock.install()
        await visit.sign_in()
        await door.keep(id="web/demo/NEW2", business_no="NEW2", received_at=datetime.now(UTC))

        await visit.page.clock.run_for(6000)
        await visit.page.wait_for_selector(".rows >> text=NEW2")


async def test_one_order_is_found_by_a_phone_that_stands_in_no_address(door, visiting):
    await with_orders(door)
    await door.keep(id="web/demo/X1", business_no="X1", contact=False)
    async with visiting(door) as visit:
        await visit.sign_in(Role.SERVICE)
        await visit.page.fill("[name=q]", "PACKED")
        await visit.page.click(".find button")

        assert visit.page.url.endswith("/board/orders/web/demo/PACKED1")
        await visit.page.fill("[name=q]", "138 0013 8000")
        await visit.page.click(".find button")
        assert visit.page.url == visit.address + "/board/search"
        assert "NEW1" in await visit.text(".rows")
        assert "X1" not in await visit.text(".rows")


async def test_a_button_is_a_wish_and_its_answer_is_shown(lively, visiting):
    order_id = await lively.living("labelled")
    async with visiting(lively) as visit:
        await visit.sign_in(Role.OPS)
        await visit.go(f"/board/orders/{order_id}")
        assert await visit.page.locator(".way.wide .here .name").text_content() == "labelled"
        await visit.page.click(".wish.hold button")

        assert await visit.text(".said") == "Done."
        await lively.until(order_id, lambda told: told["hold"])
        await visit.page.reload()
        await visit.page.click(".wish.release button")
        assert await visit.text(".said") == "Done."
        assert (visit.complaints, visit.abroad) == ([], [])


async def test_a_refused_wish_says_why(lively, visiting):
    order_id = await lively.living("labelled")
    async with visiting(lively, locale="zh-CN") as visit:
        await visit.sign_in(Role.OPS)
        await visit.go(f"/board/orders/{order_id}")
        await lively.post(f"/orders/{order_id}/wishes", json={"kind": "hold"})
        await visit.page.click(".wish.hold button")

        assert await visit.text(".said") == "被拒绝 订单已挂起。"


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
async def test_everything_fits_on_a_phone(lively, visiting, locale):
    order_id = await lively.living("labelled")
    await with_orders(lively)
    async with visiting(lively, viewport=PHONE, locale=locale) as visit:
        await visit.go("/login")
        assert not await visit.is_too_wide()
        await visit.sign_in()
        assert not await visit.is_too_wide()
        assert await visit.page.locator(".pipe.narrow").is_visible()
        assert not await visit.page.locator(".pipe.wide").is_visible()
        await visit.go(f"/board/orders/{order_id}")
        assert not await visit.is_too_wide()
        heights = await visit.page.locator(".wish > button:visible").evaluate_all("all => all.map(b => b.offsetHeight)")
        assert heights
        assert min(heights) >= 40  # a thumb's width
        assert visit.complaints == []


async def test_the_story_in_temporal_can_be_reached_from_a_phone(door, visiting):
    await door.keep(Stage.LABELLED, **late(0, 1))
    async with visiting(door, viewport=PHONE) as visit:
        await visit.sign_in()
        await visit.page.click(".late .number")

        assert await visit.page.locator(".head .out").is_visible()

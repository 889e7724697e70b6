"""The pages as people meet them: signed in, at a desk and on a phone, in both languages."""

from datetime import UTC, datetime, timedelta

import pytest

from models.case import Case, Owner, Role
from models.errand import State, What
from models.noun import Money
from models.order import Flag
from models.policy import Policy
from models.stage import Stage
from tests.browser.conftest import DESK, PHONE
from tests.builders import after, an_errand, an_order, delivered, paid, ready, tracked

PDA = {"width": 360, "height": 640}  # a scanner of five inches
THUMB = 44  # CSS pixels
TOUCHED = "a, button, select, summary, input:not([type=hidden])"
SIDES = """all => all.filter(one => one.checkVisibility()).map(one => {
  const box = one.getBoundingClientRect();
  return [one.textContent.trim() || one.name, Math.round(box.width), Math.round(box.height)];
})"""


async def put(door, order, stage=None):
    """An order that told of itself, as it is."""
    fields = {name: getattr(order, name) for name in type(order).model_fields}
    await door.keep(stage, **(fields | {"version": 1, "destination": "330106"}))


async def too_small(visit):
    sides = await visit.page.locator(TOUCHED).evaluate_all(SIDES)
    assert sides
    return [one for one in sides if min(one[1:]) < THUMB]


def on_its_way(now):
    """Refused by one courier, taken by another, out for delivery, and a code said that somebody has it."""
    began, number = now - timedelta(hours=3), "WAY1"
    order = ready(id=f"web/demo/{number}", business_no=number, received_at=began)
    refused = an_errand(order, What.LABEL, state=State.REFUSED, round=9, code="refused_8252", party="kuaidi100.yto")
    order = order.model_copy(update={"errands": (*order.errands, refused)})
    out = tracked(f"{number}-label-1", "out_for_delivery", at=now - timedelta(minutes=8))
    signed = delivered(f"{number}-label-1", at=now - timedelta(minutes=5), proof="electronic")
    return after(order, out, signed, heard_at=now)


def late(nth, hours):
    story, opened = f"web/demo/LATE{nth}", datetime.now(UTC) - timedelta(hours=hours)
    case = Case(story=story, deadline="unpicked", since=opened, rung=Owner.LEAD, role=Role.WAREHOUSE, opened_at=opened)
    return {"id": story, "business_no": f"LATE{nth}", "cases": (case,)}


async def with_orders(door):
    await door.keep(id="web/demo/NEW1", business_no="NEW1", received_at=datetime.now(UTC))
    await door.keep(Stage.PACKED, id="web/demo/PACKED1", business_no="PACKED1")
    for nth, hours in enumerate((1, 9)):
        await door.keep(Stage.LABELLED, **late(nth, hours))


async def test_what_is_overdue_is_red_at_every_stage(door, visiting):
    for nth, stage in enumerate((Stage.LABELLED, Stage.STOPPING)):
        await door.keep(stage, **late(nth, 1))
    async with visiting(door) as visit:
        await visit.sign_in(Role.OPS)
        bars = visit.page.locator(".pipe.wide .bar.late")

        colours = await bars.evaluate_all("bars => bars.map((bar) => getComputedStyle(bar).fill)")
        assert len(colours) == 2
        assert set(colours) == {"rgb(194, 39, 45)"}


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


async def test_what_cannot_be_taken_back_is_asked_about_first(lively, visiting):
    order_id = await lively.living("labelled")
    async with visiting(lively, viewport=PDA, locale="zh-CN") as visit:
        await visit.sign_in(Role.OPS)
        await visit.go(f"/board/orders/{order_id}")
        asked = []
        visit.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss())[1])
        await visit.page.click(".wish.cancel button")
        assert asked == ["取消订单: 确定吗？无法撤回。"]
        assert await visit.page.locator(".said").count() == 0

        visit.page.once("dialog", lambda dialog: dialog.accept())
        await visit.page.click(".wish.cancel button")
        assert await visit.text(".said") == "已执行。"


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


@pytest.mark.parametrize(
    ("locale", "phrases"),
    [
        ("en-US", ("out for delivery", "signed for electronic only", "refused 8252", "YTO · Kuaidi100", "+3 min")),
        ("zh-CN", ("派送中", "快递签收 仅电子签收", "被拒绝 8252", "圆通 · 快递100", "+3 分钟")),
    ],
)
async def test_the_timeline_speaks_in_phrases_and_says_how_long_after_the_last(door, visiting, locale, phrases):
    await put(door, on_its_way(datetime.now(UTC)))
    async with visiting(door, locale=locale) as visit:
        await visit.sign_in(Role.SERVICE)
        await visit.go("/board/orders/web/demo/WAY1")
        words = await visit.text("main")

        assert [phrase for phrase in phrases if phrase not in words] == []
        assert "out_for_delivery" not in words
        assert "refused_8252" not in words
        assert all(
            len(time.split()[0]) == len("12:00:00") for time in await visit.page.locator(".line time").all_inner_texts()
        )


async def test_the_longest_no_fits_on_a_scanner(door, visiting):
    order = on_its_way(datetime.now(UTC))
    longest = an_errand(order, What.REFUND, state=State.REFUSED, code="refund_abnormal", party="wechat")
    await put(door, order.model_copy(update={"errands": (*order.errands, longest)}))
    async with visiting(door, viewport=PDA) as visit:
        await visit.sign_in(Role.OPS)
        await visit.go("/board/orders/web/demo/WAY1")

        assert "the customer's card does not take it" in await visit.text(".line")
        assert not await visit.is_too_wide()


async def test_whoever_approves_sees_why_somebody_must(door, visiting):
    strict = Policy(review_flags=True, approval_limit=Money(minor=15000))
    order = an_order(id="web/demo/LOOK1", business_no="LOOK1", policy=strict, flags=(Flag.UNPAID_THRICE,))
    await put(door, after(order, paid()))
    async with visiting(door) as visit:
        await visit.sign_in(Role.FINANCE)
        await visit.go("/board/orders/web/demo/LOOK1")
        flags = await visit.text(".flags")

        assert "three unpaid orders from this phone within an hour" in flags
        assert "reaches the shop's limit (¥150.00)" in flags
        assert await visit.page.locator(".wish.approve button").is_visible()


async def test_an_empty_board_says_what_to_do_next(door, visiting):
    async with visiting(door, viewport=PDA) as visit:
        await visit.sign_in()
        assert "No order has come in yet. Next: a shop sends its first one" in await visit.text("main")
        await visit.page.fill("[name=q]", "NOBODY")
        await visit.page.click(".find button")
        assert "An order number may be cut short" in await visit.text("main")


@pytest.mark.parametrize("viewport", [PDA, DESK])
async def test_a_full_board_is_still_a_board(door, visiting, viewport):
    for nth in range(60):
        await door.keep(Stage.LABELLED, **late(nth, nth + 1), contact=False)
    async with visiting(door, viewport=viewport, locale="zh-CN") as visit:
        await visit.sign_in(Role.OPS)

        assert await visit.page.locator(".late .number").count() == 25
        assert await visit.text(".late li:first-child .number") == "LATE59"
        assert "25 / 60 已显示" in await visit.text("main")
        assert not await visit.is_too_wide()


async def test_whatever_is_touched_is_as_large_as_a_thumb(lively, visiting):
    order_id = await lively.living("labelled")
    await with_orders(lively)
    async with visiting(lively, viewport=PDA) as visit:
        await visit.go("/login")
        small = await too_small(visit)
        await visit.sign_in()
        for path in ("/", f"/board/orders/{order_id}"):
            await visit.go(path)
            small += await too_small(visit)

        assert small == []


async def test_who_uses_only_keys_sees_where_they_are(door, visiting):
    async with visiting(door) as visit:
        await visit.sign_in()
        for _ in range(4):
            await visit.page.keyboard.press("Tab")
            focus = "getComputedStyle(document.activeElement)"
            assert await visit.page.evaluate(f"[{focus}.outlineStyle, {focus}.outlineWidth]") == ["solid", "2px"]

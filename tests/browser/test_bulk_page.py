"""One wish for many orders as people meet it: planned, confirmed by somebody else, watched, paused, read to the end."""

import pytest
from sqlalchemy import text

from models.bulk import BulkState, Ending, Fate, Mark
from models.case import Role
from models.stage import Stage
from tests.browser.test_pages import PDA, SIDES, THUMB, too_small

LOCALES = ("en-US", "zh-CN")
BY_THEIR_WORDS = ("kind", "overdue")  # fields that are touched by their labels


async def some_orders(door, count=3, destination="650102"):
    for nth in range(count):
        number = f"B{destination[:2]}{nth:03}"
        await door.keep(Stage.LABELLED, id=f"web/demo/{number}", business_no=number, destination=destination)


async def choose(visit, kind, **fields):
    await visit.go("/board/bulk")
    for name, word in fields.items():
        await visit.page.locator(f"[name={name}]").select_option(word)
    await visit.page.click(f"label[for=kind-{kind}]")
    await press(visit, ".steps button.main")


async def press(visit, button):
    """Until the next page is there with all its looks."""
    async with visit.page.expect_navigation():
        await visit.page.click(button)


async def half_way(door, bulk):
    """As its hand leaves it: some granted, some refused, one silent for good."""
    async with door.tools.db.begin() as conn:
        await conn.execute(text("UPDATE bulk_rows SET attempts = 2"))
    fates = [Ending(n=n, fate=Fate.GRANTED) for n in range(1, 8)]
    fates += [Ending(n=8, fate=Fate.REFUSED, code="already_held"), Ending(n=9, fate=Fate.WAITING, code="story_silent")]
    await door.tools.bulks.settle(bulk, fates)


async def test_counted_shown_and_begun_by_another_person(door, visiting):
    await some_orders(door)
    await some_orders(door, destination="330106")
    strict = door.with_terms(alone=1)
    async with visiting(strict) as visit:
        await visit.sign_in(Role.OPS)
        await choose(visit, "amend_policy", province="65", reason="weather")
        address = visit.page.url

        assert await visit.text(".counted strong") == "3"
        assert await visit.page.locator(".rows .number").all_inner_texts() == ["B65000", "B65001", "B65002"]
        assert "Change a time limit deliver within +4 d" in await visit.text(".why")
        assert "Xinjiang" in await visit.text(".chips")
        assert "Somebody else must confirm" in await visit.text(".second")
        assert await visit.page.locator("form[action$=confirm]").count() == 0
        async with visiting(strict) as other:
            await other.sign_in(Role.ADMIN)
            await other.go(address.removeprefix(visit.address))
            other.page.on("dialog", lambda dialog: dialog.accept())
            await press(other, "form[action$=confirm] button")

            assert "admin" in await other.text("main dl")
            assert await other.text(".legend li:last-child") == "waiting 3"
            assert (other.complaints, other.abroad) == ([], [])


async def test_what_is_wrong_is_marked_and_nothing_that_was_chosen_is_lost(door, visiting):
    async with visiting(door, locale="zh-CN") as visit:
        await visit.sign_in(Role.OPS)
        await visit.go("/board/bulk")
        await visit.page.locator("[name=own_word]").evaluate("field => field.removeAttribute('pattern')")
        await visit.page.fill("[name=own_word]", "张三 13800138000")
        await visit.page.locator("[name=stage]").select_option("shipped")
        await visit.page.click(".steps button.main")

        assert await visit.text("[role=alert]") == "表单填写有误。"
        assert await visit.page.locator(".wrong [name=own_word]").count() == 1
        assert await visit.page.locator("[name=stage]").input_value() == "shipped"
        assert (await door.get("/bulk", Role.OPS)).json()["rows"] == []


async def test_its_progress_is_a_picture_that_moves_and_its_report_a_list_and_a_file(door, visiting):
    await some_orders(door, 12)
    async with visiting(door) as visit:
        await visit.page.clock.install()
        await visit.sign_in(Role.OPS)
        visit.page.on("dialog", lambda dialog: dialog.accept())
        await choose(visit, "hold")
        await press(visit, "form[action$=confirm] button")
        assert await visit.page.locator(".shares .granted").count() == 0
        await half_way(door, 1)

        await visit.page.clock.run_for(4000)
        await visit.page.wait_for_selector(".shares .granted")
        legend = await visit.page.locator(".legend li").all_inner_texts()
        assert legend == ["granted 7", "refused 1", "was over already 0", "no answer 1", "waiting 3"]
        await visit.page.click(".tabs >> text=refused")
        assert await visit.page.locator(".fates .number").all_inner_texts() == ["web/demo/B65007"]
        assert "It is held already." in await visit.text(".fates")
        async with visit.page.expect_download() as coming:
            await visit.page.click("text=Download CSV")
        lines = (await (await coming.value).path()).read_text().splitlines()
        assert (len(lines), lines[8].split(",")[:4]) == (13, ["8", "web/demo/B65007", "refused", "already_held"])
        assert (visit.complaints, visit.abroad) == ([], [])


async def test_what_paused_by_itself_says_so_on_its_page_and_on_the_board(door, visiting):
    await some_orders(door)
    async with visiting(door) as visit:
        await visit.sign_in(Role.OPS)
        visit.page.on("dialog", lambda dialog: dialog.accept())
        await choose(visit, "hold")
        await press(visit, "form[action$=confirm] button")
        await door.tools.bulks.stand(Mark(bulk=1, state=BulkState.PAUSED, code="too_many_silent"))
        await visit.go("/")
        await visit.page.click(".incidents a")

        assert "It paused by itself: too many orders do not answer." in await visit.text("[role=alert]")
        assert await visit.page.locator(".buttons button").all_inner_texts() == ["Go on", "Stop for good"]
        await visit.page.click(".buttons >> text=Go on")
        assert "Nobody answered in time" in await visit.text(".said")  # this door's Temporal is away


@pytest.mark.parametrize("locale", LOCALES)
async def test_it_fits_on_a_scanner_and_every_finger(door, visiting, locale):
    await some_orders(door, 12)
    async with visiting(door, viewport=PDA, locale=locale) as visit:
        await visit.sign_in(Role.ADMIN)
        visit.page.on("dialog", lambda dialog: dialog.accept())
        small = []
        for kind in ("cancel", "amend_policy"):
            await choose(visit, kind, province="65")
            small += await too_small(visit)
            assert not await visit.is_too_wide()
        await press(visit, "form[action$=confirm] button")
        await half_way(door, 2)
        for path in ("/board/bulk/2", "/board/bulk"):
            await visit.go(path)
            small += await too_small(visit)
            assert not await visit.is_too_wide()

        assert [one for one in small if one[0] not in BY_THEIR_WORDS] == []
        sides = await visit.page.locator(".kind, .tick").evaluate_all(SIDES)
        assert min(side for one in sides for side in one[1:]) >= THUMB
        assert visit.complaints == []

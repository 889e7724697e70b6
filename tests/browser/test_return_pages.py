"""Returns and refunds as people meet them: agreed to, let go one by one or many at once, on a scanner too."""

import pytest

from api.pages.dictionary import WORDS
from models.case import Case, Owner, Role
from models.errand import State
from models.picture import NewPicture, Occasion
from models.wish import JudgeGoods
from store.returns import Returns
from tests.api.conftest import eventually, relaying
from tests.api.test_finance import several
from tests.api.test_return_pages import YES, asked, given, told, with_wish
from tests.api.test_returns import SCANNED, bought, decided, stands
from tests.api.test_returns import asked as asked_at_the_door
from tests.browser.conftest import DESK
from tests.browser.test_bulk_page import press
from tests.browser.test_pages import PDA, SIDES, THUMB, too_small
from tests.store.makings import contacts
from tests.store.shots import HEIC, JPEG
from tests.store.test_returns import LATER, put

BY_THEIR_LABELS = ("tick.", "overdue", "urgent", "all")  # fields that are touched by their labels


@pytest.fixture
async def lively(lively):
    """With somebody who carries what stories tell one another."""
    async with relaying(lively.tools):
        yield lively


async def answered(visit, button):
    await press(visit, button)
    return await visit.text(".said")


async def test_a_return_is_agreed_to_in_words_and_its_money_let_go_by_somebody_else(lively, visiting):
    order = await bought(lively)
    number = (await asked_at_the_door(lively, order)).json()["id"]
    async with visiting(lively) as visit:
        await visit.sign_in(Role.OPS)
        await visit.go(f"/board/orders/{order}")
        await press(visit, f"a[href='/board/returns/{number}']")
        assert await visit.page.locator(".way.wide .here .name").text_content() == "asked"
        visit.page.on("dialog", lambda dialog: dialog.accept())
        await visit.page.select_option(".decide.yes [name=word]", "approve_as_favour")
        assert await answered(visit, ".decide.yes button") == "Done."

        await stands(lively, number, "due")
        await visit.go(f"/board/returns/{number}")
        assert "agreed ops-1 (customer service)" in await visit.text(".steps-of")
        assert "this time we approve it as a favour" in await visit.text(".steps-of")
        assert await visit.page.locator(".wish.trigger").count() == 0
        async with visiting(lively, locale="zh-CN") as other:
            await other.sign_in(Role.FINANCE)
            await press(other, "nav a[href='/board/refunds']")
            assert await other.page.locator(".refunds .number").all_inner_texts() == [number]
            assert "1 已执行" in await answered(other, ".go button")
            await stands(lively, number, "refunded")
            await press(other, "a[href='/board/refunds?status=refunded']")
            assert "放款人 finance-1" in await other.text(".refunds")
            await press(other, ".refunds .number")
            assert await other.page.locator(".way.wide .here .name").text_content() == "已退款"
            assert await other.page.locator(".slice .done").count() == 1
            assert (other.complaints, other.abroad) == ([], [])
        assert (visit.complaints, visit.abroad) == ([], [])


async def test_many_are_ticked_and_each_is_answered_by_itself(lively, visiting):
    numbers = await several(lively, 3)
    for number in numbers:
        words = {"kind": "decide", "is_agreed": True, "word": "approve_refund"}
        by = Role.ADMIN if number == numbers[0] else Role.OPS
        await lively.post(f"/returns/{number}/wishes", by, json=words)
        await stands(lively, number, "due")
    async with visiting(lively) as visit:
        await visit.sign_in(Role.ADMIN)
        await visit.go("/board/refunds")
        assert await visit.page.locator(".go button").count() == 2
        await visit.page.check(f"[name='tick.{numbers[1]}']")
        await visit.page.select_option("[name=reason]", "looks_suspicious")
        assert await answered(visit, ".ticked [value=hold]") == "1 done"

        await visit.go("/board/refunds")
        await visit.page.check("[data-all]")
        said = await answered(visit, ".ticked [value=trigger]")
        assert said.startswith("1 done, 2 refused")
        assert f"{numbers[0]} You had a hand in it before" in said
        assert f"{numbers[1]} It is held" in said
        await stands(lively, numbers[2], "refunded")
        await eventually(lambda: is_held(lively, numbers[1]))
        await visit.go("/board/refunds")
        assert "held: looks suspicious" in await visit.text(".refunds")
        await visit.page.check(f"[name='tick.{numbers[0]}']")  # a row's own button is about that row alone
        assert await answered(visit, "[value^=release]") == "1 done"
        await visit.page.press("[name^='tick.']:enabled", "Enter")  # presses no button
        assert await visit.text(".said") == "1 done"
        assert await answered(visit, ".ticked [value=trigger]") == "Nothing is ticked."
        assert [one for one in visit.complaints if "422" not in one] == []


async def is_held(door, number):
    return (await door.get(f"/returns/{number}")).json()["held"]


async def test_service_refuses_goods_and_the_warehouse_says_on_the_page_with_whom_they_went_home(lively, visiting):
    number = (await asked_at_the_door(lively, await bought(lively), kind="return", why="defective")).json()["id"]
    await decided(lively, number, Role.OPS)
    seen = {"place": "east", "graded": [{"line": 0, "quantity": 1, "grade": "another"}]}
    fact = {"kind": "goods_inspected", "at": SCANNED, "body": seen}
    await lively.post(f"/returns/{number}/facts", Role.WAREHOUSE, json=fact)
    await stands(lively, number, "due")
    async with visiting(lively, viewport=PDA) as visit:
        visit.page.on("dialog", lambda dialog: dialog.accept())
        await visit.sign_in(Role.ADMIN)
        await visit.go(f"/board/returns/{number}")
        assert await visit.page.locator(".wish.judge_goods button").count() == 1
        await press(visit, ".wish.judge_goods button")
        await stands(lively, number, "refused")
        await visit.go(f"/board/returns/{number}")
        await visit.page.fill("[name=courier]", "sf")
        await visit.page.fill("[name=waybill]", "SF9")
        assert await answered(visit, ".wish.sent_home button") == "Noted: the goods are on their way home."
        await stands(lively, number, "sent_home")
        await visit.go(f"/board/returns/{number}")
        assert "sent home" in await visit.text(".head")
        assert await visit.page.locator(".wish.sent_home").count() == 0
        assert visit.complaints == []


NOT_ACCEPTED = JudgeGoods(by="wu", is_passed=False, word="refuse_goods")


async def some_returns(door, db):
    """One with pictures and a case, one whose money no provider gave back, one that is due, and one that goes home."""
    returns, first, second = Returns(db, contacts(db)), await asked(db), await asked(db)
    for content in (JPEG, HEIC):
        new = NewPicture(order=first.order, about=first.id, occasion=Occasion.REQUEST, by="web/demo")
        await door.tools.pictures.add(new, content)
    case = Case(story=first.id, deadline="undecided", since=LATER, rung=Owner.LEAD, role=Role.SERVICE, opened_at=LATER)
    to_look_at = case.model_copy(update={"deadline": "not_arrived"})
    await put(returns, first.model_copy(update={"cases": (case, to_look_at)}))
    await put(returns, given(told(told(with_wish(second, YES), 1), 2), State.GIVEN_UP))
    third, fourth = await asked(db), await asked(db)
    await put(returns, told(told(with_wish(third, YES), 1), 2))
    await put(returns, with_wish(told(told(with_wish(fourth, YES), 1), 2), NOT_ACCEPTED, 5))
    return [f"/board/returns/{one.id}" for one in (first, second, third, fourth)]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
async def test_pages_of_returns_fit_on_a_scanner_and_every_finger(door, db, visiting, locale):
    pages = [*await some_returns(door, db), "/board/returns", "/board/refunds", "/board/refunds?status=by_hand"]
    async with visiting(door, viewport=PDA, locale=locale) as visit:
        await visit.sign_in(Role.ADMIN)
        small, wide = [], []
        for path in pages:
            await visit.go(path)
            small += [one for one in await too_small(visit) if not one[0].startswith(BY_THEIR_LABELS)]
            sides = await visit.page.locator("label.tick").evaluate_all(SIDES)
            small += [one for one in sides if min(one[1:]) < THUMB]
            wide += [path] * await visit.is_too_wide()

        assert (small, wide, visit.complaints, visit.abroad) == ([], [], [], [])


async def test_what_a_customer_photographed_is_shown_and_a_case_can_be_closed(door, db, visiting):
    path = (await some_returns(door, db))[0]
    async with visiting(door, viewport=DESK) as visit:
        await visit.sign_in(Role.SERVICE)
        await visit.go(path)
        image = visit.page.locator(".album img")
        await image.scroll_into_view_if_needed()
        assert await image.is_visible()
        assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 16
        assert "HEIC Open the file" in await visit.text(".album")
        assert "somebody to decide on a return lead · customer service" in await visit.text(".incidents")
        waits, to_look_at = await visit.page.locator(".incidents li").all()
        assert await waits.locator("button").count() == 0  # it closes with the answer, and says so
        assert WORDS["return_refusal.answer_it"][0] in await waits.inner_text()
        assert await to_look_at.locator("button").count() == 1
        assert "Nobody answered in time" in await answered(visit, ".incidents button")  # this door's Temporal is away

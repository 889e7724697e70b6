"""The ramp as people work there: scan, keep, photograph, grade, and on to the next parcel, with one hand."""

from models.case import Role
from tests.api.conftest import relaying
from tests.api.test_returns import asked, bought, stands
from tests.browser.test_bulk_page import press
from tests.browser.test_pages import PDA, SIDES, THUMB
from tests.store.shots import JPEG, png

FINGERED = "label.shoot, .verdicts > label, .grade, .scan input, .scan button, .huge, .later, a.act, .settle button"
TWICE = """button => Promise.all([0, 1].map(() => fetch(button.form.action, {
  method: "POST", body: new URLSearchParams(new FormData(button.form)) }).then(answer => answer.url)))"""


async def awaited(door):
    """Two units on their way back, under the customer's own waybill, with what is wrong with them."""
    order = await bought(door)
    claims = [{"line": 0, "quantity": 2}]
    said = {"claims": claims, "note": "壶嘴裂了 — the spout is cracked"}
    number = (await asked(door, order, kind="return", why="defective", **said)).json()["id"]
    await door.post(f"/returns/{number}/pictures", Role.SERVICE, content=png())
    await stands(door, number, "approved")  # by the house: it is little, and shown
    told = {"kind": "goods_sent_back", "at": "2026-11-11T12:00:00+08:00", "body": {"courier": "sf", "waybill": "SF77"}}
    assert (await door.post(f"/returns/{number}/facts", Role.SERVICE, json=told)).status_code == 202
    await stands(door, number, "sent_back")
    return number


async def scanned(visit, code):
    """As a scanner types: the code, and Enter, wherever the cursor is, once the page has put it there."""
    await visit.page.wait_for_function("document.activeElement !== document.body")
    async with visit.page.expect_navigation():
        await visit.page.keyboard.type(code)
        await visit.page.keyboard.press("Enter")


async def photographed(visit, content, nth):
    await visit.page.set_input_files("input[type=file]", {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": content})
    image = visit.page.locator(".shots .album img").nth(nth)
    await image.wait_for()
    await visit.page.wait_for_function("!document.querySelector('.sending')")
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 16


async def fits(visit):
    """Every finger finds its button, in both languages."""
    path = visit.page.url.removeprefix(visit.address)
    for language in ("zh", "en"):
        await visit.go(f"{path}{'&' if '?' in path else '?'}lang={language}")
        sides = await visit.page.locator(FINGERED).evaluate_all(SIDES)
        assert ([one for one in sides if min(one[1:]) < THUMB], await visit.is_too_wide()) == ([], False)
    return True


async def test_a_parcel_is_kept_then_found_graded_and_photographed_once_and_the_field_waits_for_the_next(
    lively, visiting
):
    async with relaying(lively.tools), visiting(lively, viewport=PDA) as visit:
        number = await awaited(lively)
        await visit.sign_in(Role.WAREHOUSE)
        await press(visit, "nav a[href='/board/inspect']")
        await scanned(visit, "YT 99")  # no code has a space
        assert await visit.text(".said.bad") == "This is no code that can be on a parcel."
        await scanned(visit, "YT9900")
        assert await visit.text(".nobodys h1") == "Nobody expects this parcel"
        assert await fits(visit)
        await visit.page.fill("[name=note]", "two cups")
        await press(visit, ".nobodys button.huge")
        for nth, content in enumerate((JPEG, png())):
            await photographed(visit, content, nth)
        assert await fits(visit)
        await press(visit, "a.act.huge")
        await scanned(visit, "YT9900")
        assert (await visit.text("blockquote"), await visit.page.locator(".album img").count()) == ("two cups", 2)
        await visit.page.fill(".settle [name=code]", "SF77")
        await press(visit, "[value=assign]")
        assert number in await visit.text(".nobodys .said.good")
        await stands(lively, number, "arrived")

        await press(visit, "a.act.huge")
        await scanned(visit, "YT9900")  # what stands on the box leads to its return from now on
        assert await visit.text("blockquote") == "壶嘴裂了 — the spout is cracked"
        assert (int((await visit.text(".times"))[0]), await visit.page.locator(".complaint img").count()) == (2, 1)
        await photographed(visit, JPEG, 0)
        assert await fits(visit)
        await visit.page.click("label.part")
        await visit.page.fill("[name='part.0.as_new']", "1")
        await visit.page.fill("[name='part.0.worn']", "1")
        for part in ("lid", "cup"):
            await visit.page.type("[name='part.0.lacks']", part)
            await visit.page.press("[name='part.0.lacks']", "Enter")  # as a scanner ends what it reads
        answers = await visit.page.locator(".looking button.huge").evaluate(TWICE)
        assert ["said=inspected" in answer for answer in answers] == [True, True]
        await stands(lively, number, "due")
        await visit.go(answers[0].removeprefix(visit.address))
        assert await visit.page.evaluate("document.activeElement.id") == "code"
        await scanned(visit, number.lower())
        found = await visit.page.locator(".expected .chip").all_inner_texts()
        assert [one.split()[2:3] for one in found] == [["as"], ["worn"]]
        assert (visit.complaints, visit.abroad) == ([], [])

    matter = (await lively.tools.returns.get(number)).matter
    kinds = [fact.kind for fact in matter.facts]
    assert kinds == ["goods_sent_back", "goods_shown", "goods_arrived", "goods_inspected"]
    found = [(units.quantity, units.grade.value, units.missing) for units in matter.facts[-1].graded]
    assert found == [(1, "as_new", ()), (1, "worn", ("lid", "cup"))]
    album = await lively.tools.pictures.listing(matter.order, number)
    (mine,) = [picture for picture in album if picture.id in matter.facts[-1].pictures]
    assert (mine.occasion, mine.place, mine.taken_at is not None) == ("inspection", "east", True)

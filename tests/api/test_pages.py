"""Sessions, forms and what a role finds on its pages."""

import re
from datetime import UTC, datetime

import pytest

from api.pages import sessions
from api.pages.board import SHOWN
from models.case import Case, Owner, Role
from models.errand import State, What
from models.stage import Stage
from tests.api.conftest import SECRETS
from tests.builders import NOON, after, an_errand, an_order, paid, reserved

FORM = {"content-type": "application/x-www-form-urlencoded"}
SHEET = "/board/orders/web/demo/N1"


async def sign_in(door, role=Role.ADMIN):
    door.client.cookies.clear()
    answer = await door.client.post("/login", data={"key": SECRETS[role]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = (await door.client.get("/")).text
    return re.search(r'name="token" value="([^"]+)"', page)[1]


async def test_a_session_is_a_signed_cookie_that_no_script_reads_and_no_other_site_sends(door):
    await sign_in(door)
    answer = await door.client.post("/login", data={"key": SECRETS[Role.ADMIN]})

    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert SECRETS[Role.ADMIN] not in cookie


async def test_over_https_the_cookie_travels_nowhere_else(door):
    secure = door.with_terms(is_secure=True)
    async with secure.client:
        answer = await secure.client.post("/login", data={"key": SECRETS[Role.ADMIN]})

    assert "; secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("cookie", ["", "nonsense", "WyJhIiwiYiJd.x.y"])
async def test_a_cookie_that_is_not_ours_opens_nothing(door, cookie):
    answer = await door.client.get("/", headers={"cookie": f"oms_session={cookie}"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def test_a_session_ends_with_its_shift_its_key_and_its_button(door, monkeypatch):
    token = await sign_in(door)
    assert (await door.client.get("/")).status_code == 200

    fewer = door.with_terms(keys=door.tools.terms.keys[1:])
    async with fewer.client:
        fewer.client.cookies.update(door.client.cookies)
        assert (await fewer.client.get("/")).status_code == 303
    with monkeypatch.context() as later:
        later.setattr(sessions, "LASTS", -1)
        assert (await door.client.get("/")).status_code == 303
    await door.client.post("/logout", data={"token": token})
    assert (await door.client.get("/")).status_code == 303


async def test_guessing_at_the_form_ends_in_patience(door):
    for _ in range(20):
        assert (await door.client.post("/login", data={"key": "guess"})).status_code == 401
    answer = await door.client.post("/login", data={"key": "guess"})

    assert (answer.status_code, "Too many attempts" in answer.text) == (429, True)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_form_of_another_site_is_not_taken(door, site):
    token = await sign_in(door)
    headers = FORM | {"sec-fetch-site": site}

    for path, words in (("/login", {"key": SECRETS[Role.ADMIN]}), ("/logout", {"token": token})):
        assert (await door.client.post(path, data=words, headers=headers)).status_code == 403


@pytest.mark.parametrize("path", ["/logout", "/board/search", f"{SHEET}/wishes"])
@pytest.mark.parametrize("token", ["", "guess", "ü"])
async def test_a_form_without_its_sessions_token_is_not_taken(door, path, token):
    await door.keep(id="web/demo/N1")
    await sign_in(door)

    answer = await door.client.post(path, data={"token": token, "kind": "hold", "q": "N1"})
    assert (answer.status_code, "too long" in answer.text) == (403, True)


async def test_a_page_that_is_not_there_is_a_page(door):
    await sign_in(door)
    answer = await door.client.get("/board/orders/web/demo/NOTHING?lang=zh")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "出错了" in answer.text
    assert "没有这个订单" in answer.text


async def test_a_shop_sees_its_own_orders_and_no_counts_of_the_house(door):
    await door.keep(id="web/demo/MINE", business_no="MINE")
    await door.keep(id="web/other/THEIRS", business_no="THEIRS")
    token = await sign_in(door, Role.SHOP)
    page = (await door.client.get("/")).text

    assert "MINE" in page
    assert "THEIRS" not in page
    assert 'class="pipe' not in page
    assert (await door.client.get("/board/orders/web/other/THEIRS")).status_code == 404
    assert "THEIRS" not in (await door.client.post("/board/search", data={"token": token, "q": "THEIRS"})).text


async def test_more_overdue_orders_than_the_list_shows_are_all_counted(door):
    for nth in range(SHOWN + 2):
        late = Case(story=f"web/demo/L{nth}", deadline="unpicked", since=NOON, opened_at=NOON, rung=Owner.OWNER)
        await door.keep(Stage.LABELLED, id=late.story, business_no=f"L{nth}", cases=(late,), contact=False)
    pages = [await sign_in(door, role) and (await door.client.get("/")).text for role in (Role.OPS, Role.SHOP)]

    assert "<strong>27</strong><span>overdue</span>" in pages[0]
    assert "<title>27 overdue</title>" in pages[0]
    assert ["25 / 27 shown" in page for page in pages] == [True, True]


async def test_a_shop_is_led_to_no_page_of_the_house(door):
    await door.keep(id="web/demo/MINE", business_no="MINE")
    pages = ("/", "/board/orders/web/demo/MINE")
    await sign_in(door, Role.SHOP)
    theirs = [(await door.client.get(page)).text for page in pages]
    await sign_in(door, Role.OPS)
    ours = [(await door.client.get(page)).text for page in pages]

    assert ["temporal.example" in page for page in (*theirs, *ours)] == [False, False, True, True]


async def test_a_page_shows_no_more_of_a_person_than_the_role_may_see(door):
    await door.keep(id="web/demo/N1")
    await sign_in(door, Role.FINANCE)
    finance = (await door.client.get(SHEET)).text
    await sign_in(door, Role.WAREHOUSE)
    warehouse = (await door.client.get(SHEET)).text

    assert "13800138000" not in finance
    assert "13800138000" in warehouse


async def test_a_page_offers_only_what_the_role_may_do(door):
    await door.keep(id="web/demo/N1")
    await sign_in(door, Role.WAREHOUSE)
    page = (await door.client.get(SHEET)).text

    assert set(re.findall(r'name="kind" value="(\w+)"', page)) == {"hold"}


async def test_a_retry_of_a_label_that_may_exist_says_that_it_is_the_label(door):
    order = reserved(after(an_order(), paid()))
    lost = an_errand(order, What.LABEL, order.boxes[0].id, State.LOST)
    known = {name: getattr(order, name) for name in ("payments", "boxes")}
    await door.keep(id="web/demo/N1", **known, errands=(*order.errands, lost))
    await sign_in(door)
    page = (await door.client.get(SHEET)).text

    form = re.search(r'<form class="wish retry".*?</form>', page, re.DOTALL)[0]
    assert re.findall(r'<option value="(\w*)">', form) == ["label", ""]


async def test_nothing_of_an_address_is_written_on_a_page(door):
    await door.keep(id="web/demo/N1")
    await sign_in(door)
    page = (await door.client.get(f"{SHEET}?said=<b>you+won</b>&code=call+me")).text

    assert "you won" not in page
    assert "call me" not in page


async def test_pages_need_nothing_from_elsewhere(door):
    await door.keep(id="web/demo/N1", received_at=datetime.now(UTC))
    await sign_in(door)
    for path in ("/", SHEET, "/login"):
        page = (await door.client.get(path)).text
        sources = re.findall(r'(?:src|href|action)="([^"]+)"', page)
        assert [one for one in sources if "//" in one and not one.startswith("http://temporal.example/")] == []
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick=" not in page


async def test_pages_without_an_address_of_temporal_link_nowhere(door):
    await door.keep(id="web/demo/N1")
    plain = door.with_terms(temporal_ui="")
    async with plain.client:
        await sign_in(plain)
        assert "↗" not in (await plain.client.get("/")).text + (await plain.client.get(SHEET)).text


async def test_while_temporal_is_away_a_button_says_to_press_again(door):
    await door.keep(id="web/demo/N1")
    token = await sign_in(door)
    answer = await door.client.post(f"{SHEET}/wishes", data={"token": token, "kind": "hold", "key": "k1"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{SHEET}?said=unanswered")


async def test_every_stage_can_be_drawn(door):
    await sign_in(door)
    for nth, stage in enumerate(Stage):
        await door.keep(stage, id=f"web/demo/S{nth}", business_no=f"S{nth}")
        assert (await door.client.get(f"/board/orders/web/demo/S{nth}")).status_code == 200
    assert (await door.client.get("/")).status_code == 200

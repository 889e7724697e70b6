"""Pages of returns and refunds: what each role finds there, and what no page shows or does."""

import re
from datetime import timedelta
from html import unescape

from sqlalchemy import text as text_of

from models.approval import Step
from models.case import Case, Hold, Owner, Role
from models.errand import State, What
from models.fact import Telling
from models.noun import Money
from models.picture import NewPicture, Occasion
from models.returns import Instead, Kind, Level, Share, Why
from models.rma import Assessed, Denied, Part, ReturnStage
from models.wish import Decide, GiveUp, Lapse, RefuseRefund, Trigger, Withdraw
from rules.return_permissions import granted
from rules.return_stages import stage_of
from rules.rmas import hear
from store.return_lists import ReturnFilter
from store.returns import Returns
from tests.api.test_pages import sign_in
from tests.builders import an_errand
from tests.store.makings import contacts
from tests.store.shots import JPEG
from tests.store.test_returns import LATER, bought, put, wanted

NOBODYS = "/board/returns/0000000000000000-R1"
MOVE = "UPDATE returns SET shop = 'web/other', seed = seed || '{\"order\": \"web/other/N1\"}' WHERE id = :id"
ONE_LEVEL = (Step(levels=(Level.SERVICE,)),)
YES = Decide(by="ops-1", role=Role.OPS, is_agreed=True, word="approve_return")
BY_THE_WAREHOUSE = (
    ("goods_sent_back", "channel", {"courier": "sf", "waybill": "SF1"}),
    ("goods_arrived", "warehouse", {"place": "east"}),
    ("goods_inspected", "warehouse", {"place": "east", "graded": [{"line": 0, "quantity": 1, "grade": "worn"}]}),
    ("goods_sent_home", "warehouse", {"courier": "sf", "waybill": "SF9"}),
)


async def asked(db, **fields):
    """A return that waits for one yes of customer service."""
    made, _ = await Returns(db, contacts(db)).ask(wanted(await bought(db), kind=Kind.RETURN, **fields))
    return made.model_copy(update={"steps": ONE_LEVEL, "received_at": LATER})


def with_wish(matter, wish, hours=1):
    return granted(matter, wish, LATER + timedelta(hours=hours))


def told(matter, nth):
    kind, source, body = BY_THE_WAREHOUSE[nth]
    at = LATER + timedelta(hours=2 + nth)
    return hear(matter, Telling(kind=kind, source=source, id=kind, at=at, body=body), at)


def given(matter, state):
    """Its money is let go, and this became of it."""
    part = Part(transaction="tx1", bill=None, party="wechat", whole=Money(minor=3000), amount=Money(minor=700))
    shares = (Share(what="goods", line=0, amount=Money(minor=1000)), Share(what="wear", amount=Money(minor=-300)))
    at = LATER + timedelta(hours=6)
    errand = an_errand(matter, What.REFUND, "tx1", state, "wechat", began_at=at, ended_at=at, amount=part.amount)
    assessed = Assessed(shares=shares, parts=(part,), at=at)
    return with_wish(matter, Trigger(by="finance-1"), 5).model_copy(update={"assessed": assessed, "errands": (errand,)})


def every_stage(matter):
    """One return at each stage there is, as it comes there."""
    agreed = with_wish(matter, YES)
    sent, arrived = told(agreed, 0), told(told(agreed, 0), 1)
    due = told(arrived, 2)
    stopped = (
        with_wish(matter, YES.model_copy(update={"is_agreed": False, "word": "refuse_used"})),
        with_wish(matter, Withdraw(by="web/demo")),
        with_wish(agreed, Lapse(by="clock"), 2),
        with_wish(due, RefuseRefund(by="finance-1", word="not_owed"), 5),
        told(with_wish(due, RefuseRefund(by="finance-1", word="not_owed"), 5), 3),
    )
    going = (with_wish(due, Trigger(by="finance-1"), 5), given(due, State.DONE), given(due, State.GIVEN_UP))
    swap = matter.model_copy(
        update={"kind": Kind.EXCHANGE, "why": Why.DEFECTIVE, "instead": (Instead(line=0, sku="cup"),)}
    )
    passed = told(told(with_wish(swap, YES), 1), 2)
    order = an_errand(passed, What.REPLACE, passed.id, State.DONE, "house", reference="web/demo/N1-X1", ended_at=LATER)
    goods = (passed, passed.model_copy(update={"errands": (order,)}))
    return (matter, agreed, sent, arrived, due, *going, *goods, *stopped)


async def text(door, path):
    answer = await door.client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


async def test_what_goes_back_is_what_was_decided_also_where_that_is_nothing(door, db):
    returns, matter = Returns(db, contacts(db)), await asked(db)
    nothing = Assessed(shares=(), parts=(), at=LATER)
    await put(returns, matter.model_copy(update={"assessed": nothing}))
    told = (await door.get(f"/returns/{matter.id}", Role.OPS)).json()
    await sign_in(door, Role.OPS)

    assert (matter.amount.minor, told["amount"]["minor"]) == (1000, 0)
    assert "¥0.00 as it was reckoned" in await text(door, f"/board/returns/{matter.id}")


async def test_every_stage_can_be_drawn_and_says_what_goes_back(door, db):
    returns, there = Returns(db, contacts(db)), {}
    for wished in every_stage(await asked(db)):
        other = await asked(db)
        matter = wished.model_copy(update={"id": other.id, "business_no": other.id, "order": other.order})
        await put(returns, matter)
        there[stage_of(matter)] = f"/board/returns/{matter.id}"
    assert set(there) == set(ReturnStage)

    await sign_in(door, Role.OPS)
    shown = {stage: await text(door, path) for stage, path in there.items()}
    assert "Somebody has to agree" in shown[ReturnStage.ASKED]
    assert "Still to agree customer service" in shown[ReturnStage.ASKED]
    assert "given to a courier shop SF1" in shown[ReturnStage.SENT_BACK]
    assert "worn" in shown[ReturnStage.DUE]
    assert "¥7.00 as it was reckoned ¥7.00 / ¥30.00" in shown[ReturnStage.REFUNDED]
    assert "kept back for wear \N{MINUS SIGN}¥3.00" in shown[ReturnStage.REFUNDED]
    assert "¥0.00 nothing goes back" in shown[ReturnStage.REFUSED]
    assert "nothing that we owe" in shown[ReturnStage.REFUSED]
    assert "Sent home SF Express waybill SF9" in shown[ReturnStage.SENT_HOME]
    assert "refused" in shown[ReturnStage.SENT_HOME]
    assert "New order web/demo/N1-X1" in shown[ReturnStage.REPLACED]
    assert "instead cup" in shown[ReturnStage.PASSED]
    for role in (Role.ADMIN, Role.SHOP):
        await sign_in(door, role)
        assert all([there[stage] in (await door.client.get(f"/board/returns?stage={stage}")).text for stage in there])


async def test_a_page_offers_only_what_the_role_may_want_and_would_get(door, db):
    returns, first, second = Returns(db, contacts(db)), await asked(db), await asked(db)
    due = told(told(with_wish(second, YES), 1), 2)
    for matter in (first, due):
        await put(returns, matter)
    offered = {}
    for role in Role:
        await sign_in(door, role)
        pages = [(await door.client.get(f"/board/returns/{matter.id}")).text for matter in (first, due)]
        offered[role] = [set(re.findall(r'name="kind" value="(\w+)"', page)) for page in pages]

    money = {"trigger", "refuse_refund", "hold"}
    assert offered == {
        Role.ADMIN: [{"decide", "hold", "withdraw"}, money | {"judge_goods"}],
        Role.OPS: [{"decide", "hold", "withdraw"}, {"hold", "judge_goods"}],
        Role.SERVICE: [{"decide", "hold", "withdraw"}, {"hold", "judge_goods"}],
        Role.WAREHOUSE: [{"hold"}, {"hold"}],
        Role.FINANCE: [{"hold"}, money],
        Role.SHOP: [{"withdraw"}, set()],
    }


async def test_goods_for_money_may_be_refused_by_service_and_only_the_warehouse_and_the_desk_send_them_home(door, db):
    due, refused = [told(told(with_wish(await asked(db), YES), 1), 2) for _ in range(2)]
    refused = with_wish(refused, RefuseRefund(by="finance-1", word="not_owed"), 5)
    for matter in (due, refused):
        await put(Returns(db, contacts(db)), matter)
    await sign_in(door, Role.SERVICE)
    page = (await door.client.get(f"/board/returns/{due.id}")).text
    assert re.findall(r'name="agreed" value="(\w+)"', page) == ["no"]

    form = f'action="/board/returns/{refused.id}/sent-home"'
    pages = {}
    for role in Role:
        await sign_in(door, role)
        pages[role] = (await door.client.get(f"/board/returns/{refused.id}")).text
    assert {role for role, page in pages.items() if form in page} == {Role.ADMIN, Role.OPS, Role.WAREHOUSE}
    assert all("the warehouse to send the goods home" in page for page in pages.values())
    await sign_in(door, Role.WAREHOUSE)
    found = (await door.client.get(f"/board/inspect?code={refused.id}")).text
    assert f'href="/board/returns/{refused.id}">The goods are on their way home' in found


async def test_who_agreed_is_told_that_somebody_else_lets_the_money_go(door, db):
    matter = with_wish(await asked(db), YES.model_copy(update={"by": "admin-1", "role": Role.ADMIN}))
    await put(Returns(db, contacts(db)), told(told(matter, 1), 2))
    await sign_in(door)

    assert "Let the money go You had a hand in it before" in await text(door, f"/board/returns/{matter.id}")
    assert "you asked or agreed: somebody else must" in await text(door, "/board/refunds")


async def test_a_shop_sees_its_own_returns_and_nobody_but_finance_sees_the_money(door, db):
    mine, other = await asked(db), await asked(db)
    async with db.begin() as conn:
        await conn.execute(text_of(MOVE), {"id": other.id})
    await sign_in(door, Role.SHOP)

    page = (await door.client.get("/board/returns?shop=web/other")).text
    assert (mine.id in page, other.id in page) == (True, False)
    assert (await door.client.get(f"/board/returns/{other.id}")).status_code == 404
    assert (await door.client.get("/board/refunds")).status_code == 403
    assert 'href="/board/refunds"' not in page
    await sign_in(door, Role.FINANCE)
    assert 'href="/board/refunds"' in (await door.client.get("/")).text
    token = await sign_in(door, Role.OPS)
    assert (await door.client.post("/board/refunds", data={"token": token})).status_code == 403


async def test_a_picture_is_shown_to_whom_the_door_shows_it_and_each_look_is_written_down(door, db):
    matter = await asked(db)
    new = NewPicture(order=matter.order, about=matter.id, occasion=Occasion.REQUEST, by="web/demo")
    picture, _ = await door.tools.pictures.add(new, JPEG)
    path = f"/board/returns/{matter.id}/pictures/{picture.id}"
    await sign_in(door, Role.SERVICE)
    shown = await door.client.get(path)

    assert f'src="{path}"' in (await door.client.get(f"/board/returns/{matter.id}")).text
    assert (shown.content, shown.headers["content-type"], shown.headers["cache-control"]) == (
        JPEG,
        "image/jpeg",
        "no-store",
    )
    assert "sandbox" in shown.headers["content-security-policy"]
    assert [(deed.who, deed.what) for deed in await door.tools.audit.about(matter.id)] == [("service-1", "see.picture")]
    assert (await door.client.get(f"{NOBODYS}/pictures/{picture.id}")).status_code == 404
    await sign_in(door, Role.FINANCE)
    assert (await door.client.get(path)).status_code == 403
    assert "<img" not in (await door.client.get(f"/board/returns/{matter.id}")).text


async def test_returns_are_found_by_their_own_number_by_their_orders_and_by_what_they_wait_for(door, db):
    first, second = await asked(db), await asked(db)
    token, number = await sign_in(door, Role.SERVICE), second.order.rpartition("/")[2]
    found = await door.client.post("/board/search", data={"token": token, "q": first.id.lower()})
    led = await door.client.get(f"/board/returns?order={first.id}")

    assert [answer.headers["location"] for answer in (found, led)] == [f"/board/returns/{first.id}"] * 2
    page = await door.tools.returns.listing(ReturnFilter(limit=1))
    for asks, there in (
        (f"order={number}", [False, True]),
        (f"order={first.order}&stage=asked", [True, False]),
        (f"order={number[0]}", [False, False]),  # both begin so
        (f"order={first.id[:16].lower()}", [True, False]),
        (f"order=139{int(number[1:]):08}", [False, False]),  # no phone stands in an address
        ("order=NOBODYS", [False, False]),
        ("stage=nonsense&shop=nonsense&after=nonsense", [True, True]),
        ("overdue=on", [False, False]),
        ("stage=due", [False, False]),
        (f"after={page.next}", [False, True]),
    ):
        shown = (await door.client.get(f"/board/returns?{asks}")).text
        assert [f'href="/board/returns/{one.id}"' in shown for one in (first, second)] == there, asks
    shown = (await door.client.get(f"/board/orders/{first.order}")).text
    assert f'href="/board/returns/{first.id}"' in shown


async def test_nothing_of_an_address_or_a_form_is_written_on_a_page(door, db):
    matter = await asked(db)
    token = await sign_in(door, Role.FINANCE)
    page = (await door.client.get(f"/board/returns/{matter.id}?said=<b>you+won</b>&code=call+me")).text
    assert ("you won" in page, "call me" in page) == (False, False)

    for words in ({}, {"deed": "trigger"}, {"deed": "gift", f"tick.{matter.id}": "on"}, {"one": "trigger:<b>won"}):
        answer = await door.client.post("/board/refunds", data={"token": token} | words)
        assert (answer.status_code, "Nothing is ticked." in answer.text, "<b>won" in answer.text) == (422, True, False)
    assert (await door.client.get("/board/refunds?status=due&after=1;2")).status_code == 409
    assert (await door.client.get(NOBODYS)).status_code == 404


async def test_a_form_without_its_sessions_token_is_not_taken(door, db):
    path = f"/board/returns/{(await asked(db)).id}/wishes"
    await sign_in(door)
    for words in ({}, {"token": "guess"}):
        taken = [await door.client.post(one, data=words | {"kind": "hold"}) for one in (path, "/board/refunds")]
        assert [answer.status_code for answer in taken] == [403, 403]


async def test_while_temporal_is_away_the_buttons_say_so(door, db):
    matter = await asked(db)
    await put(Returns(db, contacts(db)), told(told(with_wish(matter, YES), 1), 2))
    token = await sign_in(door, Role.FINANCE)
    words = {"token": token, "kind": "trigger", "key": "k1"}
    pressed = await door.client.post(f"/board/returns/{matter.id}/wishes", data=words)
    many = await door.client.post("/board/refunds", data={"token": token, "one": f"trigger:{matter.id}"})

    assert pressed.headers["location"] == f"/board/returns/{matter.id}?said=unanswered"
    assert (many.status_code, "1 no answer" in many.text, "Temporal is away" in many.text) == (200, True, True)


async def test_why_a_refund_does_not_move_is_said_where_finance_looks(door, db):
    matter = given(told(told(with_wish(await asked(db), YES), 1), 2), State.REFUSED)
    stuck = Hold(code="refund_refund_abnormal", since=LATER)
    await put(Returns(db, contacts(db)), matter.model_copy(update={"hold": stuck}))
    await sign_in(door, Role.FINANCE)

    assert "stuck: the customer's card does not take it" in unescape(
        await text(door, "/board/refunds?status=triggered")
    )
    by_hand = given(told(told(with_wish(await asked(db), YES), 1), 2), State.GIVEN_UP)
    by_hand = granted(by_hand, GiveUp(by="finance-1"), LATER)
    case = Case(story=by_hand.id, deadline="by_hand_refund", since=LATER, rung=Owner.OWNER, opened_at=LATER)
    denied = Denied(courier="sf", signed_at=LATER)
    await put(Returns(db, contacts(db)), by_hand.model_copy(update={"cases": (case,), "denied": denied}))
    page = await text(door, f"/board/returns/{by_hand.id}")
    assert "signed for without evidence 11-12 20:00 · SF Express" in page
    assert "a refund by hand on duty · operations since 11-12 20:00 You had a hand in it before" in page
    page = await text(door, f"/board/returns/{matter.id}")
    assert "held by refund the customer's card does not take it" in unescape(page)
    assert ("Retry" in page, "Give up" in page) == (False, True)


async def test_what_is_more_than_was_looked_at_is_let_go_from_the_list_at_the_sum_that_it_shows(door, db):
    only_money = {"kind": Kind.REFUND_ONLY}
    matter = (await asked(db)).model_copy(update=only_money)
    matter = with_wish(with_wish(matter, YES), Trigger(by="finance-1"), 5)
    more = {"hold": Hold(code="more_than_let_go", since=LATER), "expected": Money(minor=matter.amount.minor + 500)}
    await put(Returns(db, contacts(db)), matter.model_copy(update=more))
    await sign_in(door, Role.FINANCE)

    [row] = (await door.get("/finance/refunds?status=triggered", Role.FINANCE)).json()["rows"]
    assert (row["amount"]["minor"], "more_than_asked" in row["risks"]) == (more["expected"].minor, True)
    html = (await door.client.get("/board/refunds?status=triggered")).text
    assert f'name="sum.{matter.id}" value="{more["expected"].minor}"' in html
    assert f'value="trigger:{matter.id}"' in html
    page = (await door.client.get(f"/board/returns/{matter.id}")).text
    assert f'name="sum" value="{more["expected"].minor}"' in page
    assert 'value="give_up"' not in page


async def test_a_compensation_has_no_goods_to_show(door, db):
    fields = {"kind": Kind.COMPENSATION, "sum": Money(minor=500), "claims": ()}
    made, _ = await Returns(db, contacts(db)).ask(wanted(await bought(db), **fields))
    await sign_in(door)

    assert "compensation ¥5.00" in await text(door, f"/board/returns/{made.id}")

"""Requests to give something back: each once, never more units than were bought, never more money than was paid."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import text

from models.approval import HOUSE
from models.asking import NewReturn
from models.bargain import Promotion
from models.errand import What
from models.errors import Missing, NotYet, Refused, Unavailable
from models.line import Box, Line, Units
from models.noun import Money
from models.order import Record
from models.place import Place
from models.refund import Terms
from models.reservation import Reservation
from models.return_policy import Goods, Judgement, ReturnPolicy
from models.returns import Claim, Grade, Graded, Kind, LineSeen, Why
from models.rma import Return, ReturnRecord, ReturnStage
from models.wish import Cancel, CancelRest, Granted, RefuseRefund, Trigger, Withdraw
from rules.deadlines import judged
from rules.errands import noted
from rules.learning import hear
from rules.return_news import news
from rules.return_permissions import granted
from rules.return_silences import LADDER
from rules.return_silences import judged as judged_return
from rules.rmas import hear as heard
from rules.wishes import granted as wished
from store.cursors import Page
from store.orders import OrderBook
from store.policies import ReturnPolicies
from store.return_lists import ReturnFilter
from store.returns import Returns
from store.stock import Difference, Shelves
from tests.builders import NOON, a_telling, an_errand, delivered, paid, released, shipped
from tests.store.makings import a_message, a_new_order, claims, contacts, inbox

LATER = NOON + timedelta(days=1)
TEA = Line(sku="tea", quantity=3, unit_price=Money(minor=1))


@pytest.fixture
def returns(db):
    return Returns(db, contacts(db))


async def bought(db, *transactions, quantity=3, minor=1000, arrives=True):
    """An order of one line, paid, by one payment or several, and delivered."""
    lines = (Line(sku="tea", quantity=quantity, unit_price=Money(minor=minor)),)
    total = Money(minor=quantity * minor)
    order = (await claims(db).claim(a_new_order(lines=lines, total=total), b"")).order
    shares = transactions or ((f"tx-{order.business_no}", total.minor),)
    for nth, (transaction, share) in enumerate(shares):
        at = NOON + timedelta(minutes=nth)
        order = hear(order, paid(transaction, f"n{nth}", at, amount=Money(minor=share)), NOON + timedelta(hours=1))
    for telling in (shipped("p1"), delivered("p1")) if arrives else ():
        order = hear(order, telling, LATER)
    record = Record(order=order.model_copy(update={"version": 1}), standing=judged(order)[1], told_at=LATER)
    await OrderBook(db, contacts(db)).put(record)
    return order


async def bought_less(db):
    """Three for less than three times one."""
    off = Promotion(threshold=Money(minor=3000), off=Money(minor=600))
    lines = (Line(sku="tea", quantity=3, unit_price=Money(minor=1000)),)
    less = {"total": Money(minor=2400), "discount": Money(minor=600)}
    order = (await claims(db).claim(a_new_order(lines=lines, promotions=(off,), **less), b"")).order
    for telling in (paid("tx1", amount=Money(minor=2400)), shipped("p1"), delivered("p1")):
        order = hear(order, telling, LATER)
    await OrderBook(db, contacts(db)).put(Record(order=order, standing=judged(order)[1], told_at=LATER))
    return order


def wanted(order, quantity=1, **fields):
    usual = {"kind": Kind.REFUND_ONLY, "why": Why.DEFECTIVE, "claims": (Claim(line=0, quantity=quantity),), "by": "wu"}
    return NewReturn(**{"order": order.id, **usual, **fields})


async def put(returns, matter, **fields):
    record = {"matter": matter.model_copy(update={"version": 1}), "standing": judged_return(matter)[1], **fields}
    await returns.put_return(ReturnRecord(**{"run": "r1", "told_at": LATER, **record}))


async def triggered(db, order, *matters):
    """Their order has heard that they take their part of the money themselves."""
    for matter in matters:
        body = {**news(matter), "standing": "triggered", "version": 5}
        order = hear(order, a_telling("return_told", "house", id=matter.id, **body), LATER)
    changed = order.model_copy(update={"version": order.version + 2})
    await OrderBook(db, contacts(db)).put(Record(order=changed, run="r2", standing=judged(changed)[1], told_at=LATER))
    return changed


def sums(assessed):
    return [(part.transaction, part.amount.minor) for part in assessed.parts]


async def test_a_request_has_the_orders_number_and_its_own(db, returns):
    order = await bought(db)
    first, is_new = await returns.ask(wanted(order))
    second, _ = await returns.ask(wanted(order))

    assert (first.id, second.id, is_new) == (f"{order.business_no}-R1", f"{order.business_no}-R2", True)
    assert (first.amount.minor, first.order, (await returns.get(first.id)).matter) == (1000, order.id, first)


async def test_nobody_asks_back_more_units_than_were_bought_however_many_ask_at_once(db, returns):
    order = await bought(db, quantity=3)
    asked = await asyncio.gather(*(returns.ask(wanted(order)) for _ in range(12)), return_exceptions=True)

    refused = [answer.code for answer in asked if isinstance(answer, Refused)]
    assert refused == ["more_than_bought"] * 9
    assert len({made.id for made, _ in (answer for answer in asked if isinstance(answer, tuple))}) == 3


async def test_a_line_that_was_never_bought_is_refused(db, returns):
    order = await bought(db)
    with pytest.raises(Refused, match="more_than_bought"):
        await returns.ask(wanted(order, claims=(Claim(line=7, quantity=1),)))
    with pytest.raises(Missing, match="order_unknown"):
        await returns.ask(wanted(order).model_copy(update={"order": "web/demo/NOBODY"}))


async def test_the_same_key_is_the_same_request(db, returns):
    order = await bought(db)
    first, _ = await returns.ask(wanted(order, key="k1"))
    again, is_new = await returns.ask(wanted(order, key="k1", by="li"))

    assert (again, is_new) == (first, False)
    with pytest.raises(Refused, match="asked_otherwise"):
        await returns.ask(wanted(order, key="k1", quantity=2))


async def notes_of(db, order):
    async with db.begin() as conn:
        return (await conn.execute(text("SELECT id FROM notes WHERE order_id = :id"), {"id": order})).scalars().all()


async def test_only_what_is_accepted_and_new_leaves_a_note(db, returns):
    order = await bought(db)
    first, _ = await returns.ask(wanted(order, key="k1"), "壶嘴裂了")
    again, _ = await returns.ask(wanted(order, key="k1"), "壶嘴裂了")
    with pytest.raises(Refused, match="more_than_bought"):
        await returns.ask(wanted(order, quantity=9), "都裂了")
    with pytest.raises(Missing, match="order_unknown"):
        await returns.ask(wanted(order).model_copy(update={"order": "web/demo/NOBODY"}), "裂了")

    assert again == first
    assert await notes_of(db, order.id) == [first.note_id]
    assert await notes_of(db, "web/demo/NOBODY") == []
    assert await contacts(db).note(first.note_id) == "壶嘴裂了"


async def test_returns_of_one_order_have_an_end_and_the_same_key_still_has_its_answer(db, returns, monkeypatch):
    monkeypatch.setattr("store.returns.MOST", 2)
    order = await bought(db)
    first, _ = await returns.ask(wanted(order, key="k1"))
    await returns.ask(wanted(order))

    with pytest.raises(Refused, match="too_many_returns"):
        await returns.ask(wanted(order))
    assert await returns.ask(wanted(order, key="k1")) == (first, False)


async def test_units_of_a_request_that_died_may_be_asked_back_again(db, returns):
    order = await bought(db, quantity=1)
    made, _ = await returns.ask(wanted(order))
    with pytest.raises(Refused):
        await returns.ask(wanted(order))
    await put(returns, granted(made, Withdraw(by="wu"), LATER), is_ended=True)

    assert (await returns.ask(wanted(order)))[1]


async def test_how_much_goes_back_is_decided_once_and_all_of_them_sum_to_what_was_paid(db, returns):
    order = await bought(db, ("tx1", 1700), ("tx2", 1300))
    made = [(await returns.ask(wanted(order)))[0] for _ in range(3)]
    await triggered(db, order, *made)
    decided = await asyncio.gather(*(returns.assess(matter) for matter in made))

    assert await returns.assess(made[1]) == decided[1]
    assert sorted(sum(minor for _, minor in sums(one)) for one in decided) == [1000, 1000, 1000]
    each = {tx: sum(minor for one in decided for name, minor in sums(one) if name == tx) for tx in ("tx1", "tx2")}
    assert each == {"tx1": 1700, "tx2": 1300}


async def test_the_payment_that_came_last_goes_back_first(db, returns):
    order = await bought(db, ("tx1", 1700), ("tx2", 1300))
    made, _ = await returns.ask(wanted(order, quantity=2))

    await triggered(db, order, made)

    assert sums(await returns.assess(made)) == [("tx2", 1300), ("tx1", 700)]


async def test_what_inspection_found_counts_and_not_what_was_claimed(db, returns):
    order = await bought(db)
    made, _ = await returns.ask(wanted(order, quantity=2, kind=Kind.RETURN))
    graded = [
        Graded(line=0, quantity=1, grade=grade).model_dump(mode="json") for grade in (Grade.AS_NEW, Grade.MISSING)
    ]
    seen = heard(made, a_telling("goods_inspected", "warehouse", place="sh", graded=graded), LATER)

    await put(returns, made)
    await put(returns, seen, told_at=LATER + timedelta(minutes=1))
    (shown,) = (await returns.listing(ReturnFilter(order=order.id))).rows
    await triggered(db, order, made)
    assert (made.amount.minor, sums(await returns.assess(seen))) == (2000, [(f"tx-{order.business_no}", 1000)])
    assert shown.amount.minor == 1000


async def test_who_keeps_too_little_for_the_promotion_pays_what_is_kept_at_its_price(db, returns):
    order = await bought_less(db)
    one, _ = await returns.ask(wanted(order, why=Why.WRONG_SIZE, kind=Kind.RETURN))
    order = await triggered(db, order, one)

    assert sums(await returns.assess(one)) == [("tx1", 800 - 400)]
    rest, _ = await returns.ask(wanted(order, quantity=2, why=Why.WRONG_SIZE, kind=Kind.RETURN))
    await triggered(db, order, rest)
    assert sums(await returns.assess(rest)) == [("tx1", 2000)]


async def test_more_than_was_let_go_is_said_and_not_decided_until_somebody_lets_that_go(db, returns):
    order = await bought_less(db)
    one, two = [(await returns.ask(wanted(order, why=Why.WRONG_SIZE, kind=Kind.RETURN)))[0] for _ in range(2)]
    order = await triggered(db, order, one, two)
    blind, seeing = [granted(two, Trigger(by="fin", up_to=up_to), LATER) for up_to in (None, Money(minor=1000))]

    assert (two.amount.minor, sums(await returns.assess(one))) == (400, [("tx1", 400)])
    tried, once_more = await returns.assess(blind), await returns.assess(blind)
    assert (sums(tried), tried == once_more) == ([("tx1", 1000)], False)
    assert await returns.assess(seeing) == await returns.assess(blind)


async def test_what_was_graded_beyond_the_claim_is_not_paid_for_and_what_did_not_come_may_come_yet(db, returns):
    order = await bought(db)
    made, _ = await returns.ask(wanted(order, quantity=2, kind=Kind.RETURN))
    graded = [Graded(line=line, quantity=3, grade=Grade.AS_NEW).model_dump(mode="json") for line in (0, 1)]
    seen = heard(made, a_telling("goods_inspected", "warehouse", place="sh", graded=graded), LATER)
    few = heard(made, a_telling("goods_inspected", "warehouse", place="sh", graded=graded[:1]), LATER)

    order = await triggered(db, order, made)
    assert sums(await returns.assess(seen)) == sums(await returns.assess(few)) == [(f"tx-{order.business_no}", 2000)]
    assert [row.name for row in LADDER.rows if row.name == "graded_otherwise" and row.due(seen)] == ["graded_otherwise"]

    second, _ = await returns.ask(wanted(order, kind=Kind.RETURN))
    absent = [Graded(line=0, quantity=1, grade=Grade.MISSING).model_dump(mode="json")]
    none = heard(second, a_telling("goods_inspected", "warehouse", place="sh", graded=absent), LATER)
    await triggered(db, order, second)
    assert sums(await returns.assess(none)) == []
    assert (await returns.ask(wanted(order)))[1]


async def test_how_much_waits_until_the_order_knows_and_is_nothing_once_the_order_was_stopped_first(db, returns):
    order = await bought(db, arrives=False)
    made, _ = await returns.ask(wanted(order, quantity=2))
    with pytest.raises(Unavailable, match="order_not_told"):
        await returns.assess(made)
    stopped = await triggered(db, wished(order, Cancel(by="wu"), NOON + timedelta(hours=2)), made)
    with pytest.raises(NotYet, match="order_is_stopping"):
        await returns.assess(made)
    back = an_errand(order, What.REFUND, f"tx-{order.business_no}", amount=order.total)
    await triggered(db, released(noted(stopped, back)))

    assert sums(await returns.assess(made)) == []
    again, _ = await returns.ask(wanted(order, quantity=1))
    assert "order_stopped" in [verdict.because for verdict in again.judgement.verdicts]


async def test_what_a_return_tells_its_order_is_kept_once_for_each_change(db, returns):
    order = await bought(db)
    made, _ = await returns.ask(wanted(order, kind=Kind.COMPENSATION, claims=(), sum=Money(minor=100)))
    await put(returns, made)
    gone = granted(made, Withdraw(by="wu"), LATER)
    for _ in range(3):
        await put(returns, gone)
    told = [row for row in await inbox(db).due(500) if row.order_id == order.id]

    assert [(row.order_id, row.telling.body["standing"]) for row in told] == [(order.id, "open"), (order.id, "over")]


async def test_units_of_boxes_that_were_stopped_are_the_orders_own_to_give_back(db, returns):
    order = await bought(db, arrives=False)
    box = Box(id=f"{order.business_no}-box-1", place="sh", units=(Units(sku="tea", quantity=2),))
    other = Box(id=f"{order.business_no}-box-2", place="sz", units=(Units(sku="tea", quantity=1),))
    order = order.model_copy(update={"boxes": (box, other)})
    rest = Granted(at=NOON + timedelta(hours=2), wish=CancelRest(by="wu"), boxes=(other.id,))
    await triggered(db, order.model_copy(update={"wishes": (rest,)}))

    with pytest.raises(Refused, match="more_than_bought"):
        await returns.ask(wanted(order, quantity=3))
    made, _ = await returns.ask(wanted(order, quantity=2))
    assert made.amount.minor == 2000


async def test_an_older_record_changes_nothing_and_says_so(db, returns):
    made, _ = await returns.ask(wanted(await bought(db)))
    await put(returns, made, run="r2", told_at=LATER)
    with pytest.raises(Refused, match="older_than_known"):
        await put(returns, made, run="r1")
    await put(returns, made, run="r2", told_at=NOON)  # an earlier task of the same run, written again

    assert ((await returns.get(made.id)).run, (await returns.get(made.id)).told_at) == ("r2", LATER)


async def test_a_providers_word_about_a_returns_refund_goes_to_the_return_and_the_bills_to_the_order(db, returns):
    order = await bought(db)
    made, _ = await returns.ask(wanted(order))
    keys = (f"{made.id}-refund-1", made.id, f"{order.business_no}-refund-1", f"{order.business_no}-R7-refund-1")
    told = [a_message(key, id=f"t{nth}", kind="refund_settled") for nth, key in enumerate(keys)]
    kept = [(await inbox(db).keep("wechat", "main", b"raw", [one]))[0].order_id for one in told]

    assert kept == [made.id, made.id, order.id, None]


async def test_a_record_accounts_for_what_it_heard(db, returns):
    made, _ = await returns.ask(wanted(await bought(db)))
    box = inbox(db)
    await box.keep("wechat", "main", b"raw", [a_message(made.id)])
    await put(returns, made, heard=("t1",))

    assert [(row.order_id, row.telling_id) for row in await box.listing("done", 10)] == [(made.id, "t1")]


async def test_lists_show_the_one_that_has_waited_longest_first_page_by_page(db, returns):
    order = await bought(db)
    made = [(await returns.ask(wanted(order)))[0].id for _ in range(3)]
    first = await returns.listing(ReturnFilter(stage=ReturnStage.ASKED, shop=order.shop, limit=2))
    gone = granted((await returns.get(made[1])).matter, Withdraw(by="wu"), datetime.now(UTC) + timedelta(days=1))
    await put(returns, gone)  # the last of the page moves on, and becomes the newest of all
    rest = await returns.listing(ReturnFilter(order=order.id, limit=2, after=first.next))

    assert [row.id for row in first.rows] == made[:2]
    assert [row.id for row in rest.rows] == [made[2], made[1]]
    assert (await returns.listing(ReturnFilter(stage=ReturnStage.DUE))) == Page((), None)
    assert (first.rows[0].amount, first.rows[0].kind, rest.next) == (Money(minor=1000), Kind.REFUND_ONLY, None)


async def test_the_fast_lane_is_a_list_of_its_own(db, returns):
    order = await bought(db)
    await returns.ask(wanted(order))
    hurt, _ = await returns.ask(wanted(order, urgent="allergy"))

    rows = (await returns.listing(ReturnFilter(urgent=True))).rows
    assert [(row.id, row.urgent) for row in rows] == [(hurt.id, "allergy")]
    assert {row.urgent for row in (await returns.listing(ReturnFilter(order=order.id))).rows} == {"allergy", None}


async def test_a_request_whose_story_is_silent_is_begun_again_and_again_until_it_tells(db, returns):
    made, _ = await returns.ask(wanted(await bought(db)))

    assert await returns.unstarted(10) == ()  # the door begins it itself
    async with db.begin() as conn:
        await conn.exec_driver_sql("UPDATE returns SET relay_at = now()")
    assert await returns.unstarted(10) == (made,)
    async with db.begin() as conn:
        await conn.exec_driver_sql("UPDATE returns SET relay_at = now()")
    await put(returns, made)
    assert (await returns.unstarted(10), isinstance(made, Return)) == ((), True)


async def test_a_shops_own_policy_judges_and_reckons_and_knows_its_goods(db, returns):
    order = await bought(db, quantity=2)
    own = ReturnPolicy(
        goods=(Goods(starts="t", is_final=True), Goods(starts="tea", category="fresh_food")),
        freely=Money(minor=500),
        terms=Terms(is_label_charged=False),
    )
    version = await ReturnPolicies(db).put(order.shop, own, "lin")
    try:
        made, _ = await returns.ask(wanted(order, kind=Kind.RETURN, why=Why.NO_REASON))
    finally:
        await ReturnPolicies(db).put(order.shop, ReturnPolicy(), "lin")

    assert (made.goods, made.freely.minor, made.terms) == ((LineSeen(line=0, category="fresh_food"),), 500, own.terms)
    assert "category_never_freely" in [verdict.because for verdict in made.judgement.verdicts]
    assert (await ReturnPolicies(db).history(order.shop))[1].policy.version == version


async def lying(db):
    return {one.place: one.on_hand for one in await Shelves(db).levels("tea") if one.place.startswith("hz")}


def looked(matter, nth, *grades):
    at = NOON + timedelta(hours=nth)
    graded = [Graded(line=0, quantity=1, grade=grade).model_dump(mode="json") for grade in grades]
    return heard(matter, a_telling("goods_inspected", "warehouse", f"i{nth}", at=at, place="hz", graded=graded), LATER)


async def test_who_looks_again_books_what_it_is_and_goods_that_are_the_customers_again_leave_the_shelf(db, returns):
    shelves, version = Shelves(db), count(1)
    await shelves.add_place(Place(id="hz", name="hz", district="330106"))
    made, _ = await returns.ask(wanted(await bought(db), quantity=2, kind=Kind.RETURN))
    made = made.model_copy(update={"judgement": Judgement(verdicts=()), "steps": (HOUSE,)})
    before = await lying(db)

    async def told(matter):
        nth = next(version)
        await put(returns, matter, told_at=LATER + nth * timedelta(minutes=1))
        now = await lying(db)
        return {place: now[place] - before.get(place, 0) for place in now if now[place] != before.get(place, 0)}

    one = looked(made, 1, Grade.AS_NEW, Grade.MISSING)
    both = looked(one, 2, Grade.AS_NEW, Grade.AS_NEW)  # the second box came
    worn = looked(both, 3, Grade.WORN, Grade.AS_NEW)
    assert [await told(matter) for matter in (one, one, both, both)] == [{"hz": 1}, {"hz": 1}, {"hz": 2}, {"hz": 2}]
    assert [await told(matter) for matter in (worn, worn, both)] == [{"hz": 1, "hz.damaged": 1}] * 2 + [{"hz": 2}]
    no = granted(both, RefuseRefund(by="f1", word="not_ours"), LATER)
    assert [await told(matter) for matter in (no, no)] == [{}, {}]
    assert not [one for one in await shelves.audit() if one.place.startswith("hz")]


async def test_what_nobody_asked_back_is_not_for_sale(db, returns):
    await Shelves(db).add_place(Place(id="hz", name="hz", district="330106"))
    made, _ = await returns.ask(wanted(await bought(db), kind=Kind.RETURN))
    made = made.model_copy(update={"judgement": Judgement(verdicts=()), "steps": (HOUSE,)})
    before = await lying(db)
    await put(returns, looked(made, 1, Grade.AS_NEW, Grade.AS_NEW, Grade.AS_NEW))
    after = await lying(db)

    assert {place: after[place] - before.get(place, 0) for place in after} == {"hz": 1, "hz.damaged": 2}


async def test_what_was_promised_meanwhile_stays_on_the_shelf_and_the_audit_says_so(db, returns):
    shelves = Shelves(db)
    await shelves.add_place(Place(id="hz", name="hz", district="330106"))
    made, _ = await returns.ask(wanted(await bought(db), quantity=2, kind=Kind.RETURN))
    made = made.model_copy(update={"judgement": Judgement(verdicts=()), "steps": (HOUSE,)})
    seen = looked(made, 1, Grade.AS_NEW, Grade.AS_NEW)
    await put(returns, seen)
    free = next(one.on_hand - one.reserved for one in await shelves.levels("tea") if one.place == "hz")
    line = Line(sku="tea", quantity=free - 1, unit_price=Money(minor=1))
    request = {"business_no": "B8", "lines": (line,), "destination": "330106", "until": None}
    kept = await shelves.reserve(Reservation(key=f"{made.id}-k", order_id=made.order, **request))
    try:
        no = granted(seen, RefuseRefund(by="f1", word="not_ours"), LATER)
        await put(returns, no, told_at=LATER + timedelta(minutes=1))
        wrong = [one for one in await shelves.audit() if one.place == "hz"]
    finally:
        await shelves.release(f"{made.id}-k")

    assert kept
    assert wrong == [Difference("kept", "hz", "tea", 1, 0)]
    await put(returns, no, told_at=LATER + timedelta(minutes=2))
    assert [one.what for one in await shelves.audit() if one.place == "hz"] == ["kept"]


async def test_what_was_sent_wrong_and_came_back_lies_beside_under_its_own_number(db, returns):
    shelves = Shelves(db)
    await shelves.add_place(Place(id="hz", name="hz", district="330106"))
    made, _ = await returns.ask(wanted(await bought(db), quantity=2, kind=Kind.RETURN, why=Why.WRONG_ITEM))
    made = made.model_copy(update={"judgement": Judgement(verdicts=()), "steps": (HOUSE,)})
    units = [Graded(line=0, quantity=1, grade=Grade.ANOTHER, sku=sku).model_dump(mode="json") for sku in ("mug", None)]
    seen = heard(made, a_telling("goods_inspected", "warehouse", "i1", place="hz", graded=units), LATER)
    await put(returns, made)
    await asyncio.gather(*(put(returns, seen) for _ in range(3)))

    assert [(one.place, one.on_hand) for one in await shelves.levels("mug")] == [("hz.damaged", 1)]
    assert (await lying(db)).get("hz.damaged") is None
    alarm, _ = judged_return(seen)
    assert alarm.deadline == "swapped"


async def test_what_came_back_lies_on_its_shelf_or_beside_it_and_is_counted_once(db, returns):
    shelves = Shelves(db)
    await shelves.add_place(Place(id="hz", name="hz", district="330106"))
    made, _ = await returns.ask(wanted(await bought(db, quantity=5), quantity=5, kind=Kind.RETURN))
    made = made.model_copy(update={"judgement": Judgement(verdicts=()), "steps": (HOUSE,)})
    grades = ((Grade.AS_NEW, 1), (Grade.AS_NEW, 1), (Grade.WORN, 1), (Grade.MISSING, 1), (Grade.ANOTHER, 1))
    graded = [Graded(line=0, quantity=n, grade=grade).model_dump(mode="json") for grade, n in grades]
    seen = heard(made, a_telling("goods_inspected", "warehouse", "i1", place="hz", graded=graded), LATER)
    await put(returns, made)
    await asyncio.gather(*(put(returns, seen) for _ in range(4)))

    assert await lying(db) == {"hz": 2, "hz.damaged": 1}
    assert not [one for one in await shelves.audit() if one.place.startswith("hz")]
    request = Reservation(
        key="k-damaged", order_id=made.order, business_no="B9", lines=(TEA,), destination="330106", until=None
    )
    with pytest.raises(Refused, match="out_of_stock"):
        await shelves.reserve(request)

"""What finance is shown of refunds: each mark from what the store knows, and nothing of whom it does not know."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from models.approval import Step
from models.case import Role
from models.errand import Errand, State, What
from models.errors import Refused
from models.line import Line
from models.noun import Money
from models.order import Record
from models.refund import Way
from models.return_policy import ReturnPolicy, RiskTerms
from models.returns import Grade, Graded, Kind, Level, Why
from models.rma import ReturnStage
from models.wish import Decide, HoldBack, Trigger
from rules.deadlines import judged
from rules.learning import hear
from rules.return_permissions import granted
from rules.rmas import hear as heard
from store.orders import OrderBook
from store.policies import ReturnPolicies
from store.refund_marks import ENOUGH
from store.refunds import refunds, tallies
from store.return_lists import ReturnFilter
from store.returns import Returns
from tests.builders import a_telling, delivered, paid, shipped
from tests.store.makings import a_contact, a_new_order, claims, contacts
from tests.store.test_returns import LATER, put, wanted

DUE = ReturnFilter(ReturnStage.DUE)
PAID_BY = Errand(
    what=What.PAY, about="o", party="wechat", order="o", key="B-pay-1", began_at=LATER, ended_at=LATER, state=State.DONE
)


async def sold(db, phone="13900000001", proof="photo", minor=1000, shop="demo", **fields):
    """An order of one line, paid and delivered."""
    lines = (Line(sku="tea", quantity=3, unit_price=Money(minor=minor)),)
    new = a_new_order(lines=lines, total=Money(minor=3 * minor), receiver=a_contact(phone=phone), shop=shop)
    order = (await claims(db).claim(new, b"")).order
    for telling in (paid(amount=Money(minor=3 * minor)), shipped("p1"), delivered("p1", proof=proof)):
        order = hear(order, telling, LATER)
    order = order.model_copy(update={"version": 1, **fields})
    await OrderBook(db, contacts(db)).put(Record(order=order, standing=judged(order)[1], told_at=LATER))
    return order


async def due(db, order, *wishes, **fields):
    """A refund of one unit that its people agreed to."""
    returns = Returns(db, contacts(db))
    made, _ = await returns.ask(wanted(order, **fields))
    made = made.model_copy(update={"steps": (Step(levels=(Level.SERVICE,)),)})
    yes = Decide(by="ops-1", role=Role.OPS, is_agreed=True, word="approve_refund")
    for wish in (yes, *wishes):
        made = granted(made, wish, LATER)
    await put(returns, made)
    return made.id


async def marks(db, *numbers):
    rows = {row.id: row.risks for row in (await refunds(db, DUE)).rows}
    return [rows[number] for number in numbers]


async def told(db, sentence, **words):
    async with db.begin() as conn:
        await conn.execute(text(sentence), words)


async def test_each_mark_is_made_of_what_the_store_knows(db):
    often = [await due(db, await sold(db)) for _ in range(3)]
    other = await due(db, await sold(db, "13900000002"))
    signed = await due(db, await sold(db, "13900000003"), why=Why.NOT_RECEIVED)
    unsigned = await due(db, await sold(db, "13900000004", "electronic"), why=Why.NOT_RECEIVED)
    kept = await due(db, await sold(db, "13900000005", minor=60_000))

    assert await marks(db, *often, other) == [("returns_often",)] * 3 + [()]
    assert await marks(db, signed, unsigned, kept) == [("signed_not_received",), (), ("expensive_kept",)]
    strict = ReturnPolicy(risks=RiskTerms(returns=4, expensive=Money(minor=1)))
    await ReturnPolicies(db).put("web/demo", strict, "lin")
    assert await marks(db, *often, kept) == [("expensive_kept",)] * 4
    await contacts(db).forget((await Returns(db, contacts(db)).get(often[0])).matter.order)
    await ReturnPolicies(db).put("web/demo", ReturnPolicy(), "lin")
    assert await marks(db, *often) == [(), (), ()]


async def test_what_is_marked_as_it_is_asked_for_does_not_go_by_itself(db):
    returns = Returns(db, contacts(db))
    ours = {"kind": Kind.RETURN, "why": Why.NO_REASON}
    orders = [await sold(db, errands=(PAID_BY,)) for _ in range(3)]
    await ReturnPolicies(db).put("web/demo", ReturnPolicy(freely=Money(minor=1000)), "lin")
    try:
        often = [(await returns.ask(wanted(order, **ours)))[0].freely.minor for order in orders]
        another = await sold(db, "13900000002", errands=(PAID_BY,))
        credited, _ = await returns.ask(wanted(another, way=Way.BALANCE, **ours))
    finally:
        await ReturnPolicies(db).put("web/demo", ReturnPolicy(), "lin")

    assert (often, credited.freely.minor) == ([1000, 1000, 0], 0)


async def test_an_address_that_was_changed_after_the_payment_is_marked_where_it_was_granted(db):
    moved, asked = [await sold(db, f"1390000000{nth}", contact_version=nth) for nth in (2, 1)]
    for order in (moved, asked):
        await contacts(db).add(order.id, a_contact(phone="13900000009"))
    numbers = [await due(db, order) for order in (moved, asked)]
    await told(db, "UPDATE contacts SET added_at = :at WHERE version = 2", at=LATER)

    assert await marks(db, *numbers) == [("moved_after_payment",), ()]


async def test_goods_that_came_otherwise_are_marked_and_what_is_left_of_the_sum_is_shown(db):
    returns = Returns(db, contacts(db))
    number = await due(db, await sold(db), kind=Kind.RETURN)
    worn = [Graded(line=0, quantity=1, grade=Grade.WORN).model_dump(mode="json")]
    at = {"why": Why.NO_REASON, "version": 50}
    made = (await returns.get(number)).matter.model_copy(update=at)
    seen = heard(made, a_telling("goods_inspected", "warehouse", place="sh", graded=worn), LATER)
    await put(returns, seen, told_at=LATER + timedelta(minutes=1))

    (row,) = (await refunds(db, DUE)).rows
    assert (row.amount.minor, row.risks) == (700, ("came_otherwise",))


async def test_money_that_goes_to_the_wallet_goes_another_way_than_it_came(db):
    one = await due(db, await sold(db, errands=(PAID_BY,)), way=Way.BALANCE)
    other = await due(db, await sold(db, "13900000002", errands=(PAID_BY,)))

    assert await marks(db, one, other) == [("another_way",), ()]


async def test_who_is_new_and_what_is_usual_are_known_of_a_shop_that_was_watched_for_long(db):
    number = await due(db, await sold(db))
    assert await marks(db, number) == [()]

    old = await sold(db, "13900000002", minor=10)
    await told(db, "UPDATE orders SET received_at = now() - interval '90 days' WHERE id = :id", id=old.id)
    elsewhere = await sold(db, shop="other")
    await told(db, "UPDATE contacts SET added_at = now() - interval '90 days' WHERE order_id = :id", id=elsewhere.id)
    assert await marks(db, number) == [("new_account",)]

    little = [await due(db, await sold(db, f"1391111{nth:04}", minor=100)) for nth in range(ENOUGH)]
    await told(db, "UPDATE contacts SET added_at = now() - interval '31 days'")
    await told(
        db, "UPDATE returns SET stage = 'refunded' WHERE id = ANY(:ids) AND id <> :last", ids=little, last=little[0]
    )
    assert await marks(db, number, little[0]) == [(), ()]
    await told(db, "UPDATE returns SET stage = 'refunded' WHERE id = ANY(:ids)", ids=little)
    assert await marks(db, number) == [("unusual_amount",)]


async def test_a_row_says_who_agreed_who_holds_it_and_who_let_it_go(db, counted):
    hold, go = HoldBack(by="finance-1", reason="looks_odd"), Trigger(by="finance-2")
    held = await due(db, await sold(db), hold, kind=Kind.COMPENSATION, sum=Money(minor=500), claims=())
    gone = await due(db, await sold(db, "13900000002"), go)
    with counted(db) as cost:
        (first,) = (await refunds(db, DUE)).rows
    assert cost.statements == 1
    (second,) = (await refunds(db, ReturnFilter(ReturnStage.TRIGGERED))).rows

    assert (first.id, first.agreed_by, first.held, first.held_by) == (held, ("ops-1",), "looks_odd", "finance-1")
    assert (second.id, second.let_go_by, second.let_go_at, second.held) == (gone, "finance-2", LATER, None)
    counts = await tallies(db)
    assert {stage: (tally.count, tally.amount.minor) for stage, tally in counts.items()} == {
        ReturnStage.DUE: (1, 500),
        ReturnStage.TRIGGERED: (1, 1000),
    }
    assert await tallies(db, "web/other") == {}


async def test_what_was_over_long_ago_is_counted_no_more_unless_somebody_is_late_with_it(db):
    over = "UPDATE returns SET stage = :stage, since = now() - :days * interval '1 day', overdue = :late WHERE id = :id"
    for stage, days, late in (
        ("refunded", 29, False),
        ("refunded", 31, False),
        ("refused", 31, True),
        ("due", 99, False),
    ):
        number = await due(db, await sold(db, f"1393333{days:04}"[:11]))
        await told(db, over, id=number, stage=stage, days=days, late=late)

    counts = await tallies(db)
    assert {stage.value: (tally.count, tally.late) for stage, tally in counts.items()} == {
        "refunded": (1, 0),
        "refused": (1, 1),
        "due": (1, 0),
    }


async def test_pages_of_refunds_hold_each_of_them_once(db):
    numbers = [await due(db, await sold(db, f"1392222000{nth}")) for nth in range(3)]
    first = await refunds(db, ReturnFilter(ReturnStage.DUE, limit=2))
    rest = await refunds(db, ReturnFilter(ReturnStage.DUE, limit=2, after=first.next))

    assert sorted(row.id for row in (*first.rows, *rest.rows)) == sorted(numbers)
    assert (len(first.rows), rest.next) == (2, None)
    with pytest.raises(Refused, match="bad_cursor"):
        await refunds(db, ReturnFilter(ReturnStage.DUE, after=numbers[0]))
    assert [row.id for row in (await refunds(db, ReturnFilter(ReturnStage.DUE, shop="web/other"))).rows] == []

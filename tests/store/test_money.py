import asyncio

import pytest
from sqlalchemy import text

from models.errand import State, What
from models.errors import Refused
from models.noun import Money
from models.order import Record, Standing
from models.stage import Stage
from store.database import Broken
from store.money import MoneyGate, Overclaim, settle
from store.orders import OrderBook
from tests.builders import NOON, an_errand, an_order, fact, refund_settled

CAPTURED = Money(minor=10_000)
ORDER = an_order(id="web/shop/B1", business_no="B1")


@pytest.fixture
def gate(db):
    return MoneyGate(db)


def claim(gate, refund_no="B1-refund-1", minor=10_000, order="web/shop/B1", transaction="tx1", captured=CAPTURED):
    return gate.claim(refund_no, order, transaction, captured, Money(minor=minor))


def a_refund(**fields):
    return an_errand(ORDER, What.REFUND, "tx1", **fields)


def the_order(*errands, **fields):
    return ORDER.model_copy(update={"errands": errands, **fields})


async def settled(db, *errands, **fields):
    async with db.begin() as conn:
        await settle(conn, the_order(*errands, **fields))


async def claimed(db):
    async with db.begin() as conn:
        return (await conn.execute(text("SELECT claimed FROM captures"))).scalar_one_or_none()


async def code_of(call):
    try:
        await call
    except Refused as refusal:
        return refusal.code
    return "claimed"


async def test_money_is_claimed_once_under_one_number(gate, db, counted):
    with counted(db) as cost:
        await claim(gate)
    await claim(gate)

    assert await claimed(db) == 10_000
    assert (cost.statements, cost.transactions) == (2, 1)
    assert await gate.audit() == ()


async def test_more_than_was_captured_is_refused_and_leaves_nothing(gate, db):
    assert await code_of(claim(gate, minor=10_001)) == "over_captured"
    assert await claimed(db) is None

    await claim(gate, minor=6_000)
    assert await code_of(claim(gate, "B1-refund-2", minor=4_001)) == "over_captured"
    await claim(gate, "B1-refund-2", minor=4_000)

    assert await claimed(db) == 10_000


async def test_fifty_claims_of_the_same_money_give_exactly_the_money(gate, db):
    claims = [claim(gate, f"B1-refund-{number}", minor=700) for number in range(50)]

    answers = await asyncio.gather(*map(code_of, claims))

    assert (answers.count("claimed"), answers.count("over_captured")) == (14, 36)
    assert await claimed(db) == 9_800
    assert await gate.audit() == ()


async def test_one_number_fifty_times_at_once_is_one_claim(gate, db):
    answers = await asyncio.gather(*(code_of(claim(gate, minor=700)) for _ in range(50)))

    assert set(answers) == {"claimed"}
    assert await claimed(db) == 700


async def test_a_number_means_one_refund(gate):
    await claim(gate, minor=700)

    assert await code_of(claim(gate, minor=701)) == "other_refund"
    assert await code_of(claim(gate, minor=700, transaction="tx2")) == "other_refund"


async def test_a_transaction_belongs_to_one_order(gate):
    await claim(gate, minor=1)

    assert await code_of(claim(gate, "B2-refund-1", minor=1, order="web/shop/B2")) == "over_captured"


async def test_what_the_provider_refused_may_be_claimed_again(gate, db):
    await claim(gate)
    await gate.free("B1-refund-1")
    await gate.free("B1-refund-1")
    assert await claimed(db) == 0

    await claim(gate, "B1-refund-2")
    assert await code_of(claim(gate)) == "over_captured"
    await gate.free("B1-refund-2")
    await claim(gate)

    assert await claimed(db) == 10_000
    assert await gate.audit() == ()


async def test_what_went_out_is_never_free_again(gate, db):
    await claim(gate)
    await settled(db, a_refund())
    await settled(db, a_refund())
    await gate.free("B1-refund-1")

    assert await claimed(db) == 10_000
    assert await code_of(claim(gate)) == "claimed"
    assert await code_of(claim(gate, "B1-refund-2", minor=1)) == "over_captured"


async def test_a_record_of_a_refund_is_its_end_at_the_gate(gate, db):
    await claim(gate)
    order = the_order(a_refund()).model_copy(update={"version": 1})
    await OrderBook(db).put(Record(order=order, standing=Standing(stage=Stage.REFUNDED, since=NOON)))
    await gate.free("B1-refund-1")

    assert await claimed(db) == 10_000


@pytest.mark.parametrize("state", [state for state in State if state not in (State.DONE, State.GIVEN_UP)])
async def test_only_what_went_out_or_is_a_persons_to_give_is_kept_from_being_freed(gate, db, state):
    await claim(gate)
    await settled(db, a_refund(state=state), an_errand(ORDER, What.VOID))
    await gate.free("B1-refund-1")

    assert await claimed(db) == 0


async def test_what_a_person_gives_back_is_counted_again_and_nobody_else_may_claim_it(gate, db):
    await claim(gate)
    await gate.free("B1-refund-1")
    await settled(db, a_refund(state=State.GIVEN_UP))

    assert await claimed(db) == 10_000
    assert await code_of(claim(gate, "B1-refund-2", minor=1)) == "over_captured"


async def test_an_order_without_refunds_costs_the_gate_nothing(db, counted):
    with counted(db) as idle:
        await settled(db, an_errand(ORDER, What.VOID), a_refund(state=State.BEGUN))
    with counted(db) as moved:
        await settled(db, a_refund(), a_refund(round=2))

    assert (idle.statements, moved.statements) == (0, 1)


async def test_a_refund_that_was_freed_and_went_out_all_the_same_is_counted(gate, db):
    await claim(gate)
    await gate.free("B1-refund-1")

    await settled(db, a_refund())

    assert await claimed(db) == 10_000
    assert await gate.audit() == ()


async def test_the_providers_last_word_goes_before_the_no_that_we_had_heard(gate, db):
    await claim(gate)
    await gate.free("B1-refund-1")

    await settled(db, a_refund(state=State.REFUSED), refunds=(fact(refund_settled("B1-refund-1")),))
    await gate.free("B1-refund-1")

    assert await claimed(db) == 10_000


async def test_a_last_word_that_nothing_went_out_settles_nothing(gate, db):
    await claim(gate)

    await settled(db, a_refund(state=State.REFUSED), refunds=(fact(refund_settled("B1-refund-1", "closed")),))
    await gate.free("B1-refund-1")

    assert await claimed(db) == 0


async def test_money_that_went_out_twice_is_said_by_the_audit(gate, db):
    await claim(gate)
    await gate.free("B1-refund-1")
    await claim(gate, "B1-refund-2")

    await settled(db, a_refund())

    assert await gate.audit() == (Overclaim("tx1", 10_000, 20_000),)


async def test_nothing_and_less_than_nothing_are_no_refund(gate):
    assert await code_of(claim(gate, minor=0)) == "not_an_amount"
    assert await code_of(claim(gate, minor=-5)) == "not_an_amount"


async def test_the_table_itself_refuses_more_than_was_captured(gate, db):
    await claim(gate)

    with pytest.raises(Broken, match="never_over_captured"):
        async with db.begin() as conn:
            await conn.execute(text("UPDATE captures SET claimed = captured + 1"))


async def test_the_audit_finds_a_counter_that_somebody_touched(gate, db):
    await claim(gate, minor=700)

    async with db.begin() as conn:
        await conn.execute(text("UPDATE captures SET claimed = 0"))

    assert await gate.audit() == (Overclaim("tx1", 0, 700),)

import asyncio

import pytest
from sqlalchemy import text

from models.case import Role
from models.errors import Missing, Refused
from store.database import Broken
from store.deskfacts import DeskFacts
from tests.builders import paid

ORDER = "web/shop/B1"


@pytest.fixture
def desk(db):
    return DeskFacts(db)


def a_fact(id="desk-1", transaction="bank-7"):
    telling = paid(transaction, id, source="desk")
    return telling.model_copy(update={"body": {**telling.body, "by": "li", "reason": "bank_transfer"}})


async def proposed(desk, telling=None, by="li", needs_second=True):
    return await desk.propose(ORDER, telling or a_fact(), by, Role.FINANCE, needs_second)


async def code_of(call):
    try:
        await call
    except Refused as refusal:
        return refusal.code
    return "agreed"


async def test_another_person_agrees_and_the_fact_is_the_word_of_both(desk, counted, db):
    proposal = await proposed(desk)
    assert (proposal.order_id, proposal.by, proposal.is_agreed) == (ORDER, "li", False)
    assert await desk.waiting() == (proposal,)

    with counted(db) as cost:
        telling = await desk.second(proposal.id, "wang")

    assert telling == a_fact().model_copy(update={"body": {**a_fact().body, "second": "wang"}})
    assert await desk.waiting() == ()
    assert cost.statements == 1


async def test_nobody_agrees_with_themselves(desk, db):
    proposal = await proposed(desk)

    assert await code_of(desk.second(proposal.id, "li")) == "same_person"
    assert await code_of(desk.second(proposal.id, "LI")) == "same_person"
    assert await desk.waiting() == (proposal,)
    with pytest.raises(Broken, match="two_people"):
        async with db.begin() as conn:
            await conn.execute(text("UPDATE desk_facts SET seconded_by = 'Li', seconded_at = now()"))


async def test_of_many_who_agree_at_once_one_is_the_second(desk):
    proposal = await proposed(desk)

    answers = await asyncio.gather(*(code_of(desk.second(proposal.id, f"p{number}")) for number in range(20)))

    assert (answers.count("agreed"), answers.count("seconded_already")) == (1, 19)


async def test_agreeing_twice_is_once(desk):
    proposal = await proposed(desk)

    assert await desk.second(proposal.id, "wang") == await desk.second(proposal.id, "wang")


async def test_the_same_fact_again_is_the_same_proposal(desk):
    first = await proposed(desk)
    await desk.second(first.id, "wang")

    again = await proposed(desk)

    assert (again.id, again.seconded_by, again.telling.body["second"]) == (first.id, "wang", "wang")


async def test_a_number_means_one_fact_of_one_person(desk):
    await proposed(desk)

    assert await code_of(proposed(desk, a_fact(transaction="bank-8"))) == "other_fact"
    assert await code_of(proposed(desk, by="wang")) == "other_fact"


async def test_what_needs_no_second_is_agreed_from_the_start(desk):
    proposal = await proposed(desk, needs_second=False)

    assert proposal.is_agreed
    assert await desk.waiting() == ()
    assert await code_of(desk.second(proposal.id, "wang")) == "needs_no_second"


async def test_a_proposal_about_another_order_is_unknown(desk):
    proposal = await proposed(desk)

    with pytest.raises(Missing, match="proposal_unknown"):
        await desk.second(proposal.id, "wang", "web/shop/B2")
    await desk.second(proposal.id, "wang", ORDER)


@pytest.mark.parametrize("number", ["p99", "x1", "p", "1", "p1; --"])
async def test_an_unknown_proposal_is_missing(desk, number):
    with pytest.raises(Missing, match="proposal_unknown"):
        await desk.second(number, "wang")

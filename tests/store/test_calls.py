import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from models.errors import Unavailable
from store.calls import Call, CallBook
from tests.builders import NOON

KEY, MINUTE = "B1-label-1", timedelta(minutes=1)


@pytest.fixture
def book(db):
    return CallBook(db)


async def took_off(book, key=KEY, within=MINUTE):
    return await book.take_off(key, "sf", within)


async def given_up(db):
    """The time passes in which the attempt could have reached them."""
    async with db.begin() as conn:
        await conn.execute(text("UPDATE flights SET until = now() - interval '1 second'"))


async def test_the_first_attempt_is_the_first_and_what_landed_may_go_again(book, db, counted):
    with counted(db) as cost:
        assert await took_off(book)
    await book.land(KEY)

    assert not await took_off(book)
    assert cost.statements == 1


async def test_nobody_takes_off_or_asks_while_an_attempt_is_in_the_air(book):
    await took_off(book)

    with pytest.raises(Unavailable, match="still_in_the_air"):
        await took_off(book)
    with pytest.raises(Unavailable, match="still_in_the_air"):
        await book.refuse_while_in_the_air(KEY)
    await took_off(book, "B1-label-2")


async def test_an_attempt_is_in_the_air_no_longer_than_it_may_last(book, db):
    await took_off(book)
    await given_up(db)

    await book.refuse_while_in_the_air(KEY)
    assert not await took_off(book)


async def test_an_answer_or_an_unknown_key_is_not_in_the_air(book):
    await took_off(book)
    await book.land(KEY)

    await book.refuse_while_in_the_air(KEY)
    await book.refuse_while_in_the_air("B9-label-1")


async def one_attempt(book):
    try:
        return await took_off(book)
    except Unavailable as failure:
        return failure.code


async def test_of_many_workers_one_takes_off(db):
    answers = await asyncio.gather(*(one_attempt(CallBook(db)) for _ in range(30)))

    assert answers.count(True) == 1
    assert answers.count("still_in_the_air") == 29


async def test_the_late_answer_to_an_attempt_given_up_does_not_land_the_one_after_it(book, db):
    answered = asyncio.Event()

    async def slow_hand():
        await took_off(book)
        await answered.wait()
        await book.land(KEY)

    slow = asyncio.create_task(slow_hand())
    await eventually_known(db)
    await given_up(db)
    await asyncio.create_task(took_off(book))
    answered.set()
    await slow

    with pytest.raises(Unavailable, match="still_in_the_air"):
        await book.refuse_while_in_the_air(KEY)


async def eventually_known(db):
    async with asyncio.timeout(10):
        while not await known(db):
            await asyncio.sleep(0.01)


async def known(db):
    async with db.begin() as conn:
        return (await conn.execute(text("SELECT count(*) FROM flights"))).scalar_one()


async def test_landing_late_does_not_put_the_attempt_back_into_the_air(book, db):
    await took_off(book)
    await given_up(db)

    await book.land(KEY)

    await book.refuse_while_in_the_air(KEY)


def a_call(key=KEY, party="sf", **fields):
    made = {"what": "label", "began_at": NOON, "took": timedelta(milliseconds=120), "outcome": "done", "status": 200}
    return Call(**{**made, **fields, "key": key, "party": party})


async def test_calls_are_found_by_order_and_by_party_newest_first(book):
    first, other, second = a_call(), a_call("B12-label-1"), a_call(outcome="silent", status=None)
    elsewhere = a_call("B1-pay-1", party="wechat")
    for call in (first, other, second, elsewhere):
        await book.log(call)

    assert await book.calls(stem="B1") == (elsewhere, second, first)
    assert await book.calls(party="sf") == (second, other, first)
    assert await book.calls(stem="B1", party="sf", limit=1) == (second,)


async def test_a_stem_is_no_pattern(book):
    await book.log(a_call())

    assert await book.calls(stem="%") == ()

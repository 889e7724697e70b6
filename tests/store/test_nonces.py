import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import func
from sqlmodel import select

from store.nonces import NonceRow, Nonces

NOW = datetime.now(UTC)
SOON = NOW + timedelta(days=1)  # the run of these tests may be long
OVER = NOW - timedelta(seconds=1)


async def how_many(db):
    async with db.begin() as conn:
        return (await conn.execute(select(func.count()).select_from(NonceRow))).scalar()


async def test_a_nonce_is_new_once_for_each_shop(db):
    nonces = Nonces(db)

    assert await nonces.use("web/demo", "n-1", SOON)
    assert not await nonces.use("web/demo", "n-1", SOON)
    assert await nonces.use("web/other", "n-1", SOON)


async def test_of_fifty_who_say_the_same_at_once_one_is_the_first(db):
    firsts = await asyncio.gather(*(Nonces(db).use("web/demo", "n-1", SOON) for _ in range(50)))

    assert firsts.count(True) == 1


async def test_what_nobody_believes_any_more_is_taken_away_by_those_who_come_after(db):
    nonces = Nonces(db)
    for number in range(10):
        await nonces.use("web/demo", f"old-{number}", OVER)
    for number in range(10):
        await nonces.use("web/demo", f"new-{number}", SOON)

    assert await how_many(db) == 10
    assert not await nonces.use("web/demo", "new-0", SOON)


async def test_a_nonce_costs_one_statement(db, counted):
    with counted(db) as cost:
        await Nonces(db).use("web/demo", "n-1", SOON)

    assert (cost.statements, cost.transactions) == (1, 1)

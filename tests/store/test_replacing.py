"""An order that is sent for goods of another: claimed once, to where that one went, and never beside its money."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from models.case import Role
from models.errand import State, What
from models.errors import Missing, NotYet, Refused
from models.line import Box, Line, Units
from models.noun import Money
from models.order import Flag, Order, Record, Replaces
from models.return_policy import ReturnPolicy
from models.returns import Instead, Kind, Why
from models.wish import Cancel, CancelRest, ChangeAddress, Granted
from rules import errands, undoing
from rules.deadlines import judged
from rules.wishes import granted as wished
from store.contacts import put_note
from store.forgetting import Forgetting
from store.orders import OrderBook
from store.policies import ReturnPolicies
from store.returns import Returns
from tests.builders import NOON
from tests.store.makings import a_contact, a_new_order, claims, contacts, inbox
from tests.store.test_returns import LATER, bought, put, triggered, wanted

WAITING = text("""
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
""")


async def is_waited(db):
    """Somebody stands before a lock."""
    async with db.begin() as conn:
        return (await conn.execute(WAITING)).scalar_one()


@pytest.fixture
def returns(db):
    return Returns(db, contacts(db))


async def asked(returns, order, **fields):
    return (await returns.ask(wanted(order, kind=Kind.RESHIP, why=Why.SHORT, **fields)))[0]


async def test_however_many_ask_at_once_one_order_without_a_price_goes_to_where_the_first_went_at_last(db, returns):
    order = await bought(db)
    version = await contacts(db).add(order.id, a_contact(address="文一路 1 号"))
    moved = wished(order, ChangeAddress(by="wu", contact_version=version, destination="110101"), LATER)
    matter = await asked(returns, moved, quantity=2)
    await triggered(db, moved, matter)

    numbers = await asyncio.gather(*(returns.replace(matter) for _ in range(5)))
    made = await claims(db).seed(numbers[0])

    assert set(numbers) == {f"{order.id}-X1"}
    assert (made.lines, made.total.minor) == ((Line(sku="tea", quantity=2, unit_price=Money(minor=0)),), 0)
    assert (made.replaces, made.flags) == (Replaces(return_id=matter.id, order=order.id), ())
    assert (await contacts(db).get(made.id, made.contact_version)).address == "文一路 1 号"


async def test_another_size_is_sent_where_another_was_wished_for(db, returns):
    order = await bought(db)
    matter = (
        await returns.ask(
            wanted(order, kind=Kind.EXCHANGE, why=Why.WRONG_SIZE, instead=(Instead(line=0, sku="tea-large"),))
        )
    )[0]
    await triggered(db, order, matter)

    made = await claims(db).seed(await returns.replace(matter))

    assert [line.sku for line in made.lines] == ["tea-large"]


async def test_nothing_is_sent_before_the_order_knows_or_where_it_gives_everything_back(db, returns):
    order = await bought(db, arrives=False)
    matter = await asked(returns, order)
    with pytest.raises(NotYet, match="order_not_told"):
        await returns.replace(matter)

    stopped = wished(order, Cancel(by="wu"), NOON)
    await triggered(db, stopped, matter)

    with pytest.raises(Refused, match="order_is_stopping"):
        await returns.replace(matter)
    with pytest.raises(Missing):
        await claims(db).seed(f"{order.id}-X1")


@pytest.mark.parametrize("state", [State.BEGUN, State.DONE, State.REFUSED])
@pytest.mark.parametrize(("quantity", "is_inside"), [(2, False), (3, True)])
async def test_what_a_stopped_rest_paid_back_is_not_sent_as_well(db, returns, state, quantity, is_inside):
    order = await bought(db, arrives=False)
    matter = await asked(returns, order, quantity=quantity)
    two = Box(id=f"{order.business_no}-box-1", place="sh", units=(Units(sku="tea", quantity=2),))
    one = Box(id=f"{order.business_no}-box-2", place="sz", units=(Units(sku="tea", quantity=1),))
    order = order.model_copy(update={"boxes": (two, one)})
    rest = Granted(at=NOON + timedelta(hours=2), wish=CancelRest(by="wu"), boxes=(one.id,))
    order = order.model_copy(update={"wishes": (rest,)})
    due = next(owed for owed in undoing.owed(order) if owed.what is What.REFUND)
    back = errands.begin(order, due, NOON).model_copy(update={"state": state})
    await triggered(db, errands.noted(order, back), matter)

    if is_inside and state is not State.REFUSED:
        with pytest.raises(Refused, match="order_is_stopping"):
            await returns.replace(matter)
    else:
        assert await returns.replace(matter) == f"{order.id}-X1"


async def test_an_order_that_is_over_hears_of_a_return_that_needs_nobodys_word(db, returns):
    order = await bought(db)
    box = Box(id="box-1", place="sh", units=(Units(sku="tea", quantity=3),))
    await _end(db, order.model_copy(update={"boxes": (box,)}))
    await ReturnPolicies(db).put(order.shop, ReturnPolicy(wrong_item_within=timedelta(days=9999)), "lin")
    told = []
    for why in (Why.SHORT, Why.WRONG_ITEM):
        await returns.ask(wanted(order, kind=Kind.RESHIP, why=why))
        told.append([row.telling.body["standing"] for row in await inbox(db).due(500) if row.order_id == order.id])

    assert told == [[], ["triggered"]]


async def test_a_number_that_is_somebody_elses_is_not_taken_over(db, returns):
    order = await bought(db)
    number = f"{order.id.rpartition('/')[2]}-X1"
    await claims(db).claim(a_new_order(number=number), b"")
    matter = await asked(returns, order)
    await triggered(db, order, matter)

    with pytest.raises(Refused, match="number_taken"):
        await returns.replace(matter)


async def test_a_channel_that_sells_under_that_number_later_hears_that_it_is_another(db, returns):
    order = await bought(db)
    matter = await asked(returns, order)
    await triggered(db, order, matter)
    number = await returns.replace(matter)

    again = await claims(db).claim(a_new_order(number=number.rpartition("/")[2]), b"")

    assert not again.is_new
    assert "total" in again.differing


async def test_an_order_without_a_price_is_no_unpaid_one_of_its_phone(db, returns):
    order = await bought(db)
    for _ in range(2):
        matter = await asked(returns, order)
        order = await triggered(db, order, matter)
        number = await returns.replace(matter)
        made = await claims(db).seed(number)
        told = Record(order=made.model_copy(update={"version": 1}), standing=judged(made)[1], told_at=LATER)
        await OrderBook(db, contacts(db)).put(told)

    bought_then = (await claims(db).claim(a_new_order(number="NEXT"), b"")).order

    assert Flag.UNPAID_THRICE not in bought_then.flags


async def test_nobody_is_forgotten_in_the_moment_in_which_something_is_asked_back_of_them(db, returns, monkeypatch):
    order, noted, go_on = await bought(db), asyncio.Event(), asyncio.Event()
    await _end(db, order)

    async def slowly(*words):
        made = await put_note(*words)
        noted.set()
        await go_on.wait()
        return made

    monkeypatch.setattr("store.returns.put_note", slowly)
    asking = asyncio.create_task(returns.ask(wanted(order), "壶嘴裂了"))
    await noted.wait()
    forgetting = asyncio.create_task(Forgetting(contacts(db)).order(order.id, "wu", Role.ADMIN))
    while not await is_waited(db):
        await asyncio.sleep(0.01)
    go_on.set()

    made, _ = await asking
    with pytest.raises(Refused, match="still_under_way"):
        await forgetting
    assert await contacts(db).note(made.note_id) == "壶嘴裂了"


async def test_who_is_forgotten_is_forgotten_in_every_order_that_was_sent_for_theirs(db, returns):
    order = await bought(db)
    matter = await asked(returns, order)
    known = await triggered(db, order, matter)
    second = await returns.replace(matter)
    forgetting = Forgetting(contacts(db))
    with pytest.raises(Refused, match="still_under_way"):
        await forgetting.order(order.id, "wu", Role.ADMIN)
    assert await contacts(db).get(second, 1)

    await put(returns, matter, is_ended=True)
    for one in (known, await claims(db).seed(second)):
        await _end(db, one)
    assert await forgetting.order(order.id, "wu", Role.ADMIN)

    for number in (order.id, second):
        with pytest.raises(Missing, match="forgotten"):
            await contacts(db).get(number, 1)
    assert not await forgetting.order(second, "wu", Role.ADMIN)


async def _end(db, order: Order):
    over = order.model_copy(update={"version": 90})
    await OrderBook(db, contacts(db)).put(
        Record(order=over, run="r9", standing=judged(over)[1], told_at=LATER, is_ended=True)
    )

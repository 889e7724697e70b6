import asyncio
import re
from datetime import timedelta
from itertools import chain, islice, repeat

import pytest
from sqlalchemy import func, select, text
from sqlalchemy import table as sql_table

from models.errors import Missing, Unavailable
from models.intake import NewOrder
from models.line import Line
from models.noun import Money
from models.order import Flag
from models.policy import Policy
from models.stage import Paying
from store.claims import business_numbers
from store.policies import Policies
from tests.store.makings import a_contact, a_new_order, claims, contacts


async def rows(db, table):
    async with db.begin() as conn:
        return (await conn.execute(select(func.count()).select_from(sql_table(table)))).scalar_one()


async def test_a_claim_is_the_order_with_everything_its_story_begins_with(db):
    policy = await Policies(db).put("web/demo", Policy(pay_within=timedelta(minutes=5)), "wang")
    new = a_new_order(paying=Paying.ON_DELIVERY)

    claimed = await claims(db).claim(new, b"raw words")

    order = claimed.order
    assert (claimed.is_new, claimed.differing) == (True, ())
    assert (order.id, order.paying, order.lines, order.total) == (new.id, new.paying, new.lines, new.total)
    assert (order.destination, order.contact_version, order.flags) == ("330106", 1, ())
    assert (order.policy.version, order.policy.pay_within) == (policy, timedelta(minutes=5))
    assert await claims(db).seed(new.id) == order
    assert await claims(db).order_of(order.business_no) == new.id
    assert await claims(db).raw(new.id) == b"raw words"
    assert await contacts(db).get(new.id, 1) == new.receiver


async def test_a_shops_own_provider_goes_before_its_policys(db):
    assert (await claims(db).claim(a_new_order(provider="alipay"), b"")).order.policy.provider == "alipay"
    assert (await claims(db).claim(a_new_order(), b"")).order.policy.provider == "wechat"


async def test_the_same_order_again_gets_the_first_answer(db):
    new = a_new_order()
    first = await claims(db).claim(new, b"one")
    await Policies(db).put("web", Policy(pay_within=timedelta(days=1)), "wang")

    again = await claims(db).claim(new, b"two")

    assert (again.order, again.is_new, again.differing) == (first.order, False, ())
    assert await rows(db, "raws") == 1


async def test_twenty_at_once_are_one_claim(db):
    new = a_new_order()

    answers = await asyncio.gather(*(claims(db).claim(new, b"raw") for _ in range(20)))

    assert sum(answer.is_new for answer in answers) == 1
    assert len({answer.order.model_dump_json() for answer in answers}) == 1
    assert [await rows(db, table) for table in ("claims", "contacts", "contact_keys", "raws")] == [1, 1, 1, 1]


async def test_twenty_at_once_with_other_phones_are_one_claim_and_nineteen_differences(db):
    news = [a_new_order(number="same", receiver=a_contact(phone=f"1370000{n:04}")) for n in range(20)]

    answers = await asyncio.gather(*(claims(db).claim(new, b"raw") for new in news))

    assert sorted(answer.differing for answer in answers) == [(), *[("receiver.phone",)] * 19]
    assert sum(answer.is_new for answer in answers) == 1
    assert await rows(db, "contacts") == 1


async def test_other_content_names_the_fields_and_never_a_value(db):
    new = a_new_order(note="给妈妈的")
    await claims(db).claim(new, b"")
    moved = new.receiver.model_copy(update={"address": "文一路 1 号", "phone": "13711112222"})
    lines = (Line(sku="tea", quantity=1, unit_price=Money(minor=100)),)
    other = new.model_copy(update={"receiver": moved, "lines": lines, "total": Money(minor=100), "note": ""})

    again = await claims(db).claim(other, b"")

    assert again.differing == ("lines", "note", "receiver.address", "receiver.phone", "total")
    assert again.order.lines == new.lines
    assert not re.search("13711112222|文一路", repr(again))


async def test_a_field_that_we_learn_to_read_tomorrow_is_no_difference_until_it_says_something(db):
    class Tomorrow(NewOrder, frozen=True):
        is_gift: bool = False

    new = a_new_order()
    await claims(db).claim(new, b"")
    silent = Tomorrow.model_validate(new.model_dump())

    assert (await claims(db).claim(silent, b"")).differing == ()
    assert (await claims(db).claim(silent.model_copy(update={"is_gift": True}), b"")).differing == ("is_gift",)


async def test_of_a_forgotten_person_nothing_differs_but_the_order_is_known(db):
    new = a_new_order(note="给妈妈的")
    await claims(db).claim(new, b"raw words")
    await contacts(db).forget(new.id)

    again = await claims(db).claim(new.model_copy(update={"total": Money(minor=1)}), b"")

    assert (again.is_new, again.differing) == (False, ("total",))
    for lost in (contacts(db).get(new.id, 1), claims(db).raw(new.id)):
        with pytest.raises(Missing, match="forgotten"):
            await lost


async def test_the_third_unpaid_order_of_one_phone_within_an_hour_is_flagged(db):
    receiver = a_contact()
    first, second, third = [(await claims(db).claim(a_new_order(receiver=receiver), b"")).order.flags for _ in range(3)]

    assert (first, second, third) == ((), (), (Flag.UNPAID_THRICE,))
    assert (await claims(db).claim(a_new_order(), b"")).order.flags == ()


async def test_three_orders_of_one_phone_in_the_same_instant_see_each_other(db):
    news = [a_new_order(receiver=a_contact(phone="+86 13800138000")) for _ in range(3)]

    answers = await asyncio.gather(*(claims(db).claim(new, b"") for new in news))

    assert sorted(answer.order.flags for answer in answers) == [(), (), (Flag.UNPAID_THRICE,)]


async def test_an_unpaid_order_of_yesterday_does_not_count(db):
    for _ in range(2):
        await claims(db).claim(a_new_order(receiver=a_contact()), b"")
    async with db.begin() as conn:
        await conn.execute(text("UPDATE contacts SET added_at = now() - interval '61 minutes'"))

    assert (await claims(db).claim(a_new_order(receiver=a_contact()), b"")).order.flags == ()


def test_a_business_number_can_be_read_aloud():
    number, following = islice(business_numbers("web/demo/1"), 2)

    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", number)
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", following)
    assert number != following
    assert number == next(business_numbers("web/demo/1"))


async def test_an_order_whose_number_is_taken_gets_its_next_one(db):
    def numbers(order_id):
        return chain(["0" * 16], business_numbers(order_id))

    book = claims(db, numbers=numbers)
    first, second = [(await book.claim(a_new_order(), b"")).order for _ in range(2)]

    assert (first.business_no, second.business_no) == ("0" * 16, next(business_numbers(second.id)))
    assert await book.order_of(second.business_no) == second.id


async def test_an_order_that_finds_no_free_number_is_not_half_claimed(db):
    book = claims(db, numbers=lambda _: repeat("0" * 16))
    await book.claim(a_new_order(), b"")

    with pytest.raises(Unavailable, match="claim_contended"):
        await book.claim(a_new_order(), b"")
    assert [await rows(db, table) for table in ("claims", "contacts", "contact_keys", "raws")] == [1, 1, 1, 1]


async def test_what_is_not_ours_is_missing(db):
    for lost in (claims(db).seed("web/demo/9"), claims(db).order_of("0" * 16), claims(db).raw("web/demo/9")):
        with pytest.raises(Missing, match="order_unknown"):
            await lost


async def test_a_claim_without_a_story_is_given_out_once_and_later_again(db):
    orders = {(await claims(db).claim(a_new_order(), b"")).order for _ in range(6)}
    now = timedelta(0)

    mine, yours = await asyncio.gather(claims(db).unstarted(4, now), claims(db).unstarted(4, now))

    assert {*mine, *yours} == orders
    assert len(mine) + len(yours) == 6
    assert await claims(db).unstarted(9, now) == ()
    async with db.begin() as conn:
        await conn.execute(text("UPDATE claims SET relay_at = relay_at - interval '5 seconds'"))
    assert set(await claims(db).unstarted(9, now)) == orders
    assert await claims(db).unstarted(9, now) == ()


async def test_a_claim_that_another_relay_has_in_hand_is_passed_over(db):
    first, second = [(await claims(db).claim(a_new_order(), b"")).order for _ in range(2)]

    async with db.begin() as conn:
        await conn.execute(text("SELECT FROM claims WHERE order_id = :id FOR UPDATE"), {"id": first.id})
        assert await claims(db).unstarted(9, timedelta(0)) == (second,)


async def test_a_claim_of_this_moment_is_left_to_the_door(db):
    await claims(db).claim(a_new_order(), b"")

    assert await claims(db).unstarted(9, timedelta(minutes=1)) == ()


async def test_what_a_claim_costs(db, counted):
    new = a_new_order()
    with counted(db) as cost:
        await claims(db).claim(new, b"")
    assert (cost.statements, cost.transactions) == (2, 1)
    with counted(db) as cost:
        await claims(db).claim(new, b"")
    assert (cost.statements, cost.transactions) == (1, 1)

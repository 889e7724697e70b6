from datetime import UTC, datetime, time, timedelta

import pytest

from models.case import Owner, Role
from models.duty import Person, Shift
from models.errors import Missing, Refused
from store.duty import Duty

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MONDAY, TUESDAY, SUNDAY = 1, 2, 7
SHANGHAI_NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # a Monday


@pytest.fixture
def duty(db):
    return Duty(db)


def a_shift(person="li", rung=Owner.OWNER, **fields):
    return Shift(**{"valid_from": LONG_AGO, **fields, "person": Person(id=person, robot="room"), "rung": rung})


async def who(duty, rung=Owner.OWNER, at=SHANGHAI_NOON, role=Role.OPS, place=None, shop="web/one"):
    person = await duty.on_duty(role, place, shop, rung, at)
    return person.id if person else None


async def test_who_is_on_duty_is_known_with_the_room_to_say_it_in(duty):
    await duty.add(a_shift())

    assert await duty.on_duty(Role.OPS, None, "web/one", Owner.OWNER, SHANGHAI_NOON) == Person(id="li", robot="room")
    assert await who(duty, Owner.LEAD) is None


async def test_a_shift_is_of_its_days_and_hours_in_its_own_zone(duty):
    await duty.add(a_shift(days=(MONDAY,), begins=time(9), ends=time(18)))

    assert await who(duty, at=datetime(2026, 11, 23, 1, tzinfo=UTC)) == "li"
    assert await who(duty, at=datetime(2026, 11, 23, 0, 59, tzinfo=UTC)) is None
    assert await who(duty, at=datetime(2026, 11, 23, 10, tzinfo=UTC)) is None
    assert await who(duty, at=SHANGHAI_NOON + timedelta(days=1)) is None


async def test_a_night_shift_belongs_to_the_day_it_begins_on(duty):
    await duty.add(a_shift(days=(MONDAY,), begins=time(22), ends=time(6), zone="UTC"))

    assert await who(duty, at=datetime(2026, 11, 23, 23, tzinfo=UTC)) == "li"
    assert await who(duty, at=datetime(2026, 11, 24, 5, tzinfo=UTC)) == "li"
    assert await who(duty, at=datetime(2026, 11, 23, 5, tzinfo=UTC)) is None
    assert await who(duty, at=datetime(2026, 11, 24, 23, tzinfo=UTC)) is None


async def test_a_shift_that_begins_when_it_ends_lasts_the_whole_day(duty):
    await duty.add(a_shift(days=(MONDAY,), zone="UTC"))

    assert await who(duty, at=datetime(2026, 11, 23, 0, tzinfo=UTC)) == "li"
    assert await who(duty, at=datetime(2026, 11, 23, 23, 59, tzinfo=UTC)) == "li"
    assert await who(duty, at=datetime(2026, 11, 24, 0, tzinfo=UTC)) is None


async def test_who_is_there_for_this_very_place_shop_or_role_goes_first(duty):
    await duty.add(a_shift("sh", place="sh"))
    await duty.add(a_shift("one", shop="web/one"))
    await duty.add(a_shift("web", shop="web"))
    await duty.add(a_shift("ops", role=Role.OPS))
    await duty.add(a_shift("all"))

    assert await who(duty, place="sh") == "sh"
    assert await who(duty) == "one"
    assert await who(duty, shop="web/two") == "web"
    assert await who(duty, shop="tmall/x") == "ops"
    assert await who(duty, shop="tmall/x", role=Role.FINANCE) == "all"
    assert await who(duty, shop="webber/one", role=Role.FINANCE) == "all"


async def test_of_equals_the_newest_shift_counts(duty):
    await duty.add(a_shift("li"))
    await duty.add(a_shift("wang"))

    assert await who(duty) == "wang"


async def test_an_ended_shift_counts_no_more(duty):
    number = await duty.add(a_shift())
    assert [shift.person.id for _, shift in await duty.shifts()] == ["li"]

    await duty.end(number)

    assert await duty.shifts() == ()
    assert await who(duty, at=datetime(2100, 1, 1, tzinfo=UTC)) is None
    with pytest.raises(Missing, match="shift_unknown"):
        await duty.end(number)


async def test_a_shift_counts_from_when_it_is_valid_until_it_is_not(duty):
    await duty.add(a_shift(valid_from=SHANGHAI_NOON, valid_until=SHANGHAI_NOON + timedelta(hours=1)))

    hours = [await who(duty, at=SHANGHAI_NOON + timedelta(hours=hour)) for hour in (-1, 0, 1)]

    assert hours == [None, "li", None]


async def test_what_is_kept_is_what_was_given(duty):
    shift = a_shift(role=Role.OPS, place="sh", shop="web", days=(TUESDAY, SUNDAY), begins=time(9), ends=time(18, 30))

    number = await duty.add(shift)

    assert await duty.shifts() == ((number, shift),)


async def test_an_unknown_zone_and_the_clock_are_refused(duty):
    with pytest.raises(Refused, match="zone_unknown"):
        await duty.add(a_shift(zone="Mars/North"))
    with pytest.raises(Refused, match="no_rung_of_people"):
        await duty.add(a_shift(rung=Owner.CLOCK))

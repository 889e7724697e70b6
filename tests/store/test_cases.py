import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from models.case import Case, Owner, Role
from models.duty import Person, Shift
from models.errors import Missing, Refused
from models.finding import Check, Finding
from models.order import Record, Standing
from models.stage import Stage
from store import case_statements as say
from store.cases import CaseFilter, Cases, told
from store.duty import Duty
from tests.builders import NOON, an_order

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AGES = 60 * 24 * 365  # minutes
STORY = "web/shop/B1"
SHELF = Finding(about="sh", place="sh")


@pytest.fixture
def cases(db):
    return Cases(db)


@pytest.fixture
async def li(db):
    await on_duty(db, "li")


async def on_duty(db, person, rung=Owner.OWNER, robot="room", **fields):
    shift = Shift(person=Person(id=person, robot=robot), rung=rung, valid_from=NOON - timedelta(days=9999), **fields)
    await Duty(db).add(shift)


def a_case(story=STORY, deadline="unshipped", since=NOON, rung=Owner.OWNER, **fields):
    made = {"opened_at": since, "climbed_at": since}
    return Case(**{**made, **fields, "story": story, "deadline": deadline, "since": since, "rung": rung})


async def tell(db, *cases, story=STORY):
    order = an_order(id=story, cases=cases)
    async with db.begin() as conn:
        await told(conn, Record(order=order, standing=Standing(stage=Stage.PAID, since=NOON)))


async def sql(db, statement, **values):
    async with db.begin() as conn:
        return await conn.execute(text(statement), values)


async def early_in_the_minute(db):
    """What must happen within one minute is begun while enough of it is left."""
    async with asyncio.timeout(20):
        while (await sql(db, "SELECT extract(second FROM now()) > 50")).scalar_one():
            await asyncio.sleep(0.5)


async def a_minute_passes(db):
    await sql(db, "UPDATE reminder_messages SET minute = minute - interval '1 minute'")


def stories(gathered):
    return [line.story for line in gathered.reminders]


async def test_a_case_is_the_same_as_long_as_story_deadline_and_since_are(cases, db):
    await tell(db, a_case(role=Role.WAREHOUSE, place="sh"))
    await tell(db, a_case(role=Role.WAREHOUSE, place="sh", rung=Owner.LEAD), a_case(since=NOON + HOUR))

    first, second = await cases.listing(CaseFilter())

    assert first.case == a_case(role=Role.WAREHOUSE, place="sh", rung=Owner.LEAD)
    assert (first.shop, second.case) == ("web/shop", a_case(since=NOON + HOUR))


async def test_telling_costs_one_statement(db, counted):
    with counted(db) as cost:
        await tell(db, a_case(), a_case(deadline="held"))

    assert cost.statements == 1


async def test_a_case_that_its_story_no_longer_knows_is_closed(cases, db):
    await tell(db, a_case(), a_case(deadline="held"), a_case(since=NOON + HOUR))
    await tell(db, a_case("web/shop/B2"), story="web/shop/B2")

    await tell(db, a_case())
    gone = [(known.case.deadline, known.case.since) for known in await cases.listing(CaseFilter(open=False))]
    assert gone == [("unshipped", NOON + HOUR), ("held", NOON)]
    await tell(db)

    assert [known.case.story for known in await cases.listing(CaseFilter())] == ["web/shop/B2"]


async def test_an_unchanged_case_is_not_written_again(cases, db):
    await tell(db, a_case())
    before = (await sql(db, "SELECT xmin FROM cases")).scalar_one()

    await tell(db, a_case())
    assert (await sql(db, "SELECT xmin FROM cases")).scalar_one() == before

    (known,) = await cases.listing(CaseFilter())
    await cases.close(known.id, "wang")
    before = (await sql(db, "SELECT xmin FROM cases")).scalar_one()
    await tell(db, a_case())
    assert (await sql(db, "SELECT xmin FROM cases")).scalar_one() == before


async def test_one_identity_twice_in_a_record_is_its_newest(cases, db):
    await tell(db, a_case(closed_at=NOON + HOUR), a_case(opened_at=NOON + 2 * HOUR))

    (known,) = await cases.listing(CaseFilter())

    assert known.case.opened_at == NOON + 2 * HOUR


async def test_a_case_closes_by_itself(cases, db):
    await tell(db, a_case())
    await tell(db, a_case(closed_at=NOON + HOUR))

    assert await cases.listing(CaseFilter()) == ()
    (known,) = await cases.listing(CaseFilter(open=False))
    assert (known.case.closed_at, known.closed_by) == (NOON + HOUR, None)


async def test_what_a_person_closed_stays_closed_until_it_climbs(cases, db):
    await tell(db, a_case())
    (known,) = await cases.listing(CaseFilter())

    assert await cases.close(known.id, "wang", "note-1") == STORY
    await tell(db, a_case(party="sf"))
    (closed,) = await cases.listing(CaseFilter(open=None))
    assert (closed.closed_by, closed.note_id, closed.case.closed_at is None) == ("wang", "note-1", False)

    await tell(db, a_case(rung=Owner.LEAD))
    (again,) = await cases.listing(CaseFilter())
    assert (again.closed_by, again.case.rung) == (None, Owner.LEAD)


async def test_what_the_story_closed_first_keeps_its_person_and_takes_their_words(cases, db):
    await tell(db, a_case())
    (known,) = await cases.listing(CaseFilter())
    await tell(db, a_case(closed_at=NOON + HOUR, closed_by="wang"))

    with pytest.raises(Refused, match="closed_already"):
        await cases.close(known.id, "li", "note-2")
    assert await cases.close(known.id, "wang", "note-1") == STORY
    (closed,) = await cases.listing(CaseFilter(open=False))
    assert (closed.closed_by, closed.note_id, closed.case.closed_at) == ("wang", "note-1", NOON + HOUR)


async def test_a_case_is_closed_by_one_person(cases, db):
    await tell(db, a_case())
    (known,) = await cases.listing(CaseFilter())
    await cases.close(known.id, "wang")

    with pytest.raises(Refused, match="closed_already"):
        await cases.close(known.id, "li")
    with pytest.raises(Missing, match="case_unknown"):
        await cases.close(known.id + 1, "li")


async def test_what_the_house_found_is_one_case_however_many_say_so_at_once(cases, counted, db):
    await asyncio.gather(*(cases.found(Check.MISCOUNTED, [SHELF]) for _ in range(10)))
    with counted(db) as cost:
        assert await cases.found(Check.MISCOUNTED, [SHELF, SHELF.model_copy(update={"about": "bj"})]) == 2

    assert [known.case.story for known in await cases.listing(CaseFilter())] == ["sh", "bj"]
    assert (cost.statements, cost.transactions) == (3, 1)


async def test_two_rounds_of_the_house_wait_for_each_other(cases, db):
    async def waits():
        return (await sql(db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).scalar_one()

    async with db.begin() as conn, asyncio.timeout(20):
        await conn.execute(say.ALONE, {"deadline": Check.MISCOUNTED.value})
        other = asyncio.create_task(cases.found(Check.MISCOUNTED, [SHELF]))
        while not await waits():
            await asyncio.sleep(0.02)

    assert await other == 1


async def test_what_the_house_finds_no_more_is_closed_and_other_cases_are_not(cases, db):
    await cases.found(Check.LAPSED, [Finding(about=STORY)])
    await cases.found(Check.MISCOUNTED, [SHELF])
    await tell(db, a_case())

    assert await cases.found(Check.MISCOUNTED, []) == 0
    await tell(db)

    assert [known.case.deadline for known in await cases.listing(CaseFilter())] == [Check.LAPSED]
    assert {known.closed_by for known in await cases.listing(CaseFilter(open=False))} == {None}


async def test_what_a_person_closed_for_the_house_stays_closed_while_it_lasts(cases):
    await cases.found(Check.MISCOUNTED, [SHELF])
    (known,) = await cases.listing(CaseFilter())
    await cases.close(known.id, "wang")

    assert await cases.found(Check.MISCOUNTED, [SHELF]) == 0
    assert await cases.found(Check.MISCOUNTED, []) == 0
    assert await cases.found(Check.MISCOUNTED, [SHELF]) == 1
    (closed,) = await cases.listing(CaseFilter(open=False))
    assert (closed.id, closed.closed_by) == (known.id, "wang")


async def test_messages_newer_than_the_closing_are_a_new_case(cases, db):
    lost = Finding(about="sf/unaddressed", party="sf", since=NOON, newest_at=NOON)
    await cases.found(Check.STRANDED, [lost])
    (known,) = await cases.listing(CaseFilter())
    await cases.close(known.id, "wang")
    now = (await sql(db, "SELECT now()")).scalar_one()

    assert await cases.found(Check.STRANDED, [lost]) == 0
    assert await cases.found(Check.STRANDED, [lost.model_copy(update={"newest_at": now})]) == 1


async def test_a_case_of_the_house_climbs_and_its_people_are_reminded(cases, db):
    await on_duty(db, "zhao", role=Role.WAREHOUSE, place="sh")
    await on_duty(db, "qian", role=Role.WAREHOUSE, place="bj")
    await on_duty(db, "sun", shop="web/shop")
    await on_duty(db, "wang", rung=Owner.LEAD)
    await cases.found(Check.MISCOUNTED, [SHELF])
    assert [gathered.person.id for gathered in await cases.due_reminders()] == ["zhao"]

    await sql(db, "UPDATE cases SET opened_at = opened_at - interval '3 hours'")
    await cases.found(Check.MISCOUNTED, [SHELF])
    (known,) = await cases.listing(CaseFilter())

    assert known.case.rung is Owner.LEAD
    assert {gathered.person.id for gathered in await cases.due_reminders()} == {"zhao", "wang"}


async def test_many_causes_at_one_party_are_one_incident_for_the_house_too(cases):
    causes = [Finding(about=f"sf/{code}", party="sf") for code in ("unaddressed", "unreadable")]
    await cases.found(Check.STRANDED, causes)

    assert [(found.deadline, found.party, found.open) for found in await cases.incidents()] == [("stranded", "sf", 2)]


async def test_cases_of_the_house_are_of_no_shop(cases, db):
    await cases.found(Check.MISCOUNTED, [SHELF])
    await tell(db, a_case())

    async def found(**which):
        return [known.case.story for known in await cases.listing(CaseFilter(**which))]

    assert await found(is_houses=True) == ["sh"]
    assert await found(is_houses=False) == await found(shop="web") == [STORY]


async def test_cases_are_listed_by_role_party_and_shop_page_by_page(cases, db):
    await tell(db, a_case("web/a/1", role=Role.FINANCE, party="sf"), story="web/a/1")
    await tell(db, a_case("web/b/1"), story="web/b/1")
    await tell(db, a_case("weber/c/1"), story="weber/c/1")

    async def found(**which):
        return [known.case.story for known in await cases.listing(CaseFilter(**which))]

    assert await found(role=Role.FINANCE) == await found(party="sf") == await found(shop="web/a") == ["web/a/1"]
    assert await found(shop="web") == ["web/a/1", "web/b/1"]
    (first,) = await cases.listing(CaseFilter(limit=1))
    assert await found(after=first.id, limit=1) == ["web/b/1"]
    assert await found(open=None) == ["weber/c/1", "web/b/1", "web/a/1"]


async def test_the_same_deadline_and_party_within_ten_minutes_is_one_incident(cases, db):
    now = (await sql(db, "SELECT now() - interval '3 hours'")).scalar_one()
    for number, minutes in enumerate([0, 9, 19, 30]):
        story = f"web/shop/B{number}"
        await tell(db, a_case(story, since=now + minutes * MINUTE, party="sf"), story=story)
    await tell(db, a_case("web/shop/C1", since=now, party="yto"), story="web/shop/C1")
    await tell(db, a_case("web/shop/C2", since=now, party="sf", deadline="uncollected"), story="web/shop/C2")
    await tell(db, a_case("web/shop/C3", since=now), story="web/shop/C3")

    incidents = await cases.incidents()

    assert [(found.party, found.deadline, found.count) for found in incidents] == [
        ("sf", "unshipped", 3),
        ("sf", "uncollected", 1),
        ("yto", "unshipped", 1),
        ("sf", "unshipped", 1),
    ]
    assert incidents[0].stories == ("web/shop/B0", "web/shop/B1", "web/shop/B2")
    assert (incidents[0].began_at, incidents[0].last_at) == (now, now + 19 * MINUTE)


async def test_an_incident_is_over_when_its_cases_are(cases, db):
    now = (await sql(db, "SELECT now()")).scalar_one()
    await tell(db, a_case(since=now, party="sf"), a_case(deadline="held", since=now, party="sf", closed_at=now))

    assert [(found.deadline, found.open) for found in await cases.incidents()] == [("unshipped", 1)]


@pytest.mark.usefixtures("li")
async def test_reminders_are_gathered_for_each_person(cases, db, counted):
    await on_duty(db, "zhao", role=Role.FINANCE)
    for number in range(3):
        story = f"web/shop/B{number}"
        await tell(db, a_case(story, since=NOON + number * MINUTE), story=story)
    await tell(db, a_case("web/shop/F1", role=Role.FINANCE), story="web/shop/F1")

    with counted(db) as cost:
        due = await cases.due_reminders()

    assert [(gathered.person.id, stories(gathered)) for gathered in due] == [
        ("li", ["web/shop/B0", "web/shop/B1", "web/shop/B2"]),
        ("zhao", ["web/shop/F1"]),
    ]
    assert cost.statements == 2


async def test_a_couriers_station_hears_by_its_own_robot_what_service_hears_by_ours(cases, db):
    await on_duty(db, "wu", role=Role.SERVICE)
    await on_duty(db, "yundong", role=Role.SERVICE, place="sf", robot="sf-station")
    of_sf = {"role": Role.SERVICE, "party": "sf"}
    await tell(db, a_case(deadline="denied", **of_sf), a_case(deadline="station", place="sf", **of_sf))
    due = await cases.due_reminders()

    assert {(one.person.id, one.person.robot, tuple(line.deadline for line in one.reminders)) for one in due} == {
        ("wu", "room", ("denied",)),
        ("yundong", "sf-station", ("station",)),
    }


@pytest.mark.usefixtures("li")
async def test_of_two_senders_one_sends_and_once(cases, db):
    await early_in_the_minute(db)
    await tell(db, a_case())
    await cases.due_reminders()

    claims = await asyncio.gather(*(Cases(db).claim_reminder("li") for _ in range(10)))
    (claimed,) = (claim for claim in claims if claim)
    await cases.sent(claimed.message)

    assert stories(claimed) == [STORY]
    assert claimed.person == Person(id="li", robot="room")
    assert await cases.due_reminders() == ()
    await a_minute_passes(db)
    assert await cases.claim_reminder("li") is None
    assert (await sql(db, "SELECT sent_at IS NOT NULL FROM reminder_messages")).scalars().all() == [True]


@pytest.mark.usefixtures("li")
async def test_two_senders_in_different_minutes_do_not_share_a_reminder(cases, db):
    await tell(db, a_case())
    await cases.due_reminders()

    await cases.claim_reminder("li")
    await a_minute_passes(db)

    assert await cases.claim_reminder("li") is None


@pytest.mark.usefixtures("li")
async def test_two_finders_at_once_remind_once(cases, db):
    for number in range(20):
        await tell(db, a_case(f"web/shop/B{number}"), story=f"web/shop/B{number}")

    await asyncio.gather(*(Cases(db).due_reminders() for _ in range(8)))

    (gathered,) = await cases.due_reminders()
    assert len(gathered.reminders) == 20


@pytest.mark.usefixtures("li")
async def test_a_person_gets_one_message_a_minute(cases, db):
    await early_in_the_minute(db)
    await tell(db, a_case())
    await cases.due_reminders()
    await cases.claim_reminder("li")

    await tell(db, a_case("web/shop/B2"), story="web/shop/B2")
    await tell(db, a_case("web/shop/B3"), story="web/shop/B3")
    assert await cases.due_reminders() == ()
    assert await cases.claim_reminder("li") is None

    await a_minute_passes(db)
    (gathered,) = await cases.due_reminders()
    assert stories(gathered) == stories(await cases.claim_reminder("li")) == ["web/shop/B2", "web/shop/B3"]


@pytest.mark.usefixtures("li")
async def test_each_rung_is_reminded_once(cases, db):
    await on_duty(db, "ma", Owner.LEAD)
    await tell(db, a_case())
    await cases.due_reminders()
    await cases.claim_reminder("li")
    await a_minute_passes(db)

    await tell(db, a_case(rung=Owner.LEAD))

    due = await cases.due_reminders()
    assert [(gathered.person.id, gathered.reminders[0].rung) for gathered in due] == [("ma", Owner.LEAD)]


@pytest.mark.usefixtures("li")
async def test_a_closed_case_reminds_nobody(cases, db):
    await tell(db, a_case())
    await cases.due_reminders()

    await tell(db, a_case(closed_at=NOON + HOUR))

    assert await cases.due_reminders() == ()
    assert await cases.claim_reminder("li") is None


async def test_with_nobody_on_duty_the_next_rung_up_is_reminded_at_once_and_the_case_says_so(cases, db):
    await on_duty(db, "chen", Owner.MANAGER)
    await tell(db, a_case())

    (gathered,) = await cases.due_reminders()
    (known,) = await cases.listing(CaseFilter())

    assert (gathered.person.id, gathered.reminders[0].rung) == ("chen", Owner.MANAGER)
    assert known.nobody_on_duty
    assert known.case.rung is Owner.OWNER


async def test_who_was_reminded_for_an_absent_owner_is_not_reminded_again_when_the_case_climbs(cases, db):
    await on_duty(db, "ma", Owner.LEAD)
    await tell(db, a_case())
    await cases.due_reminders()
    await cases.claim_reminder("ma")
    await a_minute_passes(db)

    await tell(db, a_case(rung=Owner.LEAD))

    assert await cases.due_reminders() == ()


async def test_a_case_that_found_nobody_at_all_is_said_and_looked_at_again(cases, db):
    await tell(db, a_case())
    assert await cases.due_reminders() == ()
    (known,) = await cases.listing(CaseFilter())
    assert known.nobody_on_duty

    await on_duty(db, "li")
    assert await cases.due_reminders() == ()
    await sql(db, "UPDATE cases SET announce_at = now()")

    assert [gathered.person.id for gathered in await cases.due_reminders()] == ["li"]


@pytest.mark.usefixtures("li")
async def test_somebody_who_is_on_duty_is_not_said_to_be_absent(cases, db):
    await tell(db, a_case())
    await cases.due_reminders()

    assert [known.nobody_on_duty for known in await cases.listing(CaseFilter())] == [False]


@pytest.mark.usefixtures("li")
async def test_what_a_muted_robot_did_not_take_is_one_message_when_it_speaks_again(cases, db):
    await tell(db, a_case())
    await cases.due_reminders()
    claimed = await cases.claim_reminder("li")
    await cases.unsent(claimed.message, "room", mute=HOUR)
    await tell(db, a_case("web/shop/B2"), story="web/shop/B2")
    await tell(db, a_case("web/shop/B3"), story="web/shop/B3")

    assert await cases.due_reminders() == ()
    assert await cases.claim_reminder("li") is None

    await sql(db, "UPDATE muted_robots SET until = now() - interval '1 second'")
    (gathered,) = await cases.due_reminders()
    again = await cases.claim_reminder("li")
    assert stories(gathered) == stories(again) == [STORY, "web/shop/B2", "web/shop/B3"]
    assert (await sql(db, "SELECT count(*) FROM reminder_messages")).scalar_one() == 1


async def test_a_muted_robot_silences_nobody_else(cases, db):
    await on_duty(db, "li")
    await on_duty(db, "zhao", role=Role.FINANCE, robot="counting-house")
    await tell(db, a_case())
    await cases.due_reminders()
    await cases.unsent((await cases.claim_reminder("li")).message, "room", mute=HOUR)

    await tell(db, a_case("web/shop/F1", role=Role.FINANCE), story="web/shop/F1")

    assert [gathered.person.id for gathered in await cases.due_reminders()] == ["zhao"]


async def time_passes(db, minutes):
    """Far away and back: on the way no message may stand in the minute of one that has not moved yet."""
    for by in (minutes + AGES, -AGES):
        await sql(db, "UPDATE reminder_messages SET minute = minute - :by * interval '1 minute'", by=by)
    await sql(db, "UPDATE muted_robots SET until = until - :by * interval '1 minute'", by=minutes)


async def more(cases, db, story, **fields):
    """One more case, and whom it is told to now."""
    await tell(db, a_case(story, **fields), story=story)
    return [stories(gathered) for gathered in await cases.due_reminders()]


@pytest.mark.usefixtures("li")
async def test_what_comes_to_an_incident_later_is_one_message_in_half_an_hour(cases, db):
    assert await more(cases, db, "web/shop/B1", party="wechat") == [["web/shop/B1"]]
    await cases.sent((await cases.claim_reminder("li")).message)
    for nth in range(2, 5):
        await time_passes(db, 5)
        assert await more(cases, db, f"web/shop/B{nth}", party="wechat") == []
        assert await cases.claim_reminder("li") is None

    await time_passes(db, 16)
    (gathered,) = await cases.due_reminders()
    claimed = await cases.claim_reminder("li")

    assert stories(gathered) == stories(claimed) == ["web/shop/B2", "web/shop/B3", "web/shop/B4"]


@pytest.mark.usefixtures("li")
async def test_an_incident_hides_no_other_cause_no_other_party_and_no_higher_rung(cases, db):
    await on_duty(db, "ma", Owner.LEAD)
    await more(cases, db, "web/shop/B1", party="wechat")
    await cases.sent((await cases.claim_reminder("li")).message)
    await time_passes(db, 5)

    assert await more(cases, db, "web/shop/B2", party="sf") == [["web/shop/B2"]]
    assert await more(cases, db, "web/shop/B3", party="wechat", deadline="held") == [["web/shop/B2", "web/shop/B3"]]
    assert await more(cases, db, "web/shop/B4") == [["web/shop/B2", "web/shop/B3", "web/shop/B4"]]
    assert (await more(cases, db, "web/shop/B1", party="wechat", rung=Owner.LEAD))[1:] == [["web/shop/B1"]]


@pytest.mark.usefixtures("li")
async def test_what_a_silent_robot_may_not_have_brought_is_spoken_of_once_and_not_repeated(cases, db):
    await more(cases, db, "web/shop/B1")
    silent = await cases.claim_reminder("li")
    await cases.unheard(silent.message, "room", HOUR)
    assert await more(cases, db, "web/shop/B2") == []

    await time_passes(db, 5)
    assert [stories(gathered) for gathered in await cases.due_reminders()] == [["web/shop/B1", "web/shop/B2"]]
    claimed = await cases.claim_reminder("li")
    assert [(line.story, line.is_unsure) for line in claimed.reminders] == [
        ("web/shop/B1", True),
        ("web/shop/B2", False),
    ]
    await cases.sent(claimed.message)

    await time_passes(db, 60)
    assert await cases.due_reminders() == ()
    assert await cases.claim_reminder("li") is None


@pytest.mark.usefixtures("li")
async def test_what_was_too_young_to_be_unsure_is_spoken_of_by_the_message_after(cases, db):
    await more(cases, db, "web/shop/B1")
    await cases.unheard((await cases.claim_reminder("li")).message, "room", HOUR)
    await time_passes(db, 1)
    assert await more(cases, db, "web/shop/B2") == [["web/shop/B2"]]
    await cases.sent((await cases.claim_reminder("li")).message)

    await time_passes(db, 5)
    assert [stories(gathered) for gathered in await cases.due_reminders()] == [["web/shop/B1"]]


@pytest.mark.usefixtures("li")
async def test_an_incident_of_which_nobody_is_known_to_have_heard_is_told_at_once(cases, db):
    await more(cases, db, "web/shop/B1", party="wechat")
    await cases.unheard((await cases.claim_reminder("li")).message, "room", HOUR)
    await time_passes(db, 1)

    assert await more(cases, db, "web/shop/B2", party="wechat") == [["web/shop/B2"]]


@pytest.mark.usefixtures("li")
async def test_a_robot_that_stays_silent_rests_longer_each_time(cases, db):
    await more(cases, db, "web/shop/B1")
    for rest in (60, 120, 240, 480, 600, 600):
        message = (await cases.claim_reminder("li")).message
        before = (await sql(db, "SELECT now()")).scalar_one()
        await cases.unheard(message, "room", 10 * MINUTE)
        until, after = (await sql(db, "SELECT until, now() FROM muted_robots")).one()
        assert until - after <= timedelta(seconds=rest) <= until - before
        await time_passes(db, 11)

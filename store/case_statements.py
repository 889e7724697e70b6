"""What the desk's list says to PostgreSQL."""

from sqlalchemy import text

from store.duty import LADDER, ON_DUTY

# A case that a person closed stays closed until the story climbs or opens it anew.
STAYS = "cases.closed_by IS NOT NULL AND (cases.rung, cases.opened_at) = (excluded.rung, excluded.opened_at)"
TOLD = f"""
    WITH told AS (
        SELECT * FROM jsonb_to_recordset(CAST(:cases AS jsonb)) AS told (
            story text, deadline text, since timestamptz, rung text, role text, place text, party text,
            opened_at timestamptz, climbed_at timestamptz, closed_at timestamptz, closed_by text
        )
    ), gone AS (
        UPDATE cases SET closed_at = coalesce(closed_at, now()), is_over = true
        WHERE {{mine}} AND NOT is_over AND NOT EXISTS (
            SELECT FROM told WHERE (told.story, told.deadline, told.since) = (cases.story, cases.deadline, cases.since)
        )
    )
    INSERT INTO cases (
        story, deadline, since, shop, rung, role, place, party, opened_at, climbed_at, closed_at, closed_by
    )
    SELECT story, deadline, since, CAST(:shop AS text), rung, role, place, party,
        opened_at, climbed_at, closed_at, closed_by
    FROM told
    ON CONFLICT (story, deadline, since) DO UPDATE SET
        rung = excluded.rung, role = excluded.role, place = excluded.place, party = excluded.party,
        opened_at = excluded.opened_at, climbed_at = excluded.climbed_at, announce_at = now(), is_over = false,
        closed_at = CASE WHEN {STAYS} THEN cases.closed_at ELSE excluded.closed_at END,
        closed_by = CASE WHEN {STAYS} THEN cases.closed_by ELSE excluded.closed_by END
    WHERE (cases.rung, cases.role, cases.place, cases.party, cases.opened_at, cases.climbed_at)
            IS DISTINCT FROM
            (excluded.rung, excluded.role, excluded.place, excluded.party, excluded.opened_at, excluded.climbed_at)
        OR (cases.closed_by IS NULL AND cases.closed_at IS DISTINCT FROM excluded.closed_at)
"""  # noqa: S608, put together from our own words
TELL = text(TOLD.format(mine="story = :story AND shop IS NOT NULL"))
TELL_OF_THE_HOUSE = text(TOLD.format(mine="deadline = :deadline AND shop IS NULL"))
TELL_OF_ONE = text(TOLD.format(mine="story = :story AND deadline = :deadline AND shop IS NULL"))
# One round at a time. The hour is read when the lock is ours, so that no later round reads an earlier one.
ALONE = text("SELECT clock_timestamp() FROM pg_advisory_xact_lock(6015, hashtext(:deadline))")
OF_THE_HOUSE = text("SELECT * FROM cases WHERE deadline = :deadline AND shop IS NULL AND NOT is_over")
OF_ONE = text("SELECT * FROM cases WHERE story = :story AND deadline = :deadline AND shop IS NULL AND NOT is_over")
# A story that was told first may have had it closed by this person already.
CLOSE = text("""
    UPDATE cases SET closed_at = coalesce(closed_at, now()), closed_by = :by, note_id = :note_id
    WHERE id = :id AND (closed_at IS NULL OR (closed_by = :by AND note_id IS NULL))
    RETURNING story
""")
KNOWN = text("SELECT EXISTS (SELECT FROM cases WHERE id = :id)")
INCIDENTS = text("""
    WITH marked AS (
        SELECT *, opened_at - lag(opened_at) OVER by_time <= interval '10 minutes' AS goes_on
        FROM cases WHERE party IS NOT NULL AND opened_at > now() - CAST(:within AS interval)
        WINDOW by_time AS (PARTITION BY deadline, party ORDER BY opened_at, id)
    ), numbered AS (
        SELECT *, count(*) FILTER (WHERE goes_on IS NOT TRUE) OVER by_time AS incident
        FROM marked WINDOW by_time AS (PARTITION BY deadline, party ORDER BY opened_at, id)
    )
    SELECT deadline, party, min(opened_at) AS began_at, max(opened_at) AS last_at, count(*) AS count,
        count(*) FILTER (WHERE closed_at IS NULL) AS open, (array_agg(story ORDER BY opened_at, id))[1:5] AS stories
    FROM numbered GROUP BY deadline, party, incident HAVING count(*) FILTER (WHERE closed_at IS NULL) > 0
    ORDER BY open DESC, began_at
""")
LOOK_UP = ON_DUTY.format(
    at="now()",
    rungs=f"(({LADDER})[array_position({LADDER}, due.rung):])",
    role="due.role",
    place="due.place",
    shop="due.shop",
)
# Two who do this at once share the work; where nobody is found at any rung, we look again in a minute.
ANNOUNCE = text(f"""
    WITH due AS (
        SELECT id, rung, role, place, shop FROM cases
        WHERE closed_at IS NULL AND rung <> 'clock' AND announced IS DISTINCT FROM rung AND announce_at <= now()
        ORDER BY announce_at, id LIMIT 500 FOR UPDATE SKIP LOCKED
    ), found AS (
        SELECT due.id, due.rung AS wanted, duty.* FROM due LEFT JOIN LATERAL ({LOOK_UP}) AS duty ON true
    ), reminded AS (
        INSERT INTO reminders (case_id, rung, person, robot)
        SELECT id, rung, person, robot FROM found WHERE person IS NOT NULL ON CONFLICT DO NOTHING
    )
    UPDATE cases SET
        announced = CASE WHEN found.person IS NULL THEN announced ELSE wanted END,
        announce_at = CASE WHEN found.person IS NULL THEN now() + interval '1 minute' ELSE announce_at END,
        nobody_on_duty = nobody_on_duty OR found.rung IS DISTINCT FROM wanted
    FROM found WHERE cases.id = found.id
""")  # noqa: S608, put together from our own words
# Whoever heard of an incident lately hears of all that came to it since in one message, and not every minute.
LATELY = """
    lately AS MATERIALIZED (
        SELECT DISTINCT heard.person, heard.rung, cases.deadline, cases.party
        FROM reminder_messages m JOIN reminders heard ON heard.message = m.id JOIN cases ON cases.id = heard.case_id
        WHERE m.minute > now() - interval '30 minutes' AND m.sent_at IS NOT NULL AND cases.party IS NOT NULL
    )
"""
SPEAKS = """
    cases.closed_at IS NULL
    AND NOT EXISTS (SELECT FROM muted_robots m WHERE m.robot = reminders.robot AND m.until > now())
"""
PENDING = f"""
    reminders.message IS NULL AND {SPEAKS} AND NOT EXISTS (
        SELECT FROM lately WHERE (lately.person, lately.rung, lately.deadline, lately.party)
            = (reminders.person, reminders.rung, cases.deadline, cases.party)
    )
"""
# Claimed minutes ago, and nobody said that it arrived: the robot was silent, or its sender is gone.
UNHEARD_OF = """
    unheard_of AS MATERIALIZED (
        SELECT id FROM reminder_messages WHERE sent_at IS NULL AND minute < now() - interval '3 minutes'
    )
"""
UNSURE = f"{SPEAKS} AND reminders.message IN (SELECT id FROM unheard_of)"  # noqa: S608, put together from our own words
LINE = """
    reminders.person, reminders.robot, reminders.rung,
    cases.id AS case_id, cases.story, cases.deadline, cases.since, cases.party, cases.nobody_on_duty
"""
# Why two halves: with OR between them no index serves, and everybody's whole past is read.
DUE = text(f"""
    WITH {LATELY}, {UNHEARD_OF}, due AS (
        SELECT {LINE}, false AS is_unsure FROM reminders JOIN cases ON cases.id = case_id WHERE {PENDING}
        UNION ALL
        SELECT {LINE}, true FROM reminders JOIN cases ON cases.id = case_id WHERE {UNSURE}
    )
    SELECT * FROM due WHERE person NOT IN (
        SELECT person FROM reminder_messages WHERE minute = date_trunc('minute', now())
    )
    ORDER BY person, since, case_id
""")  # noqa: S608, put together from our own words
CLAIM = text(f"""
    WITH {LATELY}, {UNHEARD_OF}, unsure AS (
        SELECT {LINE} FROM reminders JOIN cases ON cases.id = case_id WHERE person = :person AND {UNSURE}
    ), said AS (
        INSERT INTO reminder_messages (person, minute)
        SELECT :person, date_trunc('minute', now())
        WHERE EXISTS (SELECT FROM unsure)
            OR EXISTS (SELECT FROM reminders JOIN cases ON cases.id = case_id WHERE person = :person AND {PENDING})
        ON CONFLICT DO NOTHING RETURNING id
    ), claimed AS (
        UPDATE reminders SET message = said.id FROM said, cases
        WHERE person = :person AND cases.id = case_id AND {PENDING}
        RETURNING {LINE}, said.id AS message
    )
    SELECT *, false AS is_unsure FROM claimed
    UNION ALL SELECT unsure.*, said.id, true FROM unsure, said
    ORDER BY since, case_id
""")  # noqa: S608, put together from our own words
# With it whatever was unsure when it was claimed: of anything younger it did not speak.
SENT = text("""
    UPDATE reminder_messages SET sent_at = now() FROM reminder_messages said
    WHERE said.id = :message AND reminder_messages.sent_at IS NULL AND reminder_messages.person = said.person
        AND (reminder_messages.id = said.id OR reminder_messages.minute <= said.minute - interval '3 minutes')
""")
UNSENT = text("""
    WITH back AS (UPDATE reminders SET message = NULL WHERE message = :message),
    muted AS (
        INSERT INTO muted_robots (robot, until) VALUES (:robot, now() + CAST(:mute AS interval))
        ON CONFLICT (robot) DO UPDATE SET until = greatest(muted_robots.until, excluded.until)
    )
    DELETE FROM reminder_messages WHERE id = :message
""")
# One minute, then two, four, eight and no longer than `mute`, for each message of which nobody heard.
UNHEARD = text("""
    WITH silent AS (
        SELECT count(*) AS times FROM reminder_messages m
        WHERE m.sent_at IS NULL AND person = (SELECT person FROM reminder_messages WHERE id = :message)
            AND m.minute > now() - interval '1 hour'
    )
    INSERT INTO muted_robots (robot, until)
    SELECT :robot, now() + least(CAST(:mute AS interval), interval '30 seconds' * 2 ^ least(times, 10)) FROM silent
    ON CONFLICT (robot) DO UPDATE SET until = greatest(muted_robots.until, excluded.until)
""")

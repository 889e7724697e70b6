"""What the inbox says to PostgreSQL."""

from sqlalchemy import text

KEEP = text("""
    WITH told AS (
        SELECT * FROM unnest(
            CAST(:ids AS text[]), CAST(:sent_to AS text[]), CAST(:keys AS text[]), CAST(:tellings AS jsonb[])
        ) WITH ORDINALITY AS told (telling_id, sent_to, key, telling, place)
    ), known AS (
        SELECT found.id, found.order_id, found.telling, place FROM told CROSS JOIN LATERAL (
            SELECT id, order_id, telling FROM inbox
            WHERE party = :party AND account = :account
                AND telling_id = told.telling_id AND sent_to = told.sent_to AND key = told.key
            OFFSET 0 -- looked up one by one: else all that a party ever said may be read
        ) AS found
    ), fresh AS (
        SELECT * FROM told
        WHERE NOT EXISTS (SELECT FROM known WHERE known.place = told.place)
    ), words AS (
        INSERT INTO raws (party, account, sealed, wrapped, master)
        SELECT :party, :account, :sealed, :wrapped, :master
        WHERE EXISTS (SELECT FROM fresh) OR NOT EXISTS (SELECT FROM told) RETURNING id
    ), kept AS (
        INSERT INTO inbox (party, account, telling_id, sent_to, key, slot, order_id, telling, raw, code, due_at)
        SELECT :party, :account, telling_id, sent_to, key, coalesce(slot, 0), whose.order_id, telling, words.id,
            CASE WHEN whose.order_id IS NULL THEN 'unaddressed' ELSE 'unheard' END, now() + :wait * interval '1 second'
        FROM words CROSS JOIN fresh LEFT JOIN LATERAL (
            SELECT order_id, row_number() OVER (ORDER BY order_id) - 1 AS slot
            FROM addressees(fresh.sent_to, fresh.key) AS found (order_id)
        ) AS whose ON TRUE
        ON CONFLICT DO NOTHING RETURNING id, order_id, telling, telling_id, sent_to, key
    )
    SELECT id, order_id, telling::text, FALSE AS is_new, place FROM known
    UNION ALL
    SELECT kept.id, order_id, kept.telling::text, TRUE, place FROM kept JOIN told USING (telling_id, sent_to, key)
    ORDER BY place, id
""")

# The due time moves before anybody tells: two workers get a row once, and a worker that dies costs one wait.
DUE = text("""
    WITH due AS (
        SELECT * FROM inbox WHERE state = 'waiting' AND due_at <= now()
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), whose AS (
        SELECT due.id, found.order_id, row_number() OVER (PARTITION BY due.id ORDER BY found.order_id) - 1 AS slot
        FROM due CROSS JOIN LATERAL addressees(due.sent_to, due.key) AS found (order_id) WHERE due.order_id IS NULL
    ), told AS (
        UPDATE inbox SET attempts = inbox.attempts + 1, order_id = coalesce(inbox.order_id, whose.order_id),
            due_at = now() + (ARRAY[15, 60, 180, 600])[least(inbox.attempts + 1, 4)] * interval '1 second',
            code = CASE WHEN whose.order_id IS NULL THEN inbox.code ELSE 'unheard' END
        FROM due LEFT JOIN whose ON whose.id = due.id AND whose.slot = 0
        WHERE inbox.id = due.id RETURNING inbox.id, inbox.order_id, inbox.telling
    ), others AS (
        INSERT INTO inbox
            (party, account, telling_id, sent_to, key, slot, order_id, telling, raw, code, kept_at, due_at)
        SELECT party, account, telling_id, sent_to, key, whose.slot, whose.order_id, telling, raw, 'unheard', kept_at,
            now() + interval '15 seconds'
        FROM due JOIN whose USING (id) WHERE whose.slot > 0
        ON CONFLICT DO NOTHING RETURNING id, order_id, telling
    )
    SELECT id, order_id, telling::text FROM told WHERE order_id IS NOT NULL
    UNION ALL SELECT id, order_id, telling::text FROM others
    ORDER BY id
""")

POSTPONE = text("""
    UPDATE inbox SET code = :code,
        due_at = now() + (ARRAY[5, 15, 60, 180, 600])[least(attempts + 1, 5)] * interval '1 second'
    WHERE id = :row AND state = 'waiting'
""")
GIVE_BACK = text("""
    UPDATE inbox SET attempts = greatest(attempts - 1, 0), due_at = now() WHERE id = ANY(:rows) AND state = 'waiting'
""")
PARK = text("UPDATE inbox SET state = 'parked', code = :code WHERE id = :row AND state <> 'done'")
REPLAY = text("""
    UPDATE inbox SET state = 'waiting', attempts = 0, due_at = now(), ended_at = NULL,
        code = CASE WHEN order_id IS NULL THEN 'unaddressed' ELSE 'unheard' END
    WHERE id = :row
""")
WAITING = text("""
    SELECT party, code, count(*) FROM inbox WHERE state = :state GROUP BY party, code ORDER BY party, code
""")

"""What returns say to PostgreSQL."""

from sqlalchemy import text

# One request, and one sum, of an order after the other.
LOCK = text("""
    SELECT clock_timestamp() AS now, claims.seed::text, orders.body::text, orders.is_ended
    FROM claims LEFT JOIN orders ON orders.id = claims.order_id
    WHERE claims.order_id = :order_id FOR UPDATE OF claims
""")
ORDER = text("SELECT body::text FROM orders WHERE id = :order_id")
AMOUNT = text("SELECT amount, currency FROM returns WHERE id = :id")
EXPECT = text("UPDATE returns SET amount = :amount WHERE id = :id")
EARLIER = text("""
    SELECT asked_key, digest, seed::text, is_dead OR sums.return_id IS NOT NULL AS is_reckoned
    FROM returns LEFT JOIN return_sums sums ON sums.return_id = returns.id
    WHERE returns.order_id = :order_id ORDER BY returns.n
""")
# Of the same phone: who asks back again and again does so under many orders.
LATELY = text("""
    SELECT count(DISTINCT returns.id) FROM contacts mine
    JOIN contacts known ON known.phone_hash = mine.phone_hash
    JOIN returns ON returns.order_id = known.order_id
    WHERE mine.order_id = :order_id AND returns.asked_at > now() - :days * interval '1 day'
""")
ADD = text("""
    WITH added AS (
        INSERT INTO returns (id, order_id, n, shop, asked_key, digest, seed, asked_at, since, kind, amount, currency,
            news, relay_at)
        VALUES (:id, :order_id, :n, :shop, :asked_key, :digest, CAST(:seed AS jsonb), :asked_at, :asked_at, :kind,
            :amount, :currency, CAST(:news AS jsonb), now() + interval '5 seconds')
        RETURNING id
    )
    INSERT INTO return_units (return_id, line, quantity)
    SELECT id, line, quantity
    FROM added, unnest(CAST(:lines AS integer[]), CAST(:quantities AS integer[])) AS units (line, quantity)
""")
PUT = text("""
    WITH written AS (
        UPDATE returns SET stage = :stage, since = :since, overdue = :overdue, owner = :owner, due_at = :due_at,
            waits_for = :waits_for, amount = coalesce(CAST(:amount AS bigint), amount), is_dead = :is_dead,
            is_ended = :is_ended, version = :version, run = :run, told_at = :told_at, body = CAST(:body AS jsonb),
            news = CAST(:news AS jsonb), started_at = coalesce(started_at, now())
        WHERE id = :id AND CASE WHEN run = CAST(:run AS text)
            THEN (told_at, version) <= (CAST(:told_at AS timestamptz), CAST(:version AS integer))
            ELSE version < :version END
        RETURNING old.news IS DISTINCT FROM new.news AS has_news, new.order_id,
            old.body #> '{matter,facts}' IS DISTINCT FROM new.body #> '{matter,facts}' AS has_new_facts,
            old.is_dead IS DISTINCT FROM new.is_dead AS has_died,
            old.body #> '{matter,cases}' IS DISTINCT FROM new.body #> '{matter,cases}' AS has_new_cases
    ), finished AS (
        UPDATE inbox SET state = 'done', ended_at = now()
        WHERE order_id = :id AND telling_id = ANY(:heard) AND state <> 'done' AND EXISTS (SELECT FROM written)
    ), unheard AS ( -- words about a person who was forgotten before they came
        UPDATE raws SET wrapped = NULL FROM inbox, written, contact_keys
        WHERE inbox.order_id = :id AND telling_id = ANY(:heard) AND raws.id = inbox.raw
            AND contact_keys.order_id = written.order_id AND forgotten_at IS NOT NULL
    )
    SELECT has_new_cases, has_new_facts, has_died, has_news FROM written
""")
IS_OWN = text("SELECT run = CAST(:run AS text) FROM returns WHERE id = :id")
GET = text("SELECT body::text, seed::text FROM returns WHERE id = :id")
OPEN = text("SELECT id FROM returns WHERE NOT is_ended AND id > :after ORDER BY id LIMIT :limit")
UNSTARTED = text("""
    WITH due AS (
        SELECT id FROM returns WHERE started_at IS NULL AND relay_at <= now()
        ORDER BY relay_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE returns SET relay_at = now() + interval '15 seconds' FROM due WHERE returns.id = due.id
    RETURNING seed::text
""")
LISTED = text("""
    SELECT id, order_id, shop, kind, stage, since, overdue, owner, due_at, waits_for, asked_at, amount, currency,
        seed ->> 'urgent' AS urgent, is_ended
    FROM returns
    WHERE stage = coalesce(CAST(:stage AS text), stage) AND order_id = coalesce(CAST(:order AS text), order_id)
        AND shop = coalesce(CAST(:shop AS text), shop) AND (overdue OR NOT CAST(:overdue AS boolean))
        AND (seed ->> 'urgent' IS NOT NULL OR NOT CAST(:urgent AS boolean))
        AND (CAST(:after_at AS timestamptz) IS NULL
            OR (since, id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS text)))
    ORDER BY since, id LIMIT :limit
""")
SUM = text("SELECT assessed::text FROM return_sums WHERE return_id = :id")
BEFORE = text("SELECT before_next::text FROM return_sums WHERE order_id = :order_id ORDER BY n DESC LIMIT 1")
# Whatever went back of each payment, or is to: by sums of returns, and by refunds that the order itself began.
BACK = text("""
    SELECT part ->> 'transaction' AS transaction, CAST(part #>> '{amount,minor}' AS bigint) AS minor
    FROM return_sums, jsonb_array_elements(assessed -> 'parts') AS part WHERE order_id = :order_id
    UNION ALL
    SELECT transaction, amount FROM refund_claims JOIN captures USING (transaction)
    WHERE order_id = :order_id AND state <> 'freed' AND refund_no !~ '^[^-]+-R[0-9]+-'
""")
ADD_SUM = text("""
    INSERT INTO return_sums (return_id, order_id, assessed, before_next)
    VALUES (:id, :order_id, CAST(:assessed AS jsonb), CAST(:before AS jsonb))
""")

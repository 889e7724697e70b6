"""What finance asks PostgreSQL about refunds."""

from sqlalchemy import text

from store.policies import ReturnPolicies

# One page, and beside each refund what is known of its customer, its parcels and its shop. Customers are known by their
# phones; who was forgotten is known by nothing. A contact later than the order's own was asked for and refused.
REFUNDS = """
    WITH page AS (
        SELECT * FROM returns
        WHERE stage = :stage AND shop = coalesce(CAST(:shop AS text), shop)
            AND order_id = coalesce(CAST(:order AS text), order_id) AND (overdue OR NOT CAST(:overdue AS boolean))
            AND (seed ->> 'urgent' IS NOT NULL OR NOT CAST(:urgent AS boolean))
            AND (CAST(:after AS text) IS NULL
                OR (since, id) {beyond} (SELECT since, id FROM returns last WHERE last.id = CAST(:after AS text)))
        ORDER BY since {way}, id {way} LIMIT :limit
    ), shops AS MATERIALIZED (
        SELECT shop,
            policy.version AS policy_version, policy.body AS policy,
            (SELECT min(received_at) FROM orders WHERE orders.shop = known.shop) AS watched_since,
            (
                SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) FROM (
                    SELECT amount FROM returns WHERE returns.shop = known.shop AND stage IN ('refunded', 'by_hand')
                    ORDER BY asked_at DESC LIMIT 200
                ) AS newest HAVING count(*) >= :enough
            ) AS usual
        FROM (SELECT DISTINCT shop FROM page) AS known LEFT JOIN LATERAL ({policy}) AS policy ON true
    )
    SELECT page.id, page.order_id, page.shop, page.kind, page.stage, page.since, page.overdue, page.owner, page.due_at,
        page.waits_for, page.asked_at, page.amount, page.is_ended,
        page.body::text AS body, page.seed::text AS seed, shops.watched_since, shops.usual,
        shops.policy_version, shops.policy,
        (
            SELECT count(DISTINCT others.id) FROM contacts mine JOIN contacts known USING (phone_hash)
            JOIN returns others ON others.order_id = known.order_id
            WHERE mine.order_id = page.order_id AND others.id <> page.id
                AND others.asked_at > page.asked_at
                    - coalesce((shops.policy ->> 'history_days')::integer, :days) * interval '1 day'
        ) AS returns_lately,
        (
            SELECT min(known.added_at) FROM contacts mine JOIN contacts known USING (phone_hash)
            WHERE mine.order_id = page.order_id AND starts_with(known.order_id, page.shop || '/')
        ) AS account_since,
        (
            SELECT max(added_at) FROM contacts WHERE contacts.order_id = page.order_id
                AND version BETWEEN 2 AND (orders.body #>> '{{order,contact_version}}')::integer
        ) AS address_changed_at,
        (
            SELECT min((capture ->> 'at')::timestamptz)
            FROM jsonb_path_query(orders.body, '$.order.payments[*].captures[*]') AS capture
        ) AS paid_at,
        jsonb_path_query_array(orders.body, '$.order.parcels[*].facts[*].proof') AS proofs,
        jsonb_path_query_array(orders.body, '$.order.errands[*] ? (@.what == "pay").party') AS paid_by
    FROM page JOIN shops USING (shop) LEFT JOIN orders ON orders.id = page.order_id
    ORDER BY page.since {way}, page.id {way}
"""
POLICY = ReturnPolicies.in_force().replace(":shop", "known.shop").replace(":channel", "split_part(known.shop, '/', 1)")
LONGEST_FIRST = text(REFUNDS.format(beyond=">", way="ASC", policy=POLICY))
NEWEST_FIRST = text(REFUNDS.format(beyond="<", way="DESC", policy=POLICY))
TALLIES = text("""
    SELECT stage, count(*) AS count, count(*) FILTER (WHERE overdue) AS late, sum(amount)::bigint AS amount
    FROM returns WHERE shop = coalesce(CAST(:shop AS text), shop) GROUP BY stage
""")

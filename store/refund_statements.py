"""What finance asks PostgreSQL about refunds."""

from sqlalchemy import text

from store.policies import ReturnPolicies

POLICY = ReturnPolicies.in_force().replace(":shop", "known.shop").replace(":channel", "split_part(known.shop, '/', 1)")
# What is known of a shop.
SHOP = """
    (SELECT min(received_at) FROM orders WHERE orders.shop = {shop}) AS watched_since,
    (
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) FROM (
            SELECT amount FROM returns WHERE returns.shop = {shop} AND stage IN ('refunded', 'by_hand')
            ORDER BY asked_at DESC LIMIT 200
        ) AS newest HAVING count(*) >= :enough
    ) AS usual
"""
# What is known of an order, of its customer and its parcels. Customers are known by their phones; who was forgotten is
# known by nothing. A contact later than the order's own was asked for and refused.
CUSTOMER = """
    (
        SELECT min(known.added_at) FROM contacts mine JOIN contacts known USING (phone_hash)
        WHERE mine.order_id = {order} AND starts_with(known.order_id, {shop} || '/')
    ) AS account_since,
    (
        SELECT max(added_at) FROM contacts WHERE contacts.order_id = {order}
            AND version BETWEEN 2 AND (orders.body #>> '{{order,contact_version}}')::integer
    ) AS address_changed_at,
    (
        SELECT min((capture ->> 'at')::timestamptz)
        FROM jsonb_path_query(orders.body, '$.order.payments[*].captures[*]') AS capture
    ) AS paid_at,
    jsonb_path_query_array(orders.body, '$.order.parcels[*].facts[*].proof') AS proofs,
    jsonb_path_query_array(orders.body, '$.order.errands[*] ? (@.what == "pay").party') AS paid_by
"""
ASKED = {"order": ":order_id", "shop": "CAST(:shop AS text)"}
# Of a return that is asked for now.
SEEN = text(f"""
    SELECT {SHOP.format(**ASKED)}, {CUSTOMER.format(**ASKED)}
    FROM (VALUES (1)) AS one LEFT JOIN orders ON orders.id = :order_id
""")  # noqa: S608, put together from our own words
# One page, the one that has waited longest first, or the newest.
LONGEST_FIRST, NEWEST_FIRST = (
    text(f"""
    WITH page AS (
        SELECT * FROM returns
        WHERE stage = :stage AND shop = coalesce(CAST(:shop AS text), shop)
            AND order_id = coalesce(CAST(:order AS text), order_id) AND (overdue OR NOT CAST(:overdue AS boolean))
            AND (seed ->> 'urgent' IS NOT NULL OR NOT CAST(:urgent AS boolean))
            AND (CAST(:after_at AS timestamptz) IS NULL
                OR (since, id) {beyond} (CAST(:after_at AS timestamptz), CAST(:after_id AS text)))
        ORDER BY since {way}, id {way} LIMIT :limit
    ), shops AS MATERIALIZED (
        SELECT shop, policy.version AS policy_version, policy.body AS policy, {SHOP.format(shop="known.shop")}
        FROM (SELECT DISTINCT shop FROM page) AS known LEFT JOIN LATERAL ({POLICY}) AS policy ON true
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
        {CUSTOMER.format(order="page.order_id", shop="page.shop")}
    FROM page JOIN shops USING (shop) LEFT JOIN orders ON orders.id = page.order_id
    ORDER BY page.since {way}, page.id {way}
    """)  # noqa: S608, put together from our own words
    for beyond, way in ((">", "ASC"), ("<", "DESC"))
)
# Of what is over only what is young, or still waits for somebody: a house has many years. Each part has its index.
TALLIES = text("""
    WITH known AS (
        SELECT stage, overdue, amount, shop FROM returns WHERE stage = ANY(:living)
        UNION ALL SELECT stage, overdue, amount, shop FROM returns
        WHERE stage = ANY(:over) AND since > now() - :days * interval '1 day'
        UNION ALL SELECT stage, overdue, amount, shop FROM returns
        WHERE overdue AND stage = ANY(:over) AND since <= now() - :days * interval '1 day'
    )
    SELECT stage, count(*) AS count, count(*) FILTER (WHERE overdue) AS late, sum(amount)::bigint AS amount
    FROM known WHERE shop = coalesce(CAST(:shop AS text), shop) GROUP BY stage
""")

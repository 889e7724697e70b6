"""What the shelves say to PostgreSQL.

Locks are always taken in the same order: the reservation, its boxes, then the shelves by (place, sku).
"""

from sqlalchemy import text

ADD_PLACE = text("""
    INSERT INTO places (id, name, district, kind) VALUES (:id, :name, :district, :kind)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, district = excluded.district, kind = excluded.kind
""")
RECEIVE = text("""
    WITH noted AS (
        INSERT INTO stock_ledger (key, place, sku, move, on_hand, reserved, why)
        SELECT :key, id, :sku, 'receive', :quantity, 0, :why FROM places WHERE id = :place
        ON CONFLICT DO NOTHING RETURNING 1
    ), received AS (
        INSERT INTO stock (place, sku, on_hand) SELECT :place, :sku, :quantity FROM noted
        ON CONFLICT (sku, place) DO UPDATE SET on_hand = stock.on_hand + excluded.on_hand
    )
    SELECT EXISTS (SELECT FROM places WHERE id = :place)
""")
# What a return has in the house by its newest record, against what it was booked: the difference is booked. Never more
# is taken off a shelf than nobody was promised. A first booking has the name that it had before there were others.
RESTOCK = text("""
    WITH seen AS (
        SELECT * FROM jsonb_to_recordset(CAST(:units AS jsonb))
            AS row (line int, quantity int, room text, place text, sku text)
    ), rooms AS (
        INSERT INTO places (id, name, district, kind)
        SELECT DISTINCT p.id || '.damaged', p.name || '.damaged', p.district, 'damaged'
        FROM seen JOIN places p ON p.id = seen.place WHERE room = 'damaged' ON CONFLICT DO NOTHING
    ), goods AS (
        SELECT CASE room WHEN 'damaged' THEN p.id || '.damaged' ELSE p.id END AS place, room,
            coalesce(sku, claims.seed #>> ARRAY['lines', line::text, 'sku']) AS sku, quantity
        FROM seen JOIN places p ON p.id = seen.place, returns JOIN claims USING (order_id)
        WHERE returns.id = :return_id
    ), wanted AS (
        SELECT place, room, sku, sum(quantity)::int AS quantity FROM goods WHERE sku IS NOT NULL GROUP BY 1, 2, 3
    ), booked AS (
        SELECT place, sku, sum(on_hand)::int AS quantity, count(*) AS times FROM stock_ledger
        WHERE key = :return_id AND move <> 'spare' GROUP BY place, sku
    ), due AS (
        SELECT place, sku, room, coalesce(wanted.quantity, 0) - coalesce(booked.quantity, 0) AS quantity,
            (SELECT sum(times) FROM booked) AS times
        FROM wanted FULL JOIN booked USING (place, sku)
    ), shelves AS MATERIALIZED (
        SELECT place, sku, on_hand - reserved AS free FROM stock
        WHERE (place, sku) IN (SELECT place, sku FROM due WHERE quantity < 0) ORDER BY place, sku FOR UPDATE
    ), noted AS (
        INSERT INTO stock_ledger (key, box, place, sku, move, on_hand, reserved, why)
        SELECT :return_id, CASE WHEN times IS NULL THEN room ELSE place || '/' || times END, place, sku,
            CASE WHEN quantity > 0 THEN 'receive' ELSE 'out' END, greatest(quantity, -coalesce(free, 0)), 0, 'returned'
        FROM due LEFT JOIN shelves USING (place, sku) WHERE greatest(quantity, -coalesce(free, 0)) <> 0
        RETURNING place, sku, on_hand
    ), less AS (
        UPDATE stock SET on_hand = stock.on_hand + noted.on_hand FROM noted
        WHERE stock.place = noted.place AND stock.sku = noted.sku AND noted.on_hand < 0
    )
    INSERT INTO stock (place, sku, on_hand) SELECT place, sku, on_hand FROM noted WHERE on_hand > 0
    ON CONFLICT (sku, place) DO UPDATE SET on_hand = stock.on_hand + excluded.on_hand
""")
CLAIM = text("""
    INSERT INTO reservations (key, order_id, until) VALUES (:key, :order_id, :until) ON CONFLICT DO NOTHING
    RETURNING (
        SELECT count(*) FROM reserved_boxes JOIN reservations earlier USING (key) WHERE earlier.order_id = :order_id
    )
""")
KNOWN = text("""
    SELECT barred, box, place, units, state FROM reservations LEFT JOIN reserved_boxes USING (key)
    WHERE key = :key ORDER BY length(box), box
""")
# Unlocked at first, so that buyers of one thing in different places do not wait for each other.
LOOK = """
    SELECT p.id, p.name, p.district, p.kind, s.sku, s.on_hand, s.reserved FROM stock s JOIN places p ON p.id = s.place
    WHERE s.sku = ANY(:skus) AND s.on_hand > s.reserved AND p.kind <> 'damaged' ORDER BY s.place, s.sku
"""
LOOK_ONLY, LOOK_AND_LOCK = text(LOOK), text(f"{LOOK} FOR UPDATE OF s")
TAKE = text("""
    WITH asked AS (
        SELECT * FROM jsonb_to_recordset(CAST(:asked AS jsonb)) AS row (box text, place text, sku text, quantity int)
    ), shelves AS (
        SELECT place, sku, sum(quantity)::int AS quantity FROM asked GROUP BY place, sku
    ), locked AS MATERIALIZED (
        SELECT s.place, s.sku, quantity, s.on_hand - s.reserved >= quantity AS has_enough
        FROM stock s JOIN shelves USING (place, sku) ORDER BY s.place, s.sku FOR UPDATE OF s
    ), verdict AS (
        SELECT count(*) FILTER (WHERE has_enough) = (SELECT count(*) FROM shelves) AS fits FROM locked
    ), taken AS (
        UPDATE stock s SET reserved = s.reserved + quantity FROM locked, verdict
        WHERE fits AND s.place = locked.place AND s.sku = locked.sku AND s.on_hand - s.reserved >= quantity
    ), boxed AS (
        INSERT INTO reserved_boxes (key, box, place, units)
        SELECT :key, box, place, jsonb_agg(jsonb_build_object('sku', sku, 'quantity', quantity) ORDER BY sku)
        FROM asked, verdict WHERE fits GROUP BY box, place
    ), explained AS (
        UPDATE reservations SET why = CAST(:why AS jsonb) WHERE key = :key
    ), noted AS (
        INSERT INTO stock_ledger (key, box, place, sku, move, on_hand, reserved)
        SELECT :key, box, place, sku, 'reserve', 0, quantity FROM asked, verdict WHERE fits
    )
    SELECT fits FROM verdict
""")
# What moved out of `moved` (key, box, place, units, was, state) changes the shelves and stands in the ledger.
BOOKED = """
    , lines AS (
        SELECT moved.key, box, place, sku, change.move,
               quantity * change.on_hand AS on_hand, quantity * change.reserved AS reserved
        FROM moved
        JOIN (VALUES ('held', 'out', 'out', -1, -1), ('held', 'released', 'release', 0, -1),
                     ('held', 'spared', 'spare', 0, -1), ('out', 'returned', 'back', 1, 0)
             ) AS change (was, state, move, on_hand, reserved)
             USING (was, state),
             jsonb_to_recordset(units) AS unit (sku text, quantity int)
    ), shelves AS (
        SELECT place, sku, sum(on_hand)::int AS on_hand, sum(reserved)::int AS reserved FROM lines GROUP BY place, sku
    ), locked AS MATERIALIZED (
        SELECT s.place, s.sku, shelves.on_hand, shelves.reserved
        FROM stock s JOIN shelves USING (place, sku) ORDER BY s.place, s.sku FOR UPDATE OF s
    ), changed AS (
        UPDATE stock s SET on_hand = s.on_hand + locked.on_hand, reserved = s.reserved + locked.reserved
        FROM locked WHERE s.place = locked.place AND s.sku = locked.sku
    ), noted AS (
        INSERT INTO stock_ledger (key, box, place, sku, move, on_hand, reserved)
        SELECT key, box, place, sku, move, on_hand, reserved FROM lines
    )
"""
RELEASE = text(f"""
    WITH moved AS (
        UPDATE reserved_boxes SET state = CASE state WHEN 'out' THEN 'returned' ELSE 'released' END
        WHERE key = :key AND (CAST(:box AS text) IS NULL OR box = :box) AND state IN ('held', 'out', 'strayed')
        RETURNING key, box, place, units, old.state AS was, state
    ) {BOOKED}
    SELECT EXISTS (SELECT FROM reservations WHERE key = :key)
""")  # noqa: S608, put together from our own words
# What a held box is to hold from now on: the rest goes back to its shelf, each time once.
SPARE = text(f"""
    WITH wanted AS (
        SELECT * FROM jsonb_to_recordset(CAST(:less AS jsonb)) AS row (box text, units jsonb)
    ), lessened AS (
        UPDATE reserved_boxes b SET units = wanted.units FROM wanted, reservations r
        WHERE r.order_id = :order_id AND b.key = r.key AND b.box = wanted.box AND b.state = 'held'
            AND b.units IS DISTINCT FROM wanted.units AND NOT EXISTS ( -- only ever less
                SELECT FROM jsonb_to_recordset(wanted.units) AS kept (sku text, quantity int)
                LEFT JOIN jsonb_to_recordset(b.units) AS had (sku text, quantity int) USING (sku)
                WHERE kept.quantity > coalesce(had.quantity, 0)
            )
        RETURNING b.key, b.box, b.place, old.units AS before, new.units AS after
    ), cut AS (
        SELECT key, box, place, had.sku, had.quantity - coalesce(kept.quantity, 0) AS quantity
        FROM lessened, jsonb_to_recordset(before) AS had (sku text, quantity int)
        LEFT JOIN LATERAL jsonb_to_recordset(after) AS kept (sku text, quantity int) ON kept.sku = had.sku
    ), moved AS (
        SELECT key, box, place, jsonb_agg(jsonb_build_object('sku', sku, 'quantity', quantity)) AS units,
            'held' AS was, 'spared' AS state
        FROM cut WHERE quantity > 0 GROUP BY key, box, place
    ) {BOOKED}
    SELECT count(*) FROM moved
""")  # noqa: S608, put together from our own words
BAR = text("INSERT INTO reservations (key, barred) VALUES (:key, true) ON CONFLICT DO NOTHING RETURNING key")
SETTLE = text(f"""
    WITH firm AS (
        UPDATE reservations SET until = CAST(:until AS timestamptz)
        WHERE order_id = :order_id AND until IS DISTINCT FROM CAST(:until AS timestamptz) AND :has_moved
    ), seen AS (
        SELECT * FROM jsonb_to_recordset(CAST(:seen AS jsonb)) AS row (box text, is_back boolean)
    ), moved AS (
        UPDATE reserved_boxes b
        SET state = CASE b.state WHEN 'held' THEN 'out' WHEN 'released' THEN 'strayed' ELSE 'released' END
        FROM seen JOIN reservations r ON r.order_id = :order_id
        WHERE b.key = r.key AND b.box = seen.box AND (
            b.state = 'held' OR (b.state = 'released' AND NOT is_back) OR (b.state = 'strayed' AND is_back)
        )
        RETURNING b.key, b.box, b.place, b.units, old.state AS was, b.state
    ) {BOOKED}
    SELECT count(*) FROM moved
""")  # noqa: S608, put together from our own words
LAPSED = text("""
    SELECT order_id, key FROM reservations r
    WHERE until < now() - CAST(:patience AS interval)
        AND EXISTS (SELECT FROM reserved_boxes b WHERE b.key = r.key AND state = 'held')
    ORDER BY until, key LIMIT :limit
""")
WHY = text("SELECT why FROM reservations WHERE key = :key")
AUDIT = text("""
    WITH ledger AS (
        SELECT place, sku, sum(on_hand) AS on_hand, sum(reserved) AS reserved FROM stock_ledger GROUP BY place, sku
    ), held AS (
        SELECT place, sku, sum(quantity) AS held
        FROM reserved_boxes, jsonb_to_recordset(units) AS unit (sku text, quantity int)
        WHERE state = 'held' GROUP BY place, sku
    ), books AS (
        SELECT * FROM stock FULL JOIN held USING (place, sku) FULL JOIN
            (SELECT place, sku, on_hand AS on_hand_due, reserved AS reserved_due FROM ledger) l USING (place, sku)
    ), pairs AS (
        SELECT place, sku, what, coalesce(counted, 0) AS counted, coalesce(expected, 0) AS expected
        FROM books, LATERAL (VALUES ('on_hand', on_hand, on_hand_due), ('reserved', reserved, reserved_due),
            ('held', reserved, held)) AS pair (what, counted, expected)
        UNION ALL
        SELECT place, sku, 'strayed', quantity, 0
        FROM reserved_boxes, jsonb_to_recordset(units) AS unit (sku text, quantity int) WHERE state = 'strayed'
        UNION ALL
        SELECT place, sku, 'kept', sum(on_hand), 0 FROM stock_ledger JOIN returns ON returns.id = key
        WHERE is_dead GROUP BY place, sku HAVING sum(on_hand) > 0
    )
    SELECT what, place, sku, counted, expected FROM pairs WHERE counted <> expected ORDER BY place, sku, what
""")

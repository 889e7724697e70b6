"""One wish for many orders: the plan, and a row for each order."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Generated, so that whoever writes records need not know of it; and an update that leaves it as it was stays cheap.
DESTINATION = """
ALTER TABLE orders ADD COLUMN destination text COLLATE "C" GENERATED ALWAYS AS (body #>> '{order,destination}') STORED;
CREATE INDEX orders_by_destination ON orders (destination, received_at) WHERE NOT is_ended;
"""

BULKS = """
CREATE TABLE bulks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope jsonb NOT NULL,
    wish jsonb NOT NULL,
    reason text NOT NULL,
    by text NOT NULL,
    role text NOT NULL,
    planned_at timestamptz NOT NULL DEFAULT now(),
    counted integer NOT NULL CHECK (counted >= 0),
    counted_paid integer NOT NULL CHECK (counted_paid >= 0),
    state text NOT NULL DEFAULT 'planned'
        CHECK (state IN ('planned', 'running', 'paused', 'stopping', 'stopped', 'done')),
    code text,
    confirmed_by text,
    confirmed_at timestamptz,
    ended_at timestamptz,
    relay_at timestamptz NOT NULL DEFAULT now(), -- when it is looked whether its story is there
    orders integer NOT NULL DEFAULT 0,
    granted integer NOT NULL DEFAULT 0,
    refused integer NOT NULL DEFAULT 0,
    ended integer NOT NULL DEFAULT 0,
    unreachable integer NOT NULL DEFAULT 0,
    CHECK ((state = 'planned') = (confirmed_at IS NULL)),
    CHECK ((state IN ('stopped', 'done')) = (ended_at IS NOT NULL)),
    CHECK (granted + refused + ended + unreachable <= orders)
);
CREATE INDEX bulks_open ON bulks (confirmed_at, id) WHERE state IN ('running', 'paused', 'stopping');

CREATE TABLE bulk_rows (
    bulk bigint NOT NULL REFERENCES bulks,
    n integer NOT NULL,
    order_id text NOT NULL,
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'granted', 'refused', 'ended', 'unreachable')),
    code text,
    attempts integer NOT NULL DEFAULT 0, -- that nobody answered
    due_at timestamptz NOT NULL DEFAULT now(),
    asked_at timestamptz, -- written before it is asked
    ended_at timestamptz,
    PRIMARY KEY (bulk, n),
    UNIQUE (bulk, order_id),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX bulk_rows_waiting ON bulk_rows (bulk, due_at, n) WHERE state = 'waiting';
"""


def upgrade() -> None:
    """Where orders go becomes a column of theirs."""
    op.execute(DESTINATION)
    op.execute(BULKS)


def downgrade() -> None:
    """Without plans, and without what became of them."""
    op.execute("DROP TABLE bulk_rows, bulks")
    op.execute("ALTER TABLE orders DROP COLUMN destination")

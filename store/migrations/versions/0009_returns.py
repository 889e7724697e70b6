"""Returns: what was asked, the newest record of each, which units they are about, and how much goes back."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RETURNS = """
CREATE TABLE returns (
    id text PRIMARY KEY CHECK (id ~ '^[0-9A-HJKMNP-TV-Z]{16}-R[1-9][0-9]*$'),
    order_id text NOT NULL REFERENCES claims,
    n integer NOT NULL CHECK (n >= 1), -- of its order
    shop text NOT NULL,
    asked_key text, -- under which it was asked for; asked again under it, it is the same return
    digest text NOT NULL, -- of what was asked, by a key of ours
    seed jsonb NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz, -- its story has told of it
    relay_at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL,
    stage text NOT NULL DEFAULT 'asked',
    since timestamptz NOT NULL DEFAULT now(),
    overdue boolean NOT NULL DEFAULT false,
    owner text,
    due_at timestamptz,
    waits_for text,
    amount bigint NOT NULL CHECK (amount >= 0),
    currency text NOT NULL,
    is_dead boolean NOT NULL DEFAULT false, -- refused, withdrawn or lapsed: its units may be asked back again
    is_ended boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 0,
    run text,
    told_at timestamptz,
    body jsonb,
    UNIQUE (order_id, n),
    UNIQUE (order_id, asked_key)
) WITH (fillfactor = 85);
CREATE INDEX returns_by_stage ON returns (stage, since);
CREATE INDEX returns_by_shop ON returns (shop, asked_at);
CREATE INDEX returns_unstarted ON returns (relay_at) WHERE started_at IS NULL;
CREATE INDEX returns_overdue ON returns (since) WHERE overdue;

CREATE TABLE return_units (
    return_id text NOT NULL REFERENCES returns,
    line integer NOT NULL CHECK (line >= 0),
    quantity integer NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (return_id, line)
);

CREATE TABLE return_sums (
    return_id text PRIMARY KEY REFERENCES returns,
    order_id text NOT NULL,
    n integer GENERATED ALWAYS AS IDENTITY, -- one after the other
    assessed jsonb NOT NULL, -- how much goes back, and of which payments
    before_next jsonb NOT NULL -- what the next return of the order must know
);
CREATE INDEX return_sums_by_order ON return_sums (order_id, n);
"""
# What is told of a return's own number is the return's, and no more its order's.
WHOSE = """
CREATE OR REPLACE FUNCTION addressees(to_whom text, by_key text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT order_id FROM claims
    WHERE to_whom = 'ours' AND by_key !~ '^[^-/]+-R[0-9]+(-|$)'
        AND (business_no = split_part(by_key, '-', 1) OR order_id = by_key)
    UNION
    SELECT id FROM returns WHERE to_whom = 'ours' AND id = substring(by_key FROM '^[^-/]+-R[0-9]+')
    UNION
    SELECT order_id FROM addresses WHERE kind = 'waybill' AND to_whom = 'waybill' AND key = by_key
$$;
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION addressees(to_whom text, by_key text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT order_id FROM claims
    WHERE to_whom = 'ours' AND (business_no = split_part(by_key, '-', 1) OR order_id = by_key)
    UNION
    SELECT order_id FROM addresses WHERE kind = 'waybill' AND to_whom = 'waybill' AND key = by_key
$$;
"""


def upgrade() -> None:
    """Nothing that was there changes."""
    op.execute(RETURNS)
    op.execute(WHOSE)


def downgrade() -> None:
    """Back to orders alone."""
    op.execute(AS_BEFORE)
    op.execute("DROP TABLE return_sums, return_units, returns")

"""The core: what came in, whose it is, what was told, and where each order stands."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORDS = """
CREATE TABLE raws (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party text NOT NULL,
    account text NOT NULL,
    sealed bytea NOT NULL,
    wrapped bytea, -- the key of these words; gone when forgotten
    master text NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party text NOT NULL,
    account text NOT NULL,
    telling_id text NOT NULL,
    sent_to text NOT NULL CHECK (sent_to IN ('ours', 'waybill')),
    key text NOT NULL,
    slot integer NOT NULL DEFAULT 0, -- one message may be for several orders
    order_id text,
    telling jsonb NOT NULL,
    raw bigint NOT NULL REFERENCES raws,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'parked')),
    code text NOT NULL,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    kept_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK ((ended_at IS NULL) = (state <> 'done')),
    UNIQUE (party, account, telling_id, sent_to, key, slot)
);
CREATE INDEX inbox_due ON inbox (due_at) WHERE state = 'waiting';
CREATE INDEX inbox_unfinished ON inbox (order_id, telling_id) WHERE state <> 'done';
CREATE INDEX inbox_unaddressed ON inbox (sent_to, key) WHERE order_id IS NULL AND state = 'waiting';
CREATE INDEX inbox_raw ON inbox (raw);
CREATE INDEX inbox_order ON inbox (order_id);

CREATE TABLE addresses (
    kind text NOT NULL CHECK (kind IN ('waybill', 'parcel')),
    key text NOT NULL,
    order_id text NOT NULL,
    parcel text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, key, order_id, parcel)
);

CREATE TABLE scans (
    id text PRIMARY KEY,
    what text NOT NULL,
    code text NOT NULL, -- as it was read off the box: a parcel of ours or a waybill
    at timestamptz NOT NULL,
    by text NOT NULL,
    place text,
    sku text,
    live boolean NOT NULL,
    word text,
    reason text,
    kept_at timestamptz NOT NULL DEFAULT now(),
    answered_at timestamptz,
    CHECK ((word IS NULL) = (answered_at IS NULL))
);
"""

PEOPLE = """
CREATE TABLE contact_keys (
    order_id text PRIMARY KEY,
    wrapped bytea, -- by the master key; gone when forgotten
    master text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    forgotten_at timestamptz,
    CHECK ((wrapped IS NULL) = (forgotten_at IS NOT NULL))
);

CREATE TABLE contacts (
    order_id text NOT NULL REFERENCES contact_keys,
    version integer NOT NULL CHECK (version >= 1),
    sealed bytea NOT NULL,
    phone_hash text, -- gone when forgotten
    added_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, version)
);
CREATE INDEX contacts_by_phone ON contacts (phone_hash, added_at);

CREATE TABLE notes (
    id text PRIMARY KEY,
    order_id text NOT NULL REFERENCES contact_keys,
    sealed bytea NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notes_by_order ON notes (order_id);
"""

ORDERS = """
CREATE TABLE policies (
    version integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope text NOT NULL, -- <channel>/<shop> or <channel>
    effective_from timestamptz NOT NULL DEFAULT now(),
    author text NOT NULL,
    body jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX policies_in_force ON policies (scope, effective_from DESC, version DESC);

CREATE TABLE claims (
    order_id text PRIMARY KEY,
    business_no text NOT NULL UNIQUE CHECK (business_no ~ '^[0-9A-HJKMNP-TV-Z]{16}$'),
    digests jsonb NOT NULL, -- of each field, by a key of ours
    seed jsonb NOT NULL,
    raw bigint NOT NULL REFERENCES raws,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz, -- its story has told of it
    relay_at timestamptz NOT NULL DEFAULT now(),
    relays integer NOT NULL DEFAULT 0 CHECK (relays >= 0)
);
CREATE INDEX claims_unstarted ON claims (relay_at) WHERE started_at IS NULL;

CREATE TABLE orders (
    id text PRIMARY KEY,
    business_no text NOT NULL UNIQUE,
    channel text NOT NULL,
    shop text NOT NULL,
    number text COLLATE "C" NOT NULL, -- found by its beginning
    stage text NOT NULL,
    since timestamptz NOT NULL,
    overdue boolean NOT NULL,
    overdue_at timestamptz, -- since when somebody should have looked
    owner text,
    due_at timestamptz,
    waits_for text,
    received_at timestamptz NOT NULL,
    total bigint NOT NULL, -- minor units
    currency text NOT NULL,
    version integer NOT NULL CHECK (version >= 0),
    is_ended boolean NOT NULL,
    stock_mark text NOT NULL, -- digest of what the shelves look at
    body jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    CHECK (overdue = (overdue_at IS NOT NULL))
) WITH (fillfactor = 85);
CREATE INDEX orders_by_arrival ON orders (received_at, id);
CREATE INDEX orders_by_stage ON orders (stage, received_at, id);
CREATE INDEX orders_by_shop ON orders (shop, received_at, id);
CREATE INDEX orders_overdue ON orders (overdue_at, id) WHERE overdue;
CREATE INDEX orders_by_number ON orders (number);

CREATE TABLE links (
    bill_key text PRIMARY KEY,
    url text NOT NULL,
    put_at timestamptz NOT NULL DEFAULT now()
);
"""

WHOSE = """
CREATE FUNCTION addressees(to_whom text, by_key text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT order_id FROM claims
    WHERE to_whom = 'ours' AND (business_no = split_part(by_key, '-', 1) OR order_id = by_key)
    UNION
    SELECT order_id FROM addresses WHERE kind = 'waybill' AND to_whom = 'waybill' AND key = by_key
$$;
"""


def upgrade() -> None:
    """Forward only: what was accepted is never thrown away by a step back."""
    for tables in (WORDS, PEOPLE, ORDERS, WHOSE):
        op.execute(tables)

"""The working parts: shelves, the money gate, calls, cases, people on duty, the desk's facts, the audit."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = """
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = TG_TABLE_NAME || ' is append-only';
END $$;
"""

STOCK = """
CREATE TABLE places (
    id text PRIMARY KEY,
    name text NOT NULL,
    district text NOT NULL CHECK (district ~ '^[0-9]{6}$'),
    kind text NOT NULL CHECK (kind IN ('warehouse', 'store'))
);

CREATE TABLE stock (
    sku text NOT NULL,
    place text NOT NULL REFERENCES places,
    on_hand integer NOT NULL,
    reserved integer NOT NULL DEFAULT 0,
    PRIMARY KEY (sku, place),
    CONSTRAINT never_oversold CHECK (0 <= reserved AND reserved <= on_hand)
) WITH (fillfactor = 70);

CREATE TABLE reservations (
    key text PRIMARY KEY, -- of the story's errand
    order_id text, -- nobody's, where the release came first
    barred boolean NOT NULL DEFAULT false,
    until timestamptz, -- no end once the order is firm
    why jsonb NOT NULL DEFAULT '[]', -- how the places were chosen
    made_at timestamptz NOT NULL DEFAULT now(),
    CHECK (barred OR order_id IS NOT NULL)
);
CREATE INDEX reservations_by_order ON reservations (order_id);
CREATE INDEX reservations_lapsing ON reservations (until) WHERE until IS NOT NULL;

CREATE TABLE reserved_boxes (
    key text NOT NULL REFERENCES reservations,
    box text NOT NULL,
    place text NOT NULL REFERENCES places,
    units jsonb NOT NULL,
    state text NOT NULL DEFAULT 'held' CHECK (state IN (
        'held', -- reserved, on its shelf
        'out', -- scanned out of the house
        'released', -- it never left, and its units are free again
        'returned', -- it left, and its units are back and free
        'strayed' -- scanned out after its units were freed: the books are wrong until it is back
    )),
    PRIMARY KEY (key, box)
) WITH (fillfactor = 85);
CREATE INDEX reserved_boxes_held ON reserved_boxes (place) WHERE state = 'held';
CREATE INDEX reserved_boxes_strayed ON reserved_boxes (box) WHERE state = 'strayed';

CREATE TABLE stock_ledger (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL,
    box text NOT NULL DEFAULT '', -- none where units came in
    place text NOT NULL REFERENCES places,
    sku text NOT NULL,
    move text NOT NULL CHECK (move IN ('receive', 'reserve', 'release', 'out', 'back')),
    on_hand integer NOT NULL,
    reserved integer NOT NULL,
    why text,
    at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (key, box, sku, move)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON stock_ledger EXECUTE FUNCTION append_only();
"""

MONEY = """
CREATE TABLE captures (
    transaction text PRIMARY KEY, -- the provider's number
    order_id text NOT NULL,
    captured bigint NOT NULL, -- minor units
    claimed bigint NOT NULL DEFAULT 0,
    currency text NOT NULL,
    CONSTRAINT never_over_captured CHECK (0 <= claimed AND claimed <= captured)
);
CREATE INDEX captures_by_order ON captures (order_id);

CREATE TABLE refund_claims (
    refund_no text PRIMARY KEY,
    transaction text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    state text NOT NULL DEFAULT 'claimed' CHECK (state IN ('claimed', 'freed', 'settled')),
    claimed_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX refund_claims_by_transaction ON refund_claims (transaction);
"""

CALLS = """
CREATE TABLE flights (
    key text PRIMARY KEY,
    party text NOT NULL,
    attempt integer NOT NULL DEFAULT 1,
    until timestamptz NOT NULL
) WITH (fillfactor = 85);

CREATE TABLE calls (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party text NOT NULL,
    what text NOT NULL,
    key text NOT NULL,
    began_at timestamptz NOT NULL,
    took interval NOT NULL,
    outcome text NOT NULL,
    status integer -- of the HTTP answer, where there was one
);
CREATE INDEX calls_by_key ON calls (key text_pattern_ops, id);
CREATE INDEX calls_by_party ON calls (party, id);
"""

CASES = """
CREATE TABLE cases (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    story text NOT NULL,
    deadline text NOT NULL,
    since timestamptz NOT NULL,
    shop text NOT NULL,
    rung text NOT NULL CHECK (rung IN ('owner', 'lead', 'manager', 'clock')),
    role text NOT NULL,
    place text,
    party text,
    opened_at timestamptz NOT NULL,
    climbed_at timestamptz,
    closed_at timestamptz,
    closed_by text, -- a person; none: it closed by itself
    note_id text,
    announced text, -- the last rung that somebody was reminded for
    announce_at timestamptz NOT NULL DEFAULT now(), -- when to look again for somebody
    nobody_on_duty boolean NOT NULL DEFAULT false,
    UNIQUE (story, deadline, since)
) WITH (fillfactor = 85);
CREATE INDEX cases_open ON cases (id) WHERE closed_at IS NULL;
CREATE INDEX cases_unannounced ON cases (announce_at)
    WHERE closed_at IS NULL AND rung <> 'clock' AND announced IS DISTINCT FROM rung;
CREATE INDEX cases_by_party ON cases (party, deadline, opened_at) WHERE party IS NOT NULL;

CREATE TABLE shifts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person text NOT NULL,
    robot text NOT NULL, -- the messenger account whose room the person reads
    role text, -- none: any
    rung text NOT NULL CHECK (rung IN ('owner', 'lead', 'manager')),
    place text, -- none: any
    shop text, -- <channel>/<shop> or <channel>; none: any
    days integer[] NOT NULL CHECK (days <@ ARRAY[1, 2, 3, 4, 5, 6, 7] AND cardinality(days) > 0), -- 1: Monday
    begins time NOT NULL,
    ends time NOT NULL, -- not after begins: on the next day
    zone text NOT NULL,
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_until timestamptz
);
CREATE INDEX shifts_by_rung ON shifts (rung);

CREATE TABLE muted_robots (
    robot text PRIMARY KEY,
    until timestamptz NOT NULL
);

CREATE TABLE reminder_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person text NOT NULL,
    minute timestamptz NOT NULL,
    sent_at timestamptz,
    UNIQUE (person, minute)
);

CREATE TABLE reminders (
    case_id bigint NOT NULL REFERENCES cases,
    rung text NOT NULL,
    person text NOT NULL,
    robot text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    message bigint REFERENCES reminder_messages, -- the claim; it is not given back unless nothing went out
    PRIMARY KEY (case_id, rung, person)
);
CREATE INDEX reminders_pending ON reminders (person) WHERE message IS NULL;
CREATE INDEX reminders_by_message ON reminders (message);
"""

DESK = """
CREATE TABLE desk_facts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id text NOT NULL,
    telling jsonb NOT NULL,
    by text NOT NULL,
    role text NOT NULL,
    needs_second boolean NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT now(),
    seconded_by text,
    seconded_at timestamptz,
    CONSTRAINT two_people CHECK (lower(seconded_by) <> lower(by)),
    CHECK ((seconded_by IS NULL) = (seconded_at IS NULL)),
    CHECK (needs_second OR seconded_by IS NULL)
);
CREATE UNIQUE INDEX desk_facts_once ON desk_facts (order_id, (telling ->> 'id'));
CREATE INDEX desk_facts_waiting ON desk_facts (id) WHERE needs_second AND seconded_by IS NULL;

CREATE TABLE audit (
    n bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    who text NOT NULL,
    role text NOT NULL,
    what text NOT NULL,
    about text NOT NULL,
    hash bytea NOT NULL -- over the row and the hash before it
);
CREATE INDEX audit_by_about ON audit (about, n);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit EXECUTE FUNCTION append_only();
"""


def upgrade() -> None:
    """Forward only: what was accepted is never thrown away by a step back."""
    for tables in (APPEND_ONLY, STOCK, MONEY, CALLS, CASES, DESK):
        op.execute(tables)

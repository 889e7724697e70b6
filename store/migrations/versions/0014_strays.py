"""Parcels that belong to no return, and the waybills under which customers sent theirs back."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STRAYS = """
CREATE TABLE strays (
    id text PRIMARY KEY CHECK (id ~ '^stray-[0-9a-f]{16}$'),
    code text NOT NULL UNIQUE, -- as it was scanned: the same parcel again is the same row
    place text NOT NULL REFERENCES places,
    by text NOT NULL,
    arrived_at timestamptz NOT NULL, -- by the word of who scanned it
    kept_at timestamptz NOT NULL DEFAULT now(),
    note_id text,
    settled_at timestamptz,
    settled_by text,
    assigned_to text REFERENCES returns,
    because text,
    CHECK ((settled_at IS NULL) = (settled_by IS NULL)),
    CHECK ((settled_at IS NULL) = (assigned_to IS NULL AND because IS NULL)),
    CHECK (assigned_to IS NULL OR because IS NULL)
);
CREATE INDEX strays_open ON strays (kept_at) WHERE settled_at IS NULL;
CREATE INDEX strays_by_return ON strays (assigned_to) WHERE assigned_to IS NOT NULL;

CREATE TABLE return_waybills (
    waybill text NOT NULL,
    return_id text NOT NULL REFERENCES returns,
    PRIMARY KEY (waybill, return_id)
);
"""
KNOWN = """
INSERT INTO return_waybills (waybill, return_id)
SELECT DISTINCT fact ->> 'waybill', id FROM returns, jsonb_array_elements(body #> '{matter,facts}') AS fact
WHERE fact ->> 'kind' = 'goods_sent_back'
"""


def upgrade() -> None:
    """What customers said of their parcels before can be looked up too."""
    op.execute(STRAYS)
    op.execute(KNOWN)


def downgrade() -> None:
    """Parcels lie where they lie; nobody finds them here any more."""
    op.execute("DELETE FROM reminders USING cases WHERE cases.id = case_id AND deadline = 'parcel_without_return'")
    op.execute("DELETE FROM cases WHERE deadline = 'parcel_without_return'")
    op.execute("DROP TABLE return_waybills, strays")

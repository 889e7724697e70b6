"""Pictures: what is said of each, and whether its file still lies on the shelf."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PICTURES = """
CREATE TABLE pictures (
    id text PRIMARY KEY CHECK (id ~ '^picture-[0-9a-f]{16}$'),
    order_id text NOT NULL REFERENCES contact_keys,
    about text NOT NULL,
    occasion text NOT NULL CHECK (occasion IN ('request', 'inspection')),
    kind text NOT NULL,
    size integer NOT NULL CHECK (size BETWEEN 1 AND 5242880),
    digest text, -- of its content, by a key of ours; none: its file goes
    taken_at timestamptz,
    place text,
    added_by text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now(),
    added_at timestamptz, -- it lies on the shelf
    gone_at timestamptz, -- and does no more
    UNIQUE (order_id, about, occasion, digest)
);
CREATE INDEX pictures_to_tidy ON pictures (begun_at) WHERE gone_at IS NULL AND (digest IS NULL OR added_at IS NULL);
"""


def upgrade() -> None:
    """Nothing that was there changes."""
    op.execute(PICTURES)


def downgrade() -> None:
    """Their files stay where they lie, and nobody finds them any more."""
    op.execute("DROP TABLE pictures")

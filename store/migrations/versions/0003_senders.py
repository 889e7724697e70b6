"""Who sends what leaves a place: the address that stands on its labels."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A place may pack without one; no courier is asked for it until there is."""
    op.execute("ALTER TABLE places ADD COLUMN sender jsonb")
    op.execute("CREATE INDEX reserved_boxes_by_box ON reserved_boxes (box)")


def downgrade() -> None:
    """Back to places without a sender."""
    op.execute("DROP INDEX reserved_boxes_by_box")
    op.execute("ALTER TABLE places DROP COLUMN sender")

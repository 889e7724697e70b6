"""Reminders of the last minutes are found without reading those of all years."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Indexes for what every worker asks every few seconds."""
    op.execute("CREATE INDEX reminder_messages_by_minute ON reminder_messages (minute)")
    op.execute("CREATE INDEX reminder_messages_unsent ON reminder_messages (minute) WHERE sent_at IS NULL")


def downgrade() -> None:
    """Back to reading all of them."""
    op.execute("DROP INDEX reminder_messages_unsent")
    op.execute("DROP INDEX reminder_messages_by_minute")

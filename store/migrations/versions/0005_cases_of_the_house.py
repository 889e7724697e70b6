"""Cases that are of no order: what the house finds when it looks through its own books."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A case of no shop is the house's own, and is told by the house instead of by a story."""
    op.execute("""
        ALTER TABLE cases
            ALTER COLUMN shop DROP NOT NULL, -- none: the house's own
            ADD COLUMN is_over boolean NOT NULL DEFAULT false -- whoever told it tells it no more
    """)
    op.execute("CREATE INDEX cases_of_the_house ON cases (deadline) WHERE shop IS NULL AND NOT is_over")


def downgrade() -> None:
    """Back to cases of orders alone."""
    op.execute("DELETE FROM reminders USING cases WHERE cases.id = case_id AND shop IS NULL")
    op.execute("DELETE FROM cases WHERE shop IS NULL")
    op.execute("DROP INDEX cases_of_the_house")
    op.execute("ALTER TABLE cases DROP COLUMN is_over, ALTER COLUMN shop SET NOT NULL")

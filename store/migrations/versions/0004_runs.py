"""Which run of a story wrote a record, and when by the story's clock."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Records of before are older than anything that a run will say."""
    op.execute("""
        ALTER TABLE orders
            ADD COLUMN run text NOT NULL DEFAULT 'none',
            ADD COLUMN told_at timestamptz NOT NULL DEFAULT '-infinity'
    """)


def downgrade() -> None:
    """Back to versions alone."""
    op.execute("ALTER TABLE orders DROP COLUMN run, DROP COLUMN told_at")

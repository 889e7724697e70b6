"""Orders that are sent for goods of other orders are found from those: who is forgotten there is forgotten here."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Few orders are of this kind, and only those are in it."""
    op.execute("""
        CREATE INDEX claims_by_first ON claims ((seed #>> '{replaces,order}'))
        WHERE seed #>> '{replaces,order}' IS NOT NULL
    """)


def downgrade() -> None:
    """Nothing is lost with it."""
    op.execute("DROP INDEX claims_by_first")

"""Lists of returns begin where they are sorted."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """By how long they wait: all of them, and those of one shop."""
    op.execute("CREATE INDEX returns_by_since ON returns (since, id)")
    op.execute("CREATE INDEX returns_by_shop_since ON returns (shop, since, id)")


def downgrade() -> None:
    """As they were."""
    op.execute("DROP INDEX returns_by_since, returns_by_shop_since")

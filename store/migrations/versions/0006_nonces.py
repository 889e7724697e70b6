"""What signed messages said only once: the nonces of shops, for as long as their messages are believed."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every door looks here, so a replay meets the same answer at each of them, and after a restart."""
    op.execute("""
        CREATE TABLE nonces (
            shop text NOT NULL,
            nonce text NOT NULL,
            until timestamptz NOT NULL, -- from then on nobody believes its message
            PRIMARY KEY (shop, nonce)
        )
    """)
    op.execute("CREATE INDEX nonces_by_end ON nonces (until)")


def downgrade() -> None:
    """Back to doors that remember each for itself."""
    op.execute("DROP TABLE nonces")

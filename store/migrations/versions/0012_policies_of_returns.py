"""Numbers for returns beside those for orders; and a place for what comes back and cannot be sold as new."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UP = (
    "ALTER TABLE policies ADD COLUMN about text NOT NULL DEFAULT 'orders' CHECK (about IN ('orders', 'returns'))",
    "DROP INDEX policies_in_force",
    "CREATE INDEX policies_in_force ON policies (about, scope, effective_from DESC, version DESC)",
    "ALTER TABLE places DROP CONSTRAINT places_kind_check",
    "ALTER TABLE places ADD CONSTRAINT places_kind_check CHECK (kind IN ('warehouse', 'store', 'damaged'))",
)
DOWN = (
    "ALTER TABLE places DROP CONSTRAINT places_kind_check",
    "ALTER TABLE places ADD CONSTRAINT places_kind_check CHECK (kind IN ('warehouse', 'store'))",
    "DROP INDEX policies_in_force",
    "DELETE FROM policies WHERE about = 'returns'",
    "ALTER TABLE policies DROP COLUMN about",
    "CREATE INDEX policies_in_force ON policies (scope, effective_from DESC, version DESC)",
)


def upgrade() -> None:
    """Every policy that was there is of orders."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Policies of returns are forgotten; refused where goods lie in a place for damaged ones."""
    for statement in DOWN:
        op.execute(statement)

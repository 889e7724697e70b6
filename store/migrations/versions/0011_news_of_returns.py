"""What a return told its order last; and units of a box that are refunded before it leaves, in the ledger."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NEWS = "ALTER TABLE returns ADD COLUMN news jsonb"
# A box may be lessened more than once; what it is to hold makes each time once.
SPARED = """
ALTER TABLE stock_ledger DROP CONSTRAINT stock_ledger_move_check;
ALTER TABLE stock_ledger ADD CONSTRAINT stock_ledger_move_check
    CHECK (move IN ('receive', 'reserve', 'release', 'spare', 'out', 'back'));
ALTER TABLE stock_ledger DROP CONSTRAINT stock_ledger_key_box_sku_move_key;
CREATE UNIQUE INDEX stock_ledger_once ON stock_ledger (key, box, sku, move) WHERE move <> 'spare';
"""
BACK = """
DROP INDEX stock_ledger_once;
ALTER TABLE stock_ledger ADD CONSTRAINT stock_ledger_key_box_sku_move_key UNIQUE (key, box, sku, move);
ALTER TABLE stock_ledger DROP CONSTRAINT stock_ledger_move_check;
ALTER TABLE stock_ledger ADD CONSTRAINT stock_ledger_move_check
    CHECK (move IN ('receive', 'reserve', 'release', 'out', 'back'));
"""


def upgrade() -> None:
    """Nothing that was there changes."""
    op.execute(NEWS)
    for statement in SPARED.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Refused by the table itself where a box was lessened."""
    for statement in BACK.strip().split(";\n"):
        op.execute(statement)
    op.execute("ALTER TABLE returns DROP COLUMN news")

"""${message}."""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}

UP = """
"""


def upgrade() -> None:
    """Forward only: what was accepted is never thrown away by a step back."""
    op.execute(UP)

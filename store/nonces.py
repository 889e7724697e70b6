"""What was signed and believed once: the same message again is a replay, at whichever door it knocks."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Field, SQLModel

from models.noun import Id
from store.database import Database, Instant


class NonceRow(SQLModel, table=True):
    """One signed message, as long as it would be believed."""

    __tablename__ = "nonces"
    shop: str = Field(primary_key=True)
    nonce: str = Field(primary_key=True)
    until: Instant


# Each one that comes takes two away that are over, so the table stays as long as the window and nobody has to sweep it.
USE = text("""
    WITH over AS (
        SELECT shop, nonce FROM nonces WHERE until < now() ORDER BY until LIMIT 2 FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM nonces USING over WHERE nonces.shop = over.shop AND nonces.nonce = over.nonce
    )
    INSERT INTO nonces (shop, nonce, until) VALUES (:shop, :nonce, :until) ON CONFLICT DO NOTHING RETURNING nonce
""")


class Nonces:
    """Every nonce once for each shop."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def use(self, shop: Id, nonce: str, until: datetime) -> bool:
        """Whether it is the first time. One statement. Raises: Unavailable."""
        async with self.db.begin() as conn:
            row = {"shop": shop, "nonce": nonce, "until": until}
            return (await conn.execute(USE, row)).scalar() is not None

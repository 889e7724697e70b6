"""Where a bill is paid: what the provider gave us is given to the buyer again, never asked for twice."""

from sqlalchemy import text
from sqlmodel import Field, SQLModel, select

from models.noun import Id
from store.database import Database, Instant


class LinkRow(SQLModel, table=True):
    """The link of one bill."""

    __tablename__ = "links"
    bill_key: str = Field(primary_key=True)
    url: str
    put_at: Instant


PUT = text("""
    INSERT INTO links (bill_key, url) VALUES (:bill_key, :url)
    ON CONFLICT (bill_key) DO UPDATE SET url = excluded.url, put_at = now()
""")


class Links:
    """One link for each bill, the last one they gave."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def put(self, bill_key: Id, url: str) -> None:
        """One statement."""
        async with self.db.begin() as conn:
            await conn.execute(PUT, {"bill_key": bill_key, "url": url})

    async def get(self, bill_key: Id) -> str | None:
        """One statement; None: not given yet."""
        async with self.db.begin() as conn:
            return (await conn.execute(select(LinkRow.url).where(LinkRow.bill_key == bill_key))).scalar()

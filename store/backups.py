"""What must be known of a database before a backup goes into it, and after."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from store.contacts import Contacts
from store.database import Database

TABLES = text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")
ROWS = text("""
    SELECT (SELECT count(*) FROM claims), (SELECT count(*) FROM orders WHERE NOT is_ended),
        (SELECT max(written_at) FROM orders), (SELECT count(*) FROM inbox WHERE state <> 'done')
""")
SEALED = text("SELECT count(*) FROM contact_keys WHERE wrapped IS NOT NULL AND master <> ALL (:ours)")


class Contents(NamedTuple):
    """What a database holds."""

    orders: int
    open: int
    last_word_at: datetime | None  # of any story: what happened later is not in it
    waiting: int  # messages that no order has heard yet


class Backups:
    """Asked around a restore."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def is_empty(self) -> bool:
        """Whether nobody ever made a table here. One statement."""
        async with self.db.begin() as conn:
            return not (await conn.execute(TABLES)).scalar_one()

    async def contents(self) -> Contents:
        """What came back. One statement."""
        async with self.db.begin() as conn:
            return Contents(*(await conn.execute(ROWS)).one())

    async def sealed_by_others(self, contacts: Contacts) -> int:
        """How many contacts our master key does not open. One statement."""
        async with self.db.begin() as conn:
            return int((await conn.execute(SEALED, {"ours": [contacts.master.name]})).scalar_one())

"""All our books at one instant, each as its size and a digest."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import text

from store.database import Database

Books = Mapping[str, str]
TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
WHOLE: Final = (
    "SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM {} t"
)
NARROW: Final = "SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(w), '' ORDER BY md5(w))), '') FROM ({}) t(w)"
# What somebody with a right key or path may write by talking nonsense: it is kept and counted, and moves nothing
# (a plan of a bulk wish asks nobody before it is confirmed; the house reminds its people of what nobody can read)
TALK: Final = (
    *("calls", "nonces", "raws", "scans", "audit", "bulks", "bulk_rows"),
    *("reminders", "reminder_messages"),
)
READ: Final = {
    # who knows a courier's path may say what nobody can read: that waits for a person
    "inbox": "SELECT (party, telling_id, key, state, order_id)::text FROM inbox"
    " WHERE telling->>'kind' <> 'unreadable' OR party NOT IN ('sf', 'kuaidi100')",
    "cases": "SELECT (story, deadline, closed_at IS NULL)::text FROM cases WHERE story LIKE 'order/%'",
}


async def read(db: Database) -> Books:
    """Every table but those that only take note of talk."""
    async with db.begin() as conn:
        names = [row[0] for row in await conn.execute(text(TABLES))]
        return {name: str((await conn.execute(text(_question(name)))).scalar()) for name in names if name not in TALK}


def _question(table: str) -> str:
    return NARROW.format(READ[table]) if table in READ else WHOLE.format(table)


def differing(before: Books, after: Books) -> list[str]:
    """Which books are not as they were."""
    return [f"{name}: {before[name]} before, {after[name]} after" for name in before if before[name] != after[name]]

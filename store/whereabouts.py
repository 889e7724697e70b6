"""Whose a parcel is that lies on the ramp, by whatever code stands on it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.fact import GoodsSentBack, GoodsSentHome
from models.noun import Id
from models.rma import Return
from models.whereabouts import Whose
from store.database import Database
from store.strays import stray_under

NOTE = text("""
    INSERT INTO return_waybills (waybill, return_id) SELECT unnest(CAST(:waybills AS text[])), :id
    ON CONFLICT DO NOTHING
""")
# A number of ours (a label's begins with it), a waybill there or back, a parcel, or the order's whole name.
WHOSE = text("""
    WITH named (id) AS (
        SELECT addressees('ours', upper(:code)) UNION SELECT addressees('ours', :code)
        UNION SELECT order_id FROM addresses WHERE key IN (:code, upper(:code)) AND kind IN ('waybill', 'parcel')
        UNION SELECT return_id FROM return_waybills WHERE waybill IN (:code, upper(:code))
        UNION SELECT assigned_to FROM strays WHERE code = :code AND assigned_to IS NOT NULL
    )
    SELECT DISTINCT claims.order_id, returns.id AS return_id, returns.asked_at
    FROM named
    LEFT JOIN returns mine ON mine.id = named.id
    JOIN claims ON claims.order_id = coalesce(mine.order_id, named.id)
    LEFT JOIN returns ON CASE WHEN mine.id IS NULL THEN returns.order_id = named.id ELSE returns.id = mine.id END
    ORDER BY returns.asked_at DESC NULLS LAST, returns.id, claims.order_id LIMIT 50
""")


class Whereabouts:
    """What a code leads to."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def whose(self, code: Id) -> Whose:
        """Two statements."""
        async with self.db.begin() as conn:
            rows = (await conn.execute(WHOSE, {"code": code})).all()
            stray = await stray_under(conn, code)
        returns = dict.fromkeys(row.return_id for row in rows if row.return_id)
        return Whose(returns=tuple(returns), orders=tuple(dict.fromkeys(row.order_id for row in rows)), stray=stray)


async def noted(conn: AsyncConnection, matter: Return) -> None:
    """Under which numbers it was sent back; in its record's own transaction. One statement, where there is one."""
    waybills = sorted({fact.waybill for fact in matter.facts if isinstance(fact, GoodsSentBack | GoodsSentHome)})
    if waybills:
        await conn.execute(NOTE, {"id": matter.id, "waybills": waybills})

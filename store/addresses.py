"""Whose a waybill or a parcel is: many parcels of one order, and sometimes many orders in one parcel."""

from enum import StrEnum

from sqlalchemy import text
from sqlmodel import Field, SQLModel, col, select

from models.noun import Id
from store.database import Database, Instant


class Kind(StrEnum):
    """What is written on a box."""

    WAYBILL = "waybill"  # the courier's number
    PARCEL = "parcel"  # ours


class AddressRow(SQLModel, table=True):
    """One number that leads to one order."""

    __tablename__ = "addresses"
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    order_id: str = Field(primary_key=True)
    parcel: str = Field(primary_key=True)
    noted_at: Instant


NOTE = text("""
    WITH noted AS (
        INSERT INTO addresses (kind, key, order_id, parcel) VALUES (:kind, :key, :order_id, :parcel)
        ON CONFLICT DO NOTHING RETURNING kind, key
    )
    UPDATE inbox SET due_at = now() FROM noted
    WHERE order_id IS NULL AND state = 'waiting' AND sent_to = noted.kind AND inbox.key = noted.key
""")


class Addresses:
    """Written before the call goes out, so that a callback may be faster than the answer."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def note(self, kind: str, key: str, order_id: Id, parcel: Id) -> None:
        """Twice is once. Messages that waited for this address are due at once. One statement."""
        async with self.db.begin() as conn:
            await conn.execute(NOTE, {"kind": Kind(kind), "key": key, "order_id": order_id, "parcel": parcel})

    async def find(self, kind: str, key: str) -> tuple[tuple[Id, Id], ...]:
        """Orders and their parcels with this number, the first noted first. One statement."""
        found = select(AddressRow.order_id, AddressRow.parcel).where(
            AddressRow.kind == Kind(kind), AddressRow.key == key
        )
        oldest = (col(AddressRow.noted_at), col(AddressRow.order_id), col(AddressRow.parcel))
        async with self.db.begin() as conn:
            rows = await conn.execute(found.order_by(*oldest))
        return tuple((row.order_id, row.parcel) for row in rows)

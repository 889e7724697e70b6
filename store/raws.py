"""What others sent us, word for word, sealed: a key for each message, destroyed when its person is forgotten."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, select

from models.errors import Missing
from store.database import Database, Instant
from store.seals import Master, Wrapped

PURPOSE = "raw"


class RawRow(SQLModel, table=True):
    """One message or one order as it came."""

    __tablename__ = "raws"
    id: int = Field(primary_key=True, sa_type=BigInteger)
    party: str
    account: str
    sealed: bytes
    wrapped: bytes | None
    master: str
    kept_at: Instant


def sealed(master: Master, raw: bytes) -> dict[str, bytes | str | None]:
    """The columns of words to keep: `sealed`, `wrapped`, `master`."""
    key, kept = master.fresh()
    return {"sealed": key.seal(raw, PURPOSE), "wrapped": kept.wrapped, "master": kept.master}


async def raw_of(db: Database, master: Master, raw: int) -> bytes:
    """The words again. One statement. Raises: Missing("raw_unknown"), Missing("forgotten")."""
    async with db.begin() as conn:
        row = (await conn.execute(select(RawRow.sealed, RawRow.wrapped, RawRow.master).where(RawRow.id == raw))).first()
    if row is None:
        raise Missing("raw_unknown")
    return master.unwrap(Wrapped(row.wrapped, row.master)).open(row.sealed, PURPOSE)

"""What scanners read, kept before anybody is told: once for each scan's own number."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlmodel import Field, SQLModel

from models.errors import Missing
from models.noun import Id
from models.scan import Answer
from store.database import Database, Instant


class ScanRow(SQLModel, table=True):
    """One scan and its answer."""

    __tablename__ = "scans"
    id: str = Field(primary_key=True)
    what: str
    code: str
    at: Instant
    by: str
    place: str | None
    sku: str | None
    live: bool
    word: str | None
    reason: str | None
    kept_at: Instant
    answered_at: Instant | None


@dataclass(frozen=True)
class KeptScan:
    """One reading of a code by a person with a scanner."""

    id: Id  # the device's own number for it
    what: Id  # picked, packed, handed_over, received_back, put_back
    code: str  # a parcel of ours, or a waybill
    at: datetime  # by the device's clock
    by: Id  # the badge
    place: Id | None = None
    sku: Id | None = None
    live: bool = True  # somebody waits for the answer; else it happened already


@dataclass(frozen=True)
class Scanned:
    """A scan, whose parcel it was, and what was answered."""

    scan: KeptScan
    parcels: tuple[tuple[Id, Id], ...]  # order and parcel; more than one where orders share a box
    kept_at: datetime
    answer: Answer | None


KEEP = text("""
    INSERT INTO scans (id, what, code, at, by, place, sku, live)
    SELECT id, what, code, at, by, place, sku, live FROM jsonb_to_recordset(CAST(:scans AS jsonb))
        AS told (id text, what text, code text, at timestamptz, by text, place text, sku text, live boolean)
    ON CONFLICT (id) DO NOTHING RETURNING id
""")
KNOWN = text("""
    SELECT id, what, code, sku FROM scans WHERE id = ANY(:ids)
""")
ANSWER = text("""
    UPDATE scans SET word = :word, reason = :reason, answered_at = now() WHERE id = :id
""")
GET = text("""
    SELECT scans.*, (
        SELECT jsonb_agg(jsonb_build_array(order_id, parcel) ORDER BY noted_at, order_id, parcel)
        FROM addresses WHERE kind IN ('parcel', 'waybill') AND key = code
    ) AS parcels FROM scans WHERE id = :id
""")
FIND = text("""
    SELECT DISTINCT ON (key, order_id, parcel) key, order_id, parcel FROM addresses
    WHERE kind IN ('parcel', 'waybill') AND key = ANY(:codes) ORDER BY key, order_id, parcel
""")
# What could not be judged comes first, so that a word said since then stands.
SAID = text("""
    WITH told AS (
        SELECT id, body #> '{order,scans}' AS judged, body #> '{order,unread}' AS unread
        FROM orders WHERE id = ANY(:orders)
    ), words AS (
        SELECT id, one #>> '{telling,id}' AS scan, 'kept' AS word, NULL AS reason, 0 AS nth
        FROM told, jsonb_array_elements(unread) AS one WHERE one #>> '{telling,source}' = 'warehouse'
        UNION ALL
        SELECT id, one ->> 'scan', one ->> 'word', one ->> 'reason', 1 FROM told, jsonb_array_elements(judged) AS one
    )
    SELECT id, scan, word, reason FROM words WHERE scan = ANY(:scans) ORDER BY nth
""")
Said = dict[tuple[Id, Id], Answer]  # by order and scan


class ScanBook:
    """A scan is told to the order's story; here stands that it was made, and what was answered."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def keep(self, scans: Sequence[KeptScan]) -> tuple[bool, ...]:
        """For each whether it is new; the same number twice is one scan, also in one batch. One statement."""
        told = json.dumps([asdict(scan) for scan in scans], default=datetime.isoformat)
        async with self.db.begin() as conn:
            new = set((await conn.execute(KEEP, {"scans": told})).scalars())
        return tuple(_is_first(scan.id, new) for scan in scans)

    async def others(self, scans: Sequence[KeptScan]) -> frozenset[KeptScan]:
        """Those whose number another scan has: another step, or of another code. One statement."""
        async with self.db.begin() as conn:
            rows = await conn.execute(KNOWN, {"ids": [scan.id for scan in scans]})
            known = {row.id: (row.what, row.code, row.sku) for row in rows}
        return frozenset(scan for scan in scans if known[scan.id] != (scan.what, scan.code, scan.sku))

    async def find(self, codes: Sequence[str]) -> dict[str, tuple[tuple[Id, Id], ...]]:
        """Orders and parcels with these codes, parcels of ours or waybills. One statement; unknown ones are absent."""
        found: dict[str, tuple[tuple[Id, Id], ...]] = {}
        async with self.db.begin() as conn:
            for row in await conn.execute(FIND, {"codes": list(codes)}):
                found[row.key] = (*found.get(row.key, ()), (row.order_id, row.parcel))
        return found

    async def said(self, orders: Sequence[Id], scans: Sequence[Id]) -> Said:
        """What these orders' records say to these scans; `kept` where one could not be judged. One statement."""
        async with self.db.begin() as conn:
            rows = await conn.execute(SAID, {"orders": list(orders), "scans": list(scans)})
            return {(row.id, row.scan): Answer(scan=row.scan, word=row.word, reason=row.reason) for row in rows}

    async def answered(self, scan_id: Id, answer: Answer) -> None:
        """What the person was told; the last word stands. One statement. Raises: Missing("scan_unknown")."""
        row = {"id": scan_id, "word": answer.word, "reason": answer.reason}
        async with self.db.begin() as conn:
            if not (await conn.execute(ANSWER, row)).rowcount:
                raise Missing("scan_unknown")

    async def get(self, scan_id: Id) -> Scanned:
        """One statement. Raises: Missing("scan_unknown")."""
        async with self.db.begin() as conn:
            row = (await conn.execute(GET, {"id": scan_id})).mappings().one_or_none()
        if row is None:
            raise Missing("scan_unknown")
        return _scanned(row)


def _is_first(scan_id: Id, new: set[Id]) -> bool:
    is_new = scan_id in new
    new.discard(scan_id)
    return is_new


def _scanned(row: RowMapping) -> Scanned:
    scan = KeptScan(**{name: row[name] for name in KeptScan.__dataclass_fields__})
    answer = Answer(scan=row["id"], word=row["word"], reason=row["reason"]) if row["word"] else None
    parcels = tuple((order_id, parcel) for order_id, parcel in row["parcels"] or ())
    return Scanned(scan, parcels, row["kept_at"], answer)

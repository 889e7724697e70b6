"""What is not as it should be in our own books."""

from sqlalchemy import text

from models.finding import Check, Finding
from rules.housekeeping import PATIENCE
from store.audit import Audit
from store.bulks import Bulks
from store.database import Database
from store.money import MoneyGate
from store.stock import Shelves
from store.strays import open_strays

STRANDED = text("""
    SELECT party, code, min(kept_at) AS since, max(kept_at) AS newest_at FROM inbox
    WHERE state <> 'done' AND (state = 'parked' OR kept_at < now() - CAST(:patience AS interval))
    GROUP BY party, code ORDER BY party, code
""")


class Findings:
    """One look for each check. Nothing is changed by looking."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def look(self, check: Check) -> tuple[Finding, ...]:
        """Everything of this kind that is found now. One statement."""
        looks = {
            Check.STRANDED: self.stranded,
            Check.LAPSED: self.lapsed,
            Check.MISCOUNTED: self.miscounted,
            Check.OVERCLAIMED: self.overclaimed,
            Check.STALLED: Bulks(self.db).stalled,
            Check.TAMPERED: self.tampered,
            Check.PARCEL_WITHOUT_RETURN: self.strays,
        }
        return await looks[check]()

    async def stranded(self) -> tuple[Finding, ...]:
        """Messages that nobody has heard for too long, or that a person must look at, by party and cause."""
        async with self.db.begin() as conn:
            rows = (await conn.execute(STRANDED, {"patience": PATIENCE})).all()
        return tuple(
            Finding(about=f"{row.party}/{row.code}", since=row.since, newest_at=row.newest_at, party=row.party)
            for row in rows
        )

    async def lapsed(self) -> tuple[Finding, ...]:
        """Orders that hold units after their end."""
        orders = dict.fromkeys(order for order, _ in await Shelves(self.db).lapsed(PATIENCE))
        return tuple(Finding(about=order) for order in orders)

    async def miscounted(self) -> tuple[Finding, ...]:
        """Places whose books do not agree."""
        places = dict.fromkeys(difference.place for difference in await Shelves(self.db).audit())
        return tuple(Finding(about=place, place=place) for place in places)

    async def overclaimed(self) -> tuple[Finding, ...]:
        """Payments whose refunds do not add up."""
        return tuple(Finding(about=claim.transaction) for claim in await MoneyGate(self.db).audit())

    async def tampered(self) -> tuple[Finding, ...]:
        """The first row of the audit trail that is not as it was written."""
        broken = await Audit(self.db).verify()
        return () if broken is None else (Finding(about=f"audit/{broken}"),)

    async def strays(self) -> tuple[Finding, ...]:
        """Parcels of which nobody knows whose they are."""
        async with self.db.begin() as conn:
            return await open_strays(conn)

"""Who is on duty."""

from datetime import datetime, time

from sqlalchemy import ARRAY, BigInteger, Integer, text
from sqlmodel import Field, SQLModel, col, select

from models.case import Owner, Role
from models.duty import Person, Shift
from models.errors import Missing, Refused
from models.noun import Id
from store.database import Database, Instant

LADDER = "ARRAY['owner', 'lead', 'manager']"


class ShiftRow(SQLModel, table=True):
    """One person's shift."""

    __tablename__ = "shifts"
    id: int = Field(primary_key=True, sa_type=BigInteger)
    person: str
    robot: str
    role: str | None
    rung: str
    place: str | None
    shop: str | None
    days: list[int] = Field(sa_type=ARRAY(Integer))
    begins: time
    ends: time
    zone: str
    valid_from: Instant
    valid_until: Instant | None


# Whoever is on the lowest of these rungs; who is there for this very role, place or shop goes before who is for all.
ON_DUTY = """
    SELECT person, robot, shifts.rung
    FROM shifts, LATERAL (SELECT {at} AT TIME ZONE zone AS here) AS local, LATERAL (
        SELECT extract(isodow FROM here)::int AS today, extract(isodow FROM here - interval '1 day')::int AS yesterday,
            here::time AS hour
    ) AS clock
    WHERE shifts.rung = ANY({rungs})
        AND (shifts.role IS NULL OR shifts.role = {role})
        AND (shifts.place IS NULL OR shifts.place = {place})
        AND (shifts.shop IS NULL OR shifts.shop IN ({shop}, split_part({shop}, '/', 1)))
        AND valid_from <= {at} AND (valid_until IS NULL OR {at} < valid_until)
        AND CASE WHEN begins < ends THEN today = ANY(days) AND hour >= begins AND hour < ends
            ELSE (today = ANY(days) AND hour >= begins) OR (yesterday = ANY(days) AND hour < ends) END
    ORDER BY array_position({rungs}, shifts.rung), shifts.place IS NULL, shifts.shop IS NULL,
        shifts.shop NOT LIKE '%/%', shifts.role IS NULL, shifts.id DESC
    LIMIT 1
"""
NOW_ON_DUTY = text(
    ON_DUTY.format(
        at="CAST(:at AS timestamptz)",
        rungs="ARRAY[CAST(:rung AS text)]",
        role="CAST(:role AS text)",
        place="CAST(:place AS text)",
        shop="CAST(:shop AS text)",
    )
)
ADD = text("""
    INSERT INTO shifts (person, robot, role, rung, place, shop, days, begins, ends, zone, valid_from, valid_until)
    SELECT :person, :robot, :role, :rung, :place, :shop, CAST(:days AS integer[]), CAST(:begins AS time),
        CAST(:ends AS time), name, coalesce(CAST(:valid_from AS timestamptz), now()), CAST(:valid_until AS timestamptz)
    FROM pg_timezone_names WHERE name = :zone
    RETURNING id
""")
VALID = text("valid_until IS NULL OR valid_until > now()")
END = text("UPDATE shifts SET valid_until = now() WHERE id = :id AND coalesce(valid_until > now(), true) RETURNING id")


class Duty:
    """The roster."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def add(self, shift: Shift) -> int:
        """One more shift; its number. One statement. Raises: Refused("zone_unknown"), Refused("no_rung_of_people")."""
        if shift.rung is Owner.CLOCK:
            raise Refused("no_rung_of_people")
        spelt = shift.model_dump(exclude={"person"}) | {"person": shift.person.id, "robot": shift.person.robot}
        async with self.db.begin() as conn:
            added = (await conn.execute(ADD, spelt | {"days": list(shift.days)})).scalar_one_or_none()
        if added is None:
            raise Refused("zone_unknown")
        return int(added)

    async def end(self, shift_id: int) -> None:
        """From now on nobody counts on it. One statement. Raises: Missing."""
        async with self.db.begin() as conn:
            if (await conn.execute(END, {"id": shift_id})).scalar_one_or_none() is None:
                raise Missing("shift_unknown")

    async def shifts(self) -> tuple[tuple[int, Shift], ...]:
        """All that are or will be, with their numbers. One statement."""
        async with self.db.begin() as conn:
            rows = (await conn.execute(select(ShiftRow).where(VALID).order_by(col(ShiftRow.id)))).mappings().all()
        people = [Person(id=row["person"], robot=row["robot"]) for row in rows]
        return tuple(
            (row["id"], Shift.model_validate({**row, "person": person}))
            for row, person in zip(rows, people, strict=True)
        )

    async def on_duty(self, role: Role, place: Id | None, shop: Id | None, rung: Owner, at: datetime) -> Person | None:
        """Whoever looks at this rung. One statement."""
        asked = {"role": role, "place": place, "shop": shop, "rung": rung, "at": at}
        async with self.db.begin() as conn:
            row = (await conn.execute(NOW_ON_DUTY, asked)).one_or_none()
        return Person(id=row.person, robot=row.robot) if row else None

"""What bulks say to the database."""

from typing import Any

from pydantic import JsonValue
from sqlalchemy import BigInteger, ColumnElement, Insert, Select, and_, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, col

from models.bulk import Scope
from store.database import Instant
from store.listings import LAST, BookRow


class BulkRow(SQLModel, table=True):
    """One plan, and how far it is."""

    __tablename__ = "bulks"
    id: int = Field(primary_key=True, sa_type=BigInteger)
    scope: dict[str, JsonValue] = Field(sa_type=JSONB)
    wish: dict[str, JsonValue] = Field(sa_type=JSONB)
    reason: str
    by: str
    role: str
    planned_at: Instant
    counted: int
    counted_paid: int
    state: str
    code: str | None
    confirmed_by: str | None
    confirmed_at: Instant | None
    ended_at: Instant | None
    relay_at: Instant
    orders: int
    granted: int
    refused: int
    ended: int
    unreachable: int


class LineRow(SQLModel, table=True):
    """One order of a plan."""

    __tablename__ = "bulk_rows"
    bulk: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="bulks.id")
    n: int = Field(primary_key=True)
    order_id: str
    state: str
    code: str | None
    attempts: int
    due_at: Instant
    asked_at: Instant | None
    ended_at: Instant | None


COLUMNS = """id, scope, wish, reason, by, role, planned_at, counted, counted_paid, state, code, confirmed_by,
    confirmed_at, ended_at, orders, granted, refused, ended, unreachable"""
PLAN = text(f"""
    INSERT INTO bulks (scope, wish, reason, by, role, counted, counted_paid)
    VALUES (CAST(:scope AS jsonb), CAST(:wish AS jsonb), :reason, :by, :role, :orders, :paid) RETURNING {COLUMNS}
""")  # noqa: S608, put together from our own words
GET = text(f"SELECT {COLUMNS} FROM bulks WHERE id = :id")  # noqa: S608, put together from our own words
LOCKED = text(f"SELECT {COLUMNS} FROM bulks WHERE id = :id FOR UPDATE")  # noqa: S608, put together from our own words
LISTED = text(f"""
    SELECT {COLUMNS} FROM bulks WHERE id < coalesce(CAST(:after AS bigint), 9223372036854775807)
    ORDER BY id DESC LIMIT :limit
""")  # noqa: S608, put together from our own words
CONFIRM = text(f"""
    UPDATE bulks SET state = 'running', confirmed_by = :by, confirmed_at = now(), orders = :orders,
        relay_at = now() + interval '5 seconds'
    WHERE id = :id RETURNING {COLUMNS}
""")  # noqa: S608, put together from our own words
# Stopping is never undone, and what is over stays over: a late word of a lost worker changes nothing.
STAND = text("""
    UPDATE bulks SET state = :state, code = :code,
        ended_at = CASE WHEN :state IN ('stopped', 'done') THEN now() END
    WHERE id = :id AND state NOT IN ('planned', 'stopped', 'done')
        AND (state <> 'stopping' OR :state IN ('stopped', 'done'))
""")
TO_BEGIN = text("""
    UPDATE bulks SET relay_at = now() + interval '1 minute'
    WHERE state IN ('running', 'paused', 'stopping') AND relay_at <= now() RETURNING id, state
""")
STALLED = text("SELECT id FROM bulks WHERE state = 'paused' AND code IS NOT NULL ORDER BY id")
FIRST_IN_TURN = text("SELECT id FROM bulks WHERE state = 'running' ORDER BY confirmed_at, id LIMIT 1")
TAKE = text("""
    UPDATE bulk_rows SET asked_at = coalesce(asked_at, now())
    WHERE bulk = :bulk AND n IN (
        SELECT n FROM bulk_rows
        WHERE bulk = :bulk AND state = 'waiting' AND due_at <= now() AND (NOT :is_last OR asked_at IS NOT NULL)
        ORDER BY due_at, n LIMIT :size
    ) RETURNING n
""")
# Each row ends once: whoever comes second changes nothing, and counts nothing.
SETTLE = text("""
    WITH told AS (
        SELECT * FROM unnest(CAST(:ns AS int[]), CAST(:fates AS text[]), CAST(:codes AS text[])) AS told (n, fate, code)
    ), settled AS (
        UPDATE bulk_rows SET code = told.code,
            attempts = attempts + (fate = 'waiting')::int,
            due_at = CASE WHEN fate = 'waiting' THEN now() + interval '15 seconds' ELSE due_at END,
            state = CASE WHEN fate = 'waiting' AND attempts + 1 >= :most THEN 'unreachable' ELSE fate END,
            ended_at = CASE WHEN fate <> 'waiting' OR attempts + 1 >= :most THEN now() END
        FROM told WHERE bulk = :bulk AND bulk_rows.n = told.n AND state = 'waiting'
        RETURNING new.n, new.order_id, new.state
    ), counted AS (
        UPDATE bulks SET granted = granted + (SELECT count(*) FROM settled WHERE state = 'granted'),
            refused = refused + (SELECT count(*) FROM settled WHERE state = 'refused'),
            ended = ended + (SELECT count(*) FROM settled WHERE state = 'ended'),
            unreachable = unreachable + (SELECT count(*) FROM settled WHERE state = 'unreachable')
        WHERE id = :bulk
    )
    SELECT order_id FROM settled WHERE state = 'granted' ORDER BY n
""")
LEFT = text("""
    SELECT count(*) FROM bulk_rows WHERE bulk = :bulk AND state = 'waiting' AND (NOT :is_last OR asked_at IS NOT NULL)
""")
PAID: ColumnElement[bool] = func.jsonb_array_length(col(BookRow.body)[("order", "payments")]) > 0
COUNT: ColumnElement[Any] = func.count()
NUMBERS: Select[Any] = select(COUNT, func.count().filter(PAID)).select_from(BookRow)


def counted(scope: Scope) -> Select[Any]:
    """How many orders a scope is about, and how many of them are paid for."""
    return NUMBERS.where(*conditions(scope))


def frozen(bulk: int, scope: Scope, planned_at: object, most: int) -> Insert:
    """The orders of a plan as rows, the oldest first: those that were there when it was planned, one more than may be.

    Why in one statement: it reads one moment, so a set that grows meanwhile does not run away.
    """
    number = func.row_number().over(order_by=(col(BookRow.received_at), col(BookRow.id)))
    found = (
        select(literal(bulk), number, col(BookRow.id))
        .where(*conditions(scope), col(BookRow.received_at) <= planned_at)
        .order_by(col(BookRow.received_at), col(BookRow.id))
        .limit(most + 1)
    )
    return insert(LineRow).from_select(["bulk", "n", "order_id"], found)


def paid_among(bulk: int) -> Select[Any]:
    """How many orders were frozen, and how many of them are paid for."""
    mine = select(col(LineRow.order_id)).where(col(LineRow.bulk) == bulk)
    return NUMBERS.where(col(BookRow.id).in_(mine))


def judged(bulk: int, taken: list[int], scope: Scope, key: str) -> Select[Any]:
    """What the records of these orders say, each read once: whether it is meant, has ended, or was granted already."""
    granted = col(BookRow.body)[("order", "wishes")].op("@>")(literal([{"wish": {"key": key}}], JSONB))
    is_meant = and_(*conditions(scope))
    return (
        select(
            col(LineRow.n),
            col(LineRow.order_id),
            is_meant.label("is_meant"),
            col(BookRow.is_ended),
            granted.label("is_granted"),
        )
        .join(BookRow, col(BookRow.id) == col(LineRow.order_id))
        .where(col(LineRow.bulk) == bulk, col(LineRow.n).in_(taken))
        .order_by(col(LineRow.n))
    )


def conditions(scope: Scope) -> list[ColumnElement[bool]]:
    """Open orders, and those alone that are meant."""
    where, arrived = col(BookRow.destination), col(BookRow.received_at)
    asked = [(BookRow.stage, scope.stage), (BookRow.channel, scope.channel), (BookRow.shop, scope.shop)]
    found = [col(BookRow.is_ended).is_(False), *(col(column) == word for column, word in asked if word is not None)]
    if scope.overdue:
        found.append(col(BookRow.overdue).is_(True))
    if scope.district:
        found += [where >= scope.district, where < scope.district + LAST]
    if scope.received_from:
        found.append(arrived >= scope.received_from)
    if scope.received_before:
        found.append(arrived < scope.received_before)
    return found

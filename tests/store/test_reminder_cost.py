"""What every worker asks every few seconds stays in proportion to what there is, whatever the planner believes."""

import pytest
from sqlalchemy import text

from store import case_statements as say

MANY = 3000
CASES = """
    INSERT INTO cases (story, deadline, since, shop, rung, role, party, opened_at, closed_at)
    SELECT 'web/shop/' || n, 'unpaid', now(), 'web/shop', 'owner', 'service',
        CASE WHEN n % 2 = 0 THEN 'wechat' END, now() - n * interval '1 second', CASE WHEN n % 3 = 0 THEN now() END
    FROM generate_series(1, :many) n
"""
MESSAGES = """
    INSERT INTO reminder_messages (person, minute, sent_at)
    SELECT 'p' || n % 20, date_trunc('minute', now()) - n / 20 * interval '1 minute',
        CASE WHEN n % 50 > 0 THEN now() END
    FROM generate_series(1, :many / 4) n
"""
REMINDERS = """
    INSERT INTO reminders (case_id, rung, person, robot, message)
    SELECT id, 'owner', 'p' || id % 20, 'room', CASE WHEN id % :many < :many / 2 THEN
        (SELECT min(id) FROM reminder_messages) + id % (:many / 5)
    END FROM cases
"""


def looked_at(plan):
    """Rows that went through the hands of a plan, those it threw away among them."""
    rows = plan["Actual Rows"] + sum(value for key, value in plan.items() if key.startswith("Rows Removed"))
    return rows * plan["Actual Loops"] + sum(looked_at(part) for part in plan.get("Plans", ()))


@pytest.mark.parametrize(("statement", "values"), [(say.DUE, {}), (say.CLAIM, {"person": "p3"})], ids=["due", "claim"])
async def test_thousands_of_cases_are_read_some_times_and_not_each_for_each(db, statement, values):
    async with db.begin() as conn:
        for filled in (CASES, MESSAGES, REMINDERS):
            await conn.execute(text(filled), {"many": MANY})
    async with db.begin() as conn:
        explained = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}")
        [[plan]] = (await conn.execute(explained, values)).scalars()

    assert looked_at(plan["Plan"]) < 40 * MANY

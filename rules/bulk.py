"""When one wish for many orders may begin, what is asked of each, and what steers it."""

import hashlib
from datetime import datetime, timedelta

from models.bulk import BulkState, Counted, Ending, Fate, Plan, Steering, Tally, Target
from models.noun import Id
from models.wish import Cancel

MOST = 50_000  # orders in one plan: at ten a second more than an hour
FRESH = timedelta(days=1)  # a count of yesterday says nothing
SILENT = 20  # orders that do not answer, or a hundredth of all: no single one of them is to blame
OVER = (BulkState.STOPPING, BulkState.STOPPED, BulkState.DONE)


def needs_second(plan: Plan, now: Counted, alone: int) -> bool:
    """Whether a second pair of eyes must confirm: many orders, or money that goes back for even one of them.

    Why cancel alone: what is held is released, and a span is amended back; a refund does not come home.
    """
    orders, paid = max(now.orders, plan.counted.orders), max(now.paid, plan.counted.paid)
    return orders > alone or (isinstance(plan.wish, Cancel) and paid > 0)


def refusal(plan: Plan, by: Id, now: Counted, alone: int, at: datetime) -> Id | None:
    """Why this person may not begin it with these orders."""
    if at - plan.planned_at > FRESH:
        return "plan_too_old"
    if not now.orders:
        return "no_orders"
    if now.orders > plan.counted.orders:
        return "more_than_counted"  # nobody has seen those
    is_same = by.lower() == plan.by.lower()
    return "wants_second" if is_same and needs_second(plan, now, alone) else None


def known(target: Target) -> Ending | None:
    """What became of an order by its record alone; None: ask it.

    Granted comes first: what was granted may have ended the order, or taken it out of the scope.
    """
    if target.is_granted:
        return Ending(n=target.n, fate=Fate.GRANTED)
    if target.is_ended:
        return Ending(n=target.n, fate=Fate.ENDED)
    return None if target.is_meant else Ending(n=target.n, fate=Fate.REFUSED, code="moved_on")


def is_alarming(now: Tally, seen: int) -> bool:
    """So many orders do not answer that a person must look before more are asked. `seen`: of which somebody knows."""
    return now.unreachable - seen >= max(SILENT, now.orders // 100)


def steered(what: Steering) -> BulkState:
    """Where it stands afterwards."""
    after = {Steering.PAUSE: BulkState.PAUSED, Steering.RESUME: BulkState.RUNNING, Steering.STOP: BulkState.STOPPING}
    return after[what]


def steering_refusal(state: BulkState, what: Steering) -> Id | None:
    """Why it cannot be steered so."""
    if state in OVER:
        return "bulk_is_over"
    return f"already_{state}" if steered(what) is state else None


def digest_of(plan: Plan) -> str:
    """Of what somebody saw when they say yes."""
    seen = plan.model_dump_json(include={"id", "scope", "wish", "reason", "by", "counted"})
    return hashlib.sha256(seen.encode()).hexdigest()[:16]

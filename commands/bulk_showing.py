"""How the command line shows one wish for many orders, and how far it is."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commands.showing import ASIDE, say, show_pairs, show_table, span, spelt
from models.bulk import Bulked, BulkState, Plan, Scope, Tally
from models.wish import AmendPolicy, Cancel
from rules.bulk import digest_of, needs_second
from store.bulks import Bulks, Line
from store.listings import OrderRow

EVERY: Final = 1.0  # seconds between two looks
STILL: Final = (BulkState.PLANNED, BulkState.PAUSED, BulkState.STOPPED, BulkState.DONE)
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def show_plan(plan: Plan, alone: int, sample: Sequence[OrderRow]) -> None:
    """One of them; before it began, what it would be about and what to do next."""
    show_pairs(_heads(plan))
    if plan.state is not BulkState.PLANNED:
        return
    columns = ("order", "stage", "overdue", "received", "total")
    rows = ((row.id, row.stage, row.overdue, row.received_at, row.total) for row in sample)
    show_table(f"Some of {plan.counted.orders} orders, the oldest first", columns, rows)
    say(_next(plan, alone), "yellow")


def show_plans(plans: Sequence[Plan]) -> None:
    """Many of them."""
    columns = ("number", "state", "wish", "which", "why", "by", "planned", "orders", "granted", "refused", "left")
    show_table("Bulk wishes", columns, map(_line, plans))


def show_report(number: int, rows: Sequence[Line]) -> None:
    """Order by order."""
    told = ((row.n, row.order_id, row.state, row.code, row.attempts, row.ended_at) for row in rows)
    show_table(f"Bulk wish {number}", ("n", "order", "came of it", "because", "silent", "when"), told)


async def follow(store: Bulks, number: int) -> None:
    """Until it ends, or stands still for a person."""
    with Progress(*COLUMNS, console=ASIDE) as bars:
        bar = bars.add_task("asking orders", total=None)
        while (plan := await store.get(number)).state not in STILL:
            bars.update(bar, total=plan.tally.orders, completed=plan.tally.orders - plan.tally.left)
            await asyncio.sleep(EVERY)
        bars.update(bar, total=plan.tally.orders, completed=plan.tally.orders - plan.tally.left)
    say(f"It is {plan.state}: {_tally(plan.tally)}.", "green" if plan.state is BulkState.DONE else "yellow")
    if plan.state is BulkState.PAUSED:
        say(_paused(plan), "yellow")


def _heads(plan: Plan) -> list[tuple[str, object]]:
    return [
        ("bulk wish", plan.id),
        ("state", plan.state.value),
        ("paused because", plan.code),
        ("wish", _wish(plan.wish)),
        ("which", _which(plan.scope)),
        ("why", plan.reason),
        ("by", f"{plan.by}, {spelt(plan.planned_at)}"),
        ("confirmed by", plan.confirmed_by and f"{plan.confirmed_by}, {spelt(plan.confirmed_at)}"),
        ("counted", f"{plan.counted.orders} orders, {plan.counted.paid} of them paid for"),
        ("so far", _tally(plan.tally) if plan.confirmed_at else None),
        ("ended", plan.ended_at),
    ]


def _next(plan: Plan, alone: int) -> str:
    if not plan.counted.orders:
        return "No open order is meant. Look at the filter again."
    who = " --by <somebody else>" if needs_second(plan, plan.counted, alone) else ""
    return f"Nothing is asked of any order yet. Begin: orderhub bulk confirm {plan.id} {digest_of(plan)}{who}"


def _paused(plan: Plan) -> str:
    why = f"It paused by itself ({plan.code}): see to that first. " if plan.code else ""
    return f"{why}Let it go on: orderhub bulk resume {plan.id}"


def _line(plan: Plan) -> tuple[object, ...]:
    tally = plan.tally
    orders = tally.orders if plan.confirmed_at else plan.counted.orders
    told = (plan.reason, plan.by, plan.planned_at, orders, tally.granted, tally.refused, tally.left)
    return (plan.id, plan.state.value, _wish(plan.wish), _which(plan.scope), *told)


def _wish(wish: Bulked) -> str:
    match wish:
        case AmendPolicy():
            sign = "-" if wish.change.plus < timedelta(0) else "+"
            return f"amend {wish.change.span} {sign}{span(abs(wish.change.plus))}"
        case Cancel():
            return f"cancel ({wish.reason})"
        case _:
            return wish.kind


def _which(scope: Scope) -> str:
    words = scope.model_dump(exclude_defaults=True)
    return ", ".join(f"{name} {spelt(word)}" for name, word in words.items()) or "all open orders"


def _tally(tally: Tally) -> str:
    counts = {name: getattr(tally, name) for name in ("granted", "refused", "ended", "unreachable", "left")}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count or name == "granted")

"""`orderhub bulk`: one wish for many open orders, from its count to its report."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from api import bulks
from api.reaching import reaching
from commands.bulk_asking import KINDS, ago, longer, reason_of, scope_of, where, wish_of
from commands.bulk_showing import follow, show_plan, show_plans, show_report
from commands.opening import By, Desk, desk, until_told
from commands.showing import Json, Most, say, show_json
from models.bulk import BulkState, Course, Fate, Plan, Steering
from models.case import Role
from models.errors import Refused, Unavailable
from models.noun import Id
from models.policy import Span
from models.stage import Stage
from models.wish import Reason
from rules.bulk import digest_of
from store.bulks import Bulks, Line, Proposed, Who

PATIENCE: Final = 10.0  # seconds for the story

bulk = typer.Typer(
    help="One wish for many open orders: count, begin, watch, stop.", no_args_is_help=True, add_completion=False
)
Number = Annotated[int, typer.Argument(min=1, metavar="NUMBER", help="As `bulk list` shows.")]
Follow = Annotated[bool, typer.Option("--follow", help="Stay and see how far it is, until it ends or pauses.")]


@bulk.command("plan")
def plan(
    wish: Annotated[str, typer.Argument(metavar="WISH", help=f"{', '.join(KINDS)}.")],
    *,
    reason: Annotated[str, typer.Option(help="Why, in a word, as snow_in_xinjiang; it is kept for ever.")],
    stage: Annotated[Stage | None, typer.Option(help="Only orders that stand there.")] = None,
    shop: Annotated[str | None, typer.Option(help="<channel>/<shop>, or a whole channel.")] = None,
    district: Annotated[str | None, typer.Option(help="Where it goes: 65, 6501 or 650102.")] = None,
    older: Annotated[str | None, typer.Option(help="Came in longer ago than this: 12h, 3d.")] = None,
    younger: Annotated[str | None, typer.Option(help="Came in not longer ago than this: 12h, 3d.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only overdue ones.")] = False,
    limit: Annotated[Span, typer.Option("--span", help="Of amend: which time limit.")] = Span.DELIVER_WITHIN,
    plus: Annotated[str | None, typer.Option(help="Of amend: how much longer, as 96h; shorter: -12h.")] = None,
    why: Annotated[Reason, typer.Option(help="Of cancel: what the buyer is told.")] = Reason.UNWORKABLE,
    by: By,
    as_json: Json = False,
) -> None:
    """Count the orders and show some of them. Nothing is asked of any order until somebody confirms it."""
    now = datetime.now(UTC)
    came = {"received_before": ago("older", older, now), "received_from": ago("younger", younger, now)}
    scope = scope_of({"stage": stage, "district": district, "overdue": overdue, **where(shop), **came})
    change = {"span": limit, "plus": longer(plus) if wish == "amend" else None}
    word = reason_of(reason)
    wanted = wish_of(wish, by, {"amend": {"change": change}, "cancel": {"reason": why}, "hold": {"reason": word}})
    asyncio.run(_plan(Proposed(scope, wanted, word, Who(by, Role.ADMIN)), as_json=as_json))


@bulk.command("confirm")
def confirm(
    number: Number,
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="Of what you saw: `bulk show` says it.")],
    *,
    by: By,
    follows: Follow = False,
) -> None:
    """Begin it with the orders of this moment. Many orders, or money that goes back, want somebody else's name."""
    until_told(_confirm(number, digest, by, follows=follows))


@bulk.command("list")
def list_bulks(*, limit: Most = 20, as_json: Json = False) -> None:
    """The newest first, each with how far it is."""
    plans = asyncio.run(_listing(limit))
    if as_json:
        show_json(plans)
    else:
        show_plans(plans)


@bulk.command("show")
def show(number: Number, *, follows: Follow = False, as_json: Json = False) -> None:
    """What was planned, by whom, who agreed, and how far it is."""
    until_told(_show(number, follows=follows, as_json=as_json))


@bulk.command("report")
def report(
    number: Number,
    *,
    state: Annotated[Fate | None, typer.Option(help="Only orders that ended so.")] = None,
    limit: Most = 1000,
    after: Annotated[int, typer.Option(min=0, help="The number of the last row before.")] = 0,
    as_json: Json = False,
) -> None:
    """What became of each order. As a file: GET /bulk/<number>/rows?format=csv, or the page's button."""
    rows = asyncio.run(_rows(number, state, after, limit))
    if as_json:
        show_json(rows)
        return
    show_report(number, rows)
    if len(rows) == limit:
        say(f"There may be more: orderhub bulk report {number} --after {rows[-1].n}")


@bulk.command("pause")
def pause(number: Number, *, by: By) -> None:
    """Ask no more orders for now; what is in the air is written down."""
    _steer(number, Steering.PAUSE, by)


@bulk.command("resume")
def resume(number: Number, *, by: By) -> None:
    """Go on where it paused."""
    _steer(number, Steering.RESUME, by)


@bulk.command("stop")
def stop(number: Number, *, by: By) -> None:
    """For good: what was granted stays granted, the rest is never asked."""
    _steer(number, Steering.STOP, by)


def _steer(number: int, what: Steering, by: Id) -> None:
    state = asyncio.run(_steered(number, what, by))
    say(f"Bulk wish {number} is {state}. See how far it is: orderhub bulk show {number}", "green")


async def _plan(proposed: Proposed, *, as_json: bool) -> None:
    async with desk() as opened:
        store = Bulks(opened.db)
        planned = await store.plan(proposed)
        sample = await store.sample(proposed.scope)
    if as_json:
        show_json({"plan": planned, "digest": digest_of(planned), "sample": sample})
        return
    show_plan(planned, opened.settings.bulk.alone, sample)


async def _confirm(number: int, digest: str, by: Id, *, follows: bool) -> None:
    async with desk() as opened:
        store = Bulks(opened.db)
        confirmed = await store.confirm(number, digest, Who(by, Role.ADMIN), opened.settings.bulk.alone)
        if confirmed.state is BulkState.RUNNING:
            await _begun(opened, number)
        say(f"Bulk wish {number} asks {confirmed.tally.orders} orders.", "green")
        await _told(store, number, follows=follows)


async def _begun(opened: Desk, number: int) -> None:
    """Where Temporal is away the relay of the door begins it."""
    try:
        async with reaching(PATIENCE):
            await bulks.begin(await opened.temporal(), Course(bulk=number))
    except Unavailable:
        say("Temporal does not answer. It is confirmed, and begins as soon as Temporal is back.", "yellow")


async def _listing(limit: int) -> tuple[Plan, ...]:
    async with desk() as opened:
        return await Bulks(opened.db).listing(limit=limit)


async def _show(number: int, *, follows: bool, as_json: bool) -> None:
    async with desk() as opened:
        store = Bulks(opened.db)
        known = await store.get(number)
        if as_json:
            show_json({"plan": known, "digest": digest_of(known), "left": known.tally.left})
            return
        sample = await store.sample(known.scope) if known.state is BulkState.PLANNED else ()
        show_plan(known, opened.settings.bulk.alone, sample)
        if follows:
            await follow(store, number)


async def _rows(number: int, state: Fate | None, after: int, limit: int) -> tuple[Line, ...]:
    async with desk() as opened:
        store = Bulks(opened.db)
        await store.get(number)
        return await store.rows(number, after, limit, state)


async def _steered(number: int, what: Steering, by: Id) -> BulkState:
    async with desk() as opened:
        known = await Bulks(opened.db).get(number)
        if known.state is BulkState.PLANNED:
            raise Refused("not_confirmed")
        if known.ended_at:
            raise Refused("bulk_is_over")
        async with reaching(PATIENCE):
            state = await bulks.steer(await opened.temporal(), number, what)
        await opened.noted(by, f"bulk.{what}", known.key)
        return state


async def _told(store: Bulks, number: int, *, follows: bool) -> None:
    if follows:
        await follow(store, number)
    else:
        say(f"See how far it is: orderhub bulk show {number} --follow")

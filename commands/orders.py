"""`orderhub order`: one order's timeline, why it stands where it stands, and a new start for a story that was lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import typer
from temporalio.client import Client, WorkflowExecutionStatus

from api import stories
from api.stories import Pending
from commands.opening import By, Desk, desk, until_told
from commands.pacing import Rate, paced
from commands.rewriting import rewrite
from commands.showing import ASIDE, Json, say, show_json, show_pairs, show_table, span, spelt
from models.errors import Missing, Unavailable
from models.noun import Id
from models.order import Order, Record
from models.rma import Return
from models.story import Entry, Explanation, Try
from rules.explaining import explain
from rules.timeline import timeline

orders = typer.Typer(
    help="One order: its timeline, why it waits, a new start.", no_args_is_help=True, add_completion=False
)
WHICH = typer.Argument(metavar="NUMBER-OR-ID", help="<channel>/<shop>/<number>, a number, our number, or a waybill.")
WhichOrder = Annotated[str, WHICH]

LOST = "does not run"


@orders.command("show")
def show(which: WhichOrder, *, as_json: Json = False) -> None:
    """Where an order stands, and everything that happened to it."""
    asyncio.run(_show(which, as_json=as_json))


@orders.command("explain")
def explain_order(which: WhichOrder, *, as_json: Json = False) -> None:
    """What an order waits for, until when, what was tried, who must look and what may be done."""
    asyncio.run(_explain(which, as_json=as_json))


@orders.command("revive")
def revive(
    which: Annotated[str | None, WHICH] = None,
    *,
    everyone: Annotated[bool, typer.Option("--all", help="Every order that has not ended.")] = False,
    rate: Rate = 20,
    by: By,
) -> None:
    """Start the story of an order again from its last record, where it does not run. Harmless where it does."""
    if everyone is (which is not None):
        raise typer.BadParameter("Name one order, or --all of them.")
    if which is None:
        until_told(revive_all(rate, by))
    else:
        asyncio.run(_revive(which, by))


orders.command("rewrite")(rewrite)


async def _show(which: str, *, as_json: bool) -> None:
    async with desk() as opened:
        record = await opened.record(which)
        lines = timeline(record.order)
        if as_json:
            show_json({"order": record.order.id, **record.standing.model_dump(), "timeline": lines})
            return
        show_pairs(_heads(opened, record))
        columns = ("when", "what", "who", "about", "evidence", "came of it", "heard after", "took")
        show_table("Timeline", columns, map(_line, lines))


def _heads(opened: Desk, record: Record) -> list[tuple[str, object]]:
    order, standing = record.order, record.standing
    ui, namespace = opened.stack.ui, opened.settings.temporal.namespace
    return [
        ("order", order.id),
        ("our number", order.business_no),
        ("stage", f"{standing.stage}, since {spelt(standing.since)}" + (", ended" if record.is_ended else "")),
        ("overdue", standing.is_overdue or None),
        ("held", order.hold.code if order.hold else None),
        ("waits for", standing.waits_for),
        ("looked at by", standing.owner),
        ("until", standing.due_at),
        ("paying", order.paying),
        ("total", order.total),
        ("waybills", tuple(parcel.waybill for parcel in order.parcels if parcel.waybill)),
        ("its story", f"{ui}/namespaces/{namespace}/workflows/order%2F{order.id.replace('/', '%2F')}" if ui else None),
    ]


def _line(entry: Entry) -> tuple[object, ...]:
    who = " ".join(filter(None, (entry.source, entry.by)))
    late = entry.heard_at - entry.at
    heard = span(late) if late else None
    what = entry.what.upper() if entry.is_stage else entry.what
    return (entry.at, what, who, entry.parcel, entry.evidence, entry.outcome, heard, entry.after)


async def _explain(which: str, *, as_json: bool) -> None:
    async with desk() as opened:
        record = await opened.record(which)
        answer, (state, hands) = explain(record.order), await _at_temporal(opened, record)
    if as_json:
        known = {"order": record.order.id, "stage": record.standing.stage, "story": state}
        show_json({**known, "explanation": answer, "pending": [hand._asdict() for hand in hands]})
        return
    show_pairs([*_reasons(record, answer), ("its story", state)])
    show_table("Last tried", ("what", "at", "began", "came of it", "by the key"), map(_try, answer.tries))
    show_table("Being tried now", ("what", "attempt", "next"), hands)
    if state == LOST:
        say(f"Start its story again: orderhub order revive {record.order.id}", "yellow")


async def _at_temporal(opened: Desk, record: Record) -> tuple[str, tuple[Pending, ...]]:
    """Whether its story runs, and what is being tried. Nobody asks for a story that has ended."""
    if record.is_ended:
        return "ended", ()
    try:
        client = await opened.temporal()
        hands = await stories.pending(client, record.order.id)
        described = await client.get_workflow_handle(stories.story_of(record.order.id)).describe()
    except Missing:
        return LOST, ()
    except Unavailable:
        return "unknown, Temporal is away", ()
    return ("runs" if described.status is WorkflowExecutionStatus.RUNNING else LOST), hands


def _reasons(record: Record, answer: Explanation) -> list[tuple[str, object]]:
    return [
        ("order", record.order.id),
        ("stage", record.standing.stage),
        ("in words", answer.words),
        ("waits for", answer.waits_for),
        ("since", answer.since),
        ("until", answer.until),
        ("looked at by", " ".join(filter(None, (answer.role, answer.owner)))),
        ("shield", answer.shield),
        ("may be wished", answer.allowed),
    ]


def _try(tried: Try) -> tuple[object, ...]:
    return (tried.what, tried.party, tried.began_at, tried.outcome, tried.key)


async def _revive(which: str, by: Id) -> None:
    async with desk() as opened:
        record = await opened.record(which)
        if record.is_ended:
            say(f"{record.order.id} is over and owes nobody anything: there is nothing to revive.")
            return
        is_new = await stories.revive(await opened.temporal(), record.order)
        if is_new:
            await opened.noted(by, "revive", record.order.id)
    if is_new:
        say(f"The story of {record.order.id} goes on from record {record.order.version}.", "green")
    else:
        say(f"The story of {record.order.id} runs already: nothing was done.")


async def revive_all(rate: int, by: Id) -> None:
    """Why told in the end in any case: also who pressed Ctrl-C wants to know how far it came."""
    async with desk() as opened:
        client, revived, seen = await opened.temporal(), 0, 0
        try:
            with ASIDE.status("") as wheel:
                async for order in paced(_open(opened), rate):
                    wheel.update(f"{seen} open orders and returns looked at, {revived} go on")
                    revived += await _is_revived(opened, client, order, by)
                    seen += 1
        finally:
            say(
                f"Of {seen} open orders and returns {revived} go on from their last record; the others ran already.",
                "green",
            )


async def _open(opened: Desk) -> AsyncIterator[Id]:
    page = await opened.orders.open()
    while page:
        for order in page:
            yield order
        page = await opened.orders.open(page[-1])
    page = await opened.returns.open()
    while page:
        for matter in page:
            yield matter
        page = await opened.returns.open(page[-1])


async def _is_revived(opened: Desk, client: Client, order: Id, by: Id) -> bool:
    """Why read again: it may have ended since its page was read, and nobody wakes what is over."""
    matter, is_ended = await _last(opened, order)
    if is_ended or not await stories.revive(client, matter):
        return False
    await opened.noted(by, "revive", order)
    return True


async def _last(opened: Desk, story: Id) -> tuple[Order | Return, bool]:
    """The last record of an order, or of a return, and whether it is over."""
    if not stories.is_return(story):
        record = await opened.orders.get(story)
        return record.order, record.is_ended
    known = await opened.returns.get(story)
    return known.matter, known.is_ended

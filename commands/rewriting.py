"""`orderhub order rewrite`: what the stories know is written down again, in a store that came back from a backup."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer
from temporalio.client import Client, WorkflowHandle

from api import stories
from commands.opening import By, Desk, desk, until_told
from commands.pacing import Rate, paced
from commands.showing import ASIDE, say
from models.errand import Errand, State, What
from models.errors import Missing, Refused
from models.noun import Id
from models.order import Order, Record
from models.stage import Stage
from rules.deadlines import standing
from rules.endings import may_end
from running import connected
from store.claims import Claims
from store.money import MoneyGate
from store.orders import OrderBook
from workflows.order import OrderWorkflow

KEPT = "WorkflowType = 'OrderWorkflow' AND ExecutionStatus IN ('Running', 'Completed', 'Terminated')"
PATIENCE = timedelta(seconds=30)  # a story that ended is told again from its beginning
WENT = (State.BEGUN, State.DONE)
Everyone = Annotated[bool, typer.Option("--all", help="Every order of which Temporal still has a story.")]


class Found(StrEnum):
    """What became of one order."""

    WRITTEN = "written"  # the store knew less
    KNOWN = "known"  # it knows as much, or more
    UNCLAIMED = "unclaimed"  # written, but its shop must send it once more: nobody knows whom it goes to


async def rewrite_all(rate: int, by: Id) -> None:
    """Why told in the end in any case: also who pressed Ctrl-C wants to know how far it came."""
    async with desk() as opened:
        client, seen = await connected(opened.settings), dict.fromkeys(Found, 0)
        try:
            with ASIDE.status("") as wheel:
                async for order in paced(kept(client), rate):
                    wheel.update(f"{sum(seen.values())} stories asked")
                    seen[await _rewritten(opened, client, order, by)] += 1
        finally:
            _say(seen)


def _say(seen: dict[Found, int]) -> None:
    behind = seen[Found.WRITTEN] + seen[Found.UNCLAIMED]
    say(f"Of {sum(seen.values())} stories {behind} knew more than the store, which knows it now.", "green")
    if seen[Found.UNCLAIMED]:
        say(f"{seen[Found.UNCLAIMED]} of them came after the backup: their shops send them once more.", "yellow")
    say("Then bring back those that do not run: orderhub order revive --all")


async def _rewritten(opened: Desk, client: Client, order: Id, by: Id) -> Found:
    found = await rewritten(client, opened.orders, opened.claims, order)
    if found is not Found.KNOWN:
        await opened.noted(by, "rewrite", order)
    return found


async def kept(client: Client) -> AsyncIterator[Id]:
    """Every order of which Temporal still has a story, each once."""
    seen = set[str]()
    async for each in client.list_workflows(KEPT):
        if each.id not in seen:
            seen.add(each.id)
            yield each.id.removeprefix(stories.story_of(""))


async def rewritten(client: Client, book: OrderBook, claims: Claims, order_id: Id) -> Found:
    """Ask the last run of its story, and write down what it says as that run would. A story that moved on says more.

    Cost: three questions to Temporal; the cost of a record. Raises: Unavailable: no worker answers.
    """
    async with stories.in_our_words():
        record = await _told_by(client.get_workflow_handle_for(OrderWorkflow.run, stories.story_of(order_id)))
    if record.order.version <= await _known(book, order_id):
        return Found.KNOWN
    try:
        await book.put(record)
    except Refused:
        return Found.KNOWN  # it has told more meanwhile
    for errand in _went_out(record.order):
        await _claimed_again(MoneyGate(book.db), errand)
    return Found.WRITTEN if await _is_claimed(claims, order_id) else Found.UNCLAIMED


async def _told_by(story: WorkflowHandle[OrderWorkflow, Stage]) -> Record:
    run = (await story.describe()).run_id
    order = await story.query(OrderWorkflow.current, rpc_timeout=PATIENCE)
    now = await story.query(OrderWorkflow.clock, rpc_timeout=PATIENCE)
    return Record(order=order, run=run, told_at=now, standing=standing(order), is_ended=may_end(order))


async def _known(book: OrderBook, order_id: Id) -> int:
    try:
        return (await book.get(order_id)).order.version
    except Missing:
        return -1


async def _is_claimed(claims: Claims, order_id: Id) -> bool:
    try:
        await claims.seed(order_id)
    except Missing:
        return False
    return True


def _went_out(order: Order) -> list[Errand]:
    return [errand for errand in order.errands if errand.what is What.REFUND and errand.state in WENT]


async def _claimed_again(gate: MoneyGate, errand: Errand) -> None:
    """Why: what went back since the backup must not be given back once more by anybody.

    A gate that says no has set aside as much for others already: it gives nothing more of it either way.
    """
    if not (errand.amount and errand.whole):
        return
    with suppress(Refused):
        await gate.claim(errand.key, errand.order, errand.about, errand.whole, errand.amount)


def rewrite(*, everyone: Everyone = False, rate: Rate = 20, by: By) -> None:
    """Write down again what the stories know and the store does not, after the store came back from a backup.

    Temporal and a worker must run. Nothing in a story changes; twice is once.
    """
    if not everyone:
        raise typer.BadParameter("Say --all: it is for a store that came back from a backup.")
    until_told(rewrite_all(rate, by))

"""`orderhub order rewrite`: what the stories know is written down again, in a store that came back from a backup."""

from collections.abc import AsyncIterator
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
from models.errors import Missing, Refused, StoreAway, Unavailable
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
IN_A_ROW = 5  # silent ones: then nobody answers
WENT = (State.BEGUN, State.DONE)
Everyone = Annotated[bool, typer.Option("--all", help="Every order of which Temporal still has a story.")]


class Found(StrEnum):
    """What became of one order."""

    WRITTEN = "written"  # the store knew less
    KNOWN = "known"  # it knows as much, or more
    UNCLAIMED = "unclaimed"  # written, but its shop must send it once more: nobody knows whom it goes to
    SHORT = "short"  # written, but what went back could not be set aside again: a person must look
    SILENT = "silent"  # its story could not be asked


class Round:
    """How far it came, and whom a person must look at."""

    def __init__(self) -> None:
        self.seen = dict.fromkeys(Found, 0)
        self.named: dict[Found, list[Id]] = {Found.SHORT: [], Found.SILENT: []}
        self.unanswered = 0

    def note(self, order: Id, found: Found) -> None:
        """Count it, and keep its name if somebody must look."""
        self.seen[found] += 1
        if found in self.named:
            self.named[found].append(order)


async def rewrite_all(rate: int, by: Id) -> None:
    """Why told in the end in any case: also who pressed Ctrl-C wants to know how far it came.

    Raises: Exit(1) if somebody must look at an order, or nobody answers.
    """
    round_ = Round()
    async with desk() as opened:
        client = await connected(opened.settings)
        try:
            with ASIDE.status("") as wheel:
                async for order in paced(kept(client), rate):
                    wheel.update(f"{sum(round_.seen.values())} stories asked")
                    round_.note(order, await _asked(round_, opened, client, order, by))
                    if round_.unanswered == IN_A_ROW:
                        break
        finally:
            _say(round_)
    if any(round_.named.values()):
        raise typer.Exit(1)


async def _asked(round_: Round, opened: Desk, client: Client, order: Id, by: Id) -> Found:
    """One story that cannot be asked keeps nobody else's from being written."""
    try:
        found = await _rewritten(opened, client, order, by)
    except StoreAway:
        raise
    except Missing:
        return Found.SILENT  # Temporal gave it up since it was listed
    except Unavailable:
        round_.unanswered += 1
        return Found.SILENT
    round_.unanswered = 0
    return found


def _say(round_: Round) -> None:
    seen = round_.seen
    behind = seen[Found.WRITTEN] + seen[Found.UNCLAIMED] + seen[Found.SHORT]
    say(f"Of {sum(seen.values())} stories {behind} knew more than the store, which knows it now.", "green")
    if seen[Found.UNCLAIMED]:
        say(f"{seen[Found.UNCLAIMED]} of them came after the backup: their shops send them once more.", "yellow")
    for order in round_.named[Found.SHORT]:
        say(f"{order}: money went back that cannot be set aside again. Compare with its provider.", "red")
    for order in round_.named[Found.SILENT]:
        say(f"{order}: its story could not be asked. Nothing of it was written.", "red")
    if round_.unanswered == IN_A_ROW:
        say(f"{IN_A_ROW} stories in a row did not answer, so no more were asked. Does a worker run?", "red")
        return
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
    is_short = not await _set_aside(
        MoneyGate(book.db), record.order
    )  # first: a record that is known is not asked again
    try:
        await book.put(record)
    except Refused:
        return Found.SHORT if is_short else Found.KNOWN  # it has told more meanwhile
    if is_short:
        return Found.SHORT
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


async def _set_aside(gate: MoneyGate, order: Order) -> bool:
    """Why: what went back since the backup must not be given back once more by anybody. False: not all could be.

    What was refused since the backup is still claimed in it, and would stand in the way of what went back instead.
    """
    refunds = [errand for errand in order.errands if errand.what is What.REFUND]
    for errand in refunds:
        if errand.state is State.REFUSED:
            await gate.free(errand.key)
    return all([await _claimed_again(gate, errand) for errand in refunds if errand.state in WENT])


async def _claimed_again(gate: MoneyGate, errand: Errand) -> bool:
    if not (errand.amount and errand.whole):
        return True
    try:
        await gate.claim(errand.key, errand.order, errand.about, errand.whole, errand.amount)
    except Refused:
        return False
    return True


def rewrite(*, everyone: Everyone = False, rate: Rate = 20, by: By) -> None:
    """Write down again what the stories know and the store does not, after the store came back from a backup.

    Temporal and a worker must run. Nothing in a story changes; twice is once.
    """
    if not everyone:
        raise typer.BadParameter("Say --all: it is for a store that came back from a backup.")
    until_told(rewrite_all(rate, by))

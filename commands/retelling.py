"""What one story knows is written down again, as its last run would."""

from datetime import timedelta
from enum import StrEnum

from temporalio.client import Client, WorkflowHandle

from api import stories
from models.errand import Errand, State, What
from models.errors import Missing, Refused
from models.matter import Matter
from models.noun import Id
from models.order import Record
from models.rma import ReturnRecord, ReturnStage
from models.stage import Stage
from rules.deadlines import standing
from rules.endings import may_end
from rules.rmas import RETURNS
from store.claims import Claims
from store.money import MoneyGate
from store.orders import OrderBook
from store.returns import Returns
from workflows.order import OrderWorkflow
from workflows.rma import ReturnWorkflow

PATIENCE = timedelta(seconds=30)  # a story that ended is told again from its beginning
WENT = (State.BEGUN, State.DONE)


class Found(StrEnum):
    """What became of one order, or of one return."""

    WRITTEN = "written"  # the store knew less
    KNOWN = "known"  # it knows as much, or more
    UNCLAIMED = "unclaimed"  # written, but its shop must send it once more: nobody knows whom it goes to
    ORPHAN = "orphan"  # nothing is written of a return while its order is not ours
    SHORT = "short"  # written, but what went back could not be set aside again: a person must look
    SILENT = "silent"  # its story could not be asked


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


async def rewritten_return(client: Client, returns: Returns, return_id: Id) -> Found:
    """The same of a return. One that was asked for since the backup is asked for again, under its number.

    Cost: three questions to Temporal; the cost of a request and of a record. Raises: Unavailable: no worker answers.
    """
    async with stories.in_our_words():
        record = await _told_back(client.get_workflow_handle_for(ReturnWorkflow.run, stories.story_of(return_id)))
    if record.matter.version <= await _known_back(returns, return_id):
        return Found.KNOWN
    if not await returns.ask_again(record.matter):
        return Found.ORPHAN
    is_short = not await _set_aside(MoneyGate(returns.db), record.matter)
    try:
        await returns.put_return(record)
    except Refused:
        return Found.SHORT if is_short else Found.KNOWN
    return Found.SHORT if is_short else Found.WRITTEN


async def _told_back(story: WorkflowHandle[ReturnWorkflow, ReturnStage]) -> ReturnRecord:
    run = (await story.describe()).run_id
    matter = await story.query(ReturnWorkflow.current, rpc_timeout=PATIENCE)
    now = await story.query(ReturnWorkflow.clock, rpc_timeout=PATIENCE)
    standing, is_ended = RETURNS.judged(matter)[1], RETURNS.may_end(matter)
    return ReturnRecord(matter=matter, run=run, told_at=now, standing=standing, is_ended=is_ended)


async def _known_back(returns: Returns, return_id: Id) -> int:
    try:
        return (await returns.get(return_id)).matter.version
    except Missing:
        return -1


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


async def _set_aside(gate: MoneyGate, matter: Matter) -> bool:
    """Why: what went back since the backup must not be given back once more by anybody. False: not all could be.

    What was refused since the backup is still claimed in it, and would stand in the way of what went back instead.
    """
    refunds = [errand for errand in matter.errands if errand.what is What.REFUND]
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

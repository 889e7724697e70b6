"""The relay: whatever was kept is told, and whatever was claimed is begun, until the record shows it.

Why: the door answers when a message is safe, not when its story has heard it. Between the two, this process, the
store or Temporal may go away; rows wait in the store, and any relay of any process takes them, each row to one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

from temporalio.service import RPCError

from api import bulks, stories
from api.reaching import reaching
from api.records import last_of
from api.tools import Tools
from models.errors import Failure, Missing, Refused, Unavailable
from models.fact import GoodsSentBack, GoodsSentHome, Telling
from models.noun import Id
from models.order import Order
from models.rma import Return
from store.inbox import Kept
from workflows.causes import within

AT_ONCE: Final = 50  # tellings in the air together
SOON: Final = 0.2  # seconds until an empty inbox is looked at again: stories tell one another through it
IDLE: Final = 1.0  # seconds until somebody looks again for what should have begun long ago
GRACE: Final = timedelta(seconds=5)  # the door begins a story itself; after this it did not
FIRST: Final = 0.5  # seconds between rounds while a part is away
LONGEST: Final = 10.0
AWAY: Final = "temporal_away"
OWN_WAYBILLS: Final = tuple(  # of a parcel that no label of ours is on
    fact.model_fields["kind"].default for fact in (GoodsSentBack, GoodsSentHome)
)
log = logging.getLogger(__name__)

Round = Callable[[Tools], Awaitable[int]]


async def relay(tools: Tools, stop: asyncio.Event) -> None:
    """Until told to stop."""
    pauses = {tell_fresh: 0.0, tell_due: SOON, begin_due: IDLE, begin_returns: IDLE, begin_bulks: IDLE}
    rounds = [asyncio.create_task(_rounds(tools, one, idle)) for one, idle in pauses.items()]
    try:
        await stop.wait()
    finally:
        for task in rounds:
            task.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)


async def _rounds(tools: Tools, one: Round, idle: float) -> None:
    pause = FIRST
    while True:
        try:
            if not await one(tools):
                await asyncio.sleep(idle)
            pause = FIRST
        except Exception as error:  # noqa: BLE001 - the relay outlives whatever happens to one round
            log.warning("relay rests", extra={"round": one.__name__, "code": _code(error), "pause": pause})
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST)


async def tell_fresh(tools: Tools) -> int:
    """One round: what the door kept a moment ago, without asking the store again. Raises: Unavailable."""
    return await _tell_all(tools, await tools.tray.take(AT_ONCE))


async def tell_due(tools: Tools) -> int:
    """One round: rows that no record has accounted for in time. How many there were. Raises: Unavailable."""
    return await _tell_all(tools, await tools.inbox.due(AT_ONCE))


async def _tell_all(tools: Tools, rows: Sequence[Kept]) -> int:
    """Why the last question: one row that is never answered shall not be due at once for ever, and delay no other."""
    outcomes = await asyncio.gather(*(_tell(tools, row) for row in rows))
    silent = [row.row for row, outcome in zip(rows, outcomes, strict=True) if outcome == AWAY]
    if silent and "told" not in outcomes and not await _is_there(tools):
        await tools.inbox.give_back(silent)
        raise Unavailable(AWAY)
    return len(rows)


async def _is_there(tools: Tools) -> bool:
    """Whether Temporal answers anything at all."""
    try:
        async with reaching(tools.terms.answer_within):
            return await tools.temporal.service_client.check_health()
    except (Unavailable, RPCError):
        return False


async def _tell(tools: Tools, row: Kept) -> str:
    """What became of it: `told`, or why not. The row is finished by the story's record, not here."""
    with within(tools.tray.cause_of(row.row)):
        outcome = await tell(tools, row)
    tools.figures.told.labels(outcome).inc()
    if outcome not in {"told", AWAY}:
        await tools.inbox.postpone(row.row, outcome)
    return outcome


async def tell(tools: Tools, row: Kept) -> str:
    """Hand it to the story: `told`, or why not."""
    if row.order_id is None:
        return "unaddressed"
    try:
        telling = await _about_a_parcel(tools, row.order_id, row.telling)
        async with reaching(tools.terms.answer_within):
            await stories.tell(tools.temporal, row.order_id, telling, last_of(tools, row.order_id))
    except Missing as failure:
        return failure.code
    except Unavailable:
        return AWAY
    return "told"


async def _about_a_parcel(tools: Tools, order_id: Id, telling: Telling) -> Telling:
    """Whoever knows only the waybill speaks of the parcel that has it. Raises: Missing."""
    waybill = telling.body.get("waybill")
    if "parcel" in telling.body or not isinstance(waybill, str) or telling.kind in OWN_WAYBILLS:
        return telling
    parcels = [parcel for order, parcel in await tools.addresses.find("waybill", waybill) if order == order_id]
    if not parcels:
        raise Missing("parcel_unknown")
    rest = {name: word for name, word in telling.body.items() if name != "waybill"}
    return telling.model_copy(update={"body": {**rest, "parcel": parcels[0]}})


async def begin_due(tools: Tools) -> int:
    """One round: claims whose story has not told of itself, begun. Raises: Unavailable."""
    orders = await tools.claims.unstarted(AT_ONCE, GRACE)
    begun = await asyncio.gather(*(begin(tools, order) for order in orders))
    if orders and not any(begun):
        raise Unavailable(AWAY)
    return len(orders)


async def begin_returns(tools: Tools) -> int:
    """One round: returns whose story has not told of itself, begun. Raises: Unavailable."""
    asked = await tools.returns.unstarted(AT_ONCE)
    begun = await asyncio.gather(*(begin(tools, matter) for matter in asked))
    if asked and not any(begun):
        raise Unavailable(AWAY)
    return len(asked)


async def begin_bulks(tools: Tools) -> int:
    """One round: wishes for many orders whose story should be there, begun where it is not. Raises: Unavailable."""
    courses = await tools.bulks.to_begin()
    for course in courses:
        async with reaching(tools.terms.answer_within):
            await bulks.begin(tools.temporal, course)
    return len(courses)


async def begin(tools: Tools, order: Order | Return) -> bool:
    """Start a story; where Temporal is away, a later round will."""
    try:
        async with reaching(tools.terms.answer_within):
            await stories.begin(tools.temporal, order)
    except (Unavailable, Refused) as failure:
        tools.figures.begun.labels(failure.code).inc()
        return False
    tools.figures.begun.labels("begun").inc()
    return True


def _code(error: Exception) -> str:
    return error.code if isinstance(error, Failure) else type(error).__name__

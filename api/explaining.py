"""Why an order is where it is: the rules' answer, and what only Temporal knows of the next attempt."""

from datetime import datetime

from api import stories
from api.reaching import reaching
from api.records import Known
from api.tools import Tools
from api.visitors import Visitor
from api.wishes import may_wish
from models.errors import Missing, Unavailable
from models.story import Explanation
from rules.explaining import explain

LOOK_WITHIN = 1.0  # seconds: the rest of the answer does not wait for it


async def explained(tools: Tools, visitor: Visitor, known: Known) -> Explanation:
    """One answer for this role; without Temporal it only lacks the next attempt."""
    plain = explain(known.order)
    is_tried = bool(plain.tries) and not known.record.is_ended
    return plain.model_copy(
        update={
            "allowed": tuple(kind for kind in plain.allowed if may_wish(visitor, kind)),
            "next_retry_at": await _next_retry(tools, known) if is_tried else None,
        }
    )


async def _next_retry(tools: Tools, known: Known) -> datetime | None:
    try:
        async with reaching(LOOK_WITHIN):
            hands = await stories.pending(tools.temporal, known.order.id)
    except (Unavailable, Missing):
        return None
    return min((hand.next_at for hand in hands if hand.attempt > 1 and hand.next_at), default=None)

"""What is known of an order without asking its story: the last record, or, before the first one, its claim."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import quote

from api import stories
from api.tools import Terms, Tools
from models.errors import Missing
from models.noun import Id
from models.order import Order, Record, Standing
from models.rma import Return
from models.stage import Stage
from rules.timeline import timeline


@dataclass(frozen=True)
class Known:
    """A record of an order."""

    record: Record

    @cached_property
    def as_of(self) -> datetime:
        """When it last heard or did anything: until then it is true."""
        order = self.record.order
        return max((entry.heard_at for entry in timeline(order)), default=order.received_at)

    @property
    def order(self) -> Order:
        """The order in it."""
        return self.record.order


async def known_of(tools: Tools, order_id: Id) -> Known:
    """Never asks Temporal. One statement, two for an order that has not told of itself yet. Raises: Missing."""
    try:
        return Known(await tools.orders.get(order_id))
    except Missing:
        return Known(await _claimed(tools, order_id))


async def _claimed(tools: Tools, order_id: Id) -> Record:
    order = await tools.claims.seed(order_id)
    return Record(order=order, standing=Standing(stage=Stage.RECEIVED, since=order.received_at))


def last_of(tools: Tools, matter: Id) -> Callable[[], Awaitable[Order | Return]]:
    """The order, or the return, as it was last told, for a story that has to be entered again."""

    async def last() -> Order | Return:
        if stories.is_return(matter):
            return (await tools.returns.get(matter)).matter
        return (await known_of(tools, matter)).order

    return last


def temporal_url(terms: Terms, order_id: Id) -> str:
    """Where Temporal's own page shows the story; empty where nobody said where that page is."""
    return workflows_url(terms, f"/{quote(f'order/{order_id}', safe='')}")


def workflows_url(terms: Terms, tail: str) -> str:
    """A place below Temporal's own list of stories."""
    page = f"{terms.temporal_ui}/namespaces/{quote(terms.namespace)}/workflows{tail}"
    return page if terms.temporal_ui else ""

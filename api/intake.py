"""A new order at the door: claimed in one transaction, begun, and its link to pay waited for."""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

from api.errors import Fault, Problem
from api.relay import begin
from api.sentences import FIELD_SENTENCES
from api.signatures import Said, believe_once
from api.tools import Tools
from api.views import Placed, bill_of
from models.intake import NewOrder
from models.noun import Id
from models.order import Order
from models.stage import Paying

FIRST: Final = 0.1  # seconds between two looks for the link
LONGEST: Final = 0.8
GROWS: Final = 1.5  # from one to the next: gently
WAIT = re.compile(r"\bwait=(\d{1,3})\b")


async def accept(tools: Tools, new: NewOrder, raw: bytes) -> Order:
    """The order is ours. The same content again is the same order. Raises: Problem 409, 422; Unavailable."""
    _must_be_served(tools, new)
    claimed = await tools.claims.claim(new, raw)
    if claimed.differing:
        _count(tools, new, "differs")
        raise Problem(409, "content_differs", differing=claimed.differing)
    _count(tools, new, "new" if claimed.is_new else "again")
    if claimed.is_new:
        await begin(tools, claimed.order)
    return claimed.order


def _must_be_served(tools: Tools, new: NewOrder) -> None:
    """Why: a bill at an account that we do not have is never made, and nobody could close it again."""
    known = [one.name for one in tools.registry.providers]
    if new.provider and new.provider not in known:
        said = FIELD_SENTENCES["enum"].format(expected=" or ".join(known) or "none")
        raise Problem(422, "invalid", errors=[Fault(pointer="#/provider", detail=said, code="provider_unknown")])


def _count(tools: Tools, new: NewOrder, outcome: str) -> None:
    tools.figures.orders.labels(new.channel, outcome).inc()


async def placed(tools: Tools, order: Order, within: float) -> Placed:
    """The answer, with the link to pay where there is one in time."""
    needs_link = order.paying is Paying.PREPAID
    return Placed(
        order=order.id,
        business_no=order.business_no,
        paying=order.paying,
        total=order.total,
        pay_url=await _link(tools, bill_of(order), within) if needs_link else None,
    )


async def _link(tools: Tools, bill: Id, within: float) -> str | None:
    clock = asyncio.get_running_loop().time
    end, pause = clock() + within, FIRST
    while (url := await tools.links.get(bill)) is None and (left := end - clock()) > 0:
        await asyncio.sleep(min(pause, left))
        pause = min(pause * GROWS, LONGEST)
    return url


def patience_of(headers: Mapping[str, str], most: float) -> float:
    """How long the caller wants to wait for the link (RFC 7240: respond-async, wait=<seconds>)."""
    preferred = headers.get("prefer", "").lower()
    if "respond-async" in preferred:
        return 0
    asked = WAIT.search(preferred)
    return min(float(asked[1]), most) if asked else most


async def arrived(tools: Tools, said: Said) -> NewOrder:
    """The one order in a signed message. Raises: Forged, Garbled, Unavailable; Problem 422 where it is not one."""
    await believe_once(tools, said)
    orders = said.channel.arrival(said.message)
    if len(orders) != 1:
        raise Problem(422, "one_order_at_a_time")
    return orders[0]

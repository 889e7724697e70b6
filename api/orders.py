"""Orders at the door: a new one from a shop, and every question about one, answered from the record."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.dependencies import Given, OrderId, only, seen_by
from api.explaining import explained
from api.intake import accept, arrived, patience_of, placed
from api.records import Known, known_of, temporal_url
from api.signatures import Signed
from api.tools import Tools
from api.views import Explained, OrderView, Placed, Timeline, bill_of, view
from api.visitors import EVERYBODY, Visitor
from models.errors import Missing
from models.noun import Id
from models.stage import Stage
from rules.timeline import timeline
from store.contacts import masked
from store.listings import OrderFilter, OrderRow

router = APIRouter(prefix="/orders", tags=["orders"])
one_order = APIRouter(prefix="/orders/{channel}/{shop}/{number}", tags=["orders"])
Anybody = Annotated[Visitor, only(*EVERYBODY)]
MOST: Final = 200
PLACED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": Placed, "description": "It is ours; the link to pay is on GET soon."},
    409: {"description": "Known with other content: `differing` names the fields."},
}


class Orders(BaseModel, frozen=True):
    """A page of orders."""

    rows: tuple[OrderRow, ...]
    next: str | None


class Asked(BaseModel, frozen=True, extra="forbid"):
    """Which orders."""

    stage: Stage | None = None
    overdue: bool = Field(default=False, description="Only those that somebody must look at, the most overdue first.")
    channel: Id | None = None
    shop: Id | None = Field(None, description="<channel>/<shop>")
    q: str = Field("", max_length=80, description="Beginning of a number, business number, waybill, or a whole phone.")
    after: str | None = Field(None, max_length=300, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST)

    def filter_for(self, visitor: Visitor) -> OrderFilter:
        """The same for the store; a shop asks for its own orders, whatever it says."""
        return OrderFilter(**(self.model_dump() | ({"shop": visitor.shop} if visitor.shop else {})))


@router.post("", status_code=201, responses=PLACED, summary="Place an order")
async def place(request: Request, response: Response, said: Signed, tools: Given) -> Placed:
    """A shop's signed order. 201 with the link to pay, or 202 where the link takes longer than five seconds.

    The same content again is the same order and the same answer, however often it is sent. `Prefer: respond-async` or
    `Prefer: wait=<seconds>` (RFC 7240) says how long to wait for the link.
    """
    order = await accept(tools, await arrived(tools, said), said.message.body)
    answer = await placed(tools, order, patience_of(request.headers, tools.terms.link_within))
    response.headers["Location"] = f"/orders/{order.id}"
    response.status_code = 201 if answer.is_complete else 202
    return answer


@router.get("", summary="List orders")
async def listing(visitor: Anybody, tools: Given, asked: Annotated[Asked, Query()]) -> Orders:
    """The newest first, or, with `overdue=true`, the most overdue first. `next` of a page is `after` of the next."""
    page = await tools.orders.listing(asked.filter_for(visitor))
    return Orders(rows=page.rows, next=page.next)


@one_order.get("", summary="One order")
async def one(visitor: Anybody, order_id: OrderId, tools: Given) -> OrderView:
    """Where it stands, as of its last record; the receiver as far as the role may see."""
    return await seen(tools, visitor, await known_of(tools, seen_by(visitor, order_id)))


@one_order.get("/timeline", summary="What happened to it")
async def told(visitor: Anybody, order_id: OrderId, tools: Given) -> Timeline:
    """When, heard when, from whom, with what evidence, and how long after the stage before."""
    known = await known_of(tools, seen_by(visitor, order_id))
    return Timeline(order=order_id, stage=known.record.standing.stage, as_of=known.as_of, entries=timeline(known.order))


@one_order.get("/explain", summary="Why it is where it is")
async def why(visitor: Anybody, order_id: OrderId, tools: Given) -> Explained:
    """What it waits for, since when, until when, the last attempts, the next, who looks after it, what may be done."""
    known = await known_of(tools, seen_by(visitor, order_id))
    answer = await explained(tools, visitor, known)
    return Explained(order=order_id, stage=known.record.standing.stage, as_of=known.as_of, explanation=answer)


async def seen(tools: Tools, visitor: Visitor, known: Known) -> OrderView:
    """The order as this visitor may see it."""
    order = known.order
    try:
        receiver = masked(await tools.contacts.get(order.id, order.contact_version), visitor.role)
    except Missing:
        receiver = {}  # forgotten
    return view(known, receiver, await tools.links.get(bill_of(order)), temporal_url(tools.terms, order.id))

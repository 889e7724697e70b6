"""Whose a parcel is that stands on the ramp: by whatever code is on it, with what is expected in it."""

from contextlib import suppress
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import Given, only
from api.records import known_of
from api.stray_views import StrayView, stray_view
from api.tools import Tools
from api.visitors import Visitor
from models.case import Role
from models.errors import Missing, Refused
from models.fact import GoodsInspected
from models.noun import Id
from models.order import Order
from models.returns import Grade, Kind, Why
from models.rma import Return, ReturnRecord, ReturnStage
from models.stage import Stage
from rules import homeward
from rules import return_stages as stages
from rules.strays import must_expect_it

router = APIRouter(prefix="/arrivals", tags=["returns"])
RAMP: Final = (Role.ADMIN, Role.WAREHOUSE)
Code = Annotated[Id, Query(description="As it was scanned: of a return, its label, a waybill, an order.")]
Offer = Literal["receive", "inspect", "keep"]
BY_HEART: Final = "arrived_already"  # no reason not to look at it again


class Found(BaseModel, frozen=True):
    """What inspection found of so many units."""

    quantity: int
    grade: Grade
    missing: tuple[Id, ...] = ()  # parts of each
    sku: Id | None = None  # of another thing of ours


class Expected(BaseModel, frozen=True):
    """So many units of one thing that are to be in the parcel, and what is inspected of them already."""

    line: int
    sku: Id
    quantity: int
    inspected: tuple[Found, ...] = ()


class Awaited(BaseModel, frozen=True):
    """A return, as whoever opens its parcel must know it."""

    id: Id
    order: Id
    kind: Kind
    stage: ReturnStage
    why: Why
    note: str | None = Field(description="What the customer wrote beside the reason.")
    refused: Id | None = Field(description="Why nothing of it is to be inspected.")
    has_arrived: bool
    goes_home: bool = Field(description="It is over, and its goods are here: they go back to the customer.")
    items: tuple[Expected, ...]
    parts: tuple[Id, ...] = Field(description="Parts that the shop has a price for.")
    pictures: tuple[Id, ...]


class OrderSeen(BaseModel, frozen=True):
    """The order that it is about."""

    id: Id
    business_no: Id
    stage: Stage


class Arrival(BaseModel, frozen=True):
    """Everything that a code leads to. Nothing at all, and `keep` is offered: a parcel that nobody expected."""

    code: Id
    returns: tuple[Awaited, ...]
    orders: tuple[OrderSeen, ...]
    stray: StrayView | None
    offers: tuple[Offer, ...]


@router.get("", summary="Look up whose a parcel is")
async def look_up(_: Annotated[Visitor, only(*RAMP)], code: Code, tools: Given) -> Arrival:
    """Returns with what is expected of each, orders, or a parcel that was kept before."""
    return await arrival_of(tools, code)


async def arrival_of(tools: Tools, code: Id) -> Arrival:
    """The same for a page."""
    whose = await tools.whereabouts.whose(code)
    books = {order: await known_of(tools, order) for order in whose.orders}
    known = [await tools.returns.get(one) for one in whose.returns]
    awaited = [await _awaited(tools, one, books[one.matter.order].order) for one in known]
    return Arrival(
        code=code,
        returns=tuple(awaited),
        orders=tuple(
            OrderSeen(id=book.order.id, business_no=book.order.business_no, stage=book.record.standing.stage)
            for book in books.values()
        ),
        stray=await stray_view(tools, whose.stray) if whose.stray else None,
        offers=_offers(awaited, is_kept=whose.stray is not None),
    )


def _offers(awaited: list[Awaited], *, is_kept: bool) -> tuple[Offer, ...]:
    """What may be done with the parcel."""
    if any(not one.refused for one in awaited):
        is_new = any(not one.refused and not one.has_arrived for one in awaited)
        return ("receive", "inspect") if is_new else ("inspect",)
    return () if is_kept else ("keep",)


async def _awaited(tools: Tools, known: ReturnRecord, order: Order) -> Awaited:
    matter = known.matter
    return Awaited(
        **{name: getattr(matter, name) for name in ("id", "order", "kind", "why")},
        stage=known.standing.stage,
        note=await _note(tools, matter),
        refused=_refusal(matter),
        has_arrived=stages.goods_at(matter) is not None,
        goes_home=stages.is_stopped(matter) and homeward.here_since(matter) is not None,
        items=expected(matter, order),
        parts=tuple(known.part for known in matter.terms.parts),
        pictures=tuple(one.id for one in await tools.pictures.listing(matter.order, matter.id)),
    )


def expected(matter: Return, order: Order) -> tuple[Expected, ...]:
    """What is to be in the parcel, by its order's lines."""
    seen = stages.told(matter, GoodsInspected)
    graded = seen.graded if seen else ()
    return tuple(
        Expected(
            line=claim.line,
            sku=order.lines[claim.line].sku,
            quantity=claim.quantity,
            inspected=tuple(
                Found(**units.model_dump(exclude={"line"})) for units in graded if units.line == claim.line
            ),
        )
        for claim in matter.claims
    )


def _refusal(matter: Return) -> Id | None:
    try:
        must_expect_it(matter)
    except Refused as refused:
        return None if refused.code == BY_HEART else refused.code
    return None


async def _note(tools: Tools, matter: Return) -> str | None:
    """Sealed with the person's key: of who is forgotten there is none."""
    with suppress(Missing):
        return await tools.contacts.note(matter.note_id) if matter.note_id else None
    return None

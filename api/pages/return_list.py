"""Returns in a list: where they stand, drawn, and the ones that wait longest."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.dependencies import Given, now
from api.pages.return_drawings import pipeline_back
from api.pages.sessions import Seated, Session
from api.pages.showing import show
from api.return_wishes import RETURN
from api.tools import Tools
from api.visitors import EVERYBODY, Visitor
from models.noun import Id
from models.rma import ReturnStage
from store.cursors import Page, is_cursor
from store.listings import OrderFilter
from store.refunds import tallies
from store.return_lists import ReturnFilter, ReturnRow

router = APIRouter(prefix="/board/returns", tags=["pages"])
Somebody = Annotated[Session, Depends(Seated(*EVERYBODY))]
SHOWN, FOUND = 50, 15
NUMBER, SHOP = re.compile(RETURN), re.compile(r"[A-Za-z0-9_.:-]{1,40}/[A-Za-z0-9_.:-]{1,40}")
Fields = dict[str, str]


@router.get("")
async def listing(request: Request, session: Somebody, tools: Given) -> Response:
    """What the filter says; what it says wrong it does not say. A shop sees its own."""
    asked = {name: word.strip()[:80] for name, word in request.query_params.items()}
    if NUMBER.fullmatch(number := asked.get("order", "").upper()):
        return RedirectResponse(f"/board/returns/{number}", 303)
    which = await _which(tools, session.visitor, asked)
    page = await tools.returns.listing(which) if which else Page[ReturnRow]((), None)
    return show(
        request,
        "returns.html",
        pipeline=pipeline_back(await tallies(tools.db, session.visitor.shop)),
        rows=page.rows,
        asked=asked,
        stages=tuple(ReturnStage),
        shops=() if session.visitor.shop else tuple(channel.name for channel in tools.registry.channels),
        now=now(),
        next=page.next,
    )


async def _which(tools: Tools, visitor: Visitor, asked: Fields) -> ReturnFilter | None:
    """None: of an order that nobody knows there is no return."""
    order = await _order(tools, visitor, asked["order"]) if asked.get("order") else None
    if asked.get("order") and not order:
        return None
    shop, after = asked.get("shop", ""), asked.get("after")
    return ReturnFilter(
        stage=ReturnStage(asked["stage"]) if asked.get("stage") in tuple(ReturnStage) else None,
        order=order,
        shop=visitor.shop or (shop if SHOP.fullmatch(shop) else None),
        overdue="overdue" in asked,
        urgent="urgent" in asked,
        limit=SHOWN,
        after=after if after and is_cursor(after) else None,
    )


async def _order(tools: Tools, visitor: Visitor, q: str) -> Id | None:
    """By the number that the shop gave it, whole or so far that no other begins so, or by ours.

    Why by no phone: it would stand in the address of the page.
    """
    found = (await tools.orders.listing(OrderFilter(shop=visitor.shop, q=q, limit=FOUND))).rows
    whole = [row.id for row in found if q in (row.id, row.number) or q.upper() == row.business_no]
    begun = [row.id for row in found if row.number.startswith(q)]
    return next(iter(whole), begun[0] if len(begun) == 1 else None)

"""The board: where orders stand, which are overdue, what is broken; and finding one order."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.dependencies import Given, now
from api.pages import sessions
from api.pages.drawings import Pipeline, lateness, pipeline
from api.pages.forms import Form
from api.pages.sessions import Seated, Session
from api.pages.showing import show
from api.records import temporal_url, workflows_url
from api.return_wishes import RETURN as RETURN_NUMBER
from api.tools import Terms, Tools
from api.visitors import EVERYBODY, Visitor
from models.noun import Id
from models.stage import Stage
from store.cases import CaseFilter
from store.inbox import State
from store.listings import OrderFilter, OrderRow

router = APIRouter(tags=["pages"])
Somebody = Annotated[Session, Depends(Seated(*EVERYBODY))]
RETURN = re.compile(RETURN_NUMBER)
SHOWN, FOUND = 25, 15  # overdue orders in the list, newest ones
MANY = 2  # cases make an incident; one stands in the list anyway
IN_TURN = "unheard"  # told, or about to be
Row = dict[str, object]  # what a template shows of one order


@router.get("/")
async def board(request: Request, session: Somebody, tools: Given) -> Response:
    """Everything at one look. A shop sees its own orders."""
    visitor = session.visitor
    late = (await tools.orders.listing(_filter(visitor, overdue=True, limit=SHOWN))).rows
    late_counts = await tools.orders.late(visitor.shop)
    newest = (await tools.orders.listing(_filter(visitor, limit=FOUND))).rows
    return show(
        request,
        "board.html",
        pipeline=await _pipeline(tools, visitor, late_counts),
        late=_late_rows(tools.terms, late, now()),
        late_count=sum(late_counts.values()),
        incidents=() if visitor.shop else [one for one in await tools.cases.incidents() if one.count >= MANY],
        stranded=() if visitor.shop else await _stranded(tools),
        houses=() if visitor.shop else await tools.cases.listing(CaseFilter(is_houses=True, limit=SHOWN)),
        rows=[_row(row) for row in newest],
        temporal_overdue=workflows_url(tools.terms, f"?query={quote('OmsOverdue = true')}"),
    )


@router.post("/board/search")
async def search(request: Request, form: Form, session: Somebody, tools: Given) -> Response:
    """One order is shown at once, several as a list. A form, so that no phone number stands in an address."""
    sessions.from_this_form(session, form.get("token", ""))
    if RETURN.fullmatch(said := form.get("q", "").strip().upper()):
        return RedirectResponse(f"/board/returns/{said}", 303)
    wanted = _filter(session.visitor, q=form.get("q", "").strip()[:80], limit=FOUND)
    rows = (await tools.orders.listing(wanted)).rows if wanted.q else ()
    if len(rows) == 1:
        return RedirectResponse(f"/board/orders/{rows[0].id}", 303)
    return show(request, "found.html", rows=[_row(row) for row in rows])


def _filter(visitor: Visitor, *, overdue: bool = False, q: str = "", limit: int) -> OrderFilter:
    return OrderFilter(shop=visitor.shop, overdue=overdue, q=q, limit=limit)


async def _pipeline(tools: Tools, visitor: Visitor, late: Mapping[Stage, int]) -> Pipeline | None:
    """Counts are of the whole house: nothing for one shop."""
    if visitor.shop:
        return None
    return pipeline(await tools.orders.counts(), late)


async def _stranded(tools: Tools) -> list[tuple[Id, str, int]]:
    """Messages that wait for more than their turn, and those that a person must read."""
    waiting = [row for row in await tools.inbox.waiting() if row[1] != IN_TURN]
    return [*waiting, *await tools.inbox.waiting(State.PARKED)]


def _row(row: OrderRow) -> Row:
    return asdict(row) | {"total": row.total}


def _late_rows(terms: Terms, rows: tuple[OrderRow, ...], at: datetime) -> list[Row]:
    spans = [at - row.overdue_at if row.overdue_at else timedelta() for row in rows]
    return [
        _row(row) | {"late_by": late_by, "share": share, "temporal_url": temporal_url(terms, row.id)}
        for row, late_by, share in zip(rows, spans, lateness(spans), strict=True)
    ]

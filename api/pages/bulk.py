"""One wish for many orders, on two pages: what is wanted of which, and how far it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from api import bulk as door
from api.bulk import CSV, WHO, Number
from api.bulk_words import AskedRows
from api.dependencies import Given, now
from api.errors import Problem
from api.pages import sessions
from api.pages.bulk_dictionary import PROVINCES, REASONS
from api.pages.bulk_form import FRESH, KINDS, WHY_CANCELLED, Fields, wanted_of, wrong_fields
from api.pages.dictionary import WORDS
from api.pages.drawings import FLOW, STOPPING, shares
from api.pages.forms import Form
from api.pages.sessions import Seated, Session
from api.pages.showing import show
from api.tools import Tools
from models.bulk import BulkState, Fate, Plan, Steering
from models.errors import Refused, Unavailable
from models.policy import Span

router = APIRouter(prefix="/board/bulk", tags=["pages"])
Manager = Annotated[Session, Depends(Seated(*WHO))]
LISTED, ROWS = 15, 50
INVALID: Final = 422
BUTTONS: Final = {BulkState.RUNNING: ("pause", "stop"), BulkState.PAUSED: ("resume", "stop")}
MOVING: Final = (BulkState.RUNNING, BulkState.PAUSED, BulkState.STOPPING)


class Part(BaseModel, frozen=True):
    """Which rows of a report."""

    state: Fate | None = None
    after: int = Field(0, ge=0, le=2**31 - 1)


@dataclass(frozen=True)
class Wrong:
    """Why a form was not taken."""

    status: int
    fields: tuple[str, ...] = ()
    code: str | None = None


FINE: Final = Wrong(200)


@router.get("")
async def desk(request: Request, _: Manager, tools: Given) -> Response:
    """The form of a new one, and those of before."""
    return await _desk(request, tools, FRESH)


@router.post("")
async def planned(request: Request, form: Form, session: Manager, tools: Given) -> Response:
    """Counted and written down; what is wrong in the form is shown in it."""
    sessions.from_this_form(session, form.get("token", ""))
    try:
        plan = await door.planned_by(tools, session.visitor, wanted_of(form, now()))
    except Refused as refused:
        return await _desk(request, tools, form, Wrong(409, code=_known(refused.code)))
    except Problem as problem:
        if problem.status != INVALID:
            raise
        return await _desk(request, tools, form, Wrong(problem.status, wrong_fields(problem)))
    return RedirectResponse(f"/board/{plan.key}", 303)


@router.get("/{bulk}")
async def one(
    request: Request,
    session: Manager,
    bulk: Number,
    tools: Given,
    part: Annotated[Part, Query()],
) -> Response:
    """Before it began: what it would be about. Then how far it is, and order by order what became of it."""
    shown = await door.shown(tools, await tools.bulks.get(bulk))
    plan, is_mine = shown.plan, shown.plan.by.lower() == session.visitor.name.lower()
    rows = await tools.bulks.rows(bulk, part.after, ROWS, part.state)
    return show(
        request,
        "plan.html",
        shown=shown,
        plan=plan,
        must_be_another=shown.needs_second and is_mine,
        is_second=shown.needs_second and not is_mine,
        shares=shares(plan.tally),
        left_within=_left_within(plan, now()),
        buttons=BUTTONS.get(plan.state, ()),
        is_moving=plan.state in MOVING,
        rows=rows,
        state=part.state,
        fates=tuple(Fate),
        next=rows[-1].n if len(rows) == ROWS else None,
        **_answered(request),
    )


@router.get("/{bulk}/report.csv")
async def report(_: Manager, bulk: Number, tools: Given) -> Response:
    """The whole report."""
    await tools.bulks.get(bulk)
    headers = {"Content-Disposition": f'attachment; filename="bulk-{bulk}.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(door.written(tools, bulk, AskedRows()), headers=headers, media_type=CSV)


@router.post("/{bulk}/confirm")
async def confirm(form: Form, session: Manager, bulk: Number, tools: Given) -> Response:
    """Begun by who saw it, if they may."""
    sessions.from_this_form(session, form.get("token", ""))
    try:
        await door.confirmed_by(tools, session.visitor, bulk, form.get("digest", ""))
    except Refused as refused:
        return _back(bulk, said="refused", code=refused.code)
    return _back(bulk, said="granted")


@router.post("/{bulk}/steer")
async def steer(form: Form, session: Manager, bulk: Number, tools: Given) -> Response:
    """Paused, let go on, or stopped."""
    sessions.from_this_form(session, form.get("token", ""))
    try:
        await door.steered_by(tools, session.visitor, bulk, _steering(form))
    except Refused as refused:
        return _back(bulk, said="refused", code=refused.code)
    except Unavailable:
        return _back(bulk, said="unanswered")
    except Problem as problem:
        return _back(bulk, said="refused", code=problem.code)
    return _back(bulk, said="granted")


async def _desk(request: Request, tools: Tools, form: Fields, wrong: Wrong = FINE) -> Response:
    plans = await tools.bulks.listing(limit=LISTED)
    shops = [channel.name for channel in tools.registry.channels]
    return show(
        request,
        "bulk.html",
        wrong.status,
        form=form,
        wrong=wrong,
        plans=[(plan, shares(plan.tally)) for plan in plans],
        stages=(*FLOW, *STOPPING),
        places=sorted({*shops, *(shop.partition("/")[0] for shop in shops)}),
        provinces=tuple(PROVINCES),
        reasons=tuple(REASONS),
        kinds=KINDS,
        cancel_whys=WHY_CANCELLED,
        spans=tuple(Span),
    )


def _steering(form: Fields) -> Steering:
    try:
        return Steering(form.get("what", ""))
    except ValueError:
        raise Problem(422, "invalid") from None


def _left_within(plan: Plan, at: datetime) -> timedelta | None:
    """How long it may still take, at the rate so far."""
    ended = plan.tally.orders - plan.tally.left
    if plan.state is not BulkState.RUNNING or plan.confirmed_at is None or not ended:
        return None
    return (at - plan.confirmed_at) / ended * plan.tally.left


def _answered(request: Request) -> dict[str, str | None]:
    """Only words of ours are shown: an address is not for writing on our pages."""
    said, code = request.query_params.get("said"), request.query_params.get("code")
    return {"said": said if said in WORDS else None, "code": _known(code)}


def _known(code: str | None) -> str | None:
    return code if f"refusal.{code}" in WORDS else None


def _back(bulk: int, **answer: str) -> Response:
    return RedirectResponse(f"/board/bulk/{bulk}?{urlencode(answer)}", 303)

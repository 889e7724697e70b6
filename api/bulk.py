"""One wish for many orders: planned and counted, confirmed by somebody who saw the count, then told as a story."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from api import bulks
from api.bulk_words import EXAMPLE, LARGEST, SEEN, Asked, AskedRows, Form, Plans, Report, Seen, Shown, Wanted, wish_of
from api.dependencies import Given, Spoken, only
from api.errors import Problem
from api.reaching import reaching
from api.tools import Tools
from api.visitors import Visitor
from models.bulk import BulkState, Course, Plan, Steering
from models.case import Role
from models.errors import Unavailable
from rules.bulk import digest_of, needs_second
from store.bulks import Line, Proposed, Who

router = APIRouter(prefix="/bulk", tags=["bulk"])
WHO: Final = (Role.ADMIN, Role.OPS)
Manager = Annotated[Visitor, only(*WHO)]
AT_ONCE: Final = 1000  # rows of a report that are read together
Number = Annotated[int, Path(ge=1, le=LARGEST)]
CSV: Final = "text/csv"


@router.post("", status_code=201, summary="Plan one wish for many orders")
async def plan(
    visitor: Manager, said: Annotated[Wanted, Depends(Spoken(Wanted, EXAMPLE))], tools: Given, response: Response
) -> Shown:
    """Counted, and some of them shown; nothing is asked of any order until somebody confirms what was counted."""
    planned = await planned_by(tools, visitor, said)
    response.headers["Location"] = f"/bulk/{planned.id}"
    return await shown(tools, planned)


@router.get("", summary="List bulk wishes")
async def listing(_: Manager, tools: Given, asked: Annotated[Asked, Query()]) -> Plans:
    """The newest first, each with how far it is."""
    rows = await tools.bulks.listing(asked.after, asked.limit)
    return Plans(rows=rows, next=rows[-1].id if len(rows) == asked.limit else None)


@router.get("/{bulk}", summary="One bulk wish")
async def one(_: Manager, bulk: Number, tools: Given) -> Shown:
    """What was planned, by whom, who agreed, and how far it is."""
    return await shown(tools, await tools.bulks.get(bulk))


@router.get(
    "/{bulk}/rows",
    summary="What became of each order",
    response_model=Report,
    responses={200: {"content": {CSV: {}}}},
)
async def rows(
    _: Manager, bulk: Number, request: Request, tools: Given, asked: Annotated[AskedRows, Query()]
) -> Report | StreamingResponse:
    """Granted, refused with the reason, ended before it was asked, unreachable; waiting: not asked yet."""
    await tools.bulks.get(bulk)
    if (asked.format or _form(request.headers.get("accept", ""))) is Form.CSV:
        headers = {"Content-Disposition": f'attachment; filename="bulk-{bulk}.csv"', "Cache-Control": "no-store"}
        return StreamingResponse(written(tools, bulk, asked), headers=headers, media_type=CSV)
    found = await tools.bulks.rows(bulk, asked.after, asked.limit, asked.state)
    return Report(rows=found, next=found[-1].n if len(found) == asked.limit else None)


@router.post("/{bulk}/confirm", summary="Begin a bulk wish")
async def confirm(
    visitor: Manager, bulk: Number, said: Annotated[Seen, Depends(Spoken(Seen, SEEN))], tools: Given
) -> Shown:
    """The orders of this moment, and no others, are asked one after another. Twice is once.

    Above a number of orders, and wherever money would go back, somebody else must confirm than who planned it.
    """
    return await shown(tools, await confirmed_by(tools, visitor, bulk, said.digest))


@router.post("/{bulk}/pause", summary="Pause a bulk wish")
async def pause(visitor: Manager, bulk: Number, tools: Given) -> Shown:
    """What is in the air is written down, then nothing more is asked."""
    return await steered_by(tools, visitor, bulk, Steering.PAUSE)


@router.post("/{bulk}/resume", summary="Let a bulk wish go on")
async def resume(visitor: Manager, bulk: Number, tools: Given) -> Shown:
    """Where it paused."""
    return await steered_by(tools, visitor, bulk, Steering.RESUME)


@router.post("/{bulk}/stop", summary="Stop a bulk wish")
async def stop(visitor: Manager, bulk: Number, tools: Given) -> Shown:
    """For good: what was granted stays granted, the rest is never asked."""
    return await steered_by(tools, visitor, bulk, Steering.STOP)


async def planned_by(tools: Tools, visitor: Visitor, said: Wanted) -> Plan:
    """The plan, written down. Raises: Problem 422 field by field; Refused."""
    return await tools.bulks.plan(Proposed(said.filter, wish_of(visitor, said.wish), said.reason, _who(visitor)))


async def confirmed_by(tools: Tools, visitor: Visitor, bulk: int, digest: str) -> Plan:
    """Begun; where Temporal is away the relay begins it. Raises: Refused with why not; Missing."""
    confirmed = await tools.bulks.confirm(bulk, digest, _who(visitor), tools.terms.alone)
    if confirmed.state is BulkState.RUNNING:
        with suppress(Unavailable):
            async with reaching(tools.terms.answer_within):
                await bulks.begin(tools.temporal, Course(bulk=bulk))
    return confirmed


async def steered_by(tools: Tools, visitor: Visitor, bulk: int, what: Steering) -> Shown:
    """Where it stands by its story's word. Raises: Refused, Unavailable, Missing."""
    known = await tools.bulks.get(bulk)
    if known.state is BulkState.PLANNED:
        raise Problem(409, "not_confirmed")
    if known.ended_at:
        raise Problem(409, "bulk_is_over")
    async with reaching(tools.terms.answer_within):
        state = await bulks.steer(tools.temporal, bulk, what)
    await tools.audit.note(visitor.name, visitor.role, f"bulk.{what}", known.key)
    return await shown(tools, (await tools.bulks.get(bulk)).model_copy(update={"state": state}))


async def shown(tools: Tools, plan: Plan) -> Shown:
    """As the door shows it."""
    is_open = plan.state is BulkState.PLANNED
    return Shown(
        plan=plan,
        left=plan.tally.left,
        digest=digest_of(plan),
        needs_second=needs_second(plan, plan.counted, tools.terms.alone),
        sample=await tools.bulks.sample(plan.scope) if is_open else (),
    )


def _who(visitor: Visitor) -> Who:
    return Who(visitor.name, visitor.role)


def _form(accept: str) -> Form:
    """What they would like best."""
    first = accept.partition(",")[0].partition(";")[0].strip().lower()
    return Form.CSV if first == CSV else Form.JSON


async def written(tools: Tools, bulk: int, asked: AskedRows) -> AsyncIterator[str]:
    """The whole report, a page at a time; our words and numbers hold neither commas nor formulas."""
    after, names = asked.after, tuple(Line.__dataclass_fields__)
    yield _lines([names])
    while found := await tools.bulks.rows(bulk, after, AT_ONCE, asked.state):
        yield _lines([[getattr(row, name) for name in names] for row in found])
        after = found[-1].n


def _lines(cells: Iterable[Iterable[object]]) -> str:
    paper = io.StringIO()
    csv.writer(paper).writerows(cells)
    return paper.getvalue()

"""The composition root of the door."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from api import (
    arrivals,
    bulk,
    cases,
    desk,
    errors,
    finance,
    health,
    labels,
    many,
    orders,
    people,
    return_pictures,
    returns,
    scans,
    strays,
    webhooks,
    wishes,
)
from api.counting import Counting
from api.envelope import Envelope
from api.openapi import describe
from api.pacing import Pacing
from api.pages import (
    board,
    entrance,
    inspect,
    paper,
    refunds,
    return_homeward,
    return_list,
    return_sheet,
    sheet,
    stray_sheet,
)
from api.pages import bulk as bulk_pages
from api.pages.showing import show_problem
from api.relay import relay
from api.tools import Terms, Tools
from api.tracing import Tracing

__all__ = ["Terms", "Tools", "create_app"]

STATIC = Path(__file__).parent / "pages" / "static"
ROUTERS = (
    orders.router,
    orders.one_order,
    wishes.router,
    desk.router,
    labels.router,
    scans.router,
    cases.router,
    people.router,
    people.one_order,
    returns.router,
    finance.router,
    many.router,
    return_pictures.router,
    arrivals.router,
    strays.router,
    bulk.router,
    webhooks.router,
    health.router,
)
PAGES = (
    entrance.router,
    board.router,
    sheet.router,
    paper.router,
    bulk_pages.router,
    return_list.router,
    return_sheet.router,
    return_homeward.router,
    refunds.router,
    inspect.router,
    stray_sheet.router,
)


def create_app(tools: Tools) -> FastAPI:
    """The door, with everything it needs. While it is open it also relays what it kept."""
    app = FastAPI(
        title="Order Hub",
        version="1",
        summary="One durable story for each order.",
        docs_url=None,  # they would load scripts from elsewhere; /openapi.json is there for any reader
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_open,
    )
    app.state.tools = tools
    errors.install(app, _told)
    app.router.routes.extend(_routes())
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Pacing, tools=tools, told=_told)
    app.add_middleware(Counting, figures=tools.figures)
    if tools.tracer:
        app.add_middleware(Tracing, tracer=tools.tracer)
    app.add_middleware(Envelope, told=_told)
    describe(app)
    return app


@cache
def _routes() -> Sequence[BaseRoute]:
    """Every endpoint. Why once: FastAPI makes models of each at its first request, and one process may open many."""
    whole = APIRouter()
    for router in ROUTERS:
        whole.include_router(router)
    for router in PAGES:
        whole.include_router(router, include_in_schema=False)
    return whole.routes


async def _told(request: Request, error: Exception) -> Response:
    """People get a page, programs a problem document."""
    path = request.scope["path"]  # a URL made of it would lose characters, and be another one's
    is_page = path in {"/", "/login", "/logout"} or path.startswith("/board/")
    return show_problem(request, error) if is_page else await errors.tell(request, error)


@asynccontextmanager
async def _open(app: FastAPI) -> AsyncIterator[None]:
    tools: Tools = app.state.tools
    stop = asyncio.Event()
    relaying = asyncio.create_task(relay(tools, stop), name="relay") if tools.terms.relays else None
    try:
        yield
    finally:
        stop.set()
        if relaying:
            await relaying

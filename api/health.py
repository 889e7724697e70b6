"""Whether we live, whether we can work, and how much."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.datastructures import State

from api import queues
from api.dependencies import Given, Public, only
from api.errors import AGAIN_AFTER, Document, Problem
from api.errors import MEDIA_TYPE as PROBLEM
from api.figures import MEDIA_TYPE
from api.tools import Tools
from models.case import Role
from models.errors import Failure
from store.database import is_current
from store.figures import Counts

router = APIRouter(tags=["health"])
PATIENCE: Final = 2.0  # seconds for each part
READY: Final = "ready"


class NotReady(Document, frozen=True):
    """Which part is away, and in which way."""

    store: str  # ready, store_away, not_migrated; away: it did not answer in time
    temporal: str  # ready, away


@router.get("/health/live", dependencies=[Depends(Public())], summary="This process answers")
async def live() -> dict[str, str]:
    """Asks nobody: a process is not restarted because another one is away."""
    return {"status": "live"}


@router.get(
    "/health/ready",
    dependencies=[Depends(Public())],
    summary="Everything it needs answers",
    responses={503: {"model": NotReady, "description": "A part is away: its own member says how it is."}},
)
async def ready(request: Request, tools: Given) -> Response:
    """Names each part and how it is; while one of them is away, in a problem document."""
    parts = {"store": _store(tools, request.app.state), "temporal": _temporal(tools)}
    words = dict(zip(parts, await asyncio.gather(*(_asked(part) for part in parts.values())), strict=True))
    away = [name for name, word in words.items() if word != READY]
    if not away:
        return JSONResponse({"status": READY, **words}, headers={"Cache-Control": "no-store"})
    told = Problem(503, "not_ready").document(request.scope.get("instance")).model_dump()
    document = NotReady(**told | {"detail": f"Away: {', '.join(away)}."}, **words)
    body = document.model_dump_json(exclude_defaults=True)
    return Response(body, 503, {"Cache-Control": "no-store", "Retry-After": str(AGAIN_AFTER)}, PROBLEM)


async def _asked(part: Awaitable[str]) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            return await part
    except Failure as failure:
        return failure.code
    except Exception:  # noqa: BLE001 - whatever it is, that part is not ready
        return "away"


async def _store(tools: Tools, state: State) -> str:
    """It answers a question like any other. Its tables are looked at once: they do not go back."""
    await tools.links.get("health")
    state.is_migrated = getattr(state, "is_migrated", False) or await is_current(tools.terms.database_url)
    return READY if state.is_migrated else "not_migrated"


async def _temporal(tools: Tools) -> str:
    span = timedelta(seconds=PATIENCE)
    return READY if await tools.temporal.service_client.check_health(timeout=span) else "away"


@router.get(
    "/metrics",
    dependencies=[only(Role.ADMIN, Role.OPS)],
    response_class=PlainTextResponse,
    summary="Our own figures, for Prometheus",
)
async def metrics(tools: Given) -> Response:
    """Counted in this process; the store and Temporal are asked every ten seconds at most.

    Cost: one statement, and one call to Temporal for each queue; nothing within those ten seconds.
    """
    wanted = queues.names(tools.registry)
    await tools.lookout.look(tools.figures, Counts(tools.db).muster, lambda: queues.queues(tools.temporal, wanted))
    return Response(tools.figures.text(), media_type=MEDIA_TYPE)

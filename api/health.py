"""Whether we live, whether we can work, and how much."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import State

from api.dependencies import Given, Public, only
from api.figures import MEDIA_TYPE
from api.tools import Tools
from models.case import Role
from models.errors import Failure, Unavailable
from models.stage import Stage
from store.database import is_current

router = APIRouter(tags=["health"])
PATIENCE: Final = 2.0  # seconds for each part


@router.get("/health/live", dependencies=[Depends(Public())], summary="This process answers")
async def live() -> dict[str, str]:
    """Asks nobody: a process is not restarted because another one is away."""
    return {"status": "live"}


@router.get(
    "/health/ready", dependencies=[Depends(Public())], summary="Everything it needs answers", responses={503: {}}
)
async def ready(request: Request, tools: Given) -> Response:
    """Names each part and how it is; 503 while one of them is away."""
    parts = {"store": _store(tools, request.app.state), "temporal": _temporal(tools)}
    words = dict(zip(parts, await asyncio.gather(*(_asked(part) for part in parts.values())), strict=True))
    away = [name for name, word in words.items() if word != "ready"]
    words["status"] = "ready" if not away else f"away: {', '.join(away)}"
    return JSONResponse(words, 503 if away else 200, {"Cache-Control": "no-store"})


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
    return "ready" if state.is_migrated else "not_migrated"


async def _temporal(tools: Tools) -> str:
    span = timedelta(seconds=PATIENCE)
    return "ready" if await tools.temporal.service_client.check_health(timeout=span) else "away"


@router.get("/metrics", dependencies=[only(Role.ADMIN, Role.OPS)], summary="Our own figures, for Prometheus")
async def metrics(tools: Given) -> Response:
    """Counted in this process; what is asked of the store for it is left as it was while the store is away."""
    try:
        age, counts = await tools.inbox.oldest_age(), await tools.orders.counts()
    except Unavailable:
        return Response(tools.figures.text(), media_type=MEDIA_TYPE)
    tools.figures.oldest.set(age.total_seconds() if age else 0)
    for stage in Stage:
        tools.figures.stages.labels(stage).set(counts.get(stage, 0))
    return Response(tools.figures.text(), media_type=MEDIA_TYPE)

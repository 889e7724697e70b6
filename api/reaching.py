"""How long the door waits for Temporal, and what it makes of a server that it has never reached."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from models.errors import Unavailable

NEVER_REACHED = "Failed client connect"  # how the SDK's lazy client says it, in a plain RuntimeError


@asynccontextmanager
async def reaching(within: float) -> AsyncIterator[None]:
    """Raises: Unavailable, in time. Whatever was asked may have been done."""
    try:
        async with asyncio.timeout(within):
            yield
    except TimeoutError:
        raise Unavailable("story_silent") from None
    except RuntimeError as error:
        if not str(error).startswith(NEVER_REACHED):
            raise
        raise Unavailable("temporal_away") from None

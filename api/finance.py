"""Refunds at the door of finance: what is due, and who lets it go."""

from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from api.dependencies import Given, Spoken, only
from api.return_wishes import MONEY, RETURN, Answer, Key, ReturnId, granted
from api.returns import Listed
from api.visitors import Visitor
from models.noun import Segment
from models.rma import ReturnStage
from store.returns import ReturnFilter

router = APIRouter(prefix="/finance/refunds", tags=["returns"])


class Status(StrEnum):
    """Which refunds."""

    DUE = "due"
    TRIGGERED = "triggered"
    REFUNDED = "refunded"


class Deed(StrEnum):
    """What finance does with one."""

    TRIGGER = "trigger"
    HOLD = "hold"
    RELEASE = "release"
    REFUSE = "refuse"


class Reason(BaseModel, frozen=True, extra="forbid"):
    """Why, in one word."""

    word: Segment = "looked_at"


WISHES: Final = {Deed.TRIGGER: "trigger", Deed.HOLD: "hold", Deed.RELEASE: "release", Deed.REFUSE: "refuse_refund"}


@router.get("", summary="List refunds")
async def refunds(
    _: Annotated[Visitor, only(*MONEY)],
    tools: Given,
    status: Status = Status.DUE,
    after: Annotated[str | None, Query(pattern=RETURN)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Listed:
    """What waits for finance, the longest first."""
    which = ReturnFilter(ReturnStage(status.value), limit=limit, after=after)
    return Listed(rows=await tools.returns.listing(which))


@router.post("/{return_id}/{deed}", summary="Let a refund go, hold, release or refuse it")
async def handle(  # noqa: PLR0913, PLR0917 - every part of a request is an argument
    visitor: Annotated[Visitor, only(*MONEY)],
    return_id: ReturnId,
    deed: Deed,
    said: Annotated[Reason, Depends(Spoken(Reason, {"word": "looked_at"}))],
    tools: Given,
    key: Key = None,
) -> Answer:
    """Who asked for the money, or agreed to it, does not also let it go."""
    extra = {Deed.HOLD: {"reason": said.word}, Deed.REFUSE: {"word": said.word}}.get(deed, {})
    return await granted(tools, visitor, return_id, {"kind": WISHES[deed], **extra}, key)

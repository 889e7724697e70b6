"""Refunds at the door of finance: what is due, and who lets it go."""

from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.dependencies import Given, Spoken, only
from api.many import Answers, Numbers, each
from api.return_wishes import After, Answer, Key, ReturnId, granted
from api.saying import Words
from api.visitors import Visitor
from models.noun import Id, Money, Segment
from models.rma import ReturnStage
from rules.return_permissions import MONEY
from store import refunds as store
from store.refunds import RefundRow
from store.return_lists import ReturnFilter

router = APIRouter(prefix="/finance/refunds", tags=["returns"])


class Status(StrEnum):
    """Which refunds."""

    DUE = "due"
    TRIGGERED = "triggered"
    BY_HAND = "by_hand"
    REFUNDED = "refunded"


class Deed(StrEnum):
    """What finance does with one."""

    TRIGGER = "trigger"
    HOLD = "hold"
    RELEASE = "release"
    REFUSE = "refuse"


class Refunds(BaseModel, frozen=True):
    """A page of refunds, the one that has waited longest first."""

    rows: tuple[RefundRow, ...]
    next: str | None = Field(description="`after` of the next page; null: that was all.")


class Reason(BaseModel, frozen=True, extra="forbid"):
    """Why, in one word."""

    word: Segment = "looked_at"
    up_to: Money | None = Field(None, description="The sum that was looked at: no more is let go. Unsaid: as listed.")


class Many(BaseModel, frozen=True, extra="forbid"):
    """The same deed for several refunds."""

    deed: Deed
    returns: Numbers
    word: Segment = Field("looked_at", description="Why, where it is held or refused.")
    up_to: dict[Id, Money] = Field(
        default={}, description="By number, the sum that was looked at: no more is let go. Unsaid: as listed."
    )


MANY: Final = {"deed": "trigger", "returns": ["0000000000000001-R1", "0000000000000002-R1"]}
WISHES: Final = {Deed.TRIGGER: "trigger", Deed.HOLD: "hold", Deed.RELEASE: "release", Deed.REFUSE: "refuse_refund"}


@router.get("", summary="List refunds")
async def refunds(
    _: Annotated[Visitor, only(*MONEY)],
    tools: Given,
    status: Status = Status.DUE,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Refunds:
    """The longest waiting first, of refunded ones the newest: who agreed, why to look twice, who let it go."""
    which = ReturnFilter(ReturnStage(status.value), limit=limit, after=after)
    page = await store.refunds(tools.db, which)
    return Refunds(rows=page.rows, next=page.next)


@router.post("/many", summary="Let many refunds go, hold, release or refuse them")
async def handle_many(
    visitor: Annotated[Visitor, only(*MONEY)],
    said: Annotated[Many, Depends(Spoken(Many, MANY))],
    tools: Given,
    key: Key = None,
) -> Answers:
    """Up to 200; each is answered by itself. The same `Idempotency-Key` again is the same deed for each of them."""
    return Answers(answers=await each(tools, visitor, words_of_each(said), key))


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
    return await granted(tools, visitor, return_id, _words(deed, said.word, said.up_to), key)


def words_of_each(said: Many) -> dict[Id, Words]:
    """What is said of each."""
    return {number: _words(said.deed, said.word, said.up_to.get(number)) for number in said.returns}


def _words(deed: Deed, word: Id, up_to: Money | None) -> Words:
    """A deed of finance as the wish that it is."""
    seen: Words = {"up_to": up_to.model_dump(mode="json")} if up_to else {}
    extra: dict[Deed, Words] = {Deed.TRIGGER: seen, Deed.HOLD: {"reason": word}, Deed.REFUSE: {"word": word}}
    return {"kind": WISHES[deed], **extra.get(deed, {})}

"""Parcels that belong to no return: kept, photographed, and settled by people."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api.arrivals import RAMP
from api.dependencies import Given, Spoken, now, only
from api.return_pictures import Kept, PictureId, shown, taken
from api.return_wishes import RETURN, After
from api.saying import invalid
from api.stray_views import StrayView, stray_view
from api.tools import Tools
from api.visitors import Visitor
from models.case import Role
from models.intake import Note
from models.noun import Id, When
from models.picture import NewPicture, Occasion
from models.stray import NewStray, Stray
from rules.strays import must_expect_it

router = APIRouter(prefix="/strays", tags=["returns"])
SETTLERS: Final = (Role.ADMIN, Role.OPS, Role.SERVICE, Role.WAREHOUSE)
MOST: Final = 200
StrayId = Annotated[str, Path(pattern=r"^stray-[0-9a-f]{16}$")]


class Unexpected(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """A parcel on the ramp that nobody knows."""

    code: Id = Field(description="As it was scanned: the same code again is the same parcel.")
    place: Id
    at: When | None = Field(None, description="By the device's clock; without it, now.")
    note: Note = Field("", max_length=500, description="What is in it; kept encrypted.")


class Whose(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """The return that it belongs to after all."""

    return_id: str = Field(alias="return", pattern=RETURN)


class Closing(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """What became of it."""

    because: Literal["sent_on", "not_ours", "given_back", "thrown_away", "kept_by_mistake"]


class Strays(BaseModel, frozen=True):
    """Open ones oldest first: they lie longest."""

    rows: tuple[StrayView, ...]
    next: str | None = Field(description="`after` of the next page; null: that was all.")


@router.post("", status_code=201, summary="Keep a parcel without a return")
async def keep(
    visitor: Annotated[Visitor, only(*RAMP)],
    said: Annotated[Unexpected, Depends(Spoken(Unexpected, {"code": "SF1234567890123", "place": "WH-SZ"}))],
    tools: Given,
) -> StrayView:
    """It is a case until somebody settles it. The same code again is the same parcel, as it was first kept."""
    return await stray_view(tools, await kept(tools, visitor, said))


async def kept(tools: Tools, visitor: Visitor, said: Unexpected) -> Stray:
    """Raises: Problem 422 where the place is none of ours."""
    if not await tools.boxes.is_place(said.place):
        raise invalid("#/place", "is no place of ours", "place_unknown")
    new = NewStray(code=said.code, place=said.place, by=visitor.name, arrived_at=said.at or now())
    stray, is_new = await tools.strays.keep(new)
    if is_new:
        await tools.audit.note(visitor.name, visitor.role, "stray.keep", stray.id)
    return await tools.strays.describe(stray, said.note)


@router.get("", summary="List parcels without a return")
async def listing(
    _: Annotated[Visitor, only(*SETTLERS)],
    tools: Given,
    *,
    open: bool = True,  # noqa: A002 - its name in the address
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    after: After = None,
) -> Strays:
    """`open=false`: those that are settled, newest first. `next` of a page is `after` of the next."""
    found = await tools.strays.listing(is_open=open, limit=limit, after=after)
    return Strays(rows=tuple([await stray_view(tools, stray) for stray in found.rows]), next=found.next)


@router.get("/{stray}", summary="One parcel without a return")
async def one(_: Annotated[Visitor, only(*SETTLERS)], stray: StrayId, tools: Given) -> StrayView:
    """Where it lies, and what became of it."""
    return await stray_view(tools, await tools.strays.get(stray))


@router.post("/{stray}/pictures", status_code=201, summary="Add a picture of a parcel without a return")
async def photograph(  # noqa: PLR0913, PLR0917 - every part of a request is an argument
    request: Request,
    visitor: Annotated[Visitor, only(*RAMP)],
    stray: StrayId,
    tools: Given,
    taken_at: Annotated[When | None, Query()] = None,
    place: Annotated[Id | None, Query()] = None,
) -> Kept:
    """A JPEG, PNG, WebP or HEIC of up to 5 MB, twenty at most. Twice is once."""
    return await photographed(request, visitor, stray, tools, (taken_at, place))


async def photographed(
    request: Request, visitor: Visitor, stray: Id, tools: Tools, when_and_where: tuple[When | None, Id | None]
) -> Kept:
    """Sealed with the parcel's own key: whose it is nobody knows yet."""
    known = await tools.strays.get(stray)
    at, place = when_and_where
    said = {"by": visitor.name, "taken_at": at or now(), "place": place or known.place}
    new = NewPicture(order=known.id, about=known.id, occasion=Occasion.INSPECTION, **said)
    return await taken(tools, visitor, new, request)


@router.get("/{stray}/pictures/{picture}", summary="One picture of it", response_class=Response)
async def picture(
    visitor: Annotated[Visitor, only(*SETTLERS)], stray: StrayId, picture: PictureId, tools: Given
) -> Response:
    """Its bytes; each look is written down."""
    return await shown(tools, visitor, (stray, stray), picture)


@router.post("/{stray}/assign", summary="Say which return it belongs to")
async def assign(
    visitor: Annotated[Visitor, only(*SETTLERS)],
    stray: StrayId,
    said: Annotated[Whose, Depends(Spoken(Whose, {"return": "0123456789ABCDEF-R1"}))],
    tools: Given,
) -> StrayView:
    """The return hears that its goods are here, once. Of two people who settle it at once one is told so."""
    return await stray_view(tools, await assigned(tools, visitor, stray, said.return_id))


async def assigned(tools: Tools, visitor: Visitor, stray: Id, return_id: Id) -> Stray:
    """Raises: Missing; Refused: no parcel can be this return's, or this parcel is settled."""
    known = await tools.strays.get(stray)
    if known.assigned_to != return_id:
        must_expect_it((await tools.returns.get(return_id)).matter)
    settled = await tools.strays.assign(stray, return_id, visitor.name)
    await tools.audit.note(visitor.name, visitor.role, "stray.assign", stray)
    return settled


@router.post("/{stray}/close", summary="Say what became of it")
async def close(
    visitor: Annotated[Visitor, only(*SETTLERS)],
    stray: StrayId,
    said: Annotated[Closing, Depends(Spoken(Closing, {"because": "sent_on"}))],
    tools: Given,
) -> StrayView:
    """Nobody's. Of two people who settle it at once one is told so."""
    return await stray_view(tools, await closed(tools, visitor, stray, said.because))


async def closed(tools: Tools, visitor: Visitor, stray: Id, because: Id) -> Stray:
    """Raises: Missing; Refused: somebody has settled it already."""
    settled = await tools.strays.close(stray, because, visitor.name)
    await tools.audit.note(visitor.name, visitor.role, "stray.close", stray)
    return settled

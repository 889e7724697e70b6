"""Pictures of what is asked back, and of what came back: sealed at the door, shown to those who decide."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from api.dependencies import Given, now, only
from api.errors import Problem
from api.limits import body_of
from api.return_wishes import ReturnId, seen
from api.saying import Words, invalid, tell, telling_of
from api.tools import Tools
from api.visitors import EVERYBODY, Visitor
from models.case import Role
from models.errors import Garbled, Missing
from models.fact import GoodsShown, Telling
from models.noun import Id, When
from models.picture import NewPicture, Occasion, Picture, PictureKind
from models.rma import Return
from models.stage import Source
from rules import leftovers
from rules.pictures import MOST_BYTES

router = APIRouter(prefix="/returns/{return_id}/pictures", tags=["returns"])
TAKERS: Final = (Role.ADMIN, Role.OPS, Role.SERVICE, Role.SHOP, Role.WAREHOUSE)
WITHIN: Final = 60.0  # seconds for five megabytes from a phone
# What somebody sent us is shown as a picture or not at all, and kept by nobody on the way.
SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}
PictureId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,80}$")]
SHOWN: Final = GoodsShown.model_fields["kind"].default
REFUSALS: Final = {"picture_too_large": 413, "picture_unreadable": 415}


class Kept(BaseModel, frozen=True):
    """One picture, without its bytes."""

    id: Id
    kind: PictureKind
    size: int
    occasion: Occasion
    by: Id
    taken_at: When | None
    place: Id | None


class Album(BaseModel, frozen=True):
    """Every picture of one return, the first one first."""

    pictures: tuple[Kept, ...]


@router.post("", status_code=201, summary="Add a picture")
async def add(  # noqa: PLR0913, PLR0917 - every part of a request is an argument
    request: Request,
    visitor: Annotated[Visitor, only(*TAKERS)],
    return_id: ReturnId,
    tools: Given,
    taken_at: Annotated[When | None, Query()] = None,
    place: Annotated[Id | None, Query()] = None,
) -> Kept:
    """A JPEG, PNG, WebP or HEIC of up to 5 MB: three for a request, twenty of an inspection. Twice is once."""
    matter = (await seen(tools, visitor, return_id)).matter
    occasion = Occasion.INSPECTION if visitor.role is Role.WAREHOUSE else Occasion.REQUEST
    said = {"occasion": occasion, "by": visitor.name, "taken_at": taken_at, "place": place}
    if occasion is Occasion.INSPECTION:
        said |= {"taken_at": taken_at or now(), "place": place or _where(matter)}
    one = await taken(tools, visitor, NewPicture(order=matter.order, about=return_id, **said), request)
    if matter.if_shown and occasion is Occasion.REQUEST:
        await tell(tools, return_id, _shown(visitor, one))
    return one


def _where(matter: Return) -> Id:
    """Where the goods came to, as was scanned or as the label says. Raises: Problem 422 where nobody said it."""
    labelled = matter.back.box.place if matter.back else None
    if place := leftovers.place(matter) or labelled:
        return place
    raise invalid("#/place", "is needed: nobody has scanned where these goods are", "missing")


def _shown(visitor: Visitor, picture: Kept) -> Telling:
    """The return waits for it. Whoever heard no thanks sends the picture again, and it is told again: twice is once."""
    source = Source.CHANNEL if visitor.role is Role.SHOP else Source.DESK
    body: Words = {"picture": picture.id, "by": visitor.name}
    return telling_of(body, SHOWN, source, f"{picture.id}.{SHOWN}", now())


async def taken(tools: Tools, visitor: Visitor, new: NewPicture, request: Request) -> Kept:
    """The body of a request is kept as a picture. Raises: Problem 409, 413, 415."""
    content = await body_of(request, MOST_BYTES, WITHIN)
    try:
        picture, _ = await tools.pictures.add(new, content)
    except Garbled as garbled:
        raise Problem(REFUSALS.get(garbled.code, 422), garbled.code) from None
    await tools.audit.note(visitor.name, visitor.role, "picture", new.about)
    return kept(picture)


@router.get("", summary="List pictures")
async def album(visitor: Annotated[Visitor, only(*EVERYBODY)], return_id: ReturnId, tools: Given) -> Album:
    """Which there are."""
    return Album(pictures=tuple(kept(picture) for picture in await _album(tools, visitor, return_id)))


@router.get("/{picture}", summary="One picture", response_class=Response)
async def show(
    visitor: Annotated[Visitor, only(*TAKERS)],
    return_id: ReturnId,
    picture: PictureId,
    tools: Given,
) -> Response:
    """Its bytes; each look is written down."""
    return await look(tools, visitor, return_id, picture)


async def look(tools: Tools, visitor: Visitor, return_id: Id, picture: Id) -> Response:
    """Raises: Missing, also of another return's picture."""
    order = (await seen(tools, visitor, return_id)).matter.order
    return await shown(tools, visitor, (order, return_id), picture)


async def shown(tools: Tools, visitor: Visitor, whose: tuple[Id, Id], picture: Id) -> Response:
    """Of an album: whose key seals it, and what it is about. Raises: Missing, also of another album's picture."""
    if picture not in [known.id for known in await tools.pictures.listing(*whose)]:
        raise Missing("picture_unknown")
    known, content = await tools.pictures.get(picture)
    await tools.audit.note(visitor.name, visitor.role, "see.picture", whose[1])
    return Response(content, media_type=known.kind.value, headers=SAFE)


async def _album(tools: Tools, visitor: Visitor, return_id: Id) -> tuple[Picture, ...]:
    return await tools.pictures.listing((await seen(tools, visitor, return_id)).matter.order, return_id)


def kept(picture: Picture) -> Kept:
    """As it is told of."""
    return Kept(**{name: getattr(picture, name) for name in Kept.model_fields})

"""What people must look at: cases one by one, and incidents where many have the same cause."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, Field

from api import stories
from api.dependencies import Given, Spoken, only
from api.reaching import reaching
from api.visitors import EVERYBODY, STAFF, Visitor
from models.case import Role
from models.errors import Refused
from models.finding import Check
from models.noun import Id
from store.cases import CaseFilter, Incident, Known

router = APIRouter(tags=["cases"])
MOST: Final = 200
LARGEST: Final = 2**63 - 1
Number = Annotated[int, Path(ge=1, le=LARGEST)]


class Asked(BaseModel, frozen=True, extra="forbid"):
    """Which cases."""

    open: bool | None = Field(default=True, description="`true`: open ones, oldest first; `false`: closed ones.")
    role: Role | None = Field(None, description="Whose work it is.")
    party: Id | None = Field(None, description="Whose fault it may be.")
    shop: Id | None = Field(None, description="<channel>/<shop>, or a whole channel.")
    after: int | None = Field(None, ge=0, le=LARGEST, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST)

    def filter_for(self, visitor: Visitor) -> CaseFilter:
        """The same for the store; a shop asks for its own cases, whatever it says."""
        return CaseFilter(**(self.model_dump() | ({"shop": visitor.shop} if visitor.shop else {})))


class Closing(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Why nobody needs to look any more."""

    note: str = Field("", max_length=1000, description="Free words; kept encrypted.")


class Cases(BaseModel, frozen=True):
    """A page of cases."""

    rows: tuple[Known, ...]
    next: int | None


class Incidents(BaseModel, frozen=True):
    """Many cases with one cause at one party, none more than ten minutes after the one before."""

    incidents: tuple[Incident, ...]


@router.get("/cases", summary="List cases")
async def listing(
    visitor: Annotated[Visitor, only(*EVERYBODY)], tools: Given, asked: Annotated[Asked, Query()]
) -> Cases:
    """Open ones oldest first: they wait longest."""
    rows = await tools.cases.listing(asked.filter_for(visitor))
    return Cases(rows=rows, next=rows[-1].id if len(rows) == asked.limit else None)


@router.post("/cases/{case}/close", status_code=204, response_class=Response, summary="Close a case")
async def close(
    visitor: Annotated[Visitor, only(*STAFF)],
    case: Number,
    said: Annotated[Closing, Depends(Spoken(Closing, {"note": "Called the customer."}))],
    tools: Given,
) -> None:
    """Somebody looked. Cases also close by themselves: of an order when it moves on, of the house when it is mended."""
    known = await tools.cases.open(case)
    if known.case.deadline == Check.PARCEL_WITHOUT_RETURN:
        raise Refused("settle_the_parcel")
    if known.shop:  # else no story waits for it
        async with reaching(tools.terms.answer_within):
            await stories.close(tools.temporal, known.case, visitor.name, visitor.role)
    story = known.case.story
    whose = await tools.returns.order_of(story) if stories.is_return(story) else story
    note_id = await tools.contacts.add_note(whose, said.note) if said.note else None
    story = await tools.cases.close(case, visitor.name, note_id)
    await tools.audit.note(visitor.name, visitor.role, "close.case", story)


@router.get("/incidents", summary="List incidents")
async def incidents(_: Annotated[Visitor, only(*STAFF)], tools: Given) -> Incidents:
    """What is broken at whom, and how many orders it holds up."""
    return Incidents(incidents=await tools.cases.incidents())

"""What is said at the door of one wish for many orders, and what is shown of it."""

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, Field, JsonValue, TypeAdapter, ValidationError

from api.errors import Fault, Problem, faults_of
from api.visitors import Visitor
from models.bulk import Bulked, Fate, Plan, Scope
from models.noun import Id
from store.bulks import Line
from store.listings import OrderRow

LARGEST: Final = 2**63 - 1
MOST: Final = 1000
WISH: TypeAdapter[Bulked] = TypeAdapter(Bulked)
OURS: Final = ("by", "key")


class Form(StrEnum):
    """How a report is written."""

    JSON = "json"
    CSV = "csv"


class Wanted(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Which open orders, what of each of them, and why."""

    filter: Scope
    wish: dict[str, JsonValue] = Field(description="As of one order: cancel, hold, release, amend_policy or retry.")
    reason: Id = Field(description="Why, in a word; it stands in the plan for ever.")


class Seen(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Which plan somebody saw."""

    digest: str = Field(pattern="^[0-9a-f]{16}$", description="`digest` of the plan.")


class Shown(BaseModel, frozen=True):
    """A plan, how far it is, and while nobody confirmed it what it would be about."""

    plan: Plan
    left: int
    digest: str
    needs_second: bool = Field(description="Somebody else than who planned it must confirm.")
    sample: tuple[OrderRow, ...] = ()


class Plans(BaseModel, frozen=True):
    """A page of plans."""

    rows: tuple[Plan, ...]
    next: int | None


class Report(BaseModel, frozen=True):
    """A page of what became of the orders of a plan."""

    rows: tuple[Line, ...]
    next: int | None


class Asked(BaseModel, frozen=True, extra="forbid"):
    """Which plans."""

    after: int | None = Field(None, ge=0, le=LARGEST, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)


class AskedRows(BaseModel, frozen=True, extra="forbid"):
    """Which rows of a report, and how it is written."""

    state: Fate | None = None
    after: int = Field(0, ge=0, le=2**31 - 1, description="`next` of the page before.")
    limit: int = Field(100, ge=1, le=MOST, description="Of a page; a report as CSV is whole.")
    format: Form | None = Field(None, description="`csv`, or say so in Accept.")


EXAMPLE: Final = {
    "filter": {"district": "65", "stage": "shipped"},
    "wish": {"kind": "amend_policy", "change": {"span": "deliver_within", "plus": "PT96H"}},
    "reason": "snow_in_xinjiang",
}
SEEN: Final = {"digest": "0123456789abcdef"}


def wish_of(visitor: Visitor, words: dict[str, JsonValue]) -> Bulked:
    """What they want of each order. Raises: Problem 422, field by field."""
    taken = [name for name in OURS if name in words]
    faults = [Fault(pointer=f"#/wish/{name}", detail="is not yours to say", code="extra") for name in taken]
    if faults:
        raise Problem(422, "invalid", errors=faults)
    try:
        return WISH.validate_python({**words, "by": visitor.name})
    except ValidationError as error:
        raise Problem(422, "invalid", errors=[_inside(fault) for fault in faults_of(error)]) from None


def _inside(fault: Fault) -> Fault:
    """A wish's kind is no step on the way to its fields."""
    steps = ["#", "wish", *fault.pointer.split("/")[2:]]
    return fault.model_copy(update={"pointer": "/".join(steps)})

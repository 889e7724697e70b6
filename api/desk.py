"""The desk: facts that a person vouches for, with a second pair of eyes for money."""

from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field, JsonValue

from api.dependencies import Given, OrderId, Part, Spoken, only, seen_by
from api.handwriting import read
from api.records import known_of
from api.saying import ENVELOPE, must_be_theirs, must_not_say, tell, telling_of
from api.visitors import Visitor
from models.case import Role
from models.fact import Telling
from models.noun import Id, When
from models.order import Order
from models.stage import Source

router = APIRouter(prefix="/orders/{channel}/{shop}/{number}/facts", tags=["desk"])
_DESK: Final = (Role.ADMIN, Role.OPS)
HAND_WRITTEN: Final = "parcel_labelled"
MONEY: Final = ("payment_captured", "refund_settled")
SECONDS: Final = (Role.ADMIN, Role.FINANCE)  # who may be the second pair of eyes
VOUCHERS: Final[dict[str, tuple[Role, ...]]] = {  # who may vouch for what
    "payment_captured": (*_DESK, Role.FINANCE),
    "refund_settled": (*_DESK, Role.FINANCE),
    HAND_WRITTEN: (*_DESK, Role.WAREHOUSE),
    "parcel_picked": (*_DESK, Role.WAREHOUSE),
    "parcel_packed": (*_DESK, Role.WAREHOUSE),
    "parcel_handed_over": (*_DESK, Role.WAREHOUSE),
    "parcel_received_back": (*_DESK, Role.WAREHOUSE),
    "parcel_put_back": (*_DESK, Role.WAREHOUSE),
    "parcel_tracked": (*_DESK, Role.SERVICE),
    "parcel_delivered": (*_DESK, Role.SERVICE),
}
ANY_VOUCHER: Final = (*_DESK, Role.FINANCE, Role.WAREHOUSE, Role.SERVICE)


class Vouched(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Something that happened, by the word of a person."""

    kind: str = Field(pattern="^[a-z_]{1,40}$")
    at: When = Field(description="When it happened.")
    reason: Id = Field(description="Why a person has to say it.")
    body: dict[str, JsonValue] = Field(description="What else belongs to this kind of fact.")


class Heard(BaseModel, frozen=True):
    """What became of it."""

    fact: str
    state: str = Field(description="`told`, or `waits_for_second`: somebody else must agree.")
    proposal: str | None = None


EXAMPLE: Final = {
    "kind": "payment_captured",
    "at": "2026-11-11T12:00:00+08:00",
    "reason": "bank_transfer",
    "body": {"transaction": "bank-20261111-0007", "amount": {"minor": 19900}},
}


async def number_of(
    idempotency_key: Annotated[str | None, Header(pattern=r"^[A-Za-z0-9_.:-]{1,60}$")] = None,
) -> str:
    """The fact's own number: the same key again is the same fact."""
    return f"desk-{idempotency_key or uuid4().hex}"


@router.post("", status_code=202, summary="Vouch for a fact")
async def vouch(
    visitor: Annotated[Visitor, only(*ANY_VOUCHER)],
    order_id: OrderId,
    said: Annotated[Vouched, Depends(Spoken(Vouched, EXAMPLE))],
    tools: Given,
    number: Annotated[str, Depends(number_of)],
) -> Heard:
    """Told to the order as your word; money waits until somebody else agrees. The same `Idempotency-Key` is once."""
    order = (await known_of(tools, seen_by(visitor, order_id))).order
    telling = _telling(visitor, order, said, number)
    needs_second = said.kind in MONEY
    proposal = await tools.desk.propose(order.id, telling, visitor.name, visitor.role, needs_second)
    await tools.audit.note(visitor.name, visitor.role, f"vouch.{said.kind}", order.id)
    if needs_second:
        return Heard(fact=telling.id, state="waits_for_second", proposal=proposal.id)
    await tell(tools, order.id, telling)
    return Heard(fact=telling.id, state="told")


@router.post("/{proposal}/second", status_code=202, summary="Be the second pair of eyes")
async def agree(visitor: Annotated[Visitor, only(*SECONDS)], order_id: OrderId, proposal: Part, tools: Given) -> Heard:
    """What a colleague vouched for is told as the word of both."""
    telling = await tools.desk.second(proposal, visitor.name, order_id)
    await tools.audit.note(visitor.name, visitor.role, f"agree.{telling.kind}", order_id)
    await tell(tools, order_id, telling)
    return Heard(fact=telling.id, state="told")


def _telling(visitor: Visitor, order: Order, said: Vouched, number: str) -> Telling:
    """Their word as a story hears it. Raises: Problem 403, 422."""
    must_be_theirs(visitor, said.kind, VOUCHERS)
    must_not_say(ENVELOPE, said.body, "does not belong here", "#/body")
    told = read(order, said.body) if said.kind == HAND_WRITTEN else said.body
    body = {**told, "by": visitor.name, "reason": said.reason}
    return telling_of(body, said.kind, Source.DESK, number, said.at)

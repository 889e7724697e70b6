"""Returns at the door: asked for, looked at, wished for and told of."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, JsonValue

from api.dependencies import Given, Spoken, only
from api.desk import number_of
from api.limits import KIB
from api.relay import begin
from api.return_views import ReturnView, view
from api.return_wishes import DESK, After, Answer, Key, ReturnId, granted, seen
from api.saying import ENVELOPE, WORDS, Words, invalid, must_be_theirs, must_not_say, tell, telling_of
from api.signatures import KeyOrSignature
from api.tools import Tools
from api.visitors import EVERYBODY, Visitor
from models.asking import NewReturn
from models.case import Role
from models.errors import Missing, Refused
from models.fact import Telling
from models.intake import Note
from models.noun import Id, Money, When
from models.refund import Way
from models.returns import Claim, Grade, Instead, Kind, Why
from models.rma import Return, ReturnStage
from models.stage import Source
from rules.return_permissions import keeps_the_goods
from rules.urgency import urgent_word
from rules.wallets import wallet_of
from store.return_lists import ReturnFilter, ReturnRow

router = APIRouter(tags=["returns"])
ASKERS: Final = (Role.ADMIN, Role.OPS, Role.SERVICE, Role.SHOP)
TELLERS: Final[dict[str, tuple[Role, ...]]] = {
    "goods_sent_back": ASKERS,
    "goods_arrived": (*DESK, Role.WAREHOUSE),
    "goods_inspected": (*DESK, Role.WAREHOUSE),
    "goods_sent_home": (*DESK, Role.WAREHOUSE),
}
SENT_HOME: Final = "goods_sent_home"
FULL: Final = 512 * KIB  # of one return: far beyond every one of them, and a quarter of what Temporal carries at once
TRUSTED: Final = {Role.WAREHOUSE: Source.WAREHOUSE, Role.SHOP: Source.CHANNEL}  # of anybody else it is the desk's word


class Asking(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """What a customer wants back."""

    order: Id = Field(description="<channel>/<shop>/<number>")
    kind: Kind
    why: Why
    claims: tuple[Claim, ...] = Field((), max_length=500, description="Units of the order's lines.")
    grade: Grade | None = Field(None, description="What the customer says of the goods.")
    sum: Money | None = Field(None, description="Of a compensation.")
    instead: tuple[Instead, ...] = Field((), max_length=500, description="Of an exchange: other things than before.")
    way: Way = Field(Way.ORIGINAL, description="The way the money came, or to a balance in the shop's wallet.")
    note: Note = Field("", max_length=500, description="Beside the reason, never instead of it.")


class Told(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Something that happened to the goods."""

    kind: str = Field(pattern="^[a-z_]{1,40}$")
    at: When
    body: Words


class Listed(BaseModel, frozen=True):
    """A page of returns, the one that has waited longest first."""

    rows: tuple[ReturnRow, ...]
    next: str | None = Field(description="`after` of the next page; null: that was all.")


ASKED: Final = {
    "order": "web/demo/N1",
    "kind": "return",
    "why": "not_as_described",
    "claims": [{"line": 0, "quantity": 1}],
}
WISHED: Final = {"kind": "decide", "is_agreed": True, "word": "approve"}
TOLD: Final = {
    "kind": "goods_arrived",
    "at": "2026-11-11T12:00:00+08:00",
    "body": {"place": "WH-SZ"},
}


@router.post("/returns", status_code=201, summary="Ask something back")
async def ask(
    visitor: Annotated[Visitor, Depends(KeyOrSignature(*ASKERS))],
    said: Annotated[Asking, Depends(Spoken(Asking, ASKED))],
    tools: Given,
    key: Key = None,
) -> ReturnView:
    """A durable story begins; what is eligible and small is agreed to at once. The same `Idempotency-Key` is once."""
    if not visitor.may_see(said.order):
        raise Missing("order_unknown")
    _must_fit(said)
    _must_be_kept(tools, said)
    words = said.model_dump(exclude={"note"})
    extra = {"by": visitor.name, "key": key, "urgent": urgent_word(said.note)}
    made, is_new = await tools.returns.ask(NewReturn(**words, **extra), said.note)
    if is_new:
        await tools.audit.note(visitor.name, visitor.role, f"return.{made.kind}", made.id)
        await begin(tools, made)
    return view(await tools.returns.get(made.id))


def _must_fit(said: Asking) -> None:
    """Goods are named, and a compensation has its sum. Raises: Problem 422."""
    is_sum = said.kind is Kind.COMPENSATION
    if is_sum != (said.sum is not None and said.sum.minor > 0):
        raise invalid("#/sum", "is missing" if is_sum else "does not belong here", "sum")
    if not is_sum and not said.claims:
        raise invalid("#/claims", "is missing", "missing")
    _must_be_of_an_exchange(said)


def _must_be_of_an_exchange(said: Asking) -> None:
    """Another thing for what comes back, and for nothing else; of each line one. Raises: Problem 422."""
    lines = [wanted.line for wanted in said.instead]
    if lines and said.kind is not Kind.EXCHANGE:
        raise invalid("#/instead", "does not belong here", "instead")
    if len(lines) != len(set(lines)) or not set(lines) <= {claim.line for claim in said.claims}:
        raise invalid("#/instead", "must name lines that are claimed, each once", "instead")


def _must_be_kept(tools: Tools, said: Asking) -> None:
    """A balance is with the shop's wallet, where it has one. Raises: Problem 422."""
    wallet = wallet_of(said.order.rpartition("/")[0])
    if said.way is Way.BALANCE and wallet not in [one.name for one in tools.registry.wallets]:
        raise invalid("#/way", "is not offered: the shop has no wallet", "wallet_unknown")


@router.get("/returns", summary="List returns")
async def listing(  # noqa: PLR0913 - every filter is an argument
    visitor: Annotated[Visitor, only(*EVERYBODY)],
    tools: Given,
    stage: ReturnStage | None = None,
    order: Id | None = None,
    shop: Id | None = None,
    *,
    overdue: bool = False,
    urgent: bool = False,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Listed:
    """The one that has waited longest first. `next` of a page is `after` of the next."""
    which = ReturnFilter(stage, order, visitor.shop or shop, overdue, urgent, limit, after)
    page = await tools.returns.listing(which)
    return Listed(rows=page.rows, next=page.next)


@router.get("/returns/{return_id}", summary="One return")
async def one(visitor: Annotated[Visitor, only(*EVERYBODY)], return_id: ReturnId, tools: Given) -> ReturnView:
    """Where it stands, why, who decided, and what goes back."""
    return view(await seen(tools, visitor, return_id))


@router.post("/returns/{return_id}/wishes", summary="Want something of a return")
async def wish(
    visitor: Annotated[Visitor, Depends(KeyOrSignature(*EVERYBODY))],
    return_id: ReturnId,
    words: Annotated[Words, Depends(Spoken(WORDS, WISHED))],
    tools: Given,
    key: Key = None,
) -> Answer:
    """Granted, or refused with the reason. The same `Idempotency-Key` again is the same wish."""
    return await granted(tools, visitor, return_id, words, key)


@router.post("/returns/{return_id}/facts", status_code=202, summary="Tell what happened to the goods")
async def hear(
    visitor: Annotated[Visitor, Depends(KeyOrSignature(*EVERYBODY))],
    return_id: ReturnId,
    said: Annotated[Told, Depends(Spoken(Told, TOLD))],
    tools: Given,
    number: Annotated[str, Depends(number_of)],
) -> Answer:
    """Sent back, arrived, inspected, sent home again. The same `Idempotency-Key` is one fact, at its first hour."""
    return await heard(tools, visitor, return_id, said, number)


async def heard(tools: Tools, visitor: Visitor, return_id: Id, said: Told, number: str) -> Answer:
    """Kept, and told to its story. Raises: Problem 403, 404, 409, 422."""
    telling = _telling(visitor, said, number)
    known = await seen(tools, visitor, return_id)
    if said.kind == SENT_HOME and (reason := keeps_the_goods(known.matter)):
        raise Refused(reason)
    if len(known.matter.model_dump_json()) > FULL:
        raise Refused("told_too_much")
    await _must_be_ours(tools, said.body.get("place"))
    await _must_show_it(tools, known.matter, said.body.get("pictures"))
    kept = await tell(tools, return_id, telling)
    if (kept.source, kept.body) != (telling.source, telling.body):
        raise Refused("other_fact")
    await tools.audit.note(visitor.name, visitor.role, f"tell.{said.kind}", return_id)
    return Answer(id=return_id, stage=known.standing.stage)


async def _must_be_ours(tools: Tools, place: JsonValue) -> None:
    """Goods lie in a place that we know, or not at all. Raises: Problem 422."""
    if isinstance(place, str) and not await tools.boxes.is_place(place):
        raise invalid("#/body/place", "is no place of ours", "place_unknown")


async def _must_show_it(tools: Tools, matter: Return, pictures: JsonValue) -> None:
    """Pictures that a fact names were taken of this return. Raises: Problem 422."""
    if pictures:
        known = [one.id for one in await tools.pictures.listing(matter.order, matter.id)]
        if not isinstance(pictures, list) or any(one not in known for one in pictures):
            raise invalid("#/body/pictures", "must name pictures of this return", "picture_unknown")


def _telling(visitor: Visitor, said: Told, number: str) -> Telling:
    """Their word as a story hears it. Raises: Problem 403, 422."""
    must_be_theirs(visitor, said.kind, TELLERS)
    must_not_say(ENVELOPE, said.body, "does not belong here", "#/body")
    source = TRUSTED.get(visitor.role, Source.DESK)
    return telling_of({**said.body, "by": visitor.name}, said.kind, source, f"{number}.{said.kind}", said.at)

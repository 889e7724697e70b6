"""Returns at the door: asked for, decided, told of, and let go by finance."""

from enum import StrEnum
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import BaseModel, Field, JsonValue, TypeAdapter, ValidationError

from api import stories
from api.dependencies import Given, Spoken, now, only
from api.desk import OURS, PARTY, number_of
from api.errors import Fault, Problem, again_later, faults_of
from api.reaching import reaching
from api.records import known_of
from api.relay import begin
from api.return_views import ReturnView, view
from api.tools import Tools
from api.visitors import EVERYBODY, Visitor
from api.wishes import mark
from connectors.ports import Addressed
from models.asking import NewReturn
from models.case import Role
from models.errors import Missing, Refused, Unavailable
from models.fact import FACT, Telling
from models.noun import Id, Money, Segment, When
from models.returns import Claim, Grade, Kind, Why
from models.rma import Return, ReturnRecord, ReturnStage
from models.stage import Source
from models.wish import ReturnWish
from rules.return_stages import DONE_KINDS
from rules.urgency import urgent_word
from store.returns import ReturnFilter, ReturnRow

router = APIRouter(tags=["returns"])
RETURN: Final = r"^[0-9A-HJKMNP-TV-Z]{16}-R[1-9][0-9]{0,3}$"
ReturnId = Annotated[str, Path(pattern=RETURN)]
ASKERS: Final = (Role.ADMIN, Role.OPS, Role.SERVICE, Role.SHOP)
MONEY: Final = (Role.ADMIN, Role.FINANCE)
_DESK: Final = (Role.ADMIN, Role.OPS)
WISHERS: Final[dict[str, tuple[Role, ...]]] = {
    "decide": (*_DESK, Role.SERVICE),
    "withdraw": (*_DESK, Role.SERVICE, Role.SHOP),
    "hold": (*_DESK, Role.SERVICE, Role.WAREHOUSE, Role.FINANCE),
    "release": (*_DESK, Role.SERVICE, Role.WAREHOUSE, Role.FINANCE),
    "trigger": MONEY,
    "refuse_refund": MONEY,
    "retry": (*_DESK, Role.FINANCE),
    "give_up": (*_DESK, Role.FINANCE),
    "amend_policy": _DESK,
    "dismiss": _DESK,
    "close_case": (*_DESK, Role.SERVICE, Role.WAREHOUSE, Role.FINANCE),
}
TELLERS: Final[dict[str, tuple[Role, ...]]] = {
    "goods_sent_back": ASKERS,
    "goods_arrived": (*_DESK, Role.WAREHOUSE),
    "goods_inspected": (*_DESK, Role.WAREHOUSE),
}
TRUSTED: Final = {Role.WAREHOUSE: Source.WAREHOUSE, Role.SHOP: Source.CHANNEL}  # of anybody else it is the desk's word
Words = dict[str, JsonValue]
WORDS: TypeAdapter[Words] = TypeAdapter(Words)
WISH: TypeAdapter[ReturnWish] = TypeAdapter(ReturnWish)


class Asking(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """What a customer wants back."""

    order: Id = Field(description="<channel>/<shop>/<number>")
    kind: Kind
    why: Why
    claims: tuple[Claim, ...] = Field((), max_length=500, description="Units of the order's lines.")
    grade: Grade | None = Field(None, description="What the customer says of the goods.")
    sum: Money | None = Field(None, description="Of a compensation.")
    note: str = Field("", max_length=500, description="Beside the reason, never instead of it.")


class Told(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Something that happened to the goods."""

    kind: str = Field(pattern="^[a-z_]{1,40}$")
    at: When
    body: Words


class Listed(BaseModel, frozen=True):
    """A page of returns, the one that has waited longest first."""

    rows: tuple[ReturnRow, ...]


class Answer(BaseModel, frozen=True):
    """The wish was granted; this is where the return stands now."""

    id: Id
    stage: ReturnStage


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
DEEDS: Final = {Deed.TRIGGER: "trigger", Deed.HOLD: "hold", Deed.RELEASE: "release", Deed.REFUSE: "refuse_refund"}
Key = Annotated[str | None, Header(alias="idempotency-key", pattern=r"^[A-Za-z0-9_.:-]{1,80}$")]


@router.post("/returns", status_code=201, summary="Ask something back")
async def ask(
    visitor: Annotated[Visitor, only(*ASKERS)],
    said: Annotated[Asking, Depends(Spoken(Asking, ASKED))],
    tools: Given,
    key: Key = None,
) -> ReturnView:
    """A durable story begins; what is eligible and small is agreed to at once. The same `Idempotency-Key` is once."""
    if not visitor.may_see(said.order):
        raise Missing("order_unknown")
    _must_fit(said)
    await known_of(tools, said.order)  # else a note would make a key for an order that may yet come
    note_id = await tools.contacts.add_note(said.order, said.note) if said.note else None
    words = said.model_dump(exclude={"note"})
    extra = {"by": visitor.name, "key": key, "note_id": note_id, "urgent": urgent_word(said.note)}
    made, is_new = await tools.returns.ask(NewReturn(**words, **extra))
    if is_new:
        await tools.audit.note(visitor.name, visitor.role, f"return.{made.kind}", made.id)
        await begin(tools, made)
    return view(await tools.returns.get(made.id))


def _must_fit(said: Asking) -> None:
    """Goods are named, and a compensation has its sum. Raises: Problem 422."""
    if said.kind not in DONE_KINDS:
        known = ", ".join(DONE_KINDS)
        raise Problem(422, "invalid", errors=[Fault(pointer="#/kind", detail=f"must be one of {known}", code="enum")])
    is_sum = said.kind is Kind.COMPENSATION
    if is_sum != (said.sum is not None and said.sum.minor > 0):
        detail = "is missing" if is_sum else "does not belong here"
        raise Problem(422, "invalid", errors=[Fault(pointer="#/sum", detail=detail, code="sum")])
    if not is_sum and not said.claims:
        raise Problem(422, "invalid", errors=[Fault(pointer="#/claims", detail="is missing", code="missing")])


@router.get("/returns", summary="List returns")
async def listing(  # noqa: PLR0913 - every filter is an argument
    visitor: Annotated[Visitor, only(*EVERYBODY)],
    tools: Given,
    stage: ReturnStage | None = None,
    order: Id | None = None,
    shop: Id | None = None,
    *,
    overdue: bool = False,
    after: Annotated[str | None, Query(pattern=RETURN)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Listed:
    """The one that has waited longest first. The last number of a page is `after` of the next."""
    which = ReturnFilter(stage, order, visitor.shop or shop, overdue, limit, after)
    return Listed(rows=await tools.returns.listing(which))


@router.get("/returns/{return_id}", summary="One return")
async def one(visitor: Annotated[Visitor, only(*EVERYBODY)], return_id: ReturnId, tools: Given) -> ReturnView:
    """Where it stands, why, who decided, and what goes back."""
    return view(await seen(tools, visitor, return_id))


@router.post("/returns/{return_id}/wishes", summary="Want something of a return")
async def wish(
    visitor: Annotated[Visitor, only(*EVERYBODY)],
    return_id: ReturnId,
    words: Annotated[Words, Depends(Spoken(WORDS, WISHED))],
    tools: Given,
    key: Key = None,
) -> Answer:
    """Granted, or refused with the reason. The same `Idempotency-Key` again is the same wish."""
    return await _granted(tools, visitor, return_id, words, key)


@router.post("/returns/{return_id}/facts", status_code=202, summary="Tell what happened to the goods")
async def tell(
    visitor: Annotated[Visitor, only(*EVERYBODY)],
    return_id: ReturnId,
    said: Annotated[Told, Depends(Spoken(Told, TOLD))],
    tools: Given,
    number: Annotated[str, Depends(number_of)],
) -> Answer:
    """Sent back, arrived, inspected. The same `Idempotency-Key` is the same fact."""
    telling = _telling(visitor, said, number)
    known = await seen(tools, visitor, return_id)
    raw = telling.model_dump_json().encode()
    tools.tray.put(await tools.inbox.keep(PARTY, PARTY, raw, (Addressed("ours", return_id, telling),)))
    await tools.audit.note(visitor.name, visitor.role, f"tell.{said.kind}", return_id)
    return Answer(id=return_id, stage=view(known).stage)


@router.get("/finance/refunds", summary="List refunds")
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


@router.post("/finance/refunds/{return_id}/{deed}", summary="Let a refund go, hold, release or refuse it")
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
    return await _granted(tools, visitor, return_id, {"kind": DEEDS[deed], **extra}, key)


async def seen(tools: Tools, visitor: Visitor, return_id: Id) -> Return | ReturnRecord:
    """What is known of it. Raises: Missing, also where a shop asks for another's."""
    known = await tools.returns.get(return_id)
    order = known.order if isinstance(known, Return) else known.matter.order
    if not visitor.may_see(order):
        raise Missing("return_unknown")
    return known


async def _granted(tools: Tools, visitor: Visitor, return_id: Id, words: Words, key: str | None) -> Answer:
    kind = words.get("kind")
    if not isinstance(kind, str) or kind not in WISHERS:
        detail = f"must be one of {', '.join(WISHERS)}"
        raise Problem(422, "invalid", errors=[Fault(pointer="#/kind", detail=detail, code="enum")])
    if visitor.role not in WISHERS[kind]:
        raise Problem(403, "not_yours")
    known = await seen(tools, visitor, return_id)
    again, under = key or uuid4().hex, mark(tools, visitor, {**words, "under": key})
    wanted = _wanted(visitor, words, under if key else None)
    try:
        async with reaching(tools.terms.answer_within):
            stage = await stories.wish_back(tools.temporal, return_id, wanted, f"{again}.{under}")
    except Unavailable as failure:
        raise again_later(failure.code, again) from None
    except Missing:
        if isinstance(known, ReturnRecord) and known.is_ended:
            raise Refused("ended") from None
        raise
    await tools.audit.note(visitor.name, visitor.role, f"wish.{kind}", return_id)
    return Answer(id=return_id, stage=stage)


def _wanted(visitor: Visitor, words: Words, key: str | None) -> ReturnWish:
    """Raises: Problem 422."""
    ours = {"by": visitor.name, "key": key, **({"role": visitor.role} if words["kind"] == "decide" else {})}
    if taken := sorted({"by", "key", "role", "rung"} & words.keys()):
        faults = [Fault(pointer=f"#/{name}", detail="is not yours to say", code="extra") for name in taken]
        raise Problem(422, "invalid", errors=faults)
    try:
        return WISH.validate_python({**words, **ours})
    except ValidationError as error:
        raise Problem(422, "invalid", errors=[_outside(fault) for fault in faults_of(error)]) from None


def _outside(fault: Fault) -> Fault:
    """A wish's kind is no step on the way to its fields."""
    return fault.model_copy(update={"pointer": "/".join(("#", *fault.pointer.split("/")[2:]))})


def _telling(visitor: Visitor, said: Told, number: str) -> Telling:
    """Their word as a story hears it. Raises: Problem 403, 422: what no story could read never leaves the door."""
    if said.kind not in TELLERS:
        detail = f"must be one of {', '.join(TELLERS)}"
        raise Problem(422, "invalid", errors=[Fault(pointer="#/kind", detail=detail, code="enum")])
    if visitor.role not in TELLERS[said.kind]:
        raise Problem(403, "not_yours")
    if taken := sorted(OURS & said.body.keys()):
        faults = [Fault(pointer=f"#/body/{name}", detail="does not belong here", code="extra") for name in taken]
        raise Problem(422, "invalid", errors=faults)
    envelope = {
        "kind": said.kind,
        "source": TRUSTED.get(visitor.role, Source.DESK),
        "id": f"{number}.{said.kind}",
        "at": said.at,
    }
    body = {**said.body, "by": visitor.name}
    try:
        FACT.validate_python({**body, **envelope, "heard_at": now()})
    except ValidationError as error:
        faults = [
            fault.model_copy(update={"pointer": f"#/body/{'/'.join(fault.pointer.split('/')[2:])}"})
            for fault in faults_of(error)
        ]
        raise Problem(422, "invalid", errors=faults) from None
    return Telling(**envelope, body=body)

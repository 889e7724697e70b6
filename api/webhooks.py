"""What outside parties tell us: verified over the raw bytes, kept, thanked in their own words, told afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response

from api.dependencies import Given, Part, Public, place_of, spend
from api.errors import Problem
from api.limits import WEBHOOK_BODY
from api.messages import message_of
from api.quotas import Limit
from api.tools import Tools
from api.tracing import note
from connectors.ports import Addressed, Listener, Message, Reply
from models.errors import Failure, Forged, Garbled, Missing
from models.fact import Telling
from models.noun import Id

router = APIRouter(prefix="/webhooks/{kind}/{party}/{account}", tags=["webhooks"])
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{16,128}$")]
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "What stops this sender's retries, in its own words.", "content": {"*/*": {}}}
}


class Kind(StrEnum):
    """What kind of party speaks."""

    PAYMENTS = "payments"
    COURIERS = "couriers"
    CHANNELS = "channels"


@dataclass(frozen=True)
class Sender:
    """Who a path says is speaking."""

    kind: Kind
    party: Id
    account: Id


async def sender_of(kind: Kind, party: Part, account: Part) -> Sender:
    """Who a path says is speaking."""
    return Sender(kind, party, account)


Sent = Annotated[Sender, Depends(sender_of)]


@router.post("", dependencies=[Depends(Public())], responses=ANSWERS, summary="A party that signs tells us")
async def hear(sender: Sent, request: Request, tools: Given) -> Response:
    """For parties that sign. The answer comes after the transaction that keeps the message."""
    return await _answer(tools, request, sender, "")


@router.post("/{token}", dependencies=[Depends(Public())], responses=ANSWERS, summary="A party that does not")
async def hear_unsigned(sender: Sent, token: Token, request: Request, tools: Given) -> Response:
    """For parties that do not sign: the path is the secret, and the message only makes us ask."""
    return await _answer(tools, request, sender, token)


async def _answer(tools: Tools, request: Request, sender: Sender, token: str) -> Response:
    party, whose = sender.party, (sender.party, sender.account)
    try:
        listener = tools.registry.listener(sender.kind, *whose)
    except Missing:
        raise Problem(404, "not_found") from None
    with tools.figures.heard.labels(party).time():
        try:
            message = await message_of(request, WEBHOOK_BODY, token)
            outcome, reply = await _heard(tools, listener, whose, message, place_of(request))
        except Problem as problem:
            reply = replace(listener.sorry(problem.code), status=problem.status)
            return _spoken(tools, party, problem.code, reply, problem.headers)
        return _spoken(tools, party, outcome, reply)


def _spoken(tools: Tools, party: Id, outcome: str, reply: Reply, headers: Mapping[str, str] | None = None) -> Response:
    tools.figures.webhooks.labels(party, outcome).inc()
    note(party, outcome)
    return Response(reply.body, reply.status, headers, reply.media_type)


async def _heard(
    tools: Tools, listener: Listener, whose: tuple[Id, Id], message: Message, place: str
) -> tuple[str, Reply]:
    """What became of it, and the sender's answer. Nothing is thanked for that is not safe. Raises: Problem 429.

    Why a party's own quota is asked after its signature: nobody else can use it up.
    """
    try:
        addressed = listener.read(message)
        spend(tools, Limit.KEY, "/".join(whose))
        return await _kept(tools, whose, message, addressed), listener.thanks()
    except Forged as failure:
        spend(tools, Limit.FAILURES, place)
        return "forged", listener.sorry(failure.code)
    except Garbled as failure:
        return await _set_aside(tools, listener, whose, message, failure.code)
    except Failure as failure:
        return failure.code, listener.sorry(failure.code)


async def _kept(tools: Tools, whose: tuple[Id, Id], message: Message, addressed: tuple[Addressed, ...]) -> str:
    party, account = whose
    words = (f"{party}/{account}".encode(), message.body)
    if not addressed:
        return "nothing"
    if tools.replays.knows(*words):
        return "again"
    kept = await tools.inbox.keep(party, account, message.body, [_by_waybill(one) for one in addressed])
    tools.replays.note(*words)
    tools.tray.put(kept)
    return "kept" if any(one.is_new for one in kept) else "again"


def _by_waybill(one: Addressed) -> Addressed:
    """A courier that knows our parcel only by its waybill: the relay finds it, now or when the label is known."""
    if one.to != "waybill" or "parcel" in one.telling.body:
        return one
    body = {**one.telling.body, "waybill": one.key}
    return replace(one, telling=one.telling.model_copy(update={"body": body}))


async def _set_aside(
    tools: Tools, listener: Listener, whose: tuple[Id, Id], message: Message, code: Id
) -> tuple[str, Reply]:
    """What we cannot read is kept raw and waits for a person: it is read again when the connector is mended.

    Raises: Problem 429 where there is more of it than a person can read.
    """
    party, account = whose
    spend(tools, Limit.FAILURES, f"garbled/{party}/{account}")
    try:
        kept = await tools.inbox.keep(party, account, message.body, (_unreadable(party, message, message.heard_at),))
        for one in kept:
            await tools.inbox.park(one.row, code)
    except Failure as failure:
        return failure.code, listener.sorry(failure.code)
    return "garbled", listener.sorry(code)


def _unreadable(party: Id, message: Message, at: datetime) -> Addressed:
    number = sha256(message.body).hexdigest()[:32]
    telling = Telling(kind="unreadable", source=party, id=f"raw:{number}", at=at, body={})
    return Addressed(to="ours", key="nobody", telling=telling)

"""Wishes at the door: who may wish for what, and the story's answer."""

import hmac
import json
import re
from collections.abc import Mapping
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, ValidationError

from api import stories
from api.dependencies import Given, OrderId, Spoken, seen_by
from api.errors import Fault, Problem, again_later, of_validation
from api.reaching import reaching
from api.records import known_of
from api.saying import WORDS, Words, must_be_theirs, must_not_say, understood
from api.signatures import KeyOrSignature
from api.tools import Tools
from api.visitors import EVERYBODY, Visitor
from models.case import Role
from models.contact import GivenContact
from models.errors import Missing, Refused, Unavailable
from models.noun import Id
from models.stage import Stage
from models.wish import WISH, Wish

router = APIRouter(prefix="/orders/{channel}/{shop}/{number}", tags=["wishes"])
KEY = re.compile(r"[A-Za-z0-9_.:-]{1,80}")

_DESK: Final = (Role.ADMIN, Role.OPS)
WISHERS: Final[Mapping[str, tuple[Role, ...]]] = {  # who may ask; whether it is granted is the story's matter
    "cancel": (*_DESK, Role.SERVICE, Role.SHOP),
    "cancel_rest": (*_DESK, Role.SERVICE, Role.SHOP),
    "hold": (*_DESK, Role.SERVICE, Role.WAREHOUSE, Role.FINANCE),
    "release": (*_DESK, Role.SERVICE, Role.WAREHOUSE, Role.FINANCE),
    "change_address": (*_DESK, Role.SERVICE, Role.SHOP),
    "approve": (*_DESK, Role.FINANCE),
    "urge": (*_DESK, Role.SERVICE, Role.SHOP),
    "amend_policy": _DESK,
    "retry": (*_DESK, Role.WAREHOUSE, Role.FINANCE),
    "give_up": _DESK,
    "dismiss": _DESK,
    "close_case": (*_DESK, Role.SERVICE, Role.WAREHOUSE, Role.FINANCE),
}
OURS: Final = frozenset(("by", "key", "role", "contact_version", "destination"))  # from their key, or the address
EXAMPLE: Final = {"kind": "cancel", "reason": "changed_mind"}


class Granted(BaseModel, frozen=True):
    """The wish was granted; this is where the order stands now."""

    order: Id
    kind: str
    stage: Stage


@router.post("/wishes", summary="Want something of an order")
async def wish(
    visitor: Annotated[Visitor, Depends(KeyOrSignature(*EVERYBODY))],
    order_id: OrderId,
    words: Annotated[Words, Depends(Spoken(WORDS, EXAMPLE))],
    tools: Given,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Granted:
    """Granted, or refused with the reason. The same `Idempotency-Key` again is the same wish."""
    return await granted(tools, visitor, order_id, words, idempotency_key)


async def granted(tools: Tools, visitor: Visitor, order_id: Id, words: Words, key: str | None) -> Granted:
    """The story's answer. Raises: Problem 403, 404, 409 with the reason, 422, 503 with the key to ask again by."""
    is_first, key = key is None, _key(key)
    known = await known_of(tools, seen_by(visitor, order_id))
    kind = must_be_theirs(visitor, words.get("kind"), WISHERS)
    if known.record.is_ended and is_first:
        raise Refused("ended")
    update = f"{key}.{mark(tools, visitor, words)}"
    wanted = None if known.record.is_ended else await _wanted(tools, visitor, order_id, words)
    try:
        async with reaching(tools.terms.answer_within):
            stage = await _answer(tools, order_id, wanted, update)
    except Refused:
        tools.figures.wishes.labels(kind, "refused").inc()
        raise
    except Unavailable as failure:
        tools.figures.wishes.labels(kind, "unanswered").inc()
        raise again_later(failure.code, key) from None
    tools.figures.wishes.labels(kind, "granted").inc()
    await tools.audit.note(visitor.name, visitor.role, f"wish.{kind}", order_id)
    return Granted(order=order_id, kind=kind, stage=stage)


async def _answer(tools: Tools, order_id: Id, wanted: Wish | None, update: str) -> Stage:
    """The story's answer; of one that has ended, what it said when it was asked before. Raises: Refused("ended")."""
    try:
        if wanted:
            return await stories.wish(tools.temporal, order_id, wanted, update)
    except Missing:
        if not (await known_of(tools, order_id)).record.is_ended:
            raise
    try:
        return await stories.answered(tools.temporal, order_id, update)
    except Missing:
        raise Refused("ended") from None


def may_wish(visitor: Visitor, kind: str) -> bool:
    """Whether the role may ask for it at all."""
    return visitor.role in WISHERS.get(kind, ())


def _key(given: str | None) -> str:
    if given is not None and not KEY.fullmatch(given):
        raise Problem(422, "invalid", errors=[Fault(pointer="#", detail="Idempotency-Key is not valid", code="header")])
    return given or uuid4().hex


def mark(tools: Tools, visitor: Visitor, words: Words) -> str:
    """The same key with another wish is another wish: nobody is told that what they did not ask for was granted."""
    said = json.dumps([visitor.name, words], sort_keys=True).encode()
    return hmac.digest(tools.terms.session_key, said, "sha256").hex()[:12]


async def _wanted(tools: Tools, visitor: Visitor, order_id: Id, words: Words) -> Wish:
    must_not_say(OURS, words, "is not yours to say")
    if words["kind"] == "change_address":
        words = await _moved(tools, order_id, words)
    return understood(WISH, {**words, "by": visitor.name})


async def _moved(tools: Tools, order_id: Id, words: Words) -> Words:
    """The new contact goes to the store; what travels is its number and the district."""
    try:
        receiver = GivenContact.model_validate(words.get("receiver"))
    except ValidationError as error:
        raise of_validation(error, under=("receiver",)) from None
    version = await tools.contacts.add(order_id, receiver)
    rest = {name: word for name, word in words.items() if name != "receiver"}
    return {**rest, "contact_version": version, "destination": receiver.district_code}

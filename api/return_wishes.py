"""Wishes of a return at the door: who may wish for what, and the story's answer."""

from typing import Annotated, Final
from uuid import uuid4

from fastapi import Header, Path, Query
from pydantic import BaseModel, TypeAdapter

from api import stories
from api.errors import again_later
from api.reaching import reaching
from api.return_words import MONEY_BECAUSE, WORDINGS, Use
from api.saying import Words, invalid, must_be_theirs, must_not_say, understood
from api.tools import Tools
from api.visitors import Visitor
from api.wishes import mark
from models.case import Role
from models.errors import Missing, Refused, Unavailable
from models.noun import Id
from models.rma import ReturnRecord, ReturnStage
from models.wish import Decide, JudgeGoods, RefuseRefund, ReturnWish
from rules.return_permissions import MONEY

RETURN: Final = r"^[0-9A-HJKMNP-TV-Z]{16}-R[1-9][0-9]{0,3}$"
ReturnId = Annotated[str, Path(pattern=RETURN)]
After = Annotated[str | None, Query(max_length=300, description="`next` of the page before.")]
Key = Annotated[str | None, Header(alias="idempotency-key", pattern=r"^[A-Za-z0-9_.:-]{1,80}$")]
DESK: Final = (Role.ADMIN, Role.OPS)
WISHERS: Final[dict[str, tuple[Role, ...]]] = {
    "decide": (*DESK, Role.SERVICE),
    "withdraw": (*DESK, Role.SERVICE, Role.SHOP),
    "hold": (*DESK, Role.SERVICE, Role.WAREHOUSE, Role.FINANCE),
    "release": (*DESK, Role.SERVICE, Role.WAREHOUSE, Role.FINANCE),
    "trigger": MONEY,
    "refuse_refund": MONEY,
    "judge_goods": (*DESK, Role.SERVICE),
    "retry": (*DESK, Role.FINANCE),
    "give_up": (*DESK, Role.FINANCE),
    "amend_policy": DESK,
    "dismiss": DESK,
    "close_case": (*DESK, Role.SERVICE, Role.WAREHOUSE, Role.FINANCE),
}
OURS: Final = frozenset(("by", "key", "role", "rung", "note_id"))
ROLED: Final = ("decide", "hold", "release", "close_case")  # what is asked of a role, and not only of a person
WISH: TypeAdapter[ReturnWish] = TypeAdapter(ReturnWish)


class Answer(BaseModel, frozen=True):
    """Where the return stands now."""

    id: Id
    stage: ReturnStage


async def seen(tools: Tools, visitor: Visitor, return_id: Id) -> ReturnRecord:
    """What is known of it. Raises: Missing, also where a shop asks for another's."""
    known = await tools.returns.get(return_id)
    if not visitor.may_see(known.matter.order):
        raise Missing("return_unknown")
    return known


async def granted(tools: Tools, visitor: Visitor, return_id: Id, words: Words, key: str | None) -> Answer:
    """The story's answer. Raises: Problem 403, 404, 409 with the reason, 422, 503 with the key to ask again by."""
    kind = must_be_theirs(visitor, words.get("kind"), WISHERS)
    await seen(tools, visitor, return_id)
    again, under = key or uuid4().hex, mark(tools, visitor, {**words, "under": key})
    wanted = _wanted(visitor, await _looked_at(tools, return_id, words), under if key else None)
    try:
        async with reaching(tools.terms.answer_within):
            stage = await stories.wish_back(tools.temporal, return_id, wanted, f"{again}.{under}")
    except Unavailable as failure:
        raise again_later(failure.code, again) from None
    except Missing:
        if (await tools.returns.get(return_id)).is_ended:  # perhaps a moment ago, by somebody else's wish
            raise Refused("ended") from None
        raise
    await tools.audit.note(visitor.name, visitor.role, f"wish.{kind}", return_id)
    return Answer(id=return_id, stage=stage)


async def _looked_at(tools: Tools, return_id: Id, words: Words) -> Words:
    """Who lets money go and does not say how much means the sum that is shown."""
    if words["kind"] != "trigger" or "up_to" in words:
        return words
    return {**words, "up_to": (await tools.returns.sum_of(return_id)).model_dump(mode="json")}


def _wanted(visitor: Visitor, words: Words, key: str | None) -> ReturnWish:
    must_not_say(OURS, words, "is not yours to say")
    role = {"role": visitor.role} if words["kind"] in ROLED else {}
    wish = understood(WISH, {**words, "by": visitor.name, "key": key, **role})
    match wish:
        case Decide():
            must_be_worded(wish.word, is_agreed=wish.is_agreed)
        case JudgeGoods():
            must_be_worded(wish.word, is_agreed=wish.is_passed)
        case RefuseRefund() if wish.word not in MONEY_BECAUSE:
            must_be_worded(wish.word, is_agreed=False, others=tuple(MONEY_BECAUSE))
    return wish


def must_be_worded(word: Id, *, is_agreed: bool, others: tuple[Id, ...] = ()) -> None:
    """A customer is told in the words of a template, and of the right one. Raises: Problem 422."""
    use = Use.APPROVE if is_agreed else Use.REFUSE
    known = [*others, *(name for name, wording in WORDINGS.items() if wording.use is use)]
    if word not in known:
        raise invalid("#/word", f"must be a wording to {use}: one of {', '.join(known)}", "enum")

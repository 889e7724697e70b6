"""One wish for several returns at once: each is answered by itself, granted or refused with the reason."""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.dependencies import Given, Spoken, only
from api.errors import Problem, of_exception
from api.return_wishes import RETURN, WISHERS, Key, granted, must_be_worded
from api.return_words import WORDINGS, Use
from api.saying import Words
from api.tools import Tools
from api.visitors import Visitor
from models.errors import Failure
from models.noun import Id
from models.rma import ReturnStage

router = APIRouter(tags=["returns"])
MOST: Final = 200
AT_ONCE: Final = 8  # of one request: many stories, one store
SILENT: Final = 3  # without an answer, and the others are not even asked
UNAVAILABLE: Final = 503
WRONG_FOR_ALL: Final = (403, 422)
Numbers = Annotated[tuple[Annotated[str, Field(pattern=RETURN)], ...], Field(min_length=1, max_length=MOST)]


class Fate(StrEnum):
    """What became of one wish."""

    GRANTED = "granted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"  # it may have been done: asked again under the same key it is done once


class Answered(BaseModel, frozen=True):
    """One of many."""

    id: Id
    answer: Fate
    stage: ReturnStage | None = None
    code: Id | None = None
    detail: str | None = None


class Answers(BaseModel, frozen=True):
    """One answer for each, in the order in which they were named."""

    answers: tuple[Answered, ...]


class Decisions(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """The same decision on several returns, in the words of a template."""

    returns: Numbers
    is_agreed: bool
    word: Id = Field(description=f"One of {', '.join(word for word, it in WORDINGS.items() if it.use is not Use.ASK)}.")


DECIDED: Final = {"returns": ["0000000000000001-R1"], "is_agreed": False, "word": "refuse_too_late"}


@router.post("/returns/decisions", summary="Decide on many returns")
async def decide(
    visitor: Annotated[Visitor, only(*WISHERS["decide"])],
    said: Annotated[Decisions, Depends(Spoken(Decisions, DECIDED))],
    tools: Given,
    key: Key = None,
) -> Answers:
    """Up to 200; each is answered by itself. The same `Idempotency-Key` again is the same decision on each of them."""
    must_be_worded(said.word, is_agreed=said.is_agreed)
    words: Words = {"kind": "decide", "is_agreed": said.is_agreed, "word": said.word}
    return Answers(answers=await each(tools, visitor, dict.fromkeys(said.returns, words), key))


async def each(tools: Tools, visitor: Visitor, said: Mapping[Id, Words], key: str | None) -> tuple[Answered, ...]:
    """What is said of each, a few at a time. Where one after the other stays silent, nobody waits for the rest of them.

    Raises: Problem 403, where the role may not wish for it at all; 422.
    """
    turn, silent = asyncio.Semaphore(AT_ONCE), list[Id]()

    async def one(number: Id, words: Words) -> Answered:
        async with turn:
            if len(silent) >= SILENT:
                return _no(number, Fate.UNANSWERED, "not_asked")
            answered = await _answer(tools, visitor, number, words, key)
            silent.extend([number] if answered.answer is Fate.UNANSWERED else [])
            return answered

    return tuple(await asyncio.gather(*(one(number, words) for number, words in said.items())))


async def _answer(tools: Tools, visitor: Visitor, number: Id, words: Words, key: str | None) -> Answered:
    try:
        stage = (await granted(tools, visitor, number, words, key)).stage
    except (Problem, Failure) as failure:
        problem = of_exception(failure)
        if problem.status in WRONG_FOR_ALL:
            raise problem from None
        is_known = problem.status != UNAVAILABLE
        return _no(number, Fate.REFUSED if is_known else Fate.UNANSWERED, problem.code)
    return Answered(id=number, answer=Fate.GRANTED, stage=stage)


def _no(number: Id, answer: Fate, code: str) -> Answered:
    return Answered(id=number, answer=answer, code=code, detail=Problem(409, code).detail)

"""What a caller gets when we say no: problem documents, made here and nowhere else.

Source: RFC 9457, https://www.rfc-editor.org/rfc/rfc9457, July 2023, read 2026-11-22.
Why: no document repeats what was sent. A wrong field is named, never quoted: it may be somebody's phone number.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from api.sentences import FIELD_SENTENCES, SENTENCES
from models.errors import Failure, Forged, Garbled, Missing, Refused, Unavailable

MEDIA_TYPE: Final = "application/problem+json"
STATUS_CODES: Final = {404: "not_found", 405: "method_not_allowed"}
AGAIN_AFTER: Final = 2  # seconds until it is worth asking again
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")  # a field's name, and no more than that
CODE = re.compile(r"[a-z][a-z0-9_.:-]{0,79}")


class Fault(BaseModel, frozen=True):
    """One field that is not as it should be."""

    pointer: str  # RFC 6901, in a fragment: #/lines/0/sku; # is the whole
    detail: str
    code: str


class Document(BaseModel, frozen=True):
    """A problem, as RFC 9457 writes it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    errors: tuple[Fault, ...] = ()
    differing: tuple[str, ...] = ()  # fields whose content is not the known one


class Problem(Exception):
    """Why this request is not done."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        errors: Sequence[Fault] = (),
        differing: Sequence[str] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code = status, code
        self.errors, self.differing = tuple(errors), tuple(differing)
        self.headers = headers or {}

    @property
    def detail(self) -> str:
        """Our own sentence for it; a code without one is made readable."""
        return SENTENCES.get(self.code) or f"{self.code.replace('_', ' ').replace('.', ' ').capitalize()}."

    def document(self, instance: str | None = None) -> Document:
        """The same, as it is written."""
        return Document(
            type=f"urn:orderhub:problem:{self.code}",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            code=self.code,
            instance=instance,
            errors=self.errors,
            differing=self.differing,
        )


def unauthorized(code: str) -> Problem:
    """Nobody knows who is asking."""
    return Problem(401, code, headers={"WWW-Authenticate": 'Bearer realm="orderhub"'})


def again_later(code: str, key: str | None = None) -> Problem:
    """Not now; with the key to ask again by, where asking twice must be doing once."""
    again = {"Idempotency-Key": key} if key else {}
    return Problem(503, code, headers={"Retry-After": str(AGAIN_AFTER), **again})


def of_failure(failure: Failure) -> Problem:
    """What a failure of ours is to a caller."""
    code = failure.code if CODE.fullmatch(failure.code) else "refused"
    match failure:
        case Missing():
            return Problem(410 if code == "forgotten" else 404, code)
        case Refused():
            return Problem(409, code)
        case Forged():
            return unauthorized(code)
        case Garbled():
            return _of_garbled(failure.code, code)
        case Unavailable():
            return again_later(code)
        case _:
            return Problem(500, "unexpected")


def _of_garbled(words: str, code: str) -> Problem:
    """A connector names the fields that are wrong: `wrong_fields:lines.0.sku,total`."""
    head, _, fields = words.partition(":")
    if head != "wrong_fields":
        return Problem(422, code)
    if fields == "body":
        return Problem(400, "not_json")
    paths = ["/".join(map(_step, field.split("."))) for field in fields.split(",")]
    return Problem(
        422, "invalid", errors=[Fault(pointer=f"#/{path}", detail="is not valid", code="wrong") for path in paths]
    )


def of_validation(error: ValidationError, under: tuple[str | int, ...] = ()) -> Problem:
    """A body that is not as it should be, field by field."""
    faults = faults_of(error, under)
    if faults and faults[0].code == "json_invalid":
        return Problem(400, "not_json")
    return Problem(422, "invalid", errors=faults)


def faults_of(error: ValidationError, under: tuple[str | int, ...] = ()) -> tuple[Fault, ...]:
    """What is wrong with each field."""
    return tuple(_faults(error.errors(include_input=False, include_url=False), under))


def _faults(details: Sequence[ErrorDetails], under: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    for detail in details:
        steps = [_step(step) for step in (*under, *detail["loc"])]
        yield Fault(pointer="/".join(("#", *steps)), detail=_sentence(detail), code=detail["type"])


def _step(step: int | str) -> str:
    return str(step) if isinstance(step, int) or step.isdecimal() or PLAIN.fullmatch(step) else "?"


def _sentence(detail: ErrorDetails) -> str:
    if detail["type"] == "value_error":
        return detail["msg"].removeprefix("Value error, ")  # a sentence of our own nouns
    limits = {name: value for name, value in detail.get("ctx", {}).items() if name != "tag"}
    try:
        return FIELD_SENTENCES[detail["type"]].format(**limits)
    except KeyError:
        return "is not valid"


def answer(problem: Problem, instance: str | None = None) -> Response:
    """The document on its way out."""
    body = problem.document(instance).model_dump_json(exclude_defaults=True)
    return Response(body, problem.status, {**problem.headers, "Cache-Control": "no-store"}, MEDIA_TYPE)


def of_exception(error: Exception) -> Problem:
    """Whatever was raised, as a problem."""
    match error:
        case Problem():
            return error
        case Failure():
            return of_failure(error)
        case RequestValidationError():
            return Problem(422, "invalid", errors=tuple(_faults(error.errors())))
        case HTTPException():
            code = STATUS_CODES.get(error.status_code, HTTPStatus(error.status_code).name.lower())
            return Problem(error.status_code, code, headers=dict(error.headers or {}))
        case _:
            return Problem(500, "unexpected")


async def tell(request: Request, error: Exception) -> Response:
    """Whatever was raised, answered."""
    return answer(of_exception(error), request.scope.get("instance"))


def install(app: FastAPI, told: Callable[[Request, Exception], Awaitable[Response]] = tell) -> None:
    """Every failure of this app leaves it as a problem document, or as what `told` makes of it."""
    for kind in (Problem, Failure, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, told)

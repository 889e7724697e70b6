"""What an endpoint asks for: its tools, who is asking, which order, which words.

Why all of them are coroutines: FastAPI sends a plain function to a thread, which costs more than it does.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import TypeAdapter, ValidationError

from api.errors import Problem, of_validation, unauthorized
from api.limits import SMALL_BODY, body_of
from api.quotas import Limit, household
from api.tools import Tools
from api.visitors import Visitor, digest_of
from models.case import Role
from models.noun import SEGMENT, Id

T = TypeVar("T")
BEARER = HTTPBearer(auto_error=False, scheme_name="key", description="One key for each role, one for each shop.")
Part = Annotated[str, Path(pattern=SEGMENT)]


async def given(request: Request) -> Tools:
    """What this door was built with."""
    return tools_of(request)


def tools_of(request: Request) -> Tools:
    """What this door was built with."""
    tools = request.app.state.tools
    assert isinstance(tools, Tools)  # noqa: S101 - create_app put it there
    return tools


Given = Annotated[Tools, Depends(given)]


def now() -> datetime:
    """The door's clock: only the door reads it, whoever judges is handed it."""
    return datetime.now(UTC)


Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]


async def visitor_of(request: Request, tools: Given, shown: Credentials) -> Visitor:
    """Whose key it is. Raises: Problem 401; 429 where somebody tries keys."""
    if shown is None:
        raise unauthorized("no_key")
    return known_by(tools, shown.credentials, place_of(request))


def known_by(tools: Tools, secret: str, place: str) -> Visitor:
    """Whose key it is. Raises: Problem 401; 429 where somebody tries keys, or asks too often with a right one."""
    visitor = tools.terms.visitors.get(digest_of(secret))
    if visitor is None:
        spend(tools, Limit.FAILURES, place)
        raise unauthorized("key_unknown")
    spend(tools, Limit.KEY, visitor.name)
    return visitor


def spend(tools: Tools, limit: Limit, who: str) -> None:
    """Once more. Raises: Problem 429, which says when to come again."""
    if wait := tools.quotas.wait(limit, who):
        tools.figures.limited.labels(limit).inc()
        raise Problem(429, "too_often", headers={"Retry-After": str(wait)})


def place_of(request: Request) -> str:
    """Where a request comes from."""
    return household(request.client.host) if request.client else "nowhere"


class Only:
    """These roles and no others."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(self, visitor: Annotated[Visitor, Depends(visitor_of)]) -> Visitor:
        """The visitor, if the role is right. Raises: Problem 403."""
        if visitor.role not in self.roles:
            raise Problem(403, "not_yours")
        return visitor


class Public:
    """Nobody is asked for a key: the message proves itself, or there is nothing to hide."""

    async def __call__(self) -> None:
        """Come in."""


def only(*roles: Role) -> Any:
    """The visitor, who must have one of these roles."""
    return Depends(Only(*roles))


async def own_order(channel: Part, shop: Part, number: Part) -> Id:
    """The order that a path speaks of."""
    return f"{channel}/{shop}/{number}"


OrderId = Annotated[Id, Depends(own_order)]


def seen_by(visitor: Visitor, order: Id) -> Id:
    """The order, if it is theirs to see. Raises: Problem 404: nobody learns that another shop's order exists."""
    if not visitor.may_see(order):
        raise Problem(404, "order_unknown")
    return order


class Spoken(Generic[T]):
    """A JSON body, read only after it is known who speaks."""

    def __init__(self, kind: type[T] | TypeAdapter[T], example: object, limit: int = SMALL_BODY) -> None:
        self.words = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
        self.example, self.limit = example, limit

    async def __call__(self, request: Request) -> T:
        """The words, typed. Raises: Problem 400, 413, 415, 422."""
        body = await json_of(request, self.limit)
        try:
            return self.words.validate_json(body)
        except ValidationError as error:
            raise of_validation(error) from None


async def json_of(request: Request, limit: int) -> bytes:
    """The raw body of something that says it is JSON. Raises: Problem 413, 415."""
    json_type(request)
    return await body_of(request, limit)


def json_type(request: Request) -> None:
    """It says that it is JSON. Raises: Problem 415."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Problem(415, "wrong_media_type", headers={"Accept": "application/json"})

"""What callers say, held against who they are and what it can be; nothing unreadable leaves the door."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, NoReturn, TypeVar

from pydantic import JsonValue, TypeAdapter, ValidationError

from api.dependencies import now
from api.errors import Fault, Problem, faults_of
from api.tools import Tools
from api.visitors import Visitor
from connectors.ports import Addressed
from models.case import Role
from models.fact import FACT, Telling
from models.noun import Id
from models.stage import Source

T = TypeVar("T")
Words = dict[str, JsonValue]
WORDS: TypeAdapter[Words] = TypeAdapter(Words)
PARTY: Final = "desk"
ENVELOPE: Final = frozenset(("kind", "source", "id", "at", "heard_at", "by", "reason", "second"))  # ours to fill in


def invalid(pointer: str, detail: str, code: str) -> Problem:
    """One field that is not as it should be."""
    return Problem(422, "invalid", errors=[Fault(pointer=pointer, detail=detail, code=code)])


def must_be_theirs(visitor: Visitor, kind: object, whose: Mapping[str, tuple[Role, ...]]) -> str:
    """A kind that there is, and that their role may say. Raises: Problem 422, 403."""
    if not isinstance(kind, str) or kind not in whose:
        raise invalid("#/kind", f"must be one of {', '.join(whose)}", "enum")
    if visitor.role not in whose[kind]:
        raise Problem(403, "not_yours")
    return kind


def must_not_say(names: Collection[str], words: Words, detail: str, under: str = "#") -> None:
    """What only we may say. Raises: Problem 422."""
    if taken := sorted(set(names) & words.keys()):
        faults = [Fault(pointer=f"{under}/{name}", detail=detail, code="extra") for name in taken]
        raise Problem(422, "invalid", errors=faults)


def understood(what: TypeAdapter[T], words: object, under: str = "#") -> T:
    """One of several kinds, by its own word. Raises: Problem 422, with the fields as the caller named them."""
    try:
        return what.validate_python(words)
    except ValidationError as error:
        _not_understood(error, under)


def _not_understood(error: ValidationError, under: str) -> NoReturn:
    """The kind is no step on the way to a field."""
    steps = [(fault, fault.pointer.split("/")[2:]) for fault in faults_of(error)]
    faults = [fault.model_copy(update={"pointer": "/".join((under, *rest))}) for fault, rest in steps]
    raise Problem(422, "invalid", errors=faults) from None


def telling_of(body: Words, kind: str, source: Source, number: str, at: datetime) -> Telling:
    """Somebody's word as a story hears it. Raises: Problem 422: what no story could read."""
    envelope = {"kind": kind, "source": source, "id": number, "at": at}
    understood(FACT, {**body, **envelope, "heard_at": now()}, "#/body")
    return Telling(**envelope, body=body)


async def tell(tools: Tools, matter: Id, telling: Telling) -> Telling:
    """Kept like any other message, then told; what is kept under its number: of two the first."""
    raw = telling.model_dump_json().encode()
    kept = await tools.inbox.keep(PARTY, PARTY, raw, (Addressed("ours", matter, telling),))
    tools.tray.put(kept)
    return kept[0].telling

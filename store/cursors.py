"""Where a page of a list ends and the next one begins, whatever moves on in between."""

import base64
import binascii
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar

from pydantic import TypeAdapter

from models.errors import Refused
from models.noun import Id

R = TypeVar("R")
ID = TypeAdapter(Id)


class Place(NamedTuple):
    """By what lists are sorted: an instant, and of one instant the id."""

    at: datetime
    id: Id


@dataclass(frozen=True)
class Page(Generic[R]):
    """Some rows, and where the next ones begin; None: that was all."""

    rows: tuple[R, ...]
    next: str | None


def page(found: Sequence[R], limit: int, place_of: Callable[[R], Place]) -> Page[R]:
    """Of what was found by a statement that asked for one row more than is shown."""
    rows = tuple(found[:limit])
    return Page(rows, _cursor(place_of(rows[-1])) if rows and len(found) > limit else None)


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place.at.isoformat()} {place.id}".encode()).decode()


def is_cursor(word: str) -> bool:
    """Whether it can be one of ours."""
    with suppress(Refused):
        return bool(read(word))
    return False


def read(word: str) -> Place:
    """Where that was. Raises: Refused("bad_cursor"): it is none of ours."""
    try:
        at, _, last = base64.b64decode(word, altchars=b"-_", validate=True).decode().partition(" ")
        return Place(datetime.fromisoformat(at).astimezone(UTC), ID.validate_python(last))
    except (binascii.Error, ValueError, OverflowError):
        raise Refused("bad_cursor") from None

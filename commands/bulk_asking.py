"""How people write at a terminal what they want of many orders."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import typer
from pydantic import TypeAdapter, ValidationError

from commands.spelling import span
from models.bulk import Bulked, Scope
from models.noun import Id

WISH: Final[TypeAdapter[Bulked]] = TypeAdapter(Bulked)
WORD: Final[TypeAdapter[Id]] = TypeAdapter(Id)
KINDS: Final = {"hold": "hold", "release": "release", "amend": "amend_policy", "retry": "retry", "cancel": "cancel"}


def scope_of(words: Mapping[str, Any]) -> Scope:
    """Which orders. Raises: typer.BadParameter."""
    try:
        return Scope.model_validate({name: word for name, word in words.items() if word is not None})
    except ValidationError as error:
        names = sorted({str(detail["loc"][0]) for detail in error.errors(include_input=False)})
        raise typer.BadParameter(f"Not right: {', '.join(names)}. A district is written 65, 6501 or 650102.") from None


def wish_of(kind: str, by: Id, details: Mapping[str, Mapping[str, Any]]) -> Bulked:
    """What of each. Raises: typer.BadParameter."""
    if kind not in KINDS:
        raise typer.BadParameter(f"Nobody can wish {kind} of many orders. Known: {', '.join(KINDS)}.")
    try:
        return WISH.validate_python({"kind": KINDS[kind], "by": by, **details.get(kind, {})})
    except ValidationError:
        raise typer.BadParameter("A time limit is moved by thirty days at most.") from None


def reason_of(words: str) -> Id:
    """Why. Raises: typer.BadParameter."""
    try:
        return WORD.validate_python(words)
    except ValidationError:
        raise typer.BadParameter("A reason is one word of letters, digits and _ . - : as snow_in_xinjiang.") from None


def where(shop: str | None) -> dict[str, Id | None]:
    """A shop, or a whole channel."""
    return {"shop" if shop and "/" in shop else "channel": shop}


def ago(name: str, written: str | None, now: datetime) -> datetime | None:
    """So long ago. Raises: typer.BadParameter."""
    return now - span(name, written) if written else None


def longer(written: str | None) -> timedelta:
    """96h, or -12h. Raises: typer.BadParameter."""
    if written is None:
        raise typer.BadParameter("Say how much longer: --plus 96h; shorter: --plus -12h.")
    length = span("plus", written.removeprefix("-").removeprefix("+"))
    return -length if written.startswith("-") else length

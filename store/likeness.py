"""Whether two tellings of one order say the same, without keeping what they say."""

import json
from collections.abc import Callable, Mapping

from models.intake import NewOrder

PERSONAL = ("receiver.", "note")
Digest = Callable[[bytes], str]


def digests(new: NewOrder, digest: Digest) -> dict[str, str]:
    """One for each field. A default says nothing: a field that we learn to read tomorrow does not differ today."""
    said = new.model_dump(mode="json", exclude_defaults=True, exclude={"channel", "shop", "number"})
    said |= {f"receiver.{name}": value for name, value in said.pop("receiver").items()}
    return {
        name: digest(f"{new.id}/{name}/{json.dumps(value, sort_keys=True)}".encode())[:32]
        for name, value in said.items()
    }


def differing(known: Mapping[str, str], told: Mapping[str, str]) -> tuple[str, ...]:
    """The fields that are not the same. Of a forgotten person nothing is known, so nothing differs."""
    names = [name for name in sorted({*known, *told}) if known.get(name) != told.get(name)]
    is_forgotten = not any(name.startswith(PERSONAL) for name in known)
    return tuple(name for name in names if not (is_forgotten and name.startswith(PERSONAL)))

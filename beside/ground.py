"""The ground that servers stand on: one data folder for one stack, free ports, and no strays from before."""

import asyncio
import fcntl
import json
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

import psutil

from beside.keepsakes import write_privately

LOCAL = "127.0.0.1"
SERVERS = ("postgres", "temporal")
BELOW_THE_SYSTEMS = range(20000, 32000)  # Linux lends from 32768 up, macOS from 49152
ENDING_WITHIN = 20  # seconds that a stack which lost its starter takes to end, at most


class Down(RuntimeError):
    """The stack cannot stand; the message says why, and what to do."""


class Moved(NamedTuple):
    """A usual port was taken; where we went instead."""

    what: str
    usual: int
    port: int


def free_port(usual: int) -> int:
    """The usual port if nobody has it, else another that stays free until its server takes it.

    Why not any that the system gives: it lends those to every outgoing call, perhaps a moment later to one of ours.
    """
    for port in filter(None, (usual, *random.sample(BELOW_THE_SYSTEMS, 100))):
        with socket.socket() as asking, suppress(OSError), socket.socket() as taking:
            asking.settimeout(1)
            if asking.connect_ex((LOCAL, port)) == 0:
                continue
            taking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else "taken" after its server ended
            taking.bind((LOCAL, port))
            return port
    raise Down("There is no free port on this machine.")


@asynccontextmanager
async def alone(home: Path) -> AsyncIterator[int]:
    """Nobody else runs a stack on this folder; a handle that keeps it so, also for the servers' leashes.

    Why: who is killed leaves the lock to the leashes until they have ended the servers, so the next one waits for them.

    Raises: Down when somebody does.
    """
    with _lock_of(home) as lock:
        try:
            async with asyncio.timeout(ENDING_WITHIN):
                while not _locked(lock):
                    await _starter_gone(home, lock)
        except TimeoutError:
            raise Down(f"The stack that ran on {home} has not ended yet. Try again in a minute.") from None
        _sign(lock)
        yield lock.fileno()


def _lock_of(home: Path) -> IO[str]:
    home.mkdir(parents=True, exist_ok=True)
    return (home / "lock").open("a+")


def _locked(lock: IO[str]) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


async def _starter_gone(home: Path, lock: IO[str]) -> None:
    lock.seek(0)
    starter = int(lock.read() or 0)
    if psutil.pid_exists(starter):
        raise Down(
            f"A stack already runs on {home} (process {starter}). "
            "Use that one, end it first, or set OMS_DATA to another folder."
        )
    await asyncio.sleep(0.1)


def _sign(lock: IO[str]) -> None:
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def is_taken(home: Path) -> bool:
    """Whether a stack runs on this folder."""
    try:
        with (home / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def announced(home: Path, words: dict[str, str | None]) -> Iterator[None]:
    """Others may read where everything answers, as long as it does."""
    board = home / "running.json"
    write_privately(board, json.dumps(words))
    try:
        yield
    finally:
        board.unlink(missing_ok=True)


def overheard(home: Path) -> dict[str, str | None] | None:
    """What was announced by the stack that runs on this folder, if one runs."""
    board = home / "running.json"
    return json.loads(board.read_text()) if is_taken(home) and board.exists() else None


def sweep(home: Path, *names: str) -> None:
    """End servers of this folder, or those of them, that nobody holds any more: somebody killed their leash.

    Only to be called by who is alone on the folder.
    """
    known = names or SERVERS
    strays = [stray for stray in psutil.process_iter(["name", "cmdline"]) if _is_stray(stray, home, known)]
    for stray in strays:
        with suppress(psutil.NoSuchProcess):
            stray.send_signal(signal.SIGINT)
    _, stubborn = psutil.wait_procs(strays, timeout=ENDING_WITHIN)
    for stray in stubborn:
        with suppress(psutil.NoSuchProcess):
            stray.kill()


def _is_stray(process: psutil.Process, home: Path, names: Collection[str]) -> bool:
    words = process.info["cmdline"] or ()
    return process.info["name"] in names and any(word.startswith(f"{home}/") for word in words)

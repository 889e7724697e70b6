"""A command on a leash: it ends when whoever holds the other end of the leash is gone.

Why: who is killed with `kill -9` can stop nothing any more, and PostgreSQL outlives its starter. The leash is a pipe
that only the starter holds open: the system closes it, however the starter ended. One leash for each command, run by
path with Python alone, so that it is up in 30 ms.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, NamedTuple, TypedDict

NOBODY_ELSE = "-"


class Owner(NamedTuple):
    """As whom a command runs, if not as ourselves."""

    uid: int
    gid: int


class Terms(NamedTuple):
    """How a command runs and ends."""

    stop: signal.Signals = signal.SIGTERM
    within: float = 10  # seconds after `stop`; then it is killed
    owner: Owner | None = None


POLITELY = Terms()


def leash(
    command: Sequence[str | Path],
    log: IO[bytes] | None = None,
    terms: Terms = POLITELY,
    *,
    env: Mapping[str, str] | None = None,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a command that does not outlive us.

    It stands in a session of its own, so that Ctrl-C reaches us alone and we decide the order of ending.

    `keep`: handles that stay open as long as it lives.
    """
    who = f"{terms.owner.uid}:{terms.owner.gid}" if terms.owner else NOBODY_ELSE
    ours = [sys.executable, "-I", "-S", __file__, str(terms.stop.value), str(terms.within), who]
    return subprocess.Popen(  # noqa: S603, the words are ours
        [*ours, *map(str, command)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env=env,
        pass_fds=keep,
        start_new_session=True,
    )


class AsWhom(TypedDict):
    """What `subprocess` calls it."""

    user: int | None
    group: int | None
    extra_groups: Sequence[int] | None


def as_whom(owner: Owner | None) -> AsWhom:
    """Run as somebody else, with nobody's further groups, or as ourselves."""
    if owner is None:
        return AsWhom(user=None, group=None, extra_groups=None)
    return AsWhom(user=owner.uid, group=owner.gid, extra_groups=())


def let_go(*held: subprocess.Popen[bytes], within: float = 30) -> None:
    """End commands on leashes, all at once, and wait until they are gone."""
    for command in held:
        if command.stdin:
            command.stdin.close()
    for command in held:
        try:
            command.wait(within)
        except subprocess.TimeoutExpired:
            command.kill()
            command.wait()


def hold(terms: Terms, command: Sequence[str]) -> int:
    """Run the command until it ends, or until the pipe at our standard input closes; its exit code."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, **as_whom(terms.owner))  # noqa: S603, handed by `leash`

    def end(_signal: int = 0, _frame: FrameType | None = None) -> None:
        child.send_signal(terms.stop)
        killer = threading.Timer(terms.within, child.kill)
        killer.daemon = True
        killer.start()

    def watch() -> None:
        os.read(sys.stdin.fileno(), 1)  # not `sys.stdin`: its lock would crash us if the command ended first
        end()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    threading.Thread(target=watch, daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    number, seconds, whom, *rest = sys.argv[1:]
    ids = None if whom == NOBODY_ELSE else Owner(*map(int, whom.split(":")))
    code = hold(Terms(signal.Signals(int(number)), float(seconds), ids), rest)
    sys.exit(code if code >= 0 else 128 - code)

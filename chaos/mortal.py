"""`python -m chaos.mortal FOLDER`: a worker that is killed once at every place that has a name.

A mark in the folder says where somebody died already; it is there before the death, so each place is survived by the
next worker.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from activities.moments import Moment, Witness, witnesses
from beside.ground import LOCAL
from cli import main as orderhub
from commands.household import Member
from demo.play import Workforce
from demo.premises import HURRIED

DEEDS = ("reserve", "pay", "close", "refund", "label", "void", "report", "release")
HANDS = (
    "reserve_stock", "release_stock", "create_payment", "ask_for_payment", "close_payment", "claim_refund",
    "refund_payment", "ask_for_refund", "free_refund", "book_label", "ask_for_label", "void_label", "report_shipped",
    "record_order", "record_return", "assess_refund", "replace_goods", "remind",
)  # fmt: skip
PLACES = {
    *((hand, moment) for hand in HANDS for moment in (Moment.BEFORE_CALL, Moment.AFTER_CALL)),
    *((f"{deed} in the air", Moment.AFTER_CALL) for deed in ("label", "refund")),
    *((deed, Moment.AFTER_RECORD) for deed in (*DEEDS, "remind")),
}


# Each death costs whoever was in its hands up to ten seconds: nobody's patience may end meanwhile.
UNHURRIED = HURRIED.model_copy(
    update={"pay_within": timedelta(minutes=1), "known_within": timedelta(minutes=1)},
)


def mortals(graves: Path) -> Workforce:
    """Two workers who die, and are born again at once."""
    words = (sys.executable, "-m", "chaos.mortal", str(graves), "--host", LOCAL)

    def recast(members: Sequence[Member]) -> Sequence[Member]:
        return tuple(replace(m, command=words) if m.name.startswith("worker") else m for m in members)

    return Workforce(workers=2, recast=recast, longest=1.0)


def spared(graves: Path, *places: tuple[str, Moment]) -> None:
    """Only these are deadly."""
    graves.mkdir(parents=True)
    for place in PLACES - set(places):
        (graves / mark(*place)).touch()


def mark(hand: str, moment: Moment) -> str:
    """The name of a death."""
    return f"{hand}, {moment}"


def dies_in(folder: Path, die: Callable[[], None]) -> Witness:
    """Somebody who dies once at each place; of several processes, one."""

    def witness(hand: str, moment: Moment) -> None:
        if (hand, moment) not in PLACES:
            return
        try:
            (folder / mark(hand, moment)).touch(exist_ok=False)
        except FileExistsError:
            return
        die()

    return witness


def kill() -> None:
    """No last words."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Worker after worker, each the usual one, but mortal.

    Why forked: a process that has read all its modules once makes the next worker in no time.
    """
    _, folder, *words = sys.argv
    witnesses.append(dies_in(Path(folder), kill))
    sys.argv = ["orderhub", "worker", *words]
    while (child := os.fork()) and _killed(child):
        continue
    if not child:
        orderhub()


def _killed(child: int) -> bool:
    """Wait for its end; whoever ends us ends it."""
    signal.signal(signal.SIGTERM, lambda number, _: os.kill(child, number))
    _, status = os.waitpid(child, 0)
    if (code := os.waitstatus_to_exitcode(status)) != -signal.SIGKILL:
        sys.exit(abs(code))
    return True


if __name__ == "__main__":
    main()

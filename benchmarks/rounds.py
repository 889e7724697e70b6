"""Rounds: so many lives, so many at once, and how fast they were while every place was taken."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

Live = Callable[[], Awaitable[str]]
PATIENCE = 90.0  # seconds for one life
AT_MOST = 180.0  # seconds in which new lives begin


@dataclass(frozen=True)
class Load:
    """How many, and how many of them at once: the same for the floor and for orders."""

    lives: int
    at_once: int


@dataclass(frozen=True)
class Round:
    """What came of it."""

    done: tuple[str, ...]  # whose lives
    failed: tuple[str, ...]  # what the others failed with
    per_s: float


@dataclass
class _Counted:
    began: float = field(default_factory=monotonic)
    last_began: float = 0.0
    ended: list[float] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


async def played(live: Live, load: Load, told: Callable[[], None] = lambda: None) -> Round:
    """Lives one after the other in each place. Raises nothing: a life that fails or takes too long is counted."""
    counted = _Counted()
    tickets = _tickets(load.lives, counted)
    async with asyncio.TaskGroup() as group:
        for _ in range(load.at_once):
            group.create_task(_place(live, tickets, counted, told))
    return Round(tuple(counted.done), tuple(counted.failed), rate(counted.ended, counted.last_began, load.at_once))


def rate(ended: list[float], last_began: float, at_once: int) -> float:
    """Ends a second while every place was taken; of all of them where there were too few. 0: nobody ended.

    Why: at the beginning nobody can have ended yet, and at the end places are empty. A long life would pay for both
    more dearly than a short one.
    """
    full = [at for at in sorted(ended)[at_once - 1 :] if at <= last_began]
    window = full if len(full) > at_once else sorted(ended)
    return (len(window) - 1) / (window[-1] - window[0]) if len(window) > 1 else 0.0


def _tickets(lives: int, counted: _Counted) -> Iterator[None]:
    for _ in range(lives):
        counted.last_began = monotonic()
        if counted.last_began > counted.began + AT_MOST:
            return
        yield


async def _place(live: Live, tickets: Iterator[None], counted: _Counted, told: Callable[[], None]) -> None:
    for _ in tickets:
        try:
            async with asyncio.timeout(PATIENCE):
                name = await live()
        except Exception as failure:  # noqa: BLE001 - whatever it was, the other lives go on
            counted.failed.append(_words(failure))
        else:
            counted.done.append(name)
            counted.ended.append(monotonic())
        told()


def _words(failure: Exception) -> str:
    """What it was and, where the life noted it, whose. Of a life that took too long the cause has the note."""
    whose = [note for one in (failure, failure.__cause__) for note in getattr(one, "__notes__", ())]
    return ": ".join(filter(None, (*whose, type(failure).__name__, str(failure))))

"""Who strikes: a schedule from a seed, and the hand that kills and freezes."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

import psutil

from beside.keeping import Keeper


class How(StrEnum):
    """What is done to a process and all that it started."""

    KILL = "kill"
    END = "end"  # told to end, as an operator or a system does
    FREEZE = "freeze"  # it stays, and answers nobody for a while


SIGNALS = {How.KILL: signal.SIGKILL, How.END: signal.SIGTERM, How.FREEZE: signal.SIGSTOP}
HOW = {How.KILL: 7, How.FREEZE: 2, How.END: 1}  # of ten blows
LONGEST_FREEZE = 8.0  # seconds


@dataclass(frozen=True)
class Blow:
    """One strike. Units: seconds."""

    after: float  # the one before
    whom: str
    how: How
    lasts: float = 0.0


def blows(seed: int, victims: Sequence[str], pause: float) -> Iterator[Blow]:
    """Without end, the same again for the same seed; `pause` seconds between two, in the middle. None: no victims."""
    chance = Random(seed)  # noqa: S311 - no secret, a schedule that can be repeated
    while victims:
        how = chance.choices(list(HOW), weights=list(HOW.values()))[0]
        lasts = chance.uniform(1.0, LONGEST_FREEZE) if how is How.FREEZE else 0.0
        yield Blow(chance.expovariate(1 / pause), chance.choice(victims), how, lasts)


@dataclass
class Saboteur:
    """Strikes whoever is held, as long as it is let."""

    held: Sequence[Keeper]
    blows: Iterator[Blow]
    tell: Callable[[Blow], None] = lambda _: None
    struck: list[Blow] = field(default_factory=list)

    async def strike(self) -> None:
        """Blow after blow, until cancelled. Whoever is frozen then goes on."""
        for blow in self.blows:
            await asyncio.sleep(blow.after)
            if victims := self._victims(blow.whom):
                self.struck.append(blow)
                self.tell(blow)
                await _struck(victims, blow)

    def _victims(self, whom: str) -> list[psutil.Process]:
        """The process under that leash and its own; the leash itself is killed in a test of its own."""
        with suppress(psutil.NoSuchProcess):
            leash = psutil.Process(_held(self.held)[whom])
            return leash.children(recursive=True)
        return []


def _held(keepers: Sequence[Keeper]) -> Mapping[str, int]:
    return {name: process.pid for keeper in keepers for name, process in keeper.running.items()}


async def _struck(victims: Sequence[psutil.Process], blow: Blow) -> None:
    _send(victims, SIGNALS[blow.how])
    if blow.how is How.FREEZE:
        try:
            await asyncio.sleep(blow.lasts)
        finally:
            _send(victims, signal.SIGCONT)


def _send(victims: Sequence[psutil.Process], number: signal.Signals) -> None:
    for victim in victims:
        with suppress(psutil.NoSuchProcess):
            victim.send_signal(number)

"""Liars at work: so many calls, several at a time, each answer looked at."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Final

from hostile.calls import Call, fault_of
from hostile.knocks import Knocks
from hostile.letters import Letters
from hostile.papers import Papers
from hostile.wire import Line

AT_ONCE: Final = 8
PLACES: Final = 2_000  # addresses that liars come from
SHOWN: Final = 20  # faults that are kept whole
REPORTS: Final = 20  # times that progress is told


@dataclass(frozen=True)
class Liars:
    """Everybody who lies, and how often each is heard."""

    letters: Letters
    papers: Papers
    knocks: Knocks

    def calls(self, seed: int) -> Iterator[tuple[Call, bytes]]:
        """Call after call, each with where it comes from; the same again for the same seed and the same letters."""
        chance = Random(seed)  # noqa: S311 - no secret, a storm that can be repeated
        while True:
            liar = chance.choices((self.letters, self.papers, self.knocks), (45, 20, 35))[0]
            place = chance.randrange(PLACES)
            yield liar.one(chance), b"198.51.%d.%d" % divmod(place, 256)


@dataclass
class Outcome:
    """What became of them."""

    sent: int = 0
    took: float = 0.0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)  # by trick and status
    faults: list[str] = field(default_factory=list)
    faulty: int = 0

    def note(self, call: Call, status: int, fault: str | None) -> None:
        """One more."""
        self.sent += 1
        self.answers[call.trick, status] += 1
        if fault:
            self.faulty += 1
            self.faults += [f"{fault}: {call}"] if len(self.faults) < SHOWN else []


@dataclass
class Attack:
    """A door, and those before it."""

    host: str
    port: int
    liars: Liars
    seed: int
    outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        self._queue = self.liars.calls(self.seed)
        self._begun = 0

    async def run(self, calls: int, tell: Callable[[Outcome], None] = lambda _: None) -> Outcome:
        """Until there were so many calls in all. `tell`: hears how far it is."""
        await asyncio.gather(*(self._lies(calls, tell) for _ in range(AT_ONCE)))
        return self.outcome

    async def _lies(self, calls: int, tell: Callable[[Outcome], None]) -> None:
        every, began = max(1, calls // REPORTS), monotonic() - self.outcome.took
        async with Line(self.host, self.port) as line:
            while self._begun < calls:
                self._begun += 1
                await self._one(line, *next(self._queue))
                self.outcome.took = monotonic() - began
                if self.outcome.sent % every == 0:
                    tell(self.outcome)

    async def _one(self, line: Line, call: Call, place: bytes) -> None:
        try:
            answer = await line.send(call, place)
            self.outcome.note(call, answer.status, fault_of(call, answer))
        except TimeoutError:
            self.outcome.note(call, 0, "was not answered")


def by_status(outcome: Outcome) -> list[tuple[int, int]]:
    """How often each status was given."""
    counts: Counter[int] = Counter()
    for (_, status), count in outcome.answers.items():
        counts[status] += count
    return sorted(counts.items())

"""`python -m hostile`: lies by the thousand at the door of a whole stack, and what became of door and books."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from beside.ground import LOCAL
from hostile import books
from hostile.asked import Asked, made_up
from hostile.attack import Attack, Outcome, by_status
from hostile.stage import Scene, Unready, quiet, set_up, still_serves
from settings import Ports, Settings, load
from stack import Down

WARM: Final = 10_000  # calls after which everything that the door remembers is full
MIB: Final = 1 << 20
GROWS: Final = 24  # MiB that a door may grow by once it is warm
console = Console()


def main(
    *,
    calls: Annotated[int, typer.Option(min=1, help="How many calls are made.")] = 100_000,
    seed: Annotated[int, typer.Option(min=0, help="The same number is the same storm.")] = 1,
    examples: Annotated[int, typer.Option(min=0, help="Examples of schemathesis for each endpoint; 0: none.")] = 30,
    data: Annotated[Path, typer.Option(help="Folder of a stack of its own; what is in it is thrown away.")] = Path(
        ".data/hostile"
    ),
) -> None:
    """Forged, altered, repeated, senseless and broken messages: none accepted, no failure of ours, books as before."""
    told = load(data=data, ports=dict.fromkeys(Ports.model_fields, 0))
    try:
        wrong = asyncio.run(_played(told, calls, seed, examples))
    except (Down, Unready) as error:
        console.print(f"It could not be played: {error}", style="red", soft_wrap=True)
        raise typer.Exit(1) from None
    for words in wrong:
        console.print(words, style="red", soft_wrap=True, markup=False, highlight=False)
    verdict = (
        f"{len(wrong)} things are wrong. Again: python -m hostile --calls {calls} --seed {seed}"
        if wrong
        else "Nothing is wrong."
    )
    console.print(verdict, style="red" if wrong else "green")
    raise typer.Exit(1 if wrong else 0)


async def _played(told: Settings, calls: int, seed: int, examples: int) -> list[str]:
    async with set_up(told, seed) as scene:
        attack = Attack(LOCAL, scene.port, scene.liars, seed)
        sizes = [await _after(scene, attack, min(WARM, calls // 2)), await _after(scene, attack, calls)]
        wrong = [*attack.outcome.faults, *_grown(*sizes)]
        wrong += books.differing(scene.books, await quiet(scene.cast))
        await still_serves(scene.cast, scene.postman)
        _say(attack.outcome, sizes)
        return [*wrong, *(await _made_up(scene, seed, examples) if examples else ())]


async def _made_up(scene: Scene, seed: int, examples: int) -> list[str]:
    keys, data = scene.cast.house.settings.keys, scene.cast.house.settings.data
    asked = Asked(scene.cast.town.hub, keys.admin.get_secret_value(), seed, examples)
    summary, wrong = await made_up(asked, data)
    console.print(summary, markup=False, highlight=False)
    return wrong


async def _after(scene: Scene, attack: Attack, calls: int) -> float:
    """What the door needs after so many calls in all. Units: MiB."""
    await attack.run(calls, lambda outcome: _tell(scene, outcome))
    return _mib(scene)


def _mib(scene: Scene) -> float:
    return float(scene.door.memory_info().rss) / MIB


def _tell(scene: Scene, outcome: Outcome) -> None:
    rate = outcome.sent / max(outcome.took, 0.001)
    console.print(
        f"  {outcome.sent:7} calls, {rate:.0f} a second, {outcome.faulty} wrong, the door has {_mib(scene):.0f} MiB"
    )


def _grown(warm: float, end: float) -> list[str]:
    return [f"the door grew from {warm:.0f} to {end:.0f} MiB"] if end - warm > GROWS else []


def _say(outcome: Outcome, sizes: Sequence[float]) -> None:
    tricks = Counter[str]()
    for (trick, _), count in outcome.answers.items():
        tricks[trick] += count
    table = Table("Trick", "Calls", "Answers")
    for trick, count in tricks.most_common():
        found = sorted((status, times) for (known, status), times in outcome.answers.items() if known == trick)
        table.add_row(trick, str(count), " ".join(f"{status}:{times}" for status, times in found))
    console.print(table)
    console.print(f"{outcome.sent} calls, {outcome.faulty} wrong; answers: {dict(by_status(outcome))}")
    console.print(f"The door: {sizes[0]:.1f} MiB once warm, {sizes[1]:.1f} MiB at the end")


if __name__ == "__main__":
    typer.run(main)

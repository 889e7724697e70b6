"""`python -m chaos`: play seed after seed while everything is killed at random, and say which ran clean."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.ledger import keep
from chaos.mortal import PLACES, UNHURRIED, mortals, spared
from chaos.run import Night, Verdict, played
from demo.play import plotted
from settings import Ports, Settings, load
from stack import Down

A_SECOND = 1.5  # orders that two cores carry while half of what carries them is down
console = Console()


def main(  # noqa: PLR0913 - every option of a command is an argument
    *,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds are played.")] = 1,
    first: Annotated[int, typer.Option(min=0, help="The first of them; the same number is the same schedule.")] = 1,
    orders: Annotated[int, typer.Option(min=1, help="Orders for each seed.")] = 200,
    pause: Annotated[float, typer.Option(min=0.5, help="Seconds between two blows, in the middle.")] = 5.0,
    places: Annotated[
        bool, typer.Option("--places", help="Kill workers once at every place that has a name, and nobody at random.")
    ] = False,
    data: Annotated[Path, typer.Option(help="Folder of a stack of its own; what is in it is thrown away.")] = Path(
        ".data/chaos"
    ),
) -> None:
    """Orders with every fault dial on, while the door, the workers, PostgreSQL and Temporal are killed at random."""
    verdicts = []
    for seed in range(first, first + seeds):
        night = Night(orders, spread=max(10.0, orders / A_SECOND), pause=pause, plot=plotted)
        night = _at_places(night, data / f"{seed}-graves") if places else night
        try:
            verdicts.append(asyncio.run(played(_apart(data / str(seed)), seed, night, _tell)))
        except Down as down:
            console.print(f"Seed {seed} could not be played: {down}", style="red", soft_wrap=True)
            raise typer.Exit(1) from None
        _say(verdicts[-1], data)
    _sum_up(verdicts)


def _apart(data: Path) -> Settings:
    return load(data=data, ports=dict.fromkeys(Ports.model_fields, 0))


def _at_places(night: Night, graves: Path) -> Night:
    shutil.rmtree(graves, ignore_errors=True)
    spared(graves.absolute(), *PLACES)
    return replace(night, victims=(), workforce=mortals(graves.absolute()), policy=UNHURRIED, calm=900.0)


def _tell(words: str) -> None:
    console.print(f"  {words}", style="yellow")


def _say(verdict: Verdict, data: Path) -> None:
    blows = ", ".join(f"{name} {count}" for name, count in Counter(blow.whom for blow in verdict.struck).most_common())
    what = f"{verdict.orders} orders, {len(verdict.struck)} blows ({blows}), {verdict.took:.0f} s"
    if verdict.is_clean:
        console.print(f"Seed {verdict.seed} ran clean: {what}", style="green", soft_wrap=True)
        return
    console.print(f"Seed {verdict.seed} did not: {what}", style="red", soft_wrap=True)
    for words in verdict.wrong:
        console.print(f"  {words}", soft_wrap=True)
    again = f"python -m chaos --first {verdict.seed} --orders {verdict.orders}"
    console.print(f"  Again: {again}   Logs: {data / str(verdict.seed) / 'demo'}", soft_wrap=True)


def _sum_up(verdicts: Sequence[Verdict]) -> None:
    clean = sum(verdict.is_clean for verdict in verdicts)
    figures = {"chaos.seeds_run": len(verdicts), "chaos.seeds_clean": clean}
    keep(figures)
    console.print(f"{clean} of {len(verdicts)} seeds ran clean.", style="green" if clean == len(verdicts) else "red")
    raise typer.Exit(0 if clean == len(verdicts) else 1)


if __name__ == "__main__":
    typer.run(main)

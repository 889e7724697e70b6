"""`python -m benchmarks.bulk`: thousands of open orders held, amended and cancelled by one wish each."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.__main__ import apart
from benchmarks.bulk_run import Found, Measured, found
from benchmarks.crowd import Size
from benchmarks.passersby import BOUND, Answers
from settings import load
from stack import Down

console = Console()
HEADS = ("wish", "orders", "s", "orders/s", "transactions", "events", "own events", "CPU ms", "silent")


def main(
    *,
    orders: Annotated[int, typer.Option(min=20, help="Open orders.")] = 5000,
    pace: Annotated[float, typer.Option(min=1, max=1000, help="OMS_BULK__PACE: orders asked in a second.")] = 25.0,
    xinjiang: Annotated[float, typer.Option(min=0.01, max=1, help="The part of them that goes to Xinjiang.")] = 0.4,
    paid: Annotated[float, typer.Option(min=0, max=1, help="The part that is paid for, and has a label.")] = 0.02,
    folder: Annotated[Path, typer.Option("--data", help="Folder of a stack of its own; thrown away.")] = Path(
        ".data/bulk"
    ),
) -> None:
    """Hold all, amend those to Xinjiang, cancel all; every order is looked at after each wish."""
    apart(folder)
    os.environ["OMS_BULK__PACE"] = str(pace)
    try:
        known = asyncio.run(found(load(data=folder), Size(orders, xinjiang, paid)))
    except Down as down:
        console.print(str(down), style="red", soft_wrap=True)
        raise typer.Exit(1) from None
    show(known)


def show(known: Found) -> None:
    """The figures; for one order, where nothing else is said."""
    console.print(_phases(known), _answered(known))
    took = ", ".join(f"{name} {mib} MiB" for name, mib in known.memory.items())
    console.print(f"Orders came in at {known.came_per_s:.1f} a second. Memory at its highest: {took}.", soft_wrap=True)
    here = known.machine
    console.print(f"{here.system}, {here.cores} cores, Python {here.python}, Temporal {here.temporal}", soft_wrap=True)


def _phases(known: Found) -> Table:
    title = f"{known.size.orders} open orders, at most {known.pace:g} asked in a second"
    table = Table(*HEADS, title=title, title_justify="left")
    for one in known.phases:
        table.add_row(one.name, *_figures(one))
    return table


def _figures(one: Measured) -> Iterable[str]:
    yield from (str(one.orders), f"{one.took:.1f}", f"{one.per_s:.1f}", f"{one.transactions:.1f}")
    yield from (f"{one.events:.1f}", str(one.own_events), f"{one.cpu * 1000:.1f}", str(one.silent))


def _answered(known: Found) -> Table:
    title = f"Somebody goes by meanwhile. Late: not answered by the story within {BOUND:g} s"
    table = Table("while", "what", "asked", "late", "median", "99 of 100", "longest", title=title, title_justify="left")
    for name, heard in (("nothing else", known.alone), *((one.name, one.meanwhile) for one in known.phases)):
        for row in _beats(heard):
            table.add_row(name, *row)
    return table


def _beats(heard: Mapping[str, Answers]) -> Iterable[tuple[str, ...]]:
    for what, of in heard.items():
        spans = (f"{seconds * 1000:.0f} ms" for seconds in (of.middle, of.nearly_all, of.longest))
        yield (what, str(of.count), str(of.late), *spans)


if __name__ == "__main__":
    typer.run(main)

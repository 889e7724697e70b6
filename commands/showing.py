"""How a command speaks: answers to standard output, everything else to standard error."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.noun import Money

OUT = Console()
ASIDE = Console(stderr=True, highlight=False)
NOTHING = "-"

Json = Annotated[bool, typer.Option("--json", help="For machines: JSON instead of a table.")]
Most = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")]


def say(words: str, style: str = "") -> None:
    """Something beside the answer, as it stands: no markup is read from it."""
    ASIDE.print(Text(words, style), soft_wrap=True)


def show_json(answer: object) -> None:
    """An answer for machines."""
    OUT.print_json(to_json(answer).decode())


def show_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """An answer for people; where there is nothing, that."""
    table = Table(*columns, title=title, title_justify="left", header_style="bold", row_styles=("", "dim"))
    for row in rows:
        table.add_row(*(Text(spelt(cell)) for cell in row))
    OUT.print(table if table.row_count else Text(f"{title}: none"))


def show_pairs(pairs: Iterable[tuple[str, Any]]) -> None:
    """What is known of one thing, a line each; what is not known is left out."""
    grid = Table.grid(padding=(0, 2))
    for name, value in pairs:
        if value not in (None, "", ()):
            grid.add_row(Text(name, "bold"), Text(spelt(value)))
    OUT.print(grid)


def spelt(value: object) -> str:
    """A value as people read it."""
    if value in (None, "", ()):
        return NOTHING
    return next((spell(value) for kind, spell in SPELLINGS if isinstance(value, kind)), str(value))


def span(value: timedelta) -> str:
    """A span as it is also written: `7d`, `1d12h`, `30m`, `2.5s`."""
    rest, words = abs(value).total_seconds(), ""
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60)):
        whole, rest = divmod(rest, seconds)
        words += f"{whole:.0f}{unit}" if whole else ""
    words += f"{rest:.3g}s" if rest or not words else ""
    return f"-{words}" if value < timedelta(0) else words


SPELLINGS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: "yes" if value else "no"),
    (datetime, lambda value: f"{value.astimezone():%m-%d %H:%M:%S}"),
    (timedelta, span),
    (Money, lambda value: f"{value.text} {value.currency}"),
    (tuple, lambda value: ", ".join(map(spelt, value))),
)


@contextmanager
def step(words: str) -> Iterator[None]:
    """Something that takes a while: a turning wheel while it lasts, a line when it is done."""
    began = monotonic()
    with ASIDE.status(Text(words)):
        yield
    ASIDE.print(Text.assemble(("✓ ", "green"), words, (f"  {monotonic() - began:.1f} s", "dim")))

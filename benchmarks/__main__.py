"""`python -m benchmarks`: measure, show, and keep the figures; `--table`: put them into the READMEs."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from benchmarks import tables
from benchmarks.figures import figures
from benchmarks.ledger import keep, kept
from benchmarks.rounds import Load
from benchmarks.run import Findings, Plan, found
from settings import load
from stack import Down

console = Console()


def main(  # noqa: PLR0913 - every option of a command is an argument
    *,
    table: Annotated[
        bool, typer.Option("--table", help="Only write the READMEs' table from the last figures.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, help="How often the floor and the orders take turns.")] = 3,
    lives: Annotated[int, typer.Option(min=1, help="Lives in a round.")] = 150,
    at_once: Annotated[int, typer.Option(min=1, help="Of them at once; the same for the floor.")] = 24,
    callbacks: Annotated[int, typer.Option(min=1, help="Payment callbacks at a steady rate.")] = 200,
    data: Annotated[Path, typer.Option(help="Folder of a stack of its own; what is in it is thrown away.")] = Path(
        ".data/benchmarks"
    ),
) -> None:
    """Lives of orders a second against a bare floor, in the same run."""
    if table:
        _write_tables()
        return
    apart(data)
    plan = Plan(rounds, Load(lives, at_once), spaced=min(lives, 10), callbacks=callbacks)
    try:
        findings = asyncio.run(found(load(data=data), plan))
    except Down as down:
        _fail(str(down))
    known = figures(findings)
    book = keep(known)
    console.print(tables.shown(known))
    console.print(f"Kept in {book}. Into the READMEs: python -m benchmarks --table")
    _name_failures(findings)


def apart(data: Path) -> None:
    """Ports that nobody else uses: whatever else runs here is neither measured nor disturbed.

    Why bytecode: the floor's worker has the SDK's sandbox, which reads its module anew for each life. Where Python may
    not keep it compiled it compiles it for each life too, and that is not what an installation does.
    """
    for name in ("API", "POSTGRES", "TEMPORAL", "UI", "METRICS"):
        os.environ[f"OMS_PORTS__{name}"] = "0"
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(data.absolute() / "bytecode")


def _write_tables() -> None:
    known = kept()
    if "orders.ratio" not in known:
        _fail("There are no figures yet. Run: make bench")
    if known["orders.failed"]:
        _fail(f"{known['orders.failed']} lives of the last run failed: its figures are for nobody's README.")
    try:
        tables.write(known, Path(__file__).parents[1])
    except tables.Unmarked as unmarked:
        _fail(str(unmarked))


def _name_failures(findings: Findings) -> None:
    failed = [words for part in findings.parts.values() for words in part.failed]
    if failed:
        _fail(f"{len(failed)} lives failed, so the figures are worth little. The first: {failed[0]}")


def _fail(words: str) -> NoReturn:
    console.print(words, style="red", soft_wrap=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)

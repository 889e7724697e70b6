"""`python -m chaos.storms`: each storm at its real size, judged by the world's books."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.ledger import keep
from chaos.storms import callbacks, hanging, muted, refusing
from chaos.storms.ground import Report, Size, Tell
from demo.play import Cast, Workforce, assembled
from settings import Ports, Settings, load
from stack import Down

LATEST = Path(__file__).parent.parent / "storms.json"
Storm = Callable[[Cast, Size, Tell], Awaitable[Report]]
STORMS: dict[str, Storm] = {
    "callbacks": callbacks.storm,
    "hanging": hanging.storm,
    "refusing": refusing.storm,
    "muted": muted.storm,
}
Which = StrEnum("Which", [*STORMS, "all"])  # type: ignore[misc] # the names are the table's
ALL = Which("all")
console = Console()


def main(
    which: Annotated[Which, typer.Option(help="Which storm.")] = ALL,
    scale: Annotated[float, typer.Option(min=0.01, max=10, help="1: the real size; less is shorter.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="What chance begins with.")] = 1,
    data: Annotated[Path, typer.Option(help="Folder of a stack of its own; what is in it is thrown away.")] = Path(
        ".data/storms"
    ),
) -> None:
    """Real servers in bad weather. The exit code is 1 where anything was lost, done twice, or slowed by others."""
    names = list(STORMS) if which == "all" else [which.value]
    try:
        reports = [asyncio.run(_played(name, Size(scale), _apart(data / name), seed)) for name in names]
    except Down as down:
        console.print(str(down), style="red", soft_wrap=True)
        raise typer.Exit(1) from None
    _keep(reports, scale)
    raise typer.Exit(1 if any(report.wrong for report in reports) else 0)


def _apart(data: Path) -> Settings:
    return load(data=data, ports=dict.fromkeys(Ports.model_fields, 0))


async def _played(name: str, size: Size, settings: Settings, seed: int) -> Report:
    began = monotonic()

    def tell(words: str) -> None:
        console.print(f"{monotonic() - began:6.0f} s  {name}: {words}", style="yellow", soft_wrap=True)

    async with assembled(settings, seed, Workforce()) as cast:
        cast.town.turn()
        report = await STORMS[name](cast, size, tell)
    _say(report)
    return report


def _say(report: Report) -> None:
    for key, value in report.figures.items():
        console.print(f"  {key}: {value:g}", soft_wrap=True)
    for words in report.wrong:
        console.print(f"  {words}", style="red", soft_wrap=True)
    verdict = "[red]did harm[/]" if report.wrong else "[green]did no harm[/]"
    console.print(f"{report.storm} {verdict}")


def _keep(reports: list[Report], scale: float) -> None:
    """What other storms did before stays."""
    known = json.loads(LATEST.read_text()) if LATEST.exists() else {}
    played = {report.storm: {"scale": scale, "wrong": report.wrong, **report.figures} for report in reports}
    LATEST.write_text(json.dumps(known | played, indent=2) + "\n")
    if scale == 1:
        keep({key: value for report in reports for key, value in report.figures.items() if key.startswith("inbox.")})


if __name__ == "__main__":
    typer.run(main)

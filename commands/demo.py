"""`orderhub demo`: the main job, played before your eyes."""

from importlib import import_module
from typing import Annotated

import typer

from commands.opening import until_told
from settings import load
from stack import Down

STAGE = "demo.play"


def demo(
    *,
    ends: Annotated[bool, typer.Option("--exit", help="End by itself; exit code 1 if any book differs.")] = False,
    orders: Annotated[int, typer.Option(min=1, max=10_000, help="How many orders are played.")] = 200,
    seed: Annotated[int, typer.Option(help="Chance, the same again for the same number.")] = 1,
) -> None:
    """Play some hundred orders from checkout to completed, on a stack of its own.

    Some of them go wrong, are noticed and heal. In the end everybody's books are compared with ours.
    """
    try:
        play = import_module(STAGE).play
    except ModuleNotFoundError as missing:
        if missing.name not in {STAGE, STAGE.partition(".")[0]}:
            raise
        raise Down(
            "The demo is not part of this installation. Run it from the project's own folder: make demo"
        ) from None
    code = until_told(play(load(), orders, seed, ends=ends))
    raise typer.Exit(code or 0)

"""The command `orderhub`: each command stands in `commands/`, what they have in common here.

Why by name: a command's rooms take seconds to read, and whoever only asks for help, or errs, shall not wait for them.
"""

from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

FAILED = 1
COMMANDS = {
    "up": ("commands.standing:up", "Start the whole stack on this machine and keep it up, until Ctrl-C."),
    "demo": ("commands.demo:demo", "Play some hundred orders from checkout to completed, on a stack of its own."),
    "api": ("commands.serving:api", "Serve the door: orders, scans, callbacks, wishes, and the board."),
    "worker": ("commands.serving:worker", "Tell stories and call parties. Start as many as the load wants."),
    "migrate": ("commands.serving:bring_up_to_date", "Bring tables and search attributes to what this code expects."),
    "backup": ("commands.backups:backup", "The whole store in one file, while everything runs."),
    "restore": ("commands.backups:restore", "A store from a backup, in a database where nothing is yet."),
    "deploy": ("commands.deploy:deploy", "Versions of our workers: see them, hand orders over to one."),
    "order": ("commands.orders:orders", "One order: its timeline, why it waits, a new start."),
    "inbox": ("commands.inbox:inbox", "What parties told us: list it, tell it again."),
    "case": ("commands.cases:cases", "What people must look at: list it, close it."),
    "bulk": ("commands.bulk:bulk", "One wish for many open orders: count, begin, watch, stop."),
    "forget": ("commands.forgetting:forget", "Forget a person: by one order, or by phone."),
    "policy": ("commands.policies:policies", "The numbers that new orders live by: show them, change them."),
    "return-policy": ("commands.return_policies:policies", "What new returns are judged by: show it, change it."),
    "place": ("commands.premises:places", "Where boxes are packed: list them, add one."),
    "stock": ("commands.premises:stock", "What lies where: list it, receive more."),
    "shift": ("commands.shifts:shifts", "Who is on duty and is reminded: list, add, end."),
}


class Hub(TyperGroup):
    """Reads a command when it is asked for, and says what failed and what to do next."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant. Raises: a usage error, with the closest name."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, command_of(str(name)), rest

    def invoke(self, ctx: Any) -> Any:
        """Run it. What a person can mend is said in a sentence; a fault of ours keeps its trace."""
        try:
            return super().invoke(ctx)
        except Exception as failure:
            words = import_module("commands.failing").sentence(failure)
            if words is None:
                raise
            Console(stderr=True).print(Text.assemble(("Error ", "bold red"), words), soft_wrap=True)
            raise typer.Exit(FAILED) from None


app = typer.Typer(
    cls=Hub,
    name="orderhub",
    help="Order Hub: one durable story for each order.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they show values
    context_settings={"help_option_names": ["-h", "--help"]},
)


def command_of(name: str) -> Any:
    """The command of this name, or the group of commands."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


def _named(name: str) -> None:
    @app.command(name, help=COMMANDS[name][1])
    def named() -> None:
        """Stands in the list; `Hub` puts the real one in its place."""


for each in COMMANDS:
    _named(each)


def main() -> None:
    """Where the installed command begins."""
    app(prog_name="orderhub")


if __name__ == "__main__":
    main()

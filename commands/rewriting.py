"""`orderhub order rewrite`: what the stories know is written down again, in a store that came back from a backup."""

from collections.abc import AsyncIterator
from typing import Annotated

import typer
from temporalio.client import Client

from api import stories
from commands.opening import By, Desk, desk, until_told
from commands.pacing import Rate, paced
from commands.retelling import Found, rewritten, rewritten_return
from commands.showing import ASIDE, say
from models.errors import Missing, StoreAway, Unavailable
from models.noun import Id
from running import connected

KEPT = "WorkflowType = '{}' AND ExecutionStatus IN ('Running', 'Completed', 'Terminated')"
TYPES = ("OrderWorkflow", "ReturnWorkflow")  # no return is ours whose order is not
IN_A_ROW = 5  # silent ones: then nobody answers
Everyone = Annotated[bool, typer.Option("--all", help="Every order and return of which Temporal still has a story.")]


class Round:
    """How far it came, and whom a person must look at."""

    def __init__(self) -> None:
        self.seen = dict.fromkeys(Found, 0)
        self.named: dict[Found, list[Id]] = {Found.SHORT: [], Found.SILENT: []}
        self.unanswered = 0

    def note(self, order: Id, found: Found) -> None:
        """Count it, and keep its name if somebody must look."""
        self.seen[found] += 1
        if found in self.named:
            self.named[found].append(order)


async def rewrite_all(rate: int, by: Id) -> None:
    """Why told in the end in any case: also who pressed Ctrl-C wants to know how far it came.

    Raises: Exit(1) if somebody must look at an order, or nobody answers.
    """
    round_ = Round()
    async with desk() as opened:
        client = await connected(opened.settings)
        try:
            with ASIDE.status("") as wheel:
                async for order in paced(kept(client), rate):
                    wheel.update(f"{sum(round_.seen.values())} stories asked")
                    round_.note(order, await _asked(round_, opened, client, order, by))
                    if round_.unanswered == IN_A_ROW:
                        break
        finally:
            _say(round_)
    if any(round_.named.values()):
        raise typer.Exit(1)


async def _asked(round_: Round, opened: Desk, client: Client, order: Id, by: Id) -> Found:
    """One story that cannot be asked keeps nobody else's from being written."""
    try:
        found = await _rewritten(opened, client, order, by)
    except StoreAway:
        raise
    except Missing:
        return Found.SILENT  # Temporal gave it up since it was listed
    except Unavailable:
        round_.unanswered += 1
        return Found.SILENT
    round_.unanswered = 0
    return found


def _say(round_: Round) -> None:
    seen = round_.seen
    behind = seen[Found.WRITTEN] + seen[Found.UNCLAIMED] + seen[Found.SHORT]
    say(f"Of {sum(seen.values())} stories {behind} knew more than the store, which knows it now.", "green")
    if seen[Found.UNCLAIMED]:
        say(f"{seen[Found.UNCLAIMED]} of them came after the backup: their shops send them once more.", "yellow")
    if seen[Found.ORPHAN]:
        say(f"{seen[Found.ORPHAN]} returns wait for their orders. Say it again once their shops sent them.", "yellow")
    for order in round_.named[Found.SHORT]:
        say(f"{order}: money went back that cannot be set aside again. Compare with its provider.", "red")
    for order in round_.named[Found.SILENT]:
        say(f"{order}: its story could not be asked. Nothing of it was written.", "red")
    if round_.unanswered == IN_A_ROW:
        say(f"{IN_A_ROW} stories in a row did not answer, so no more were asked. Does a worker run?", "red")
        return
    say("Then bring back those that do not run: orderhub order revive --all")


async def _rewritten(opened: Desk, client: Client, order: Id, by: Id) -> Found:
    if stories.is_return(order):
        found = await rewritten_return(client, opened.returns, order)
    else:
        found = await rewritten(client, opened.orders, opened.claims, order)
    if found not in (Found.KNOWN, Found.ORPHAN):
        await opened.noted(by, "rewrite", order)
    return found


async def kept(client: Client) -> AsyncIterator[Id]:
    """Every order, and then every return, of which Temporal still has a story, each once."""
    seen = set[str]()
    for kind in TYPES:
        async for each in client.list_workflows(KEPT.format(kind)):
            if each.id not in seen:
                seen.add(each.id)
                yield each.id.partition("/")[2]


def rewrite(*, everyone: Everyone = False, rate: Rate = 20, by: By) -> None:
    """Write down again what the stories know and the store does not, after the store came back from a backup.

    Temporal and a worker must run. Nothing in a story changes; twice is once.
    """
    if not everyone:
        raise typer.BadParameter("Say --all: it is for a store that came back from a backup.")
    until_told(rewrite_all(rate, by))

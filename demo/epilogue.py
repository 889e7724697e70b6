"""The end of the play: who ended how, what went wrong and healed, and whose books differ."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console

from demo import progress
from demo.comparison import compared
from demo.return_comparison import Line, Returns, compared_returns
from demo.scenes import Play
from models.order import Record
from store.cases import CaseFilter, Cases

if TYPE_CHECKING:
    from demo.play import Cast

console = Console()


def differing(cast: "Cast", plot: Play, found: Mapping[str, Record], back: Returns) -> tuple[int, list[Line]]:
    """How many lines there are in all books, and those that do not agree."""
    lines = compared(cast.town, cast.shop, cast.warehouse, found, back)
    if plot.aftersales:
        lines += compared_returns(cast.town, plot.aftersales.counter, cast.bench, back)
    return len(lines), [line for line in lines if not line.agrees]


async def told(cast: "Cast", plot: Play, found: Mapping[str, Record], back: Returns) -> list[Line]:
    """What became of all of them, and every line of which the books differ."""
    lines, wrong = differing(cast, plot, found, back)
    console.print(progress.summary("Orders by end", progress.by_end([r.standing.stage for r in found.values()])))
    console.print(progress.summary("Returns by end", Counter(r.standing.stage for r in back.values()).most_common()))
    console.print(progress.summary("What went wrong, and healed", await _healed(cast, found)))
    ways = plot.aftersales.ways if plot.aftersales else {}
    console.print(progress.summary("Scenes", Counter(plot.cast.values()).most_common()))
    console.print(progress.summary("Customers who asked something back", Counter(ways.values()).most_common()))
    for line in wrong:
        console.print(f"[red]{line.order}: {line.what}: theirs {line.theirs}, ours {line.ours}")
    verdict = "[red]books differ" if wrong else "[green]all books agree"
    compared_with = f"{lines} entries of {len(found)} orders and {len(back)} returns compared"
    console.print(f"\n{verdict}[/]: {compared_with}, {len(wrong)} differ")
    return wrong


async def _healed(cast: "Cast", records: Mapping[str, Record]) -> list[tuple[str, object]]:
    orders = [record.order for record in records.values()]
    captures = [capture for order in orders for paid in order.payments for capture in paid.captures]
    asked = sum(capture.id.startswith("query-") for capture in captures)
    cases = await Cases(cast.house.db).listing(CaseFilter(open=None, is_houses=False, limit=1000))
    forged = sum(pusher.forged_sent for pusher in cast.town.signing)
    pushes, forged_orders = cast.forgeries
    dropped = sum(len(pusher.dropped) for pusher in cast.town.pushers)
    return [
        ("callbacks and pushes that were dropped", dropped),
        ("payments found by asking", asked),
        ("orders that were escalated", len({known.case.story for known in cases})),
        ("reminders sent to the robot", len(cast.town.dingtalk.books.messages)),
        ("forged pushes: sent, accepted", f"{forged}, {pushes}"),
        ("rumours of a courier that does not sign", cast.town.sf.pusher.forged_sent),
        ("forged orders: sent, accepted", f"{len(cast.shop.books.forged)}, {forged_orders}"),
        ("scans told from a buffer, or twice", sum(not scan.is_live for scan in cast.warehouse.books.scans)),
    ]

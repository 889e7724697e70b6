"""What a person at the terminal sees while the play runs."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from time import monotonic

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from models.rma import ReturnStage
from models.stage import Stage

WIDTH = 40
SECONDS = 5


class Progress:
    """Stages as bars, what is overdue, and how many messages went through in the last seconds."""

    def __init__(self, orders: int) -> None:
        self.orders, self.began = orders, monotonic()
        self._seen = deque[tuple[float, int]](maxlen=50)

    def drawn(
        self, counts: Mapping[Stage, int], overdue: int, messages: int, returns: Mapping[ReturnStage, int]
    ) -> RenderableType:
        """The picture of this moment."""
        self._seen.append((monotonic(), messages))
        table = Table.grid(padding=(0, 1))
        for stage in Stage:
            if counts.get(stage):
                bar = "█" * max(1, counts[stage] * WIDTH // max(self.orders, 1))
                table.add_row(stage.value, str(counts[stage]), Text(bar, style=COLOURS.get(stage, "blue")))
        for back in ReturnStage:
            if returns.get(back):
                bar = "█" * max(1, returns[back] * WIDTH // max(self.orders, 1))
                table.add_row(f"return {back.value}", str(returns[back]), Text(bar, style="magenta"))
        return Group(Text(self._headline(sum(counts.values()), overdue, messages), style="bold"), table)

    def _headline(self, known: int, overdue: int, messages: int) -> str:
        took = int(monotonic() - self.began)
        return (
            f"{took // 60}:{took % 60:02}  orders {known}/{self.orders}  overdue {overdue}  "
            f"messages {messages} ({self._rate():.0f}/s)"
        )

    def _rate(self) -> float:
        now, count = self._seen[-1]
        before = next((seen for seen in self._seen if now - seen[0] <= SECONDS), self._seen[-1])
        return (count - before[1]) / (now - before[0]) if now > before[0] else 0.0


COLOURS = {
    Stage.COMPLETED: "green",
    Stage.CANCELLED: "bright_black",
    Stage.PARTLY_REFUNDED: "green",
    Stage.REFUNDED: "bright_black",
    Stage.STOPPING: "yellow",
}


def summary(title: str, rows: Sequence[tuple[str, object]]) -> Table:
    """Two columns under a title."""
    table = Table(title=title, title_justify="left", show_header=False)
    for name, value in rows:
        table.add_row(name, str(value))
    return table


def by_end(stages: Sequence[Stage]) -> list[tuple[str, object]]:
    """How many orders ended how."""
    return [(stage.value, count) for stage, count in Counter(stages).most_common()]

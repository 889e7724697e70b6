"""Figures as people read them: a table in the terminal, and one in each README between its markers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from benchmarks.figures import PROCESSES, Figures

BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"


@dataclass(frozen=True)
class Row:
    """One figure and what it means. Where the key is several, they are shown beside each other."""

    keys: tuple[str, ...]
    unit: str
    english: str
    chinese: str


ROWS = (
    Row(("orders.ratio",), "", "lives of orders against the floor, same run", "订单全程速率与基线之比(同一次运行)"),
    Row(("orders.cpu_ratio",), "", "CPU of a life of the floor against one of an order", "基线与订单全程的 CPU 之比"),
    Row(("orders.lives_per_s",), "/s", "whole lives of orders, events in batches", "每秒走完全程的订单(事件成批)"),
    Row(("orders.lives_per_s_singly",), "/s", "the same, every event in its own request", "同上,事件逐个到达"),
    Row(("orders.floor_per_s",), "/s", "the floor: a bare workflow of this size", "基线:同等规模的空工作流"),
    Row(
        ("orders.history_events", "orders.history_events_spaced"),
        "",
        "events of history: in batches, every event alone",
        "历史事件数:成批,每个事件单独到达",
    ),
    Row(("orders.history_bytes",), "bytes", "history of one order", "每单历史字节数"),
    Row(("orders.transactions",), "", "PostgreSQL transactions for one order", "每单 PostgreSQL 事务数"),
    Row(
        ("returns.ratio",),
        "",
        "lives of returns against a floor of their size, same run",
        "退货全程速率与同等规模基线之比",
    ),
    Row(
        ("returns.cpu_ratio",), "", "CPU of a life of that floor against one of a return", "该基线与退货全程的 CPU 之比"
    ),
    Row(("returns.lives_per_s",), "/s", "whole lives of returns", "每秒走完全程的退货"),
    Row(("returns.history_events",), "", "events of history of one return", "每个退货的历史事件数"),
    Row(
        ("webhook.p50_ms", "webhook.p99_ms"),
        "ms",
        "payment callback until our thanks: median, 99 of 100",
        "支付回调到应答:中位数、99 分位",
    ),
    Row(
        ("worker.mb_per_1000_orders",),
        "MB",
        "memory of a worker for 1,000 open orders that it keeps in mind",
        "worker 缓存 1000 个未结订单所占内存",
    ),
    Row(
        ("worker.recovery_s",),
        "s",
        "worker killed with 1,000 open orders, until all answer again",
        "带 1000 个未结订单的 worker 被 kill -9 后,到全部再次应答",
    ),
    Row(
        ("inbox.drain_per_s",),
        "/s",
        "messages told to their stories after an outage of Temporal",
        "Temporal 恢复后,收件箱每秒转达的消息",
    ),
    Row(("chaos.seeds_clean", "chaos.seeds_run"), "", "seeds of chaos: clean, played", "混沌种子:无差错的、跑过的"),
)
HEADS = {
    "english": (
        "What",
        "Figure",
        "{system}, {cores} cores, Python {python}, Temporal {temporal}, PostgreSQL {postgres}",
    ),
    "chinese": ("项目", "数值", "{system},{cores} 核,Python {python},Temporal {temporal},PostgreSQL {postgres}"),
}
COSTS = {"orders": "an order", "floor": "its floor", "returns": "of a return", "idle": "a second"}
BOUNDS = (("orders", "orders.bound_by"), ("floor", "floor.bound_by"))
READMES = (("README.md", "english"), ("README.zh-CN.md", "chinese"))


class Unmarked(Exception):
    """A README has no place for the table; the message says what to add."""


def measured(figures: Figures) -> list[Row]:
    """Rows of which somebody has measured everything."""
    return [row for row in ROWS if all(key in figures for key in row.keys)]


def shown(figures: Figures) -> RenderableType:
    """For the terminal: the figures, what a life costs whom, and what bounds it."""
    table = Table(title="Order Hub, measured", title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    for row in measured(figures):
        table.add_row(row.english, _value(row, figures))
    others = f"Meanwhile others kept {figures['machine.others_cores']} cores of this machine busy."
    bounds = [f"The rate of the {what} is bounded by {figures[key]}." for what, key in BOUNDS]
    return Group(table, _costs(figures), *map(Text, (*bounds, others, _machine(figures, "english"))))


def _costs(figures: Figures) -> Table:
    table = Table(title="Milliseconds of CPU", title_justify="left")
    table.add_column("process")
    for name in COSTS.values():
        table.add_column(name, justify="right")
    for process in PROCESSES:
        table.add_row(process, *(str(figures[f"{name}.cpu_ms.{process}"]) for name in COSTS))
    table.add_row("all", *(str(figures[f"{name}.cpu_ms"]) for name in COSTS), style="bold")
    return table


def markdown(figures: Figures, language: str) -> str:
    """For a README."""
    what, figure, _ = HEADS[language]
    lines = [f"| {what} | {figure} |", "|---|---:|"]
    lines += [f"| {getattr(row, language)} | {_value(row, figures)} |" for row in measured(figures)]
    return "\n".join((*lines, "", _machine(figures, language)))


def write(figures: Figures, folder: Path, readmes: Sequence[tuple[str, str]] = READMES) -> None:
    """Put the table between the markers of each README.

    Raises: Unmarked, after every README that has them was written.
    """
    if missing := list(_unwritten(figures, folder, readmes)):
        raise Unmarked(f"Add these two lines where the table shall stand: {BEGIN} and {END}. In: {', '.join(missing)}")


def _unwritten(figures: Figures, folder: Path, readmes: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, language in readmes:
        path = folder / name
        words = path.read_text(encoding="utf-8") if path.exists() else ""
        before, begun, rest = words.partition(BEGIN)
        _, ended, after = rest.partition(END)
        if begun and ended:
            path.write_text(f"{before}{BEGIN}\n{markdown(figures, language)}\n{END}{after}", encoding="utf-8")
        else:
            yield name


def _value(row: Row, figures: Figures) -> str:
    values = [f"{figures[key]:,}" for key in row.keys]
    return " · ".join(values) + (f" {row.unit}" if row.unit else "")


def _machine(figures: Figures, language: str) -> str:
    known = {name.removeprefix("machine."): value for name, value in figures.items() if name.startswith("machine.")}
    return HEADS[language][2].format(**known)

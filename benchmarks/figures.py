"""Findings as figures: flat keys that a file keeps, and the sentence that says what bounds the ratio."""

from collections.abc import Mapping
from dataclasses import asdict

from benchmarks.callbacks import percentile
from benchmarks.metering import WORLD, Reading
from benchmarks.orders import BATCH, SINGLY, SPACED
from benchmarks.returns import RETURNS
from benchmarks.run import FLOOR, RETURNS_FLOOR, Findings, Part

Figures = Mapping[str, float | int | str]
PROCESSES = ("worker", "api", "postgres", "temporal", WORLD, FLOOR)
PYTHON = ("worker", "api", WORLD, FLOOR)
NEARLY_ALL = 0.85  # of a core, or of all cores: hardly more fits in


def figures(found: Findings) -> Figures:
    """Units: as the key ends; money nowhere."""
    floor, batch, singly = (found.parts[name] for name in (FLOOR, BATCH.name, SINGLY.name))
    return {
        **_rates(floor, batch, singly),
        "orders.history_events": batch.length.events,
        "orders.history_events_singly": singly.length.events,
        "orders.history_events_spaced": found.parts[SPACED.name].length.events,
        "orders.history_bytes": batch.length.bytes,
        "orders.transactions": round(found.transactions, 1),
        **_returns(found),
        "orders.lives": batch.lives,
        "orders.failed": sum(len(part.failed) for part in found.parts.values()),
        "floor.history_events": floor.length.events,
        "webhook.p50_ms": _ms(percentile(list(found.callbacks), 0.50)),
        "webhook.p99_ms": _ms(percentile(list(found.callbacks), 0.99)),
        **_costs("orders", batch.cost, batch.lives),
        **_costs("floor", floor.cost, floor.lives),
        **_costs("returns", found.parts[RETURNS].cost, found.parts[RETURNS].lives),
        **_costs("idle", found.idle, found.idle.at),
        "orders.bound_by": bound_by(shares_of(batch), found.machine.cores),
        "floor.bound_by": bound_by(shares_of(floor), found.machine.cores),
        "machine.others_cores": round(max(0.0, _others(batch.cost)), 2),
        **{f"machine.{name}": value for name, value in asdict(found.machine).items()},
    }


def bound_by(shares: Mapping[str, float], cores: int) -> str:
    """What would have to become cheaper for the rate to rise. `shares`: cores that each process keeps busy."""
    busiest = max(shares, key=lambda name: shares[name], default="")
    if sum(shares.values()) >= NEARLY_ALL * cores:
        return f"all {cores} cores, {shares[busiest] / sum(shares.values()):.0%} of them by the process {busiest}"
    if shares and shares[busiest] >= NEARLY_ALL and busiest in PYTHON:
        return f"the process {busiest}, which keeps one core busy: Python uses no more"
    return "waiting: neither the cores nor one process of Python are busy all the time"


def shares_of(part: Part) -> dict[str, float]:
    """How many cores each process keeps busy at the measured rate."""
    return {who: spent / max(1, part.lives) * part.per_s for who, spent in part.cost.cpu.items()}


def _rates(floor: Part, batch: Part, singly: Part) -> dict[str, float]:
    return {
        "orders.ratio": _part_of(batch.per_s, floor.per_s),
        "orders.ratio_singly": _part_of(singly.per_s, floor.per_s),
        "orders.lives_per_s": round(batch.per_s, 2),
        "orders.lives_per_s_singly": round(singly.per_s, 2),
        "orders.floor_per_s": round(floor.per_s, 2),
        "orders.cpu_ratio": _part_of(_each(floor), _each(batch)),
    }


def _returns(found: Findings) -> dict[str, float]:
    floor, returns = (found.parts[name] for name in (RETURNS_FLOOR, RETURNS))
    return {
        "returns.ratio": _part_of(returns.per_s, floor.per_s),
        "returns.cpu_ratio": _part_of(_each(floor), _each(returns)),
        "returns.lives_per_s": round(returns.per_s, 2),
        "returns.history_events": returns.length.events,
    }


def _part_of(some: float, whole: float) -> float:
    return round(some / whole, 3) if whole else 0.0


def _costs(name: str, cost: Reading, over: float) -> dict[str, float]:
    """Units: milliseconds of CPU for one life, or for one second."""
    each = {who: cost.cpu.get(who, 0.0) / max(1, over) for who in PROCESSES}
    return {f"{name}.cpu_ms.{who}": _ms(spent) for who, spent in each.items()} | {
        f"{name}.cpu_ms": _ms(sum(each.values())),
    }


def _each(part: Part) -> float:
    """Seconds of CPU for one life, everywhere: says less about waiting, and a noisy machine hardly changes it."""
    return sum(part.cost.cpu.values()) / max(1, part.lives)


def _others(cost: Reading) -> float:
    """Cores that were busy with what is not ours: where they are many, the figures are worth little."""
    return (cost.machine - sum(cost.cpu.values())) / cost.at if cost.at else 0.0


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)

import asyncio
import json
from functools import partial

import psutil
import pytest
from temporalio.testing import WorkflowEnvironment

from benchmarks import floor, rounds, tables
from benchmarks.books import Reader
from benchmarks.callbacks import percentile
from benchmarks.figures import bound_by, figures
from benchmarks.ledger import keep, kept
from benchmarks.machine import Machine
from benchmarks.metering import Length, Meter, Reading, length
from benchmarks.orders import BATCH, SINGLY, SPACED
from benchmarks.returns import RETURNS
from benchmarks.rounds import Load, Round, played, rate
from benchmarks.run import FLOOR, RETURNS_FLOOR, Findings, Part, Tally
from beside.temporal import executable

ASKED_FOR = (
    "orders.ratio",
    "orders.lives_per_s",
    "orders.floor_per_s",
    "orders.history_events",
    "orders.history_events_spaced",
    "orders.history_bytes",
    "orders.transactions",
    "returns.ratio",
    "returns.history_events",
    "webhook.p50_ms",
    "webhook.p99_ms",
)
A_TICK = 0.02  # of the system's own watch
HERE = Machine(2, "Linux x86_64", "3.11.7", "1.32.0", "1.35.0", "18.4", "2026-11-22T10:00:00+00:00")


def a_part(per_s, cpu, lives=10, failed=()):
    rounds = [Round(tuple(map(str, range(lives))), failed, per_s)]
    return Part(rounds, Reading(5.0, cpu, 9.0), Length(56, 18_000))


def findings(**changes):
    parts = {
        FLOOR: a_part(10.0, {"temporal": 1.0, "floor": 0.5}),
        BATCH.name: a_part(4.0, {"worker": 2.5, "temporal": 2.0, "api": 0.5}),
        SINGLY.name: a_part(3.0, {"worker": 3.0}),
        SPACED.name: a_part(0.5, {}),
        RETURNS_FLOOR: a_part(8.0, {"floor": 0.4}),
        RETURNS: a_part(4.0, {"worker": 1.0}),
    }
    return Findings(HERE, parts | changes, Reading(11.0, {"api": 0.1}, 0.2), 21.5, (0.010, 0.012, 0.050))


async def nothing():
    await asyncio.sleep(0)
    return "one"


@pytest.mark.parametrize(("shapes", "signals", "turns"), [(floor.ORDER, [6], [4]), (floor.RETURN, [5, 2], [3, 0])])
async def test_a_life_of_the_floor_has_as_many_signals_timers_and_empty_activities_as_it_should(shapes, signals, turns):
    async with (
        await WorkflowEnvironment.start_local(dev_server_existing_path=executable()) as env,
        floor.worker(env.client),
    ):
        told = await played(partial(floor.live, env.client, shapes, "floor/1"), Load(1, 1))
        stories = [env.client.get_workflow_handle(f"floor/1/{nth}") for nth in range(len(shapes))]
        events = [[event async for event in story.fetch_history_events()] for story in stories]
        long = await length(env.client, told.done)

    kinds = [[event.WhichOneof("attributes") for event in story] for story in events]
    assert told.done == ("floor/1/0",)
    assert told.failed == ()
    assert [story.count("workflow_execution_signaled_event_attributes") for story in kinds] == signals
    assert [story.count("timer_fired_event_attributes") for story in kinds] == turns
    assert [story.count("activity_task_completed_event_attributes") for story in kinds] == turns
    assert long.events == len(events[0])
    assert long.bytes > 0


def test_every_figure_that_is_promised_is_flat_and_can_be_kept():
    known = figures(findings())

    assert set(ASKED_FOR) <= known.keys()
    assert known["orders.ratio"] == 0.4
    assert known["orders.cpu_ratio"] == 0.3
    assert known["orders.cpu_ms.worker"] == 250.0
    assert known["webhook.p99_ms"] == 50.0
    assert all(isinstance(value, int | float | str) for value in known.values())
    assert json.loads(json.dumps(known)) == known


def test_a_life_that_fails_is_counted_and_not_hidden():
    failed = a_part(4.0, {}, failed=("TimeoutError: ",))

    assert figures(findings(**{BATCH.name: failed}))["orders.failed"] == 1


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"worker": 0.95, "temporal": 0.9}, "all 2 cores, 51% of them by the process worker"),
        ({"worker": 0.9, "temporal": 0.3}, "the process worker"),
        ({"temporal": 0.9, "worker": 0.3}, "waiting"),
        ({}, "waiting"),
    ],
)
def test_what_bounds_the_rate_is_said(shares, words):
    assert bound_by(shares, cores=2).startswith(words)


def test_the_rate_is_that_of_full_places():
    ended = [4.0, 4.0, 5.0, 6.0, 7.0, 8.0, 20.0]

    assert rate(ended, last_began=8.0, at_once=2) == pytest.approx(1.0)
    assert rate([1.0], last_began=0.0, at_once=2) == 0.0


async def test_no_more_lives_at_once_than_there_are_places():
    alive, most = 0, 0

    async def one():
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        await asyncio.sleep(0)
        alive -= 1
        return "one"

    told = await played(one, Load(7, 3))

    assert len(told.done) == 7
    assert most == 3


async def test_a_life_that_raises_does_not_end_the_others():
    lives = iter((nothing, None, nothing))

    async def one():
        return await next(lives)()

    told = await played(one, Load(3, 1))

    assert len(told.done) == 2
    assert told.failed == ("TypeError: 'NoneType' object is not callable",)


async def test_a_life_that_takes_too_long_says_whose_it_was(monkeypatch):
    async def endless():
        try:
            await asyncio.Event().wait()
        except BaseException as failure:
            failure.add_note("DEMO1 in batches")
            raise

    monkeypatch.setattr(rounds, "PATIENCE", 0.01)

    assert (await played(endless, Load(1, 1))).failed == ("DEMO1 in batches: TimeoutError",)


async def test_an_entry_is_found_by_whoever_waits_before_or_after_it_was_written():
    book = ["early"]
    reader = Reader(book, lambda entry: entry)
    reading = asyncio.create_task(reader.read())
    late = asyncio.create_task(reader.entry("late"))
    async with asyncio.timeout(5):
        assert await reader.entry("early") == "early"
        book.append("late")
        assert await late == "late"
    reading.cancel()


def test_cpu_is_counted_for_this_process():
    meter = Meter()
    before = meter.read()
    while (spent := meter.read().since(before)).cpu["world"] < 0.1:
        sum(range(100_000))

    assert spent.cpu["world"] <= spent.at * psutil.cpu_count() + A_TICK


def test_idle_transactions_are_told_by_the_second():
    began, ended = Tally(Reading(1.0, {}, 0.0), 10), Tally(Reading(6.0, {}, 0.0), 20)

    assert ended.per_s(began) == 2.0


def test_the_table_stands_between_its_markers_and_nothing_else_changes(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{tables.BEGIN}\nold\n{tables.END}\nafter\n")

    tables.write(figures(findings()), tmp_path, (("README.md", "english"),))
    once = readme.read_text()
    tables.write(figures(findings()), tmp_path, (("README.md", "english"),))

    assert once.startswith(f"before\n{tables.BEGIN}\n| What | Figure |")
    assert once.endswith(f"{tables.END}\nafter\n")
    assert "| 0.4 |" in once
    assert "old" not in once
    assert readme.read_text() == once


def test_a_readme_without_markers_is_named_and_the_other_is_written(tmp_path):
    chinese = tmp_path / "README.zh-CN.md"
    chinese.write_text(f"{tables.BEGIN}{tables.END}")

    with pytest.raises(tables.Unmarked, match=r"README\.md$"):
        tables.write(figures(findings()), tmp_path)

    assert "| 项目 | 数值 |" in chinese.read_text()


def test_percentiles_are_times_that_were_measured():
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([], 0.99) == 0.0


def test_figures_of_one_command_stay_when_another_is_measured(tmp_path):
    book = tmp_path / "latest.json"
    keep({"orders.ratio": 0.5, "chaos.seeds_run": 1}, book)
    keep({"chaos.seeds_run": 2, "chaos.seeds_clean": 2}, book)

    assert kept(book) == {"orders.ratio": 0.5, "chaos.seeds_run": 2, "chaos.seeds_clean": 2}


def test_the_table_leaves_out_what_nobody_has_measured_yet():
    some = figures(findings())

    assert "seeds" not in tables.markdown(some, "english")
    assert "| 3 · 4 |" in tables.markdown(some | {"chaos.seeds_clean": 3, "chaos.seeds_run": 4}, "english")

"""Whatever the alerts and the dashboard ask for is really told by a door and a worker at work."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from promql_parser import VectorSelector
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from beside.ground import free_port
from commands.serving import BUCKETS
from models.case import Role
from store.temporal import CONVERTER
from tests.api.watching import a_street
from tests.store.makings import a_message

DEPLOY = Path(__file__).parents[2] / "deploy"
BOARD = json.loads((DEPLOY / "grafana" / "orderhub.json").read_text("utf-8"))
ALERTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))
SCRAPES = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
ASKED = [(rule["alert"], rule["expr"]) for rule in RULES]
ASKED += [(panel["title"], target["expr"]) for panel in BOARD["panels"] for target in panel["targets"]]
OF_PROMETHEUS = {"up"}
SPAN = re.compile(r"\d+[smhd]")


def walked(expression):
    found = []
    promql_parser.walk(promql_parser.parse(expression), pre_visit=found.append)
    return found


def selectors(expression):
    return [one for one in walked(expression) if isinstance(one, VectorSelector)]


def grouped_by(expression):
    """Labels that an answer is grouped by, or named after in its words."""
    return {word for found in re.findall(r"\bby \(([^)]*)\)", expression) for word in re.findall(r"\w+", found)}


def told_in(text):
    """Which labels each sample has, and the values of each."""
    told = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            for label, value in ({"": ""} | sample.labels).items():
                told.setdefault(sample.name, {}).setdefault(label, set()).add(value)
    return told


@pytest.fixture
async def told(env, db):
    """What a door and its workers tell after one order was placed, paid, held and scanned."""
    port = free_port(0)
    figures = PrometheusConfig(
        bind_address=f"127.0.0.1:{port}", durations_as_seconds=True, histogram_bucket_overrides=BUCKETS
    )
    runtime = Runtime(telemetry=TelemetryConfig(metrics=figures))
    client = await env.connect_client(data_converter=CONVERTER, runtime=runtime)
    async with a_street(env, db, client, meter=runtime.metric_meter) as street, httpx.AsyncClient() as stranger:
        await a_day_at(street)
        worker = await stranger.get(f"http://127.0.0.1:{port}/metrics")
        door = await stranger.get(f"{street.address}/metrics", headers=street.shown(Role.OPS))
        yield told_in(door.text), told_in(worker.text)


async def a_day_at(street):
    order_id = (await street.place(number=await street.number())).json()["order"]
    await street.pay_at_wechat(order_id)
    await street.stands_at(order_id, "labelled")
    assert (await street.post(f"/orders/{order_id}/wishes", json={"kind": "hold"})).is_success
    scan = {"id": "pda7-1", "step": "pick", "code": "nobody", "at": datetime.now(UTC).isoformat(), "operator": "b17"}
    assert (await street.post("/scans", Role.WAREHOUSE, json={"scans": [scan]})).is_success
    await street.tools.inbox.keep("wechat", "main", b"raw", (a_message("nobody"),))


async def test_everything_that_is_asked_for_is_told(told):
    door, worker = told
    known = {**door, **worker}
    wanted = {one.name for _, expression in ASKED for one in selectors(expression)} - OF_PROMETHEUS

    assert len(wanted) > 20
    assert not set(door) & set(worker)
    assert sorted(wanted - set(known)) == []
    lacking = [
        (title, one.name, label)
        for title, expression in ASKED
        for one in selectors(expression)
        if one.name not in OF_PROMETHEUS
        for label in {matcher.name for matcher in one.matchers.matchers} | grouped_by(expression)
        if label not in known[one.name]
    ]
    assert lacking == []


async def test_labels_are_few_and_nobodys(told):
    """No order, no number, no path: the most that a label is, is a route."""
    door, worker = told
    ours = {name: labels for known in (door, worker) for name, labels in known.items() if name.startswith("oms_")}

    assert {label for labels in ours.values() for label in labels if label} <= {
        *("method", "route", "status", "party", "outcome", "word", "kind", "channel", "stage", "role", "state"),
        *("queue", "part", "limit", "le", "activity_type", "task_queue", "namespace", "service_name"),
    }
    values = {value for labels in ours.values() for values in labels.values() for value in values}
    assert [value for value in values if re.search(r"N[0-9A-F]{10}|[0-9A-HJKMNP-TV-Z]{16}|pda7", value)] == []


@pytest.mark.parametrize(("title", "expression"), ASKED)
def test_every_expression_can_be_read_and_asks_for_something(title, expression):
    assert selectors(expression)


def test_an_expression_that_is_wrong_would_be_noticed():
    for wrong in ("sum by (stage (oms_orders)", "rate(oms_orders_total)", "oms_orders >", "sun(oms_orders)"):
        with pytest.raises(ValueError, match=r"."):
            promql_parser.parse(wrong)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_how_bad_it_is_and_what_to_do(rule):
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert set(rule["annotations"]) == {"summary", "description"}
    assert SPAN.fullmatch(rule.get("for", "1m"))
    told = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
    assert told <= grouped_by(rule["expr"])


def test_an_alert_and_a_panel_have_a_name_of_their_own():
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def test_panels_do_not_lie_on_each_other():
    taken = [
        (x, y)
        for panel in BOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_who_is_asked_is_who_the_alerts_speak_of():
    jobs = {scrape["job_name"] for scrape in SCRAPES["scrape_configs"]}
    told = {m.value for _, expr in ASKED for one in selectors(expr) for m in one.matchers.matchers if m.name == "job"}

    assert jobs == told == {"door", "workers"}

"""One way from a message at the door over its story to what it leads to, and nobody's name on it."""

from dataclasses import replace

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

import tracing
from api import relay
from models.errors import Unavailable
from settings import Otel
from store.temporal import CONVERTER
from tests.api.conftest import Door, an_order_paper
from tests.api.test_canary import DOOR, NAME, NOTE, PHONE, found_in, receiver
from tests.api.watching import a_street
from tests.sandbox import SANDBOX
from tests.workflows.test_histories import LIVES, SHELF
from workflows.order import OrderWorkflow

KNOCK = "POST /webhooks/{kind}/{party}/{account}"


class Watcher:
    """Collects what leaves."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        processor = SimpleSpanProcessor(tracing.Discreet(self.exporter))
        self.provider = tracing.taking_note(processor, "orderhub-tests")
        self.tracer = self.provider.get_tracer("orderhub")

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def way_to(self, span):
        """From the root of its trace: names alone."""
        known = {one.context.span_id: one for one in self.spans}
        way = [span]
        while way[0].parent:
            way.insert(0, known[way[0].parent.span_id])
        return [one.name for one in way]

    def ways_to(self, name):
        return [self.way_to(span) for span in self.named(name)]


@pytest.fixture
def watcher():
    made = Watcher()
    yield made
    made.provider.shutdown()


@pytest.fixture
async def street(env, db, watcher):
    client = await env.connect_client(data_converter=CONVERTER, interceptors=tracing.interceptors(watcher.tracer))
    async with a_street(env, db, client, tracer=watcher.tracer) as street:
        yield street


async def paid(street, **changes):
    """An order whose payment came by WeChat's own knock, labelled since."""
    answer = await street.place(number=await street.number(), **changes)
    assert answer.status_code == 201, answer.text
    await street.pay_at_wechat(answer.json()["order"])
    await street.stands_at(answer.json()["order"], "labelled")
    return answer.json()["order"]


async def test_one_trace_runs_from_a_payment_webhook_over_the_signal_to_the_label_that_it_leads_to(street, watcher):
    await paid(street)

    assert watcher.ways_to("RunActivity:book_label") == [
        [KNOCK, "SignalWorkflow:payment_callback", "StartActivity:book_label", "RunActivity:book_label"]
    ]
    (knock,) = watcher.named(KNOCK)
    assert (knock.attributes["oms.party"], knock.attributes["oms.outcome"]) == ("wechat", "kept")
    (heard,) = watcher.named("HandleSignal:payment_callback")
    assert [link.context.trace_id for link in heard.links] == [knock.context.trace_id]


async def test_an_order_that_is_placed_is_followed_to_the_call_that_makes_its_bill(street, watcher):
    await paid(street)

    placed = ["POST /orders", "StartWorkflow:OrderWorkflow"]
    assert watcher.ways_to("RunWorkflow:OrderWorkflow") == [[*placed, "RunWorkflow:OrderWorkflow"]]
    assert watcher.ways_to("POST wechat") == [
        [*placed, "StartActivity:create_payment", "RunActivity:create_payment", "POST wechat"]
    ]


async def test_what_is_told_late_by_the_same_door_still_belongs_to_its_message(street, watcher, monkeypatch):
    real, calls = relay.stories.tell, []

    async def away_at_first(*told):
        calls.append(told)
        if len(calls) < 2:
            raise Unavailable("temporal_away")
        return await real(*told)

    monkeypatch.setattr("api.stories.tell", away_at_first)
    await paid(street)

    assert len(calls) == 2
    assert [way[0] for way in watcher.ways_to("RunActivity:book_label")] == [KNOCK]


async def test_nobody_is_named_in_what_leaves(street, watcher):
    order_id = await paid(street, receiver=receiver(NAME, PHONE, DOOR), note=NOTE)
    wishes = f"/orders/{order_id}/wishes"
    await street.post(wishes, json={"kind": "change_address", "receiver": receiver(NAME, PHONE, DOOR)})
    await street.post(wishes, json={"kind": NAME, PHONE: DOOR})
    await street.place(an_order_paper(number=PHONE + NAME, receiver=receiver(NAME, PHONE, DOOR) | {NOTE: DOOR}))
    await street.get("/orders", params={"q": PHONE})
    await street.get(f"/orders/web/demo/{NAME}")
    await street.get(f"/{DOOR}", headers={"user-agent": PHONE, "tracestate": PHONE})
    with pytest.raises(ZeroDivisionError), watcher.tracer.start_as_current_span("broken", attributes={"of": NAME}):
        raise ZeroDivisionError(DOOR)

    told = "\n".join(span.to_json() for span in watcher.spans)
    assert {"GET /orders", "GET /orders/{channel}/{shop}/{number}", "GET none"} <= {span.name for span in watcher.spans}
    assert found_in(told) == []
    assert {name for span in watcher.spans for name in span.attributes} <= tracing.KEPT
    (broken,) = watcher.named("broken")
    assert (broken.status.status_code, broken.status.description) == (StatusCode.ERROR, None)
    assert [dict(event.attributes) for event in broken.events] == [{"exception.type": "ZeroDivisionError"}]


async def test_a_stranger_does_not_say_which_trace_it_belongs_to(street, watcher):
    await street.get("/orders", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})

    (span,) = watcher.named("GET /orders")
    assert span.parent is None
    assert span.context.trace_id != int("a" * 32, 16)


async def test_what_machines_ask_all_day_leaves_no_trace(street, watcher):
    for path in ("/health/live", "/health/ready", "/metrics"):
        await street.get(path)
    await street.get("/orders")

    assert [span.name for span in watcher.spans] == ["GET /orders"]


@pytest.mark.parametrize("life", LIVES)
async def test_a_stored_history_is_told_the_same_way_while_somebody_watches(life, watcher):
    history = WorkflowHistory.from_json(f"order/{life}", (SHELF / f"{life}.json").read_text())

    replayer = Replayer(
        workflows=[OrderWorkflow],
        data_converter=CONVERTER,
        workflow_runner=SANDBOX,
        interceptors=tracing.interceptors(watcher.tracer),
    )
    await replayer.replay_workflow(history)


async def test_a_history_that_was_watched_is_told_the_same_way_by_who_does_not_watch(street):
    order_id = await paid(street)
    history = await street.tools.temporal.get_workflow_handle(f"order/{order_id}").fetch_history()

    assert "_tracer-data" in history.to_json()
    replayer = Replayer(workflows=[OrderWorkflow], data_converter=CONVERTER, workflow_runner=SANDBOX)
    await replayer.replay_workflow(history)


async def test_without_a_collector_nothing_is_done_at_all(door):
    assert tracing.provider(Otel(), "orderhub") is None
    assert tracing.interceptors(None) == []
    assert [layer.cls.__name__ for layer in door.app.user_middleware] == ["Envelope", "Counting", "Pacing"]
    assert [layer.cls.__name__ for layer in Door(replace(door.tools, tracer=Watcher().tracer)).app.user_middleware] == [
        "Envelope",
        "Tracing",
        "Counting",
        "Pacing",
    ]

"""What leaves for a collector, and what becomes of it when there is none."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.requests import Request
from starlette.responses import Response
from temporalio.converter import PayloadConverter
from temporalio.worker import HandleSignalInput, WorkflowInboundInterceptor

import tracing
from beside.ground import free_port
from settings import Misconfigured, Otel, load
from workflows.causes import HEADER, HOLDS, Listening
from world.server import serve

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
CAUSE = SpanContext(7, 9, is_remote=True, trace_flags=TraceFlags(1))


class Collector:
    """Takes spans over HTTP."""

    def __init__(self):
        self.taken = []

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        self.taken.append((request.url.path, ExportTraceServiceRequest.FromString(await request.body())))
        await Response()(scope, receive, send)


async def test_a_span_reaches_the_collector_under_our_name():
    collector = Collector()
    async with serve(collector) as address:
        notes = tracing.provider(Otel(endpoint=f"{address}/"), "orderhub-worker")
        with notes.get_tracer("orderhub").start_as_current_span("GET /orders", attributes={"q": "13800138000"}):
            pass
        await asyncio.to_thread(notes.shutdown)

    ((path, told),) = collector.taken
    (resource,) = told.resource_spans
    (span,) = resource.scope_spans[0].spans
    assert (path, span.name, list(span.attributes)) == ("/v1/traces", "GET /orders", [])
    assert {one.key: one.value.string_value for one in resource.resource.attributes}[
        "service.name"
    ] == "orderhub-worker"


def test_a_process_ends_soon_also_where_the_collector_is_away():
    notes = tracing.provider(Otel(endpoint=f"http://127.0.0.1:{free_port(0)}"), "orderhub-api")
    tracer = notes.get_tracer("orderhub")
    for _ in range(2000):
        tracer.start_span("GET /orders").end()

    began = time.monotonic()
    notes.shutdown()

    assert time.monotonic() - began < tracing.LEAVE + 5


def test_so_many_traces_are_kept_as_one_says(monkeypatch):
    notes = tracing.provider(Otel(endpoint="http://127.0.0.1:1", sample=0.0), "orderhub-api")

    assert not notes.get_tracer("orderhub").start_span("GET /orders").is_recording()
    notes.shutdown()


@pytest.mark.parametrize("wrong", ["collector:4318", "ftp://collector", "http://"])
def test_an_address_that_is_none_is_named(wrong, monkeypatch, tmp_path):
    monkeypatch.setenv("OMS_OTEL__ENDPOINT", wrong)

    with pytest.raises(Misconfigured, match="OMS_OTEL__ENDPOINT"):
        load(data=tmp_path)


@pytest.mark.parametrize(
    ("later", "caused"), [(timedelta(0), True), (HOLDS, True), (HOLDS + timedelta(seconds=1), False)]
)
async def test_a_message_is_the_cause_of_what_begins_within_a_minute(later, caused, monkeypatch):
    clock = [NOON]
    monkeypatch.setattr("workflows.causes.workflow.now", lambda: clock[0])
    carrier = {}
    context = trace.set_span_in_context(NonRecordingSpan(CAUSE))
    TraceContextTextMapPropagator().inject(carrier, context)
    headers = {HEADER: PayloadConverter.default.to_payload(carrier)}
    story = Listening(Deaf(None))

    await story.handle_signal(HandleSignalInput("payment_callback", [], headers))
    clock[0] += later
    with story.caused():
        inside = trace.get_current_span().get_span_context().trace_id

    assert inside == (CAUSE.trace_id if caused else 0)
    assert not trace.get_current_span().get_span_context().is_valid


class Deaf(WorkflowInboundInterceptor):
    def __init__(self, beyond):
        """Nobody is beyond it."""

    async def handle_signal(self, input):
        """It does nothing."""

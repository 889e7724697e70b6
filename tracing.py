"""The way of a message from the door over its story to the hand that it moves, for whoever collects such ways.

Off unless a collector is named. What leaves this process is what stands in KEPT, and nothing else: no path, no query,
no header, no words of an error.
"""

from collections.abc import Sequence
from threading import Timer

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Status, Tracer
from temporalio.client import Interceptor
from temporalio.contrib.opentelemetry import TracingInterceptor

from settings import Otel
from workflows.causes import Causes

LEAVE = 2.0  # seconds
KEPT = frozenset(
    {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "oms.party",
        "oms.outcome",
        "temporalWorkflowID",
        "temporalRunID",
        "temporalActivityID",
        "temporalUpdateID",
    }
)
NAMED = "exception.type"  # of an error its kind alone: its words may quote anybody


def provider(told: Otel, name: str) -> TracerProvider | None:
    """Who takes note and sends it on, in the background; None: nobody collects."""
    if told.endpoint is None:
        return None
    exporter = OTLPSpanExporter(f"{told.endpoint.rstrip('/')}/v1/traces", timeout=5)
    return taking_note(Sending(Discreet(exporter)), name, told.sample)


def taking_note(processor: SpanProcessor, name: str, sample: float = 1.0) -> TracerProvider:
    """The same, whoever it is sent to. Whoever calls shuts it down."""
    sampler = ParentBased(TraceIdRatioBased(sample))
    made = TracerProvider(sampler, Resource.create({SERVICE_NAME: name}), shutdown_on_exit=False)
    made.add_span_processor(processor)
    return made


def interceptors(tracer: Tracer | None) -> list[Interceptor]:
    """What a client and its workers need for it."""
    return [TracingInterceptor(tracer), Causes()] if tracer else []


class Sending(BatchSpanProcessor):
    """Sends in the background; at the end what is left, but no process waits long for a collector that is away."""

    def __init__(self, exporter: SpanExporter) -> None:
        super().__init__(exporter)
        self.exporter = exporter

    def shutdown(self) -> None:
        """An exporter that was shut down gives up what it is still trying."""
        enough = Timer(LEAVE, self.exporter.shutdown)
        enough.start()
        try:
            super().shutdown()  # type: ignore[no-untyped-call] # of the SDK, which types the rest
        finally:
            enough.cancel()


class Discreet(SpanExporter):
    """Passes on what stands in KEPT."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send them on, without what nobody needs."""
        return self.exporter.export([_discreet(span) for span in spans])

    def shutdown(self) -> None:
        """Nothing follows."""
        self.exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send now."""
        return self.exporter.force_flush(timeout_millis)


def _discreet(span: ReadableSpan) -> ReadableSpan:
    known = span.attributes or {}
    return ReadableSpan(
        span.name,
        span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in known.items() if name in KEPT},
        events=[_named(event) for event in span.events],
        links=span.links,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


def _named(event: Event) -> Event:
    known = event.attributes or {}
    return Event(event.name, {NAMED: known[NAMED]} if NAMED in known else {}, event.timestamp)

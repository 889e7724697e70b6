"""The way of a message from the door over its story to the hand that it moves, for whoever collects such ways.

Off unless a collector is named. What leaves this process is what stands in KEPT, and nothing else: no path, no query,
no header, no words of an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Status, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio import client, worker, workflow
from temporalio.api.common.v1 import Payload
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.converter import PayloadConverter

from settings import Otel

HOLDS = timedelta(minutes=1)
HEADER = "_tracer-data"  # where the SDK's interceptor keeps a trace
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
    return taking_note(BatchSpanProcessor(Discreet(exporter)), name, told.sample)


def taking_note(processor: BatchSpanProcessor, name: str, sample: float = 1.0) -> TracerProvider:
    """The same, whoever it is sent to. Whoever calls shuts it down."""
    sampler = ParentBased(TraceIdRatioBased(sample))
    made = TracerProvider(sampler, Resource.create({SERVICE_NAME: name}), shutdown_on_exit=False)
    made.add_span_processor(processor)
    return made


def interceptors(tracer: Tracer | None) -> list[client.Interceptor]:
    """What a client and its workers need for it."""
    return [TracingInterceptor(tracer), Causes()] if tracer else []


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


class Causes(client.Interceptor, worker.Interceptor):
    """What a story begins within a minute of a message belongs to that message's trace.

    Why: the SDK gives whatever a story does to the trace that started it. A payment would end at its signal, and nobody
    would see the label that it leads to. Headers alone are touched, so a story is told the same way with and without.
    """

    def workflow_interceptor_class(self, _: worker.WorkflowInterceptorClassInput) -> type["Listening"]:
        """Who listens in each story."""
        return Listening


class Listening(worker.WorkflowInboundInterceptor):
    """Remembers the last message that came with a trace."""

    _cause: tuple[datetime, Context] | None = None

    def init(self, outbound: worker.WorkflowOutboundInterceptor) -> None:
        """The way out, too."""
        super().init(Acting(outbound, self))

    async def handle_signal(self, input: worker.HandleSignalInput) -> None:  # noqa: A002 - the SDK's word
        """A fact."""
        self._hear(input.headers)
        await super().handle_signal(input)

    async def handle_update_handler(self, input: worker.HandleUpdateInput) -> object:  # noqa: A002 - the SDK's word
        """A wish that was granted."""
        self._hear(input.headers)
        return await super().handle_update_handler(input)

    def _hear(self, headers: Mapping[str, Payload]) -> None:
        if header := headers.get(HEADER):
            carrier = PayloadConverter.default.from_payload(header)
            self._cause = (workflow.now(), TraceContextTextMapPropagator().extract(carrier))

    @contextmanager
    def caused(self) -> Iterator[None]:
        """Inside, the last message is the cause of whatever begins."""
        if self._cause is None or workflow.now() - self._cause[0] > HOLDS:
            yield
            return
        with within(self._cause[1]):
            yield


class Acting(worker.WorkflowOutboundInterceptor):
    """Says of each activity what caused it."""

    def __init__(self, beyond: worker.WorkflowOutboundInterceptor, listening: Listening) -> None:
        super().__init__(beyond)
        self.listening = listening

    def start_activity(self, input: worker.StartActivityInput) -> workflow.ActivityHandle[object]:  # noqa: A002
        """A call to a party."""
        with self.listening.caused():
            return super().start_activity(input)

    def start_local_activity(self, input: worker.StartLocalActivityInput) -> workflow.ActivityHandle[object]:  # noqa: A002
        """A call to our own store."""
        with self.listening.caused():
            return super().start_local_activity(input)


@contextmanager
def within(cause: Context) -> Iterator[None]:
    """Inside, whatever begins belongs to this trace."""
    token = contexts.attach(cause)
    try:
        yield
    finally:
        contexts.detach(token)

"""Which message moved a story to what it does: told in the headers of its calls, and nowhere in the story itself."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio import client, worker, workflow
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter

HOLDS = timedelta(minutes=1)
HEADER = "_tracer-data"  # where the SDK's own interceptor keeps a trace


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
        is_fresh = self._cause is not None and workflow.now() - self._cause[0] <= HOLDS
        with within(self._cause[1] if self._cause and is_fresh else None):
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
def within(cause: Context | None) -> Iterator[None]:
    """Inside, whatever begins belongs to this trace; None: to the one that it would belong to."""
    if cause is None:
        yield
        return
    token = contexts.attach(cause)
    try:
        yield
    finally:
        contexts.detach(token)

"""The door's own figures, as Prometheus reads them. Labels are words of ours: no path, id or name of a person."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from api.quotas import Limit

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SPANS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Figures:
    """Counted in this process since it started."""

    def __init__(self) -> None:
        books = self.books = CollectorRegistry()
        self.requests = Counter("oms_requests", "Answered requests", ("method", "route", "status"), registry=books)
        self.took = Histogram("oms_request_seconds", "Time to answer", ("route",), buckets=SPANS, registry=books)
        self.webhooks = Counter("oms_webhooks", "Messages from outside", ("party", "outcome"), registry=books)
        self.heard = Histogram(
            "oms_webhook_seconds", "Time until a sender has our answer", ("party",), buckets=SPANS, registry=books
        )
        self.limited = Counter("oms_limited", "Calls refused because they were too many", ("limit",), registry=books)
        for limit in Limit:
            self.limited.labels(limit)  # told from the start, so that the first refusal is a rise
        self.scans = Counter("oms_scans", "Answers to scans", ("word",), registry=books)
        self.wishes = Counter("oms_wishes", "Wishes", ("kind", "outcome"), registry=books)
        self.orders = Counter("oms_orders", "Orders received", ("channel", "outcome"), registry=books)
        self.told = Counter("oms_relay_told", "Tellings handed to a story", ("outcome",), registry=books)
        self.begun = Counter("oms_relay_begun", "Stories begun", ("outcome",), registry=books)
        self._seen(books)

    def _seen(self, books: CollectorRegistry) -> None:
        """What a look around tells: see `api/lookout.py`."""
        self.ready = Gauge("oms_part_ready", "Whether a part answered", ("part",), registry=books)
        self.stages = Gauge("oms_orders_by_stage", "Orders by stage", ("stage",), registry=books)
        self.overdue = Gauge("oms_orders_overdue", "Orders that somebody must look at", ("stage",), registry=books)
        self.cases = Gauge("oms_cases_open", "Cases that nobody has closed", ("role",), registry=books)
        self.oldest = Gauge("oms_inbox_oldest_seconds", "Age of the oldest telling not yet heard", registry=books)
        self.inbox = Gauge("oms_inbox_rows", "Tellings not yet heard", ("party", "state"), registry=books)
        self.inbox_age = Gauge("oms_inbox_age_seconds", "Age of the oldest of them", ("party", "state"), registry=books)
        self.unbegun = Gauge("oms_orders_unbegun_seconds", "Age of the oldest order without a story", registry=books)
        self.waiting = Gauge("oms_queue_backlog", "Tasks that no worker has taken", ("queue",), registry=books)
        self.lag = Gauge("oms_queue_lag_seconds", "Age of the oldest of them", ("queue",), registry=books)
        self.served = Gauge("oms_queue_workers", "Workers that asked it for work lately", ("queue",), registry=books)

    def text(self) -> bytes:
        """All of them, as they are read."""
        return generate_latest(self.books)

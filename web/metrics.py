"""Counts and times for Prometheus, by route template, method and status; no label holds anything of a request's own.

With several workers each writes its counts into files of a folder (prometheus-client's multiprocess mode); a scrape
adds them up, whichever worker answers it.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder; prometheus-client reads it when it is first imported."""
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What one process counts."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "nelm_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "nelm_request_seconds", "Time to answer.", ("method", "route"), buckets=_BUCKETS_S, registry=self._registry
        )
        self._answers = Counter("nelm_answers", "Answers given, by status.", ("status",), registry=self._registry)
        if FOLDER not in os.environ:
            ProcessCollector(registry=self._registry)

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)

    def answered(self, status: str) -> None:
        """Count an answer."""
        self._answers.labels(status).inc()

    def text(self) -> bytes:
        """Return everything as Prometheus reads it; of all workers where there are several."""
        registry = self._registry
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

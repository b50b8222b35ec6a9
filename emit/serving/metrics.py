"""What the server counts, in Prometheus's form; summed over its processes."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

#: Where the processes put their figures; prometheus_client reads it when it is imported.
_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
_PREFIX: Final = "mojo2keras"


@contextmanager
def shared_figures() -> Iterator[None]:
    """Give the processes of one server a folder for their figures, as long as the block runs."""
    folder = tempfile.mkdtemp(prefix="mojo2keras-metrics-")
    os.environ[_FOLDER] = folder
    try:
        yield
    finally:
        os.environ.pop(_FOLDER, None)
        shutil.rmtree(folder, ignore_errors=True)


class Metrics:
    """Counts requests of one model."""

    def __init__(self, model: str) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        own = CollectorRegistry()
        self._registry = own
        self._requests = Counter(
            f"{_PREFIX}_requests",
            "Requests for predictions, by protocol and status.",
            ("model", "protocol", "status"),
            registry=own,
        )
        self._refusals = Counter(
            f"{_PREFIX}_refusals",
            "Requests for predictions that were refused.",
            ("model", "protocol"),
            registry=own,
        )
        self._rows = Counter(
            f"{_PREFIX}_rows", "Rows that were scored.", ("model", "protocol"), registry=own
        )
        self._seconds = Histogram(
            f"{_PREFIX}_request_seconds",
            "Seconds from a request's head to its answer.",
            ("model", "protocol"),
            buckets=_SECONDS,
            registry=own,
        )
        self._model = model
        # Looked up once: a label costs more than a count.
        self._counts: dict[tuple[str, int], tuple[object, ...]] = {}

    def answered(self, protocol: str, status: int, rows: int, began: float) -> None:
        """Count one request.

        Args:
            protocol: ``v1``, ``v2`` and so on.
            status: of HTTP.
            rows: that were scored.
            began: ``perf_counter`` when its head was there.
        """
        counts = self._counts.get((protocol, status))
        if counts is None:
            labels = (self._model, protocol)
            counts = self._counts[protocol, status] = (
                self._requests.labels(*labels, str(status)),
                self._rows.labels(*labels) if status < 400 else self._refusals.labels(*labels),  # noqa: PLR2004
                self._seconds.labels(*labels),
            )
        requests, second, seconds = counts
        requests.inc()  # type: ignore[attr-defined]
        second.inc(rows if status < 400 else 1)  # type: ignore[attr-defined]  # noqa: PLR2004
        seconds.observe(perf_counter() - began)  # type: ignore[attr-defined]

    def text(self) -> tuple[bytes, bytes]:
        """Return the figures of all processes, and their content type."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = self._registry
        if _FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST.encode()

"""The node's /metrics, read directly: Prometheus text -> Snapshot."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping

import requests
from prometheus_client.parser import text_string_to_metric_families

from bizra_load.exit_codes import BizraLoadError
from bizra_load.server_metrics.bounded import MALFORMED, BoundedSession, TooLargeError
from sla.values.snapshot import BucketCounts, Snapshot

MAX_METRICS_BYTES = 8 * 1024 * 1024
MAX_SAMPLES = 50_000


class ScrapeError(BizraLoadError):
    """A reading that failed; the run goes on without it."""


def snapshot_of(
    samples: Iterable[tuple[str, Mapping[str, str], float]], at_ns: int, took_ns: int = 0, instance: str = ""
) -> Snapshot:
    """One Snapshot of (name, labels, value) samples; label sets are summed, but for the buckets' "le".

    A family is a histogram if it has buckets; its _sum and _count belong to it. Names that end in _total are counters,
    the rest are gauges. What is not finite is no figure and left out, of a histogram with such a bucket all of it.
    """
    values: dict[str, float] = {}
    buckets: dict[str, dict[float, float]] = {}
    for name, labels, value in samples:
        if name.endswith("_bucket") and "le" in labels:
            edges = buckets.setdefault(name.removesuffix("_bucket"), {})
            edge = float(labels["le"])
            edges[edge] = edges.get(edge, 0.0) + value
        else:
            values[name] = values.get(name, 0.0) + value
    values = {name: value for name, value in values.items() if math.isfinite(value)}
    histograms = {}
    for base, edges in buckets.items():
        ordered, sum_s = sorted(edges), values.pop(f"{base}_sum", 0.0)
        values.pop(f"{base}_count", None)
        if all(0 <= count < math.inf for count in edges.values()) and not any(map(math.isnan, edges)):
            histograms[base] = BucketCounts(tuple(ordered), tuple(edges[e] for e in ordered), sum_s)
    counters = {n: v for n, v in values.items() if n.endswith("_total")}
    gauges = {n: v for n, v in values.items() if not n.endswith(("_total", "_created"))}
    return Snapshot(at_ns, took_ns, instance, counters, gauges, histograms)


def parse(data: bytes, url: str, at_ns: int, took_ns: int) -> Snapshot:
    """One Snapshot of Prometheus text. Raises ScrapeError."""
    try:
        families = text_string_to_metric_families(data.decode("utf-8"))
        samples = [(s.name, s.labels, s.value) for family in families for s in family.samples]
        if len(samples) <= MAX_SAMPLES:
            return snapshot_of(samples, at_ns, took_ns)
    except MALFORMED as error:  # the parser's own ways to fail
        raise ScrapeError(f"{url}: not Prometheus text: {' '.join(str(error).split())[:200]}") from None
    raise ScrapeError(f"{url}: more than {MAX_SAMPLES:,} samples")


class MetricsReader:
    """Reads one /metrics address on one kept connection."""

    def __init__(
        self,
        url: str,
        timeout_s: float = 4.0,
        headers: Mapping[str, str] | None = None,
        unix_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.url = url
        self._unix_ns = unix_ns
        self._timeout_s = timeout_s
        self._session = BoundedSession(MAX_METRICS_BYTES, timeout_s)
        self._session.headers.update(headers or {})

    def read(self) -> Snapshot:
        """Raises ScrapeError with one line."""
        begin = self._unix_ns()
        try:
            response = self._session.get(self.url, timeout=self._timeout_s)
            took_ns = self._unix_ns() - begin
            if response.status_code != 200:
                raise ScrapeError(f"{self.url}: status {response.status_code}")
            return parse(response.content, self.url, begin + took_ns // 2, took_ns)
        except TooLargeError as error:
            raise ScrapeError(f"{self.url}: {error}") from None
        except requests.RequestException as error:
            raise ScrapeError(f"{self.url}: {type(error).__name__}") from None

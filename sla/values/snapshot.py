"""The server's own metrics at one moment: the same type whether read from /metrics or from Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class BucketCounts:
    """A Prometheus histogram at one scrape.

    edges_s     upper bucket edges ("le", inclusive), seconds, ascending, shape (k,), the last is +inf
    cumulative  observations at or below each edge, shape (k,), non-decreasing
    sum_s       sum of all observations, seconds
    """

    edges_s: tuple[float, ...]
    cumulative: tuple[float, ...]
    sum_s: float = 0.0

    @property
    def count(self) -> float:
        """Observations in all buckets."""
        return self.cumulative[-1] if self.cumulative else 0.0


@dataclass(frozen=True)
class Snapshot:
    """One scrape of one server process.

    at_ns    when it was taken, ns since the Unix epoch (the middle of the request, or Prometheus' own time stamp)
    took_ns  how long the scrape took
    """

    at_ns: int
    took_ns: int = 0
    instance: str = ""
    counters: Mapping[str, float] = field(default_factory=dict)
    gauges: Mapping[str, float] = field(default_factory=dict)
    histograms: Mapping[str, BucketCounts] = field(default_factory=dict)

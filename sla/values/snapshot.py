"""The server's own metrics at one moment: the same type whether read from /metrics or from Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

UP = "up"  # which Prometheus writes at each scrape: 1, or 0 where it failed
Labels = tuple[tuple[str, str], ...]  # (name, value), by name


def labels_of(labels: Mapping[str, str]) -> Labels:
    """In the order that makes equal label sets equal."""
    return tuple(sorted(labels.items()))


def labels_text(labels: Iterable[tuple[str, str]]) -> str:
    """As PromQL writes label matchers: a="b",c="d"."""
    escaped = ((name, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for name, value in labels)
    return ",".join(f'{name}="{value}"' for name, value in escaped)


def series_key(name: str, labels: Mapping[str, str]) -> str:
    """One series among those of its target: the metric's name, and the labels that the target does not have itself."""
    return f"{name}{{{labels_text(labels_of(labels))}}}" if labels else name


def metric_of(key: str) -> str:
    """The metric's name of a series_key()."""
    return key.partition("{")[0]


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
    """One scrape of one target (a server process). Counters, gauges and histograms by series_key(): every label set for itself,
    for a counter may go back, begin or end in one of them alone.

    at_ns    when it was taken, ns since the Unix epoch (the middle of the request, or Prometheus' own time stamp)
    took_ns  how long the scrape took
    target   the labels that all series of the target share; () where it was read directly
    """

    at_ns: int
    took_ns: int = 0
    target: Labels = ()
    counters: Mapping[str, float] = field(default_factory=dict)
    gauges: Mapping[str, float] = field(default_factory=dict)
    histograms: Mapping[str, BucketCounts] = field(default_factory=dict)

    @property
    def requested_ns(self) -> int:
        """When it was asked for; its values are of some time between then and received_ns. A Prometheus says neither."""
        return self.at_ns - self.took_ns // 2

    @property
    def received_ns(self) -> int:
        """When the response was complete."""
        return self.requested_ns + self.took_ns

    @property
    def is_failed_scrape(self) -> bool:
        """Whether it holds nothing but that the target could not be scraped: Prometheus' `up` was 0."""
        return not self.counters and not self.histograms and self.gauges == {UP: 0.0}

    def has_any(self, metrics: Set[str]) -> bool:
        """Whether it has a counter or histogram of one of these names, with whatever labels."""
        return not metrics.isdisjoint(map(metric_of, [*self.counters, *self.histograms]))

    def counts(self, metric: str) -> bool:
        """Whether it has a counter of that name, with whatever labels."""
        return metric in self.counters or any(metric_of(key) == metric for key in self.counters)

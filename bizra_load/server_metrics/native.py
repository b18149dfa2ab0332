"""Prometheus' native histograms (prometheus.io/docs/specs/native_histograms) as bucket counts with edges.

Their buckets are sparse, and a later scrape may have a coarser resolution. An edge is kept only where every scrape knows its
cumulative count, that is where it lies inside nobody's bucket: what is kept is exact, nothing is interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bizra_load.server_metrics.exposition import ScrapeError
from sla.values.snapshot import BucketCounts

Key = TypeVar("Key")


@dataclass(frozen=True)
class NativeHistogram:
    """Populated buckets (left, right, count), seconds, right edge inclusive; count and sum of all observations."""

    buckets: tuple[tuple[float, float, float], ...]
    count: float
    sum_s: float

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> NativeHistogram:
        """A histogram of the HTTP API's JSON. Raises ScrapeError."""
        try:
            buckets = tuple((float(left), float(right), float(n)) for _, left, right, n in value.get("buckets") or ())
            count, sum_s = float(value["count"]), float(value["sum"])
            counts, edges = [n for *_, n in buckets], [edge for left, right, _ in buckets for edge in (left, right)]
            if not all(0 <= n < math.inf for n in (count, *counts)) or any(map(math.isnan, edges)):
                raise ValueError("no counts")
            if math.fsum(counts) > count * (1 + 1e-9) or any(not left < right for left, right, _ in buckets):
                raise ValueError("buckets that hold more than all, or nothing")
            return cls(buckets, count, sum_s if math.isfinite(sum_s) else 0.0)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ScrapeError(f"a native histogram that can't be read: {type(error).__name__}") from None


def with_common_edges(scrapes: Mapping[Key, NativeHistogram]) -> dict[Key, BucketCounts]:
    """Each of the histograms (of every scrape and label set), all with the same edges."""
    spans = {(left, right) for h in scrapes.values() for left, right, _ in h.buckets}
    candidates = sorted({edge for span in spans for edge in span if 0 < edge < math.inf})
    edges = [e for e in candidates if not any(left < e < right for left, right in spans)]
    return {key: _counts(h, edges) for key, h in scrapes.items()}


def _counts(h: NativeHistogram, edges: Sequence[float]) -> BucketCounts:
    cumulative = [sum(n for _, right, n in h.buckets if right <= edge) for edge in edges]
    return BucketCounts((*edges, math.inf), (*cumulative, h.count), h.sum_s)

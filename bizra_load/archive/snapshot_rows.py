"""The server's snapshots as rows of plain values, the form of `server.jsonl`. What is read is checked: it may be damaged."""

from __future__ import annotations

import math
from typing import Any

from sla.values.snapshot import BucketCounts, Snapshot, labels_of

MAX_BUCKETS = 10_000


def snapshot_row(s: Snapshot) -> dict[str, Any]:
    """Plain values; edges are text, since JSON has no infinity."""
    histograms = {
        name: {"le": [str(e) for e in h.edges_s], "cumulative": list(h.cumulative), "sum_s": h.sum_s}
        for name, h in s.histograms.items()
    }
    return {
        "at_ns": s.at_ns,
        "took_ns": s.took_ns,
        "target": dict(s.target),
        "counters": dict(s.counters),
        "gauges": dict(s.gauges),
        "histograms": histograms,
    }


def snapshot_from_row(row: Any) -> Snapshot:
    """Raises ValueError, KeyError, TypeError or AttributeError for what snapshot_row() could not have made."""
    histograms = {
        str(name): BucketCounts(tuple(float(e) for e in h["le"]), tuple(float(c) for c in h["cumulative"]), float(h["sum_s"]))
        for name, h in row["histograms"].items()
    }
    numbers = {key: {str(n): float(v) for n, v in row[key].items()} for key in ("counters", "gauges")}
    if not (0 <= row["at_ns"] < 1 << 62 and 0 <= row["took_ns"] < 1 << 62):
        raise ValueError("at_ns, took_ns: must be ns of a clock")
    for name, h in histograms.items():
        whole = 0 < len(h.edges_s) == len(h.cumulative) <= MAX_BUCKETS and list(h.edges_s) == sorted(set(h.edges_s))
        whole = whole and h.edges_s[0] >= 0  # of a duration
        if not whole or not all(0 <= c < math.inf for c in h.cumulative) or math.isnan(h.sum_s):
            raise ValueError(f"histogram {name[:100]}: edges must ascend from 0 on, each with a count")
    # runs before 2026-12 knew a target by one label, and had its label sets summed
    target = row["target"] if "target" in row else {"instance": row["instance"]} if row["instance"] else {}
    labels = labels_of({str(name): str(value) for name, value in target.items()})
    return Snapshot(int(row["at_ns"]), int(row["took_ns"]), labels, histograms=histograms, **numbers)

"""Counters of several instances as increments over common intervals, restarts and missed scrapes included.

A counter that went backwards was restarted: it counts again from 0 (Prometheus' own rule for increase()), and what it counted
between its last scrape and the restart is lost. Where instances are scraped at different times, the others' counters are
interpolated at the scrape times of the one with the most scrapes; sums over the window are exact but for its two ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sla.estimators.dependence import FloatArray
from sla.estimators.server_side import by_instance
from sla.values.snapshot import Snapshot

GAP = 1.5  # an interval this many times the usual one holds a missed scrape


def scrape_interval_s(snapshots: Sequence[Snapshot]) -> float:
    """The usual time between two scrapes of one instance; 0 without two."""
    steps = np.diff(_busiest(snapshots))
    return float(np.median(steps)) if steps.size else 0.0


def common_times_s(snapshots: Sequence[Snapshot]) -> FloatArray:
    """Boundaries of about equal intervals, shape (m + 1,), Unix seconds: the scrape times of the instance with the most
    scrapes, missed ones filled in; empty without two scrapes.
    """
    times, usual = _busiest(snapshots), scrape_interval_s(snapshots)
    if not usual:
        return np.zeros(0)
    filled = [times[:1]]
    for begin, end in pairwise(times):
        parts = max(round(float(end - begin) / usual), 1) if end - begin > GAP * usual else 1
        filled.append(np.linspace(begin, end, parts + 1)[1:])
    return np.concatenate(filled)


def increments(snapshots: Sequence[Snapshot], names: Sequence[str], times_s: FloatArray) -> FloatArray | None:
    """Sum of the counters `names` over all instances for each interval of common_times_s(), shape (m,); None when one of the
    names is in no scrape.
    """
    if times_s.size < 2 or not all(any(n in s.counters for s in snapshots) for n in names):
        return None
    total = np.zeros(times_s.size - 1)
    for series in by_instance(snapshots).values():
        at_s = np.array([s.at_ns / 1e9 for s in series])
        for name in names:
            steps = _steps(series, name)
            total += np.diff(np.interp(times_s, at_s, np.concatenate(([0.0], np.cumsum(steps)))))
    return np.maximum(total, 0.0)  # interpolation may leave the last bits under 0


def restarts(snapshots: Sequence[Snapshot], names: Sequence[str]) -> int:
    """How many scrapes of an instance found one of the counters smaller than before."""
    count = 0
    for series in by_instance(snapshots).values():
        back = [np.diff(_values(series, name)) < 0 for name in names]
        count += int(np.any(back, axis=0).sum()) if back else 0
    return count


def coverage(snapshots: Sequence[Snapshot], from_s: float, to_s: float) -> float:
    """Share of [from_s, to_s] that lies within one usual interval of a scrape of any instance, 0 to 1."""
    usual = scrape_interval_s(snapshots)
    if not usual:
        return 0.0
    times = np.unique([s.at_ns / 1e9 for s in snapshots])
    times = times[(times >= from_s) & (times <= to_s)]
    if not times.size:
        return 0.0
    inner = float(np.minimum(np.diff(times), 2 * usual).sum())
    ends = min(float(times[0]) - from_s, usual) + min(to_s - float(times[-1]), usual)
    return min((inner + ends) / (to_s - from_s), 1.0)


def _busiest(snapshots: Sequence[Snapshot]) -> FloatArray:
    series = max(by_instance(snapshots).values(), key=len, default=[])
    return np.array([s.at_ns / 1e9 for s in series], dtype=np.float64)


def _steps(series: Sequence[Snapshot], name: str) -> FloatArray:
    values = _values(series, name)
    steps = np.diff(values)
    return np.where(steps < 0, values[1:], steps)


def _values(series: Sequence[Snapshot], name: str) -> FloatArray:
    """0 until the counter appears (some clients expose it with its first event), then its last known value."""
    last, values = 0.0, []
    for s in series:
        last = s.counters.get(name, last)
        values.append(last)
    return np.array(values)

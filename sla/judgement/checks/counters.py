"""Counters of several targets as increments over common intervals, restarts and missed scrapes included.

A counter that went backwards was restarted: it counts again from 0 (Prometheus' own rule for increase()), and what it counted
between its last scrape and the restart is lost. Where targets are scraped at different times, the others' counters are
interpolated at the scrape times of the one with the most scrapes; sums over the window are exact but for its two ends.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sla.estimators import series
from sla.estimators.dependence import FloatArray
from sla.estimators.duplicates import START_TIME
from sla.values.agreement import Agreement
from sla.values.snapshot import Snapshot, labels_text

COVERED = 0.9  # of the window, or nothing passes: who was not scraped may have been down
LATER_START_S = 0.5  # of one process the start is shown with some rounding
SHOWN = 3  # targets that a line names


def of_the_service(snapshots: Sequence[Snapshot], agreement: Agreement) -> tuple[tuple[Snapshot, ...], list[str]]:
    """Those of targets that ever had one of the agreement's metrics, and of others of the same job, which may have restarted
    before their first operation; and a line on who was left out. A Prometheus holds the process metrics of itself and of others
    too, which are scraped at other times and restart when they like. All of them where no target has any.
    """
    names = agreement.server_metrics
    own = {s.target for s in snapshots if s.has_any(names)}
    jobs = {dict(target).get("job") for target in own} - {None}
    left_out = {s.target for s in snapshots if own and s.target not in own and dict(s.target).get("job") not in jobs}
    if not left_out:
        return tuple(snapshots), []
    shown = "; ".join(map(labels_text, sorted(left_out)[:SHOWN])) + ("; ..." if len(left_out) > SHOWN else "")
    note = f"targets without any of the agreement's metrics were left out ({len(left_out)}): {shown}"
    return tuple(s for s in snapshots if s.target not in left_out), [note]


def scrape_interval_s(snapshots: Sequence[Snapshot]) -> float:
    """The usual time between two scrapes of one target; 0 without two."""
    steps = np.diff(max(_scraped_s(snapshots), key=len, default=np.zeros(0)))
    return float(np.median(steps)) if steps.size else 0.0


def common_times_s(snapshots: Sequence[Snapshot]) -> FloatArray:
    """Boundaries of the intervals, shape (m + 1,), Unix seconds: common scrape times of all targets; empty without two scrapes
    of a target. Where scrapes were missed an interval is longer: how much came when in it is not known, and it is one all the
    same.
    """
    times = np.unique(series.common_times_s(_scraped_s(snapshots), whole=False))
    return times if scrape_interval_s(snapshots) else np.zeros(0)


def increments(snapshots: Sequence[Snapshot], names: Sequence[str], times_s: FloatArray) -> FloatArray | None:
    """Sum of the counters `names` over all targets for each interval of common_times_s(), shape (m,); None when one of the
    names is in no scrape.
    """
    if times_s.size < 2 or not all(any(s.counts(n) for s in snapshots) for n in names):
        return None
    total = np.zeros(times_s.size - 1)
    for of_target in series.by_target(snapshots).values():
        for name in names:
            values = series.counter_values(of_target, name)
            steps = np.diff(values, axis=0)
            counted = np.where(steps < 0, values[1:], steps).sum(axis=1)
            total += np.diff(np.interp(times_s, series.times_s(of_target), np.concatenate(([0.0], np.cumsum(counted)))))
    return np.maximum(total, 0.0)  # interpolation may leave the last bits under 0


def with_restart(snapshots: Sequence[Snapshot], names: Sequence[str], times_s: FloatArray) -> NDArray[np.bool_]:
    """Which intervals of common_times_s() touch one in which a target was restarted, shape (m,): increments() misses what it
    counted before that.
    """
    lost = np.zeros(max(times_s.size - 1, 0), dtype=np.bool_)
    for scrapes in series.by_target(snapshots).values():
        own_s = series.times_s(scrapes)
        for i in np.flatnonzero(series.went_back(scrapes, names)):
            lost |= (times_s[:-1] < own_s[i + 1]) & (times_s[1:] > own_s[i])
    return lost


def restarts(snapshots: Sequence[Snapshot], names: Sequence[str]) -> int:
    """How many scrapes of a target found a series of one of the counters smaller than before, or a later start time."""
    count = 0
    for scrapes in series.by_target(snapshots).values():
        started = [s.gauges.get(START_TIME) for s in scrapes]
        moved = [a is not None and b is not None and b - a > LATER_START_S for a, b in pairwise(started)]
        count += sum(map(operator.or_, moved, series.went_back(scrapes, names)))
    return count


def coverage(snapshots: Sequence[Snapshot], from_s: float, to_s: float) -> float:
    """Share of [from_s, to_s] that lies within one usual interval of a scrape of any target, 0 to 1."""
    usual_s = scrape_interval_s(snapshots)
    return _covered_s(snapshots, from_s, to_s, usual_s) / (to_s - from_s) if usual_s else 0.0


def _covered_s(snapshots: Sequence[Snapshot], from_s: float, to_s: float, usual_s: float) -> float:
    """Seconds of [from_s, to_s] that lie within `usual_s` of a scrape."""
    times = np.unique([s.at_ns / 1e9 for s in snapshots])
    times = times[(times >= from_s) & (times <= to_s)]
    if not times.size:
        return 0.0
    inner = float(np.minimum(np.diff(times), 2 * usual_s).sum())
    ends = min(float(times[0]) - from_s, usual_s) + min(to_s - float(times[-1]), usual_s)
    return min(inner + ends, to_s - from_s)


def partly_scraped(snapshots: Sequence[Snapshot], from_s: float, to_s: float) -> list[str]:
    """One line for each target whose own scrapes cover less than COVERED of [from_s, to_s], where others were scraped too: what
    it did in the rest is not known. It may have been down, or have begun or ended as in a rolling update.
    """
    targets = series.by_target(snapshots)
    if len(targets) < 2:
        return []
    usual_s = scrape_interval_s(snapshots)
    seen = {
        labels: _covered_s(scrapes, from_s, to_s, scrape_interval_s(scrapes) or usual_s) for labels, scrapes in targets.items()
    }
    length_s = to_s - from_s
    return [
        f"{labels_text(labels)} was scraped in {covered_s:.0f} of {length_s:.0f} s only: the rest is unknown"
        for labels, covered_s in sorted(seen.items())
        if covered_s < COVERED * length_s
    ]


def _scraped_s(snapshots: Sequence[Snapshot]) -> list[FloatArray]:
    return [series.times_s(of_target) for of_target in series.by_target(snapshots).values()]

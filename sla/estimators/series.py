"""Series of several targets and label sets: each is differenced for itself, then they are added.

A sum over label sets or targets can't be differenced: when one of them ends, or is scraped at another time, it goes back, and
that is no restart. So here is one column for each label set of a target.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from sla.estimators.dependence import FloatArray
from sla.values.snapshot import BucketCounts, Labels, Snapshot, metric_of

T = TypeVar("T")


def by_target(snapshots: Sequence[Snapshot]) -> dict[Labels, list[Snapshot]]:
    """Snapshots of each target, in their order."""
    groups: dict[Labels, list[Snapshot]] = {}
    for s in snapshots:
        groups.setdefault(s.target, []).append(s)
    return groups


def within(snapshots: Sequence[Snapshot], from_ns: int, to_ns: int) -> list[Snapshot]:
    """The snapshots in [from, to]."""
    return [s for s in snapshots if from_ns <= s.at_ns <= to_ns]


def times_s(scrapes: Sequence[Snapshot]) -> FloatArray:
    """Unix seconds of scrapes, shape (n,)."""
    return np.array([s.at_ns / 1e9 for s in scrapes], dtype=np.float64)


def common_times_s(targets: Sequence[FloatArray], whole: bool) -> FloatArray:
    """Times that all targets are read at, shape (m,), Unix seconds: the scrapes of the target with the most, and beyond its
    first and last as many more as the others take (one may begin when another ends). Empty without two scrapes.

    Targets are scraped at different times of an interval. With `whole` the first and the last interval reach as far as any of
    them does, and hold all that was counted; without, they are left out where not all of them were there for the whole of it,
    which a target that is scraped more seldom than others shows by its own interval.
    """
    busiest: FloatArray = max(targets, key=len, default=np.zeros(0))
    if busiest.size < 2:
        return np.zeros(0)
    usual_s = float(np.median(np.diff(np.unique(busiest)))) if busiest[-1] > busiest[0] else math.inf  # the same scrape twice
    first, last = min(float(t[0]) for t in targets if t.size), max(float(t[-1]) for t in targets if t.size)
    before, after = (round(gap_s / usual_s) for gap_s in (float(busiest[0]) - first, last - float(busiest[-1])))
    earlier = np.linspace(first, busiest[0], before + 1)[:-1]
    later = np.linspace(busiest[-1], last, after + 1)[1:]
    times = np.concatenate((earlier, busiest, later))
    if whole:
        return np.unique(np.concatenate(([first], times, [last])))
    own_s = [(t, max(usual_s, float(np.median(np.diff(t))) if t.size > 2 else 0.0)) for t in targets if t.size]
    starts = [float(t[0]) for t, own in own_s if 0 < t[0] - times[0] < own]
    ends = [float(t[-1]) for t, own in own_s if 0 < times[-1] - t[-1] < own]
    inner = times[(times >= max(starts, default=times[0])) & (times <= min(ends, default=times[-1]))]
    return inner if inner.size > 1 else times


def counter_values(scrapes: Sequence[Snapshot], name: str, absent: float = 0.0) -> FloatArray:
    """The counter's label sets at each scrape of one target, shape (n, label sets): `absent` until a set appears (some clients
    expose it with its first event), its last known value from when it has gone.
    """
    rows = _filled([_of_metric(s.counters, name) for s in scrapes], absent)
    return np.array(rows, dtype=np.float64).reshape(len(scrapes), -1)


def observation_counts(scrapes: Sequence[Snapshot], name: str, absent: float = 0.0) -> FloatArray:
    """Observations of the histogram's label sets at each scrape of one target, shape (n, label sets), as counter_values()."""
    rows = _filled([{key: h.count for key, h in _of_metric(s.histograms, name).items()} for s in scrapes], absent)
    return np.array(rows, dtype=np.float64).reshape(len(scrapes), -1)


def went_back(scrapes: Sequence[Snapshot], names: Sequence[str]) -> list[bool]:
    """For each two scrapes of one target that follow each other, whether a label set of one of the counters became smaller: it
    was restarted between them.
    """
    back = [(np.diff(counter_values(scrapes, name), axis=0) < 0).any(axis=1) for name in names]
    return [bool(b) for b in np.any(back, axis=0)] if back else [False] * (len(scrapes) - 1)


def common_edges_s(scrapes: Sequence[Snapshot], name: str) -> tuple[float, ...]:
    """Edges of the histogram, s, that all of its label sets have at each scrape: nodes of two versions may differ in others.
    Empty without the histogram, or where they have none in common but +Inf, so that nothing of its values is known.
    """
    kinds = {h.edges_s for s in scrapes for h in _of_metric(s.histograms, name).values()}
    common = tuple(sorted(set[float]().union(*kinds).intersection(*kinds)))
    return common if len(kinds) == 1 or len(common) > 1 else ()


def bucket_values(scrapes: Sequence[Snapshot], name: str, edges_s: Sequence[float]) -> FloatArray:
    """Cumulative counts at these edges at each scrape of one target, shape (n, label sets, edges), as counter_values()."""
    rows = _filled(
        [{key: _at_edges(h, edges_s) for key, h in _of_metric(s.histograms, name).items()} for s in scrapes],
        (0.0,) * len(edges_s),
    )
    return np.array(rows, dtype=np.float64).reshape(len(scrapes), -1, len(edges_s))


def _at_edges(h: BucketCounts, edges_s: Sequence[float]) -> tuple[float, ...]:
    if len(edges_s) == len(h.edges_s):
        return h.cumulative
    counts = dict(zip(h.edges_s, h.cumulative, strict=True))
    return tuple(counts[edge] for edge in edges_s)


def _of_metric(series: Mapping[str, T], name: str) -> dict[str, T]:
    return {key: value for key, value in series.items() if metric_of(key) == name}


def _filled(scrapes: Sequence[Mapping[str, T]], absent: T) -> list[list[T]]:
    """One row for each scrape, one column for each key of any of them."""
    last = dict.fromkeys(dict.fromkeys(key for scrape in scrapes for key in scrape), absent)
    rows = []
    for scrape in scrapes:
        last |= scrape
        rows.append(list(last.values()))
    return rows

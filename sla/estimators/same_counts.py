"""Whether two targets count the same, as far as their scrapes tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

import numpy as np

from sla.estimators.dependence import FloatArray
from sla.estimators.series import counter_values, observation_counts, times_s
from sla.values.snapshot import BucketCounts, Snapshot, metric_of

FARTHEST_CLOCKS_S = 60.0  # of two that are known to scrape one process: a clock that is not kept right is off by seconds
_MANY, _SCRAPES, _BUCKETS = 1000, 3, 3  # operations in so many buckets, the same in so many scrapes: that is no chance
_Counts = TypeVar("_Counts")


def metrics(scrapes: Sequence[Snapshot]) -> set[str]:
    """Names of what is counted; gauges count nothing."""
    return {metric_of(key) for s in scrapes for key in (*s.counters, *s.histograms)}


def compared(
    a: Sequence[Snapshot], b: Sequence[Snapshot], names: Sequence[str], apart_s: float, one_process: bool
) -> bool | None:
    """Whether all that both count agrees; None when some of it could not be compared."""
    a_s, b_s = times_s(a), times_s(b)
    agreeing = [_agrees(a_s, total_of(a, name), b_s, total_of(b, name), apart_s, one_process) for name in names]
    if not agreeing or False in agreeing:
        return False
    if not all(_series_agree(a, b, name, apart_s) for name in names):
        return False
    return None if None in agreeing else True


def _series_agree(a: Sequence[Snapshot], b: Sequence[Snapshot], name: str, apart_s: float) -> bool:
    """_agrees() of each label set and each bucket: two nodes behind one balancer count alike, but are not alike. Where a series
    went back, and before and after the other's scrapes, nothing is compared.
    """
    edges = _edges_by_key((*a, *b), [name])
    if any(len(of_key) > 1 for of_key in edges.values()):
        return True  # the totals have been compared
    a_values, b_values = (np.array([_values(s, edges) for s in scrapes]) for scrapes in (a, b))
    a_s, b_s = times_s(a), times_s(b)
    first = np.searchsorted(a_s, b_s - apart_s, side="right") - 1
    last = np.searchsorted(a_s, b_s + apart_s)
    inside = (first >= 0) & (last < a_s.size)
    if not inside.any():
        return True
    forwards = (np.diff(a_values, axis=0) >= 0).all(axis=0) & (np.diff(b_values, axis=0) >= 0).all(axis=0)
    low, high, value = a_values[first[inside]], a_values[last[inside]], b_values[inside]
    return bool(((low <= value) & (value <= high) | ~forwards).all())


def _agrees(a_s: FloatArray, a: FloatArray, b_s: FloatArray, b: FloatArray, apart_s: float, same_process: bool) -> bool | None:
    """Whether every count of b is one that a had at that moment, as far as its scrapes and the clocks leave that open; None
    when they leave everything open. `same_process`: by their start times both are of one process that never restarted, or of
    two that started at once.
    """
    compared = False
    for at_s, value in zip(b_s.tolist(), b.tolist(), strict=True):
        first = int(np.searchsorted(a_s, at_s - apart_s, side="right")) - 1
        last = int(np.searchsorted(a_s, at_s + apart_s))
        around = a[max(first, 0) : last + 1]
        began, ended = first < 0, last >= a_s.size  # so one side is open: only a process that never restarted counts on
        if (began or ended) and not same_process:
            continue
        enough, little = began or value >= around[0], ended or value <= around[-1]
        went_back = bool((np.diff(around) < 0).any())
        # at a restart it counted on from the first of them for some time, and then from 0
        if not (enough or little) if went_back else not (enough and little):
            return False
        equal = same_process and (value > 0 or not b.any()) and bool((a[np.abs(a_s - at_s) <= apart_s] == value).any())
        compared = compared or equal or not (went_back or began or ended)
    return True if compared else None


def same_to_the_last_bucket(a: Sequence[Snapshot], b: Sequence[Snapshot]) -> bool:
    """Whether two that show no start hold the very same counts, to the last bucket of a histogram: one node by its name and by
    its address. Totals alone may be the same by a fair balancer; how long each operation took is not.
    """
    common = next((key for key in a[-1].histograms if key in b[-1].histograms), "")
    if not common or len(_shared(*({h.count: s.at_ns for s, h in _having(x, common)} for x in (a, b)))) < _SCRAPES:
        return False  # of most pairs that says it, and there are many pairs
    edges = _edges_by_key((*a, *b), metrics(a) & metrics(b))
    if any(len(of_key) > 1 for of_key in edges.values()):
        return False
    counts = [{tuple(_values(s, edges)): s.at_ns for s, _ in _having(x, common)} for x in (a, b)]
    buckets = max(len({n for n in h.cumulative if n}) for s in a for h in s.histograms.values())
    return len([row for row in _shared(*counts) if max(row) >= _MANY]) >= _SCRAPES and buckets >= _BUCKETS


def _having(scrapes: Sequence[Snapshot], key: str) -> list[tuple[Snapshot, BucketCounts]]:
    return [(s, s.histograms[key]) for s in scrapes if key in s.histograms]


def _shared(a: Mapping[_Counts, int], b: Mapping[_Counts, int]) -> list[_Counts]:
    """What both had counted at the same time, as far as clocks are the same."""
    return [counts for counts, at_ns in a.items() if counts in b and abs(b[counts] - at_ns) <= FARTHEST_CLOCKS_S * 1e9]


def _edges_by_key(scrapes: Sequence[Snapshot], names: Collection[str]) -> dict[str, set[tuple[float, ...]]]:
    """All that is counted under these names, sorted: the edges of each histogram, which may have changed; none of a counter."""
    keys = sorted({key for s in scrapes for key in (*s.counters, *s.histograms) if metric_of(key) in names})
    return {key: {s.histograms[key].edges_s for s in scrapes if key in s.histograms} for key in keys}


def _values(scrape: Snapshot, edges: Mapping[str, set[tuple[float, ...]]]) -> list[float]:
    values: list[float] = []
    for key, of_histogram in edges.items():
        for of_key in of_histogram or [()]:
            h = scrape.histograms.get(key)
            values += (h.cumulative if h else [0.0] * len(of_key)) if of_key else [scrape.counters.get(key, 0.0)]
    return values


def total_of(scrapes: Sequence[Snapshot], name: str) -> FloatArray:
    """What the metric has counted at each scrape, over its label sets, shape (n,)."""
    total: FloatArray = counter_values(scrapes, name).sum(axis=1) + observation_counts(scrapes, name).sum(axis=1)
    return total

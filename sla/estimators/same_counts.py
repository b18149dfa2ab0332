"""Whether two targets count the same, as far as their scrapes tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sla.estimators.dependence import FloatArray
from sla.estimators.series import counter_values, observation_counts, times_s
from sla.values.snapshot import Snapshot, metric_of

FARTHEST_CLOCKS_S = 60.0  # of two that are known to scrape one process: a clock that is not kept right is off by seconds
_MANY, _SCRAPES, _BUCKETS = 1000, 3, 3  # operations in so many buckets, the same in so many scrapes: that is no chance
# by turns: none of 3,200 simulations took for one two fresh nodes behind a balancer that gives both exactly as much, at 20 to
# 25,000 ops/s and 1 to 60 s between scrapes
_SCRAPES_BETWEEN = 4  # scrapes by turns, each bucket of each between the other's before and after it
_JITTER_S = 0.2  # between the time that a scrape is said to have and the moment at which the target looked at its counters


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
    between = _between(times_s(a), a_values, times_s(b), b_values, apart_s)
    forwards = (np.diff(a_values, axis=0) >= 0).all(axis=0) & (np.diff(b_values, axis=0) >= 0).all(axis=0)
    return bool((between | ~forwards).all())


def _between(a_s: FloatArray, a: FloatArray, b_s: FloatArray, b: FloatArray, apart_s: float) -> NDArray[np.bool_]:
    """For each scrape of b that a has scrapes around, and each series, whether b counted no less than a before it and no more
    than a after it, by clocks that are `apart_s` at most; shape (scrapes, k) from a, shape (n, k), and b.
    """
    first = np.searchsorted(a_s, b_s - apart_s, side="right") - 1
    last = np.searchsorted(a_s, b_s + apart_s)
    inside = (first >= 0) & (last < a_s.size)
    value = b[inside]
    between: NDArray[np.bool_] = (a[first[inside]] <= value) & (value <= a[last[inside]])
    return between


def _by_turns(a_s: FloatArray, a: FloatArray, b_s: FloatArray, b: FloatArray) -> NDArray[np.bool_]:
    """_between() of one clock, over intervals in which a was not restarted; shape (scrapes,). Of scrapes that may have been at
    once it is not known which was the first: one may hold as much less or more as is counted in that time.
    """
    first = np.searchsorted(a_s, b_s, side="right") - 1
    inside = (first >= 0) & (first < a_s.size - 1)
    first, value, at_s = first[inside], b[inside], b_s[inside]
    grown, length_s = a[first + 1] - a[first], a_s[first + 1] - a_s[first]
    forwards = (grown >= 0).all(axis=1)
    at_once = np.minimum(at_s - a_s[first], a_s[first + 1] - at_s) <= _JITTER_S
    slack = np.where(at_once, 2 * _JITTER_S / length_s, 0.0)[:, None] * grown + at_once[:, None]
    between: NDArray[np.bool_] = (a[first] - slack <= value) & (value <= a[first + 1] + slack)
    return np.asarray(between.all(axis=1))[forwards]


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
    if not common or max(len({n for n in h.cumulative if n}) for s in a for h in s.histograms.values()) < _BUCKETS:
        return False
    having = [[s for s in scrapes if common in s.histograms] for scrapes in (a, b)]
    if len({s.histograms[common].edges_s for of_one in having for s in of_one}) > 1:
        return False
    in_each = [np.diff([s.histograms[common].cumulative for s in of_one], axis=1, prepend=0.0) for of_one in having]
    if not _alike(having, in_each, 0):
        return False  # of most pairs that says it, and there are many pairs
    edges = _edges_by_key((*a, *b), metrics(a) & metrics(b))
    if any(len(of_key) > 1 for of_key in edges.values()):
        return False
    return _alike(having, [np.array([_values(s, edges, in_each=True) for s in scrapes]) for scrapes in having], _MANY)


def _alike(scrapes: Sequence[Sequence[Snapshot]], values: Sequence[FloatArray], least: float) -> bool:
    """Whether two targets hold the same `values`, shape (n, k) each, of which one is `least` or more: at the same time, as far
    as clocks are the same, or each of the second between those of the first.
    """
    first, second = (
        {row: s.at_ns for row, s in zip(map(tuple, v.tolist()), of_one, strict=True) if max(row) >= least}
        for v, of_one in zip(values, scrapes, strict=True)
    )
    shared = [row for row, at_ns in first.items() if row in second and abs(second[row] - at_ns) <= FARTHEST_CLOCKS_S * 1e9]
    if len(shared) >= _SCRAPES:
        return True
    by_turns = _by_turns(times_s(scrapes[0]), values[0], times_s(scrapes[1]), values[1])
    return len(by_turns) >= _SCRAPES_BETWEEN and bool(by_turns.all()) and float(values[1].max()) >= least


def _edges_by_key(scrapes: Sequence[Snapshot], names: Collection[str]) -> dict[str, set[tuple[float, ...]]]:
    """All that is counted under these names, sorted: the edges of each histogram, which may have changed; none of a counter."""
    keys = sorted({key for s in scrapes for key in (*s.counters, *s.histograms) if metric_of(key) in names})
    return {key: {s.histograms[key].edges_s for s in scrapes if key in s.histograms} for key in keys}


def _values(scrape: Snapshot, edges: Mapping[str, set[tuple[float, ...]]], in_each: bool = False) -> list[float]:
    """What lies in and under each bucket, or `in_each` alone: chance shows more in few slow ones than in nearly all."""
    values: list[float] = []
    for key, of_histogram in edges.items():
        for of_key in of_histogram or [()]:
            h = scrape.histograms.get(key)
            up_to = (list(h.cumulative) if h else [0.0] * len(of_key)) if of_key else [scrape.counters.get(key, 0.0)]
            values += np.diff(up_to, prepend=0.0).tolist() if in_each else up_to
    return values


def total_of(scrapes: Sequence[Snapshot], name: str) -> FloatArray:
    """What the metric has counted at each scrape, over its label sets, shape (n,)."""
    total: FloatArray = counter_values(scrapes, name).sum(axis=1) + observation_counts(scrapes, name).sum(axis=1)
    return total

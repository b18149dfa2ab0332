"""The server's own figures: quantiles from bucket counts with rigorous bounds, and what the client's figures must obey."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sla.estimators.dependence import FloatArray, design_effect, effective_size
from sla.estimators.laws import beta_quantile
from sla.estimators.series import bucket_values, by_target, common_times_s, counter_values, times_s
from sla.values.estimate import Estimate
from sla.values.histogram import Histogram, bucket_high_ns
from sla.values.snapshot import Snapshot, metric_of


@dataclass(frozen=True)
class Increments:
    """Observations per scrape interval, summed over targets and label sets.

    edges_s   upper bucket edges, shape (k,)
    counts    observations per interval and bucket (not cumulative), shape (m, k)
    resets    how often a counter went backwards (a restarted server)
    spans_s   Unix seconds of the first scrape of each interval and of the last, shape (m, 2)
    """

    edges_s: FloatArray
    counts: FloatArray
    resets: int
    spans_s: FloatArray


@dataclass(frozen=True)
class ServerQuantile:
    """The quantile lies in (low_edge_ns, high_edge_ns] of the observed counts for certain; `estimate` adds the sampling error.
    Its point is Prometheus' linear interpolation, for orientation only. evidence is n_eff (1 - q) for the question that is
    judged, the share beyond the limit asked about (the quantile itself without one).
    """

    low_edge_ns: float
    high_edge_ns: float
    estimate: Estimate
    deff: float
    evidence: float


def bracketing(snapshots: Sequence[Snapshot], from_ns: int, to_ns: int, outside: bool) -> list[Snapshot]:
    """The snapshots of one target, by time, in [from, to]; if `outside`, also the last before and the first after."""
    inside = [s for s in snapshots if from_ns <= s.at_ns <= to_ns]
    if outside:
        before = [s for s in snapshots if s.at_ns < from_ns][-1:]
        after = [s for s in snapshots if s.at_ns > to_ns][:1]
        return before + inside + after
    return inside


def bucket_increments(snapshots: Sequence[Snapshot], name: str, from_ns: int, to_ns: int) -> Increments | None:
    """Increments of a histogram between two times; None when fewer than two scrapes of a target lie between them, or the edges
    changed. The intervals are those of the target with the most scrapes; what others counted is spread evenly over each of
    their own intervals. A restart's interval is left out.
    """
    targets: list[_TargetIncrements] = []
    for of_target in by_target(snapshots).values():
        scraped = bracketing(of_target, from_ns, to_ns, False)
        if len(scraped) < 2 or not any(metric_of(key) == name for s in scraped for key in s.histograms):
            continue
        values = bucket_values(scraped, name)
        if values is None or (targets and values[0] != targets[0].edges_s):
            return None
        steps = np.diff(np.diff(values[1], axis=0), axis=2, prepend=0.0)
        lost: NDArray[np.bool_] = np.any(steps < 0, axis=(1, 2), keepdims=True)[:, 0, 0]
        targets.append(_TargetIncrements(values[0], times_s(scraped), np.where(lost[:, None], 0.0, steps.sum(axis=1)), lost))
    if not targets:
        return None
    times = common_times_s([target.at_s for target in targets], whole=True)
    counts = np.sum([target.between(times) for target in targets], axis=0)
    spans = np.stack((times[:-1], times[1:]), axis=1)
    for target in targets:
        target.widen(spans)
    lost = np.any([target.lost_between(times) for target in targets], axis=0)
    resets = sum(int(target.lost.sum()) for target in targets)
    kept = (counts.sum(axis=1) > 0) | ~lost
    return Increments(np.array(targets[0].edges_s), counts[kept], resets, spans[kept])


@dataclass(frozen=True)
class _TargetIncrements:
    """One target's: scrapes at at_s, shape (n,); counts between them, shape (n - 1, k); whether one of its series went back."""

    edges_s: tuple[float, ...]
    at_s: FloatArray
    counts: FloatArray
    lost: NDArray[np.bool_]

    def between(self, times: FloatArray) -> FloatArray:
        """Counts between other times, shape (m - 1, k), those of each of its own intervals spread evenly over it."""
        if np.array_equal(times, self.at_s):
            return self.counts
        so_far = np.concatenate((np.zeros((1, self.counts.shape[1])), np.cumsum(self.counts, axis=0)))
        return np.diff(np.stack([np.interp(times, self.at_s, column) for column in so_far.T], axis=1), axis=0)

    def lost_between(self, times: FloatArray) -> NDArray[np.bool_]:
        """Which intervals between those times lie in one of its own whose counts were lost, or before or after all of them."""
        middle = (times[:-1] + times[1:]) / 2
        own = np.searchsorted(self.at_s, middle) - 1
        outside = (own < 0) | (own >= self.lost.size)
        return np.where(outside, True, self.lost[own.clip(0, self.lost.size - 1)])

    def widen(self, spans: FloatArray) -> None:
        """Each of the spans, shape (m, 2), to all of its own intervals that it touches."""
        first = np.searchsorted(self.at_s, spans[:, 0], side="right") - 1
        last = np.searchsorted(self.at_s, spans[:, 1])
        touched = (last > 0) & (first < self.at_s.size - 1)
        top = self.at_s.size - 1
        spans[touched, 0] = np.minimum(spans[touched, 0], self.at_s[first[touched].clip(0, top)])
        spans[touched, 1] = np.maximum(spans[touched, 1], self.at_s[last[touched].clip(0, top)])


def moved(increments: Increments, by_s: FloatArray) -> Increments:
    """The increments had every observation of interval i been up to `by_s[i]` shorter, shape (m,): each in the lowest bucket
    that it can have come from.
    """
    edges = increments.edges_s
    lows = np.concatenate(([0.0], edges[:-1]))
    counts = np.zeros_like(increments.counts)
    for i, by in enumerate(by_s):  # what is longer than its lower edge is longer than that less by
        to = np.where(lows > by, np.searchsorted(edges, lows - by, side="right"), 0)
        np.add.at(counts[i], to, increments.counts[i])
    return Increments(edges, counts, increments.resets, increments.spans_s)


def server_quantile(
    increments: Increments, q: float, level: float = 0.95, limit_ns: float = 0.0, discount: float = 0.0
) -> ServerQuantile | None:
    """The interval runs from the largest edge that the quantile is shown to exceed to the smallest that it is shown not to:
    each edge's exceedance share is bounded (Clopper-Pearson with its effective sample size) and compared with 1 - q
    (test inversion, Woodruff 1952). None without observations. `discount`: the share of observations that may exceed an edge
    for a reason that does not count; what is shown to be exceeded is exceeded without them.
    """
    counts, edges_ns = increments.counts, increments.edges_s * 1e9
    sizes = counts.sum(axis=1)
    n = float(sizes.sum())
    if n <= 0:
        return None
    cumulative = np.cumsum(counts, axis=1)
    shares = 1 - cumulative.sum(axis=0) / n  # beyond each edge
    at = int(np.argmax(cumulative.sum(axis=0) >= q * n - 1e-9))
    low_edge = float(edges_ns[at - 1]) if at else 0.0
    high_edge = float(edges_ns[at])
    alpha = (1 - level) / 2
    deff, n_eff = _tail_size(shares, cumulative, sizes, shares <= 1 - q, level)
    _, judged = _tail_size(shares, cumulative, sizes, (shares <= 1 - q) & (edges_ns >= limit_ns * (1 - 1e-9)), level)
    low, high = 0.0, math.inf
    for i, edge in enumerate(edges_ns):
        beyond = float(shares[i])
        if beyond > 1 - q:
            own = _effective(beyond, cumulative[:, i], sizes, level)[1]
            if beta_quantile(alpha, beyond * own, own - beyond * own + 1) - discount > 1 - q:
                low = max(low, float(edge))
        elif beta_quantile(1 - alpha, beyond * n_eff + 1, max(n_eff * (1 - beyond), 1e-9)) <= 1 - q:
            high = min(high, float(edge))
    low, high = min(low, low_edge), max(high, high_edge)
    point = _interpolated(counts.sum(axis=0), edges_ns, q, at)
    return ServerQuantile(
        low_edge, high_edge, Estimate(min(max(point, low), high), low, high, level, n, n_eff), deff, judged * (1 - q)
    )


def _effective(share: float, below: FloatArray, sizes: FloatArray, level: float) -> tuple[float, float]:
    """(design effect, effective size) of the indicator "beyond this edge", which `share` of the observations are."""
    n = float(sizes.sum())
    if not 1e-12 < share < 1:
        return 1.0, n
    deff, dof = design_effect((sizes - below) - share * sizes, n * share * (1 - share))
    return deff, min(effective_size(n, deff, dof, level), n) if deff > 1 else n


def _tail_size(
    shares: FloatArray, cumulative: FloatArray, sizes: FloatArray, chosen: NDArray[np.bool_], level: float
) -> tuple[float, float]:
    """(largest design effect, smallest effective size) over the `chosen` edges, all at or beyond the quantile: a far edge with
    few exceedances is not credited with more independence than the nearest one. Edges below the quantile say nothing here: a
    shift of the bulk from one bucket to the next is no clustering of the tail.
    """
    by_edge = [_effective(float(s), cumulative[:, i], sizes, level) for i, s in enumerate(shares) if chosen[i]]
    return max((d for d, _ in by_edge), default=1.0), min((n for _, n in by_edge), default=float(sizes.sum()))


def _interpolated(counts: FloatArray, edges_ns: FloatArray, q: float, at: int) -> float:
    low = float(edges_ns[at - 1]) if at else 0.0
    if not math.isfinite(edges_ns[at]):
        return low
    before = float(counts[:at].sum())
    within = (q * float(counts.sum()) - before) / float(counts[at]) if counts[at] else 1.0
    return low + (float(edges_ns[at]) - low) * within


@dataclass(frozen=True)
class CounterIncrease:
    """How much a counter grew between the scrapes at from_ns and to_ns; idle: both lie outside the load."""

    value: float
    from_ns: int
    to_ns: int
    idle: bool
    resets: int


def counter_increase(snapshots: Sequence[Snapshot], names: Sequence[str], from_ns: int, to_ns: int) -> CounterIncrease | None:
    """Sum of the counters `names` over all targets, from the last scrape before `from_ns` (or the first after it) to the
    first scrape after `to_ns` (or the last before it). None when there are not two scrapes.
    """
    value, resets, idle = 0.0, 0, True
    begin, end = -math.inf, math.inf
    any_target = False
    for of_target in by_target(snapshots).values():
        chosen = bracketing(of_target, from_ns, to_ns, True)
        if len(chosen) < 2:
            continue
        any_target = True
        for name in names:
            steps = np.diff(counter_values(of_target, name), axis=0)
            first = next(i for i, s in enumerate(of_target) if s is chosen[0])
            steps = steps[first : first + len(chosen) - 1]
            resets += int((steps < 0).any(axis=1).sum())
            value += float(steps[steps >= 0].sum())
        begin, end = max(begin, chosen[0].at_ns), min(end, chosen[-1].at_ns)
        idle = idle and chosen[0].at_ns < from_ns and chosen[-1].at_ns > to_ns
    return CounterIncrease(value, int(begin), int(end), idle, resets) if any_target else None


@dataclass(frozen=True)
class Reconciliation:
    """The client's count must lie in [low, high], given what the server counted."""

    client: float
    low: float
    high: float
    exact: bool

    @property
    def holds(self) -> bool:
        """Whether the client's count is possible."""
        return self.low <= self.client <= self.high


def reconcile(
    finished_by_second: Mapping[int, int], uncertain: int, in_flight: float, increase: CounterIncrease
) -> Reconciliation:
    """Client counts (operations that surely reached the server) against the server's increase.

    Between idle scrapes the two are equal but for `uncertain` operations (timed out, connection lost), which the server may
    have counted. Otherwise the seconds wholly between the scrapes can't exceed the increase, and all seconds that touch
    them, with those in flight, can't fall short of it.
    """
    if increase.idle:
        client = float(sum(finished_by_second.values()))
        return Reconciliation(client, increase.value - uncertain, increase.value, not uncertain)
    from_s, to_s = increase.from_ns / 1e9, increase.to_ns / 1e9
    inner = sum(n for s, n in finished_by_second.items() if from_s <= s and s + 1 <= to_s)
    outer = sum(n for s, n in finished_by_second.items() if s + 2 > from_s and s - 1 < to_s)
    slack = uncertain + in_flight
    if inner > increase.value + slack:
        return Reconciliation(float(inner), 0.0, increase.value + slack, False)
    return Reconciliation(float(outer), increase.value - slack, math.inf, False)


def dominance_violation(client: Histogram, increments: Increments, slack: float) -> tuple[float, float]:
    """(worst excess beyond `slack`, edge in ns where it occurs): no client response is faster than the server's own time, so
    the client can't have more samples at or under an edge than the server has. An excess of 0 means none.
    """
    server = np.cumsum(increments.counts.sum(axis=0))
    highs = bucket_high_ns(client.indices)
    cumulative = np.concatenate(([0], np.cumsum(client.counts)))
    worst, where = 0.0, 0.0
    for edge_s, count in zip(increments.edges_s.tolist(), server.tolist(), strict=True):
        if math.isfinite(edge_s):
            # only buckets wholly under the edge count: quantisation must not raise an alarm
            under = float(cumulative[np.searchsorted(highs, edge_s * 1e9, side="right")])
            if under - count - slack > worst:
                worst, where = under - count - slack, edge_s * 1e9
    return worst, where

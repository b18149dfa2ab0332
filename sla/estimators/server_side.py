"""The server's own figures: quantiles from bucket counts with rigorous bounds, and what the client's figures must obey."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sla.estimators.dependence import FloatArray
from sla.estimators.increments import Increments
from sla.estimators.laws import beta_quantile
from sla.estimators.quantiles import EVIDENCE_LEVEL, LOWER_HALVED_AT
from sla.estimators.series import by_target, counter_values
from sla.estimators.share_limits import Law, share_laws
from sla.values.estimate import Estimate
from sla.values.histogram import Histogram, bucket_high_ns
from sla.values.snapshot import Snapshot


@dataclass(frozen=True)
class ServerQuantile:
    """The quantile lies in (low_edge_ns, high_edge_ns] of the observed counts for certain; `estimate` adds the sampling error.
    Its point is Prometheus' linear interpolation, for orientation only. evidence is n_eff (1 - q), at EVIDENCE_LEVEL, for the
    question that is judged, the share beyond the limit asked about (the quantile itself without one).
    """

    low_edge_ns: float
    high_edge_ns: float
    estimate: Estimate
    deff: float
    evidence: float


def server_quantile(
    increments: Increments, q: float, level: float = 0.95, limit_ns: float = 0.0, discount: float = 0.0
) -> ServerQuantile | None:
    """The interval runs from the largest edge that the quantile is shown to exceed to the smallest that it is shown not to:
    each edge's exceedance share is bounded (Clopper-Pearson with its effective sample size) and compared with 1 - q
    (test inversion, Woodruff 1952). None without observations. `discount`: the share of observations that may exceed an edge
    for a reason that does not count; what is shown to be exceeded is exceeded without them.
    """
    edges_ns, n = increments.edges_s * 1e9, increments.total
    if n <= 0:
        return None
    shares = increments.shares_beyond
    at = int(np.argmax(increments.cumulative.sum(axis=0) >= q * n - 1e-9))
    low_edge = float(edges_ns[at - 1]) if at else 0.0
    high_edge = float(edges_ns[at])
    in_tail = shares <= 1 - q
    deff, n_eff = _tail_size(increments, in_tail, level)
    _, judged = _tail_size(increments, in_tail & (edges_ns >= limit_ns * (1 - 1e-9)), EVIDENCE_LEVEL)
    low, high, tail = 0.0, math.inf, (1 - level) / 2
    for edge, (beyond, law) in zip(edges_ns.tolist(), laws_at_edges(increments, q, level), strict=True):
        if law is None:
            continue
        if beyond and beta_quantile(tail, *law) - discount > 1 - q:
            low = max(low, edge)
        elif not beyond and beta_quantile(1 - tail, *law) <= 1 - q:
            high = min(high, edge)
    low, high = min(low, low_edge), max(high, high_edge)
    point = _interpolated(increments.counts.sum(axis=0), edges_ns, q, at)
    return ServerQuantile(
        low_edge, high_edge, Estimate(min(max(point, low), high), low, high, level, n, n_eff), deff, judged * (1 - q)
    )


def laws_at_edges(increments: Increments, q: float, level: float) -> list[tuple[bool, Law | None]]:
    """For each edge whether more than 1 - q of the observations lie beyond it, and the law of which the limit of that share is
    a quantile: the lower limit, with the edge's own effective size, where they do; else the upper one, with that of the tail
    from this edge on: a higher quantile's limit is one of each quantile under it. None: there is no limit.
    """
    laws: list[tuple[bool, Law | None]] = []
    edges = np.arange(increments.edges_s.size)
    for i, share in enumerate(increments.shares_beyond.tolist()):
        if share > 1 - q:
            own_deff, own = increments.effective_below(i, level)
            laws.append((True, share_laws(share, own, own_deff)[0]))
        else:
            deff, n_eff = _tail_size(increments, edges >= i, level)
            laws.append((False, share_laws(share, n_eff, deff)[1]))
    return laws


def _tail_size(increments: Increments, chosen: NDArray[np.bool_], level: float) -> tuple[float, float]:
    """(largest design effect, smallest effective size) over the `chosen` edges, all at or beyond the quantile: a far edge with
    few exceedances is not credited with more independence than the nearest one. Where these have few, what is further in tells
    too, as it does for a tail of the client's: see Increments.inwards().
    """
    edges = np.flatnonzero(chosen).tolist()
    by_edge = [increments.effective_beyond(edge, level) for edge in edges]
    by_edge += [increments.effective_beyond(edge, level, LOWER_HALVED_AT) for edge in increments.inwards(min(edges, default=0))]
    return max((deff for deff, _ in by_edge), default=1.0), min((size for _, size in by_edge), default=increments.total)


def _interpolated(counts: FloatArray, edges_ns: FloatArray, q: float, at: int) -> float:
    low = float(edges_ns[at - 1]) if at else 0.0
    if not math.isfinite(edges_ns[at]):
        return low
    before = float(counts[:at].sum())
    within = (q * float(counts.sum()) - before) / float(counts[at]) if counts[at] else 1.0
    return low + (float(edges_ns[at]) - low) * within


@dataclass(frozen=True)
class CounterIncrease:
    """How much a counter grew, of each target between its own first and last scrape. All of them were seen from from_ns to
    to_ns, which may be the earlier one. idle: all those scrapes lie outside the load. How long the scrapes took widens and
    narrows the time: what happened within `surely_ns` is in the value, and nothing from outside of `at_most_ns` is.
    """

    value: float
    from_ns: int
    to_ns: int
    idle: bool
    resets: int
    surely_ns: tuple[int, int]
    at_most_ns: tuple[int, int]


def counter_increase(snapshots: Sequence[Snapshot], names: Sequence[str], from_ns: int, to_ns: int) -> CounterIncrease | None:
    """Sum of the counters `names` over all targets, from the last scrape before `from_ns` (or the first after it) to the
    first scrape after `to_ns` (or the last before it). None when there are not two scrapes.

    A scrape that takes long shows the counters as they were at some time between its request and its response. One that began
    before `to_ns` may show less than all, however late it ended.
    """
    value, resets, idle = 0.0, 0, True
    spans: list[tuple[Snapshot, Snapshot]] = []
    for of_target in by_target(snapshots).values():
        before = [i for i, s in enumerate(of_target) if s.received_ns < from_ns]
        after = [i for i, s in enumerate(of_target) if s.requested_ns > to_ns]
        first, last = before[-1] if before else 0, after[0] if after else len(of_target) - 1
        if last <= first:
            continue
        for name in names:
            steps = np.diff(counter_values(of_target, name), axis=0)[first:last]
            resets += int((steps < 0).any(axis=1).sum())
            value += float(steps[steps >= 0].sum())
        spans.append((of_target[first], of_target[last]))
        idle = idle and bool(before) and bool(after)
    if not spans:
        return None
    return CounterIncrease(
        value,
        max(first.at_ns for first, _ in spans),
        min(last.at_ns for _, last in spans),
        idle,
        resets,
        (max(first.received_ns for first, _ in spans), min(last.requested_ns for _, last in spans)),
        (min(first.requested_ns for first, _ in spans), max(last.received_ns for _, last in spans)),
    )


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
    have counted. Otherwise the seconds wholly between the scrapes of all targets can't exceed the increase, and all seconds
    that touch those of any target, with those in flight, can't fall short of it.
    """
    if increase.idle:
        client = float(sum(finished_by_second.values()))
        return Reconciliation(client, increase.value - uncertain, increase.value, not uncertain)
    from_s, to_s = (ns / 1e9 for ns in increase.surely_ns)
    inner = sum(n for s, n in finished_by_second.items() if from_s <= s and s + 1 <= to_s)
    earliest_s, latest_s = (ns / 1e9 for ns in increase.at_most_ns)
    outer = sum(n for s, n in finished_by_second.items() if s + 2 > earliest_s and s - 1 < latest_s)
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

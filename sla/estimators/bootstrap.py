"""100,000 joint draws of the quantiles of one source, from the laws that the limits of their intervals are quantiles of.

A resampled order statistic of rank k of n is the sample's value at rank ceil(n U) with U ~ Beta(k, n - k + 1): what the naive
bootstrap converges to, drawn in the same time at any n. With n_eff in place of n it accounts for dependence. A quantile lies
between two order statistics, one behind the other: each draw gives both, the lower limit is a percentile of the first and the
upper one of the second. So an interval that is right differs by the error of the draws alone, which Bootstrap.apart is in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sla.estimators.dependence import FloatArray
from sla.estimators.increments import Increments
from sla.estimators.laws import beta_probability, beta_quantile
from sla.estimators.quantiles import QuantileResult
from sla.estimators.random_numbers import generator
from sla.estimators.server_side import ServerQuantile, laws_at_edges
from sla.estimators.share_limits import Law, order_statistic_laws
from sla.values.bootstrap import Bootstrap
from sla.values.estimate import Estimate
from sla.values.histogram import HIGHEST_NS, Histogram, IntArray, bucket_high_ns, bucket_low_ns

DRAWS = 100_000  # resamples: a share of 2.5 % of them is known to 0.05 points
_NO_LAW = (1.0, 1.0)  # of a quantile with no limit on either side: any rank will do
_ALIKE = 1e-9  # sizes that differ by less, as a share, are one: a + b of one sample may differ in its last digits


@dataclass(frozen=True, eq=False)
class LimitOfRank:
    """The limit that an interval has where a rank is drawn: ns[i] up to the rank at[i], ns[k] beyond all of them. Both ascend;
    shapes (k + 1,) and (k,).
    """

    at: FloatArray
    ns: FloatArray

    def counts(self, ascending: FloatArray) -> IntArray:
        """How many of the drawn ranks, in ascending order, give each limit, shape (k + 1,)."""
        return np.diff(np.searchsorted(ascending, self.at, side="right"), prepend=0, append=ascending.size)


@dataclass(frozen=True, eq=False)
class Resampling:
    """How one quantile is drawn. `law`: of the rank of its first order statistic, as a share of the sample. The one behind it
    is further by a Beta(*second) of what is left; None: the same rank gives both limits.
    """

    estimate: Estimate
    law: Law
    second: Law | None
    lower: LimitOfRank
    upper: LimitOfRank

    def bootstrap(self, ranks: FloatArray, rng: np.random.Generator) -> Bootstrap:
        """What `ranks` of the law, shape (draws,), say of the estimate's interval."""
        first = behind = np.sort(ranks)
        if self.second is not None:
            behind = np.sort(first + (1 - first) * rng.beta(*self.second, first.size))
        e, tail = self.estimate, (1 - self.estimate.level) / 2
        below, above = self.lower.counts(first), self.upper.counts(behind)
        low = float(self.lower.ns[np.searchsorted(np.cumsum(below), tail * ranks.size)])
        high = float(self.upper.ns[np.searchsorted(np.cumsum(above), (1 - tail) * ranks.size)])
        gap = max(_steps(self.lower.ns, low, e.low), _steps(self.upper.ns, high, e.high))
        apart = max(
            _apart(below[self.lower.ns < e.low], below[self.lower.ns == e.low], ranks.size, tail),
            _apart(above[self.upper.ns > e.high], above[self.upper.ns == e.high], ranks.size, tail),
        )
        return Bootstrap(ranks.size, e.level, low, high, gap, round(apart, 2))


def _steps(ns: FloatArray, one: float, other: float) -> int:
    first, second = np.searchsorted(np.unique(ns), (one, other)).tolist()
    return int(abs(first - second))


def _apart(beyond: IntArray, there: IntArray, draws: int, tail: float) -> float:
    """By how many standard errors of a share of `draws` a limit is not their percentile: no more than the share `tail` of them
    lies beyond such a one, and with those that give the limit itself (its bucket's own probability) as much or more.
    """
    outside, with_limit = int(beyond.sum()) / draws, int(beyond.sum() + there.sum()) / draws
    return max(outside - tail, tail - with_limit, 0.0) / math.sqrt(tail * (1 - tail) / draws)


def bootstraps(resamplings: Sequence[Resampling], draws: int = DRAWS, seed: int = 0) -> list[Bootstrap]:
    """Several quantiles of one source, drawn jointly; the same ones for the same seed."""
    rng = generator(seed)
    ranks = joint_ranks([r.law for r in resamplings], draws, rng)
    return [r.bootstrap(column, rng) for r, column in zip(resamplings, ranks.T, strict=True)]


def joint_ranks(laws: Sequence[Law], draws: int, rng: np.random.Generator) -> FloatArray:
    """Ranks of order statistics as shares of the sample, each by its own law Beta(a, b), shape (draws, len(laws)).

    Those of one sample (a + b is the same) are joint by successive Beta spacings (David and Nagaraja 2003, section 2.5), and
    lie in their order. Where effective sizes differ the largest sample is drawn, and each quantile keeps as many of its
    effective samples as it has, below and above, its noise beyond that being its own: of G / (G + H) with Gamma laws
    independent Beta shares of G and of H leave Gamma laws (Lukacs 1955). Then two of them may lie in another order than their
    quantiles, as those of two samples may: each has the law that its interval is read from.
    """
    columns = np.empty((draws, len(laws)), order="F")
    largest = max((a + b for a, b in laws), default=0.0)
    scaled = [a / (a + b) * largest for a, b in laws]
    previous, before = np.zeros(draws), 0.0
    for i in sorted(range(len(laws)), key=scaled.__getitem__):
        if scaled[i] > before:
            previous = previous + (1 - previous) * rng.beta(scaled[i] - before, largest - scaled[i], draws)
            before = scaled[i]
        columns[:, i] = _thinned(previous, (before, largest - before), laws[i], rng)
    return columns


def _thinned(ranks: FloatArray, law: Law, to: Law, rng: np.random.Generator) -> FloatArray:
    """Draws of Beta(*law) as draws of Beta(*to), whose a and b are no larger."""
    (a, b), (fewer_below, fewer_above) = law, to
    if a + b - fewer_below - fewer_above <= _ALIKE * (a + b):
        return ranks
    below = ranks * rng.beta(fewer_below, a - fewer_below, ranks.size)
    above = (1 - ranks) * rng.beta(fewer_above, b - fewer_above, ranks.size)
    return np.asarray(below / (below + above))


def of_histogram(whole: Histogram, result: QuantileResult, tick_ns: int = 0) -> Resampling:
    """A quantile of these samples, of which each may be off by `tick_ns`."""
    e = result.estimate
    low, high = order_statistic_laws(result.quantile, e.n_eff, e.level, result.deff)
    at = np.cumsum(whole.counts) / max(whole.total, 1)
    low_ns = np.append(bucket_low_ns(whole.indices), HIGHEST_NS) - float(tick_ns)
    high_ns = np.append(bucket_high_ns(whole.indices) + float(tick_ns), math.inf)
    return Resampling(
        e,
        low or high or _NO_LAW,
        (high[0] - low[0], high[1]) if low and high else None,  # what is further by it has the law `high`
        # without a law no draw tells
        LimitOfRank(at, np.clip(low_ns, result.floor_ns, e.point) if low else np.full(low_ns.size, e.low)),
        LimitOfRank(at, np.minimum(np.maximum(high_ns, e.point) if high else np.inf, np.full(high_ns.size, result.capped_ns))),
    )


def of_buckets(increments: Increments, q: float, result: ServerQuantile) -> Resampling:
    """The q-quantile of a server's buckets; resampled, it is a bucket. It lies beyond an edge where the share beyond that, by
    the law that the edge is tested by (server_quantile()), is more than 1 - q. An edge is at the rank of the same probability:
    there a draw passes it.
    """
    e, edges_ns = result.estimate, increments.edges_s * 1e9
    low, high = order_statistic_laws(q, e.n_eff, e.level, result.deff)
    law = low or high or _NO_LAW
    not_beyond, surely_not = np.ones(edges_ns.size), np.zeros(edges_ns.size)  # P(the quantile does not lie beyond the edge)
    for i, (beyond, of_share) in enumerate(laws_at_edges(increments, q, e.level)):
        if beyond:
            not_beyond[i] = beta_probability(1 - q, *of_share) if of_share else 1.0
        else:
            surely_not[i] = beta_probability(1 - q, *of_share) if of_share else 0.0
    # beyond an edge is beyond every one before it
    lower = np.minimum.accumulate(not_beyond[::-1])[::-1]
    upper = np.maximum.accumulate(surely_not)
    return Resampling(
        e,
        law,
        None,
        LimitOfRank(_ranks(lower, law), np.minimum(np.concatenate(([0.0], edges_ns)), result.low_edge_ns)),
        LimitOfRank(_ranks(upper, law), np.maximum(np.append(edges_ns, math.inf), result.high_edge_ns)),
    )


def _ranks(probabilities: FloatArray, law: Law) -> FloatArray:
    return np.array([beta_quantile(p, *law) for p in probabilities.tolist()])

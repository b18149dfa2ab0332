"""Quantiles of latency with intervals that hold under dependence.

Estimate: the empirical q-quantile of the merged histogram. Interval: the order-statistic law Beta(k, n - k + 1) with the
effective sample size in place of n (Woodruff 1952; Francisco and Fuller 1991), read through the merged cumulative counts
and widened to the buckets' edges. Limits: rare overlapping stalls at p99.9 were covered in 78 % of simulated runs only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sla.estimators.dependence import FloatArray, batch_begins, design_effect, effective_size
from sla.estimators.laws import beta_quantile
from sla.estimators.random_numbers import generator
from sla.values import grouped_counts, histogram
from sla.values.estimate import Estimate
from sla.values.histogram import (
    COUNTS_LENGTH,
    HIGHEST_NS,
    Histogram,
    IntArray,
    bucket_edges_ns,
    bucket_high_ns,
    bucket_middle_ns,
)

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)  # of every summary
LOWEST_PROXY = 0.9  # the design effect of a tail is never estimated below this quantile
LONGEST_GAP_S = 60  # an empty second has no influence on an estimate; a million of them would fill the memory
AT_ONCE = 256  # windows put behind each other in one go: in a few MB, however many there are
STRONG_EVIDENCE = 10.0  # n_eff (1 - q), effective exceedances, from which a PASS stands and a tail is not thin
DECIDABLE = 11.4  # n_eff (1 - q) for which a PASS is well supported: 10, with room for the t factor


@dataclass(frozen=True)
class QuantileResult:
    """An estimate (ns) with the design effect it rests on."""

    quantile: float
    estimate: Estimate
    deff: float


@dataclass(frozen=True)
class MergedWindows:
    """The windows' buckets behind each other, made once for all quantiles, in few bytes: there may be an hour of them.

    whole       the sum of all windows
    sizes       samples in each window, shape (m,)
    edges       where each window's buckets begin, and where the last one's end, shape (m + 1,)
    keys        window * COUNTS_LENGTH + bucket, ascending, shape (k,)
    cumulative  samples of the window in and under each bucket, shape (k,)
    tick_ns     each sample may be off by so much: every interval is so much wider on either side
    """

    whole: Histogram
    sizes: FloatArray
    edges: IntArray
    keys: NDArray[Any]
    cumulative: NDArray[Any]
    tick_ns: int = 0

    @classmethod
    def of(cls, windows: Sequence[Histogram], tick_ns: int = 0) -> Self:
        edges = np.cumsum([0, *(h.indices.size for h in windows)])
        keys = np.empty(edges[-1], np.min_scalar_type(len(windows) * COUNTS_LENGTH))
        cumulative = np.empty(edges[-1], np.min_scalar_type(max((h.total for h in windows), default=0)))
        for first in range(0, len(windows), AT_ONCE):
            some = windows[first : first + AT_ONCE]
            begins = edges[first : first + len(some) + 1]
            here, buckets = slice(begins[0], begins[-1]), np.diff(begins)
            first_keys = np.arange(first, first + len(some)) * COUNTS_LENGTH
            keys[here] = np.concatenate([h.indices for h in some]) + np.repeat(first_keys, buckets)
            so_far = np.cumsum(np.concatenate([[0], *(h.counts for h in some)]))
            cumulative[here] = so_far[1:] - np.repeat(so_far[begins[:-1] - begins[0]], buckets)
        sizes = np.array([h.total for h in windows], dtype=np.float64)
        return cls(histogram.merge(windows), sizes, edges, keys, cumulative, tick_ns)

    @cached_property
    def n(self) -> int:
        return self.whole.total

    def results(self, quantiles: Sequence[float], level: float) -> list[QuantileResult] | None:
        """As quantile_results() has them."""
        return [_result(self, q, level) for q in quantiles] if self.n else None

    def below(self, bucket: int | None) -> FloatArray:
        """Samples in and under a bucket (None: in all), for each window, shape (m,)."""
        ends = self.edges[1:]
        if bucket is not None:
            wanted = np.arange(self.sizes.size) * COUNTS_LENGTH + bucket
            ends = np.searchsorted(self.keys, wanted.astype(self.keys.dtype), side="right")
        filled = ends > self.edges[:-1]
        counts_below = np.zeros(self.sizes.size)
        counts_below[filled] = self.cumulative[ends[filled] - 1]
        return counts_below

    def influence(self, q: float) -> tuple[FloatArray, FloatArray]:
        """(influence of each window, exceedances in each window) at the empirical q-quantile."""
        below = self.below(self.whole.bucket_at(q))
        # Ties make the share at the bucket differ from q; centred at the share itself the influences sum to zero.
        share = below.sum() / self.n
        return below - share * self.sizes, self.sizes - below

    def design_effect(self, q: float) -> tuple[float, float]:
        """(design effect, degrees of freedom) at q, kept for the next level that is asked about: see _design_effect()."""
        if q not in self._design_effects:
            self._design_effects[q] = _design_effect(self, q)
        return self._design_effects[q]

    @cached_property
    def _design_effects(self) -> dict[float, tuple[float, float]]:
        """By quantile."""
        return {}


def quantile_results(
    windows: Sequence[Histogram], quantiles: Sequence[float] = QUANTILES, level: float = 0.95, tick_ns: int = 0
) -> list[QuantileResult] | None:
    """Quantiles of one histogram for each consecutive second, in time order, empty seconds included; None without any sample.
    Each sample may be off by `tick_ns`.

    The upper limit is infinite when the sample can't bound the quantile (q ** n_eff > alpha / 2).
    """
    return MergedWindows.of(windows, tick_ns).results(quantiles, level)


def influences(windows: Sequence[Histogram], quantiles: Sequence[float] = QUANTILES) -> list[FloatArray]:
    """What each window (one a second, in time order) adds to each quantile, shape (m,) each; [] without any sample."""
    merged = MergedWindows.of(windows)
    return [merged.influence(q)[0] for q in quantiles] if merged.n else []


def _result(merged: MergedWindows, q: float, level: float) -> QuantileResult:
    deff, dof = merged.design_effect(q)
    n_eff = min(effective_size(merged.n, deff, dof, level), float(merged.n))
    low_p, high_p = order_statistic_limits(q, n_eff, level)
    point = merged.whole.bucket_at(q)
    low = merged.whole.bucket_at(low_p)
    high = merged.whole.bucket_at(high_p) if high_p is not None else None
    point_ns = math.inf if point is None else bucket_middle_ns(point)
    low_ns = max((float(HIGHEST_NS) if low is None else bucket_edges_ns(low)[0]) - merged.tick_ns, 0.0)
    high_ns = math.inf if high is None else bucket_edges_ns(high)[1] + merged.tick_ns
    estimate = Estimate(point_ns, min(low_ns, point_ns), max(high_ns, point_ns), level, merged.n, n_eff)
    return QuantileResult(q, estimate, deff)


def _design_effect(merged: MergedWindows, q: float) -> tuple[float, float]:
    """The largest design effect at q and, for a tail, at quantiles lowered by doubling 1 - q until nine batches in ten hold an
    exceedance, and once more where the tail is thin: indicators of a far tail alone understate dependence while exceedances
    are few (without that once more, M/M/1 at load 0.9 covered p99 in 91.2 % of 120 s runs; with it in 94.0 %).
    """
    deff, dof = 1.0, math.inf
    p, once_more = q, True
    while True:
        influence, exceedances = merged.influence(p)
        share = float(exceedances.sum()) / merged.n
        deff_at_p, dof_at_p = design_effect(influence, merged.n * share * (1 - share))
        deff, dof = max(deff, deff_at_p), min(dof, dof_at_p)
        if p <= LOWEST_PROXY:
            break
        if p < q and _batches_with(exceedances) >= 0.9:
            if not once_more or merged.n / deff * (1 - q) >= STRONG_EVIDENCE:
                break
            once_more = False
        p = max(1 - 2 * (1 - p), LOWEST_PROXY)
    return deff, dof


def _batches_with(exceedances: FloatArray) -> float:
    """Share of the batches that hold an exceedance."""
    return float((np.add.reduceat(exceedances, batch_begins(exceedances.size)) > 0).mean())


def order_statistic_limits(q: float, n_eff: float, level: float) -> tuple[float, float | None]:
    """Probabilities between which the q-quantile's order statistic lies; the upper one is None when there is no bound."""
    tail = (1 - level) / 2
    k = q * n_eff
    low = beta_quantile(tail, k, n_eff - k + 1)
    high = beta_quantile(1 - tail, k + 1, n_eff - k) if q**n_eff <= tail else None
    return low, high


def seconds_needed(deff: float, rate_per_s: float, q: float) -> float:
    """How long a run at this rate must be for the tail beyond q to be decidable: 11.4 deff / (rate (1 - q))."""
    return DECIDABLE * deff / (rate_per_s * (1 - q)) if rate_per_s > 0 else math.inf


def windows_of(finished_at_s: ArrayLike, latency_ns: ArrayLike) -> list[Histogram]:
    """One histogram for each second from the first to the last finish, as the recorder would fill them.

    Both arrays have shape (n,); a latency over 60 s is counted as over range; a gap in the times (a pause, or a clock that
    jumped) counts as LONGEST_GAP_S empty seconds at most. Raises ValueError for other shapes, NaN, infinite or negative values.
    """
    times = np.asarray(finished_at_s, dtype=np.float64)
    values = np.asarray(latency_ns, dtype=np.float64)
    if times.ndim != 1 or times.shape != values.shape:
        raise ValueError(f"two arrays of one shape (n,) are needed, not {times.shape} and {values.shape}")
    if not times.size:
        return []
    if not (np.isfinite(times).all() and np.isfinite(values).all()) or values.min() < 0:
        raise ValueError("times and latencies must be finite, and latencies not negative")
    whole = np.minimum(np.round(values), HIGHEST_NS + 1).astype(np.int64)
    occupied, position = np.unique(np.floor(times), return_inverse=True)
    steps = np.minimum(np.diff(occupied, prepend=occupied[:1]), LONGEST_GAP_S).astype(np.int64)
    seconds = np.cumsum(steps)[position]
    return grouped_counts.count(whole, seconds, int(seconds.max()) + 1).histograms()


def quantile_estimates(
    finished_at_s: ArrayLike,
    latency_ns: ArrayLike,
    quantiles: Sequence[float] = QUANTILES,
    level: float = 0.95,
    seed: int = 0,
) -> list[Estimate]:
    """Quantiles (ns) of any tool's samples, through the same windows and buckets as a run's; [] without samples.

    `seed` is taken for symmetry with the drawn distribution; the interval itself is exact and draws nothing.
    """
    results = quantile_results(windows_of(finished_at_s, latency_ns), quantiles, level)
    return [r.estimate for r in results] if results else []


def bootstrap_ranks(n: float, quantiles: Sequence[float], draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Uniform order statistics of `draws` resamples, shape (draws, len(quantiles)), `quantiles` ascending.

    A resampled order statistic of rank k is the sample's value at rank ceil(n U) with U ~ Beta(k, n - k + 1); several are
    joint by successive Beta spacings (David and Nagaraja 2003, section 2.5). This is the distribution that the naive
    bootstrap converges to, at any n in the same time; with n_eff in place of n it accounts for dependence.
    """
    ranks = [max(q * n, min(n, 1.0)) for q in quantiles]  # of less than one sample the first may lie anywhere, and mostly low
    columns = np.empty((draws, len(ranks)))
    previous, before = np.zeros(draws), 0.0
    for column, k in enumerate(ranks):
        step = k - before
        spacing = rng.beta(step, n - k + 1, draws) if step > 0 else np.zeros(draws)
        previous = previous + (1 - previous) * spacing
        columns[:, column] = previous
        before = k
    return columns


def bootstrap_draws(
    whole: Histogram, n_eff: float, quantiles: Sequence[float], draws: int = 100_000, seed: int = 0
) -> IntArray:
    """Values (ns, the buckets' upper edges) of bootstrap_ranks() in a merged histogram; ranks over range give HIGHEST_NS."""
    u = bootstrap_ranks(n_eff, quantiles, draws, generator(seed))
    rank = np.maximum(np.ceil(u * whole.total), 1)
    position = np.searchsorted(np.cumsum(whole.counts), rank)
    edges = np.append(bucket_high_ns(whole.indices), HIGHEST_NS)
    values: IntArray = edges[position]
    return values

"""Quantiles of latency with intervals that hold under dependence.

Estimate: the empirical q-quantile of the merged histogram. Interval: the order-statistic law Beta(k, n - k + 1) with the
effective sample size in place of n (Woodruff 1952; Francisco and Fuller 1991), read through the merged cumulative counts
and widened to the buckets' edges. Limits: rare overlapping stalls at p99.9 were covered in 78 % of simulated runs only.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sla.estimators.dependence import (
    FEWEST_WINDOWS,
    REACHING_DOF,
    SEEN_AT,
    SEEN_BEYOND,
    Alike,
    FloatArray,
    alike,
    batches_with,
    design_effect,
    effective_size,
    lasts,
)
from sla.estimators.share_limits import order_statistic_limits
from sla.values import histogram
from sla.values.estimate import Estimate
from sla.values.grouped_counts import windows_of
from sla.values.histogram import (
    COUNTS_LENGTH,
    HIGHEST_NS,
    Histogram,
    IntArray,
    bucket_edges_ns,
    bucket_middle_ns,
    bucket_of,
)

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)  # of every summary
LOWEST_PROXY = 0.9  # the design effect of a tail is never estimated below this quantile
LOWER_HALVED_AT = 0.05  # p-value: the lower quantiles only add to what the quantile's own series shows
AT_ONCE = 256  # windows put behind each other in one go: in a few MB, however many there are
STRONG_EVIDENCE = 10.0  # n_eff (1 - q), effective exceedances, from which a PASS stands and a tail is not thin
EVIDENCE_LEVEL = 0.95  # at which these are counted, whatever the level of the interval: they are no less for being asked twice
DECIDABLE = 11.4  # n_eff (1 - q) for which a PASS is well supported: 10, with room for the t factor


@dataclass(frozen=True)
class QuantileResult:
    """An estimate (ns) with the design effect it rests on. reaches: correlation shows up to the slowest cosines of the run.
    capped_ns: the upper limit of a higher quantile, where that is lower (infinite: none is). floor_ns: the lower limit of a
    lower one, where that is higher (0: none is).
    """

    quantile: float
    estimate: Estimate
    deff: float
    reaches: bool = False
    capped_ns: float = math.inf
    floor_ns: float = 0.0


@dataclass(frozen=True)
class MergedWindows:
    """The windows' buckets behind each other, made once for all quantiles, in few bytes: there may be an hour of them.

    whole       the sum of all windows
    sizes       samples in each window, shape (m,)
    edges       where each window's buckets begin, and where the last one's end, shape (m + 1,)
    keys        window * COUNTS_LENGTH + bucket, ascending, shape (k,)
    cumulative  samples of the window in and under each bucket, shape (k,)
    tick_ns     each sample may be off by so much: every interval is so much wider on either side
    cautious    the dependence of a tail is looked for in a tenth of all, whatever it shows by itself: see _design_effect()
    """

    whole: Histogram
    sizes: FloatArray
    edges: IntArray
    keys: NDArray[Any]
    cumulative: NDArray[Any]
    tick_ns: int = 0
    cautious: bool = False

    @classmethod
    def of(cls, windows: Sequence[Histogram], tick_ns: int = 0, cautious: bool = False) -> Self:
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
        return cls(histogram.merge(windows), sizes, edges, keys, cumulative, tick_ns, cautious)

    @cached_property
    def n(self) -> int:
        return self.whole.total

    def results(self, quantiles: Sequence[float], level: float) -> list[QuantileResult] | None:
        """As quantile_results() has them."""
        if wrong := [q for q in quantiles if not 0 < q < 1]:
            raise ValueError(f"quantiles must lie between 0 and 1, not {', '.join(f'{q:g}' for q in wrong)}")
        if not self.n:
            return None
        each = {q: _result(self, q, level) for q in (*QUANTILES, *quantiles)}
        return [_within_others(each[q], [each[p] for p in QUANTILES]) for q in quantiles]

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

    def within(self, value_ns: float) -> FloatArray:
        """Samples of each window in and under the bucket of a value, shape (m,)."""
        return self.below(bucket_of(value_ns))

    def influence(self, q: float) -> tuple[FloatArray, FloatArray]:
        """(influence of each window, exceedances in each window) at the empirical q-quantile."""
        below = self.below(self.whole.bucket_at(q))
        return self._influence(below), self.sizes - below

    def _influence(self, below: FloatArray) -> FloatArray:
        # Ties make the share at a quantile's bucket differ from q; centred at the share itself the influences sum to zero.
        return np.asarray(below - below.sum() / self.n * self.sizes)

    def first_bounds(self, q: float, level: float) -> bool:
        """Whether the smallest sample bounds the q-quantile from below where the effective samples are too few to: beyond it
        lie all windows, and each of them that holds samples is worth one, however much they move together.
        """
        filled = int((self.sizes > 0).sum())
        return filled >= FEWEST_WINDOWS and (1 - q) ** filled <= (1 - level) / 2

    def design_effect(self, q: float) -> tuple[float, float]:
        """(design effect, degrees of freedom) at q, kept for the next level that is asked about: see _design_effect()."""
        if q not in self._design_effects:
            self._design_effects[q] = _design_effect(self, q)
        return self._design_effects[q]

    def effective_size(self, q: float, level: float = EVIDENCE_LEVEL) -> float:
        """n_eff at q."""
        deff, dof = self.design_effect(q)
        return min(effective_size(self.n, deff, dof, level), float(self.n))

    def effect_of(self, beyond: FloatArray, halved_at: float | None = None) -> tuple[float, float]:
        """dependence.design_effect() of the share that `beyond` of each window's samples are; empty windows count as none."""
        share, filled = float(beyond.sum()) / self.n, self.sizes > 0
        influence = self._influence(self.sizes - beyond)
        return design_effect(influence[filled], self.n * share * (1 - share), halved_at, self.alike, self.sizes)

    @cached_property
    def alike(self) -> Alike | None:
        """How many cosines hold about the same power in the series of the slowest samples: see SEEN_BEYOND."""
        filled = self.sizes > 0
        if int(filled.sum()) < FEWEST_WINDOWS:
            return None
        return alike((self.influence(1 - share)[0][filled] for share in SEEN_BEYOND), SEEN_AT)

    def lasts(self, q: float) -> bool:
        """Whether the quantile moves as slowly as the run is long, by its own series or that of a lower one of a tail."""
        levels = [q]
        while levels[-1] > LOWEST_PROXY:
            levels.append(_lower(levels[-1]))
        return any(lasts(self.influence(p)[0]) for p in levels)

    @cached_property
    def _design_effects(self) -> dict[float, tuple[float, float]]:
        """By quantile."""
        return {}


def quantile_results(
    windows: Sequence[Histogram],
    quantiles: Sequence[float] = QUANTILES,
    level: float = 0.95,
    tick_ns: int = 0,
    cautious: bool = False,
) -> list[QuantileResult] | None:
    """Quantiles of one histogram for each consecutive second, in time order, empty seconds included; None without any sample.
    Each sample may be off by `tick_ns`; `cautious` as MergedWindows has it. Raises ValueError unless every quantile lies
    between 0 and 1.

    The upper limit is infinite when the sample can't bound the quantile (q ** n_eff > alpha / 2), the lower one likewise 0, or
    the smallest sample where the windows bound it: see MergedWindows.first_bounds().
    """
    return MergedWindows.of(windows, tick_ns, cautious).results(quantiles, level)


def influences(windows: Sequence[Histogram], quantiles: Sequence[float] = QUANTILES) -> list[FloatArray]:
    """What each window (one a second, in time order) adds to each quantile, shape (m,) each; [] without any sample."""
    merged = MergedWindows.of(windows)
    return [merged.influence(q)[0] for q in quantiles] if merged.n else []


def _result(merged: MergedWindows, q: float, level: float) -> QuantileResult:
    deff, dof = merged.design_effect(q)
    n_eff = merged.effective_size(q, level)
    low_p, high_p = order_statistic_limits(q, n_eff, level, deff)
    point = merged.whole.bucket_at(q)
    low = merged.whole.bucket_at(low_p)
    high = merged.whole.bucket_at(high_p) if high_p is not None else None
    point_ns = math.inf if point is None else bucket_middle_ns(point)
    low_ns = max((float(HIGHEST_NS) if low is None else bucket_edges_ns(low)[0]) - merged.tick_ns, 0.0)
    if not (low_p or merged.first_bounds(q, level)):
        low_ns = 0.0
    high_ns = math.inf if high is None else bucket_edges_ns(high)[1] + merged.tick_ns
    estimate = Estimate(point_ns, min(low_ns, point_ns), max(high_ns, point_ns), level, merged.n, n_eff)
    return QuantileResult(q, estimate, deff, dof == REACHING_DOF)


def _within_others(result: QuantileResult, usual: Sequence[QuantileResult]) -> QuantileResult:
    """With no higher upper limit than a higher quantile has, what bounds that one bounds all under it, and with no lower lower
    limit than a lower quantile has.
    """
    e = result.estimate
    capped_ns = min((o.estimate.high for o in usual if o.quantile > result.quantile), default=math.inf)
    floor_ns = max((o.estimate.low for o in usual if o.quantile < result.quantile), default=0.0)
    capped_ns, floor_ns = capped_ns if capped_ns < e.high else math.inf, min(floor_ns, e.point) if floor_ns > e.low else 0.0
    limited = dataclasses.replace(e, low=max(e.low, floor_ns), high=min(e.high, capped_ns))
    return dataclasses.replace(result, estimate=limited, capped_ns=capped_ns, floor_ns=floor_ns)


def _design_effect(merged: MergedWindows, q: float) -> tuple[float, float]:
    """The design effect, with its degrees of freedom, that leaves the fewest effective samples: at q and, for a tail, at
    quantiles lowered by doubling 1 - q until nine batches in ten hold an exceedance, and once more where the tail is thin:
    indicators of a far tail alone understate dependence while exceedances are few.

    Where they are few by chance the tail and its design effect are both too low, that of a tenth of all hardly. Who looks often
    enough sees that happen, and is `cautious`: at every one of these quantiles.
    """
    effects, filled, p, once_more = [], merged.sizes > 0, q, True
    while True:
        exceedances = merged.influence(p)[1]
        effects.append(merged.effect_of(exceedances, None if p == q else LOWER_HALVED_AT))
        if p <= LOWEST_PROXY:
            break
        if not merged.cautious and p < q and batches_with(exceedances[filled]) >= 0.9:
            if not once_more or merged.n / max(effects)[0] * (1 - q) >= STRONG_EVIDENCE:
                break
            once_more = False
        p = _lower(p)
    return min(effects, key=lambda effect: effective_size(merged.n, effect[0], effect[1], 0.95))


def _lower(p: float) -> float:
    """With twice as many beyond it."""
    return max(1 - 2 * (1 - p), LOWEST_PROXY)


def seconds_needed(deff: float, rate_per_s: float, q: float) -> float:
    """How long a run at this rate must be for the tail beyond q to be decidable: 11.4 deff / (rate (1 - q))."""
    return DECIDABLE * deff / (rate_per_s * (1 - q)) if rate_per_s > 0 else math.inf


def quantile_estimates(
    finished_at_s: ArrayLike,
    latency_ns: ArrayLike,
    quantiles: Sequence[float] = QUANTILES,
    level: float = 0.95,
    seed: int = 0,
) -> list[Estimate]:
    """Quantiles (ns) of any tool's samples, through the same windows and buckets as a run's; [] without samples.

    `seed` is taken for symmetry with the drawn distribution; the interval itself is exact and draws nothing. Raises ValueError
    as windows_of() and quantile_results() do.
    """
    results = quantile_results(windows_of(finished_at_s, latency_ns), quantiles, level)
    return [r.estimate for r in results] if results else []

"""Single timings summarised as Criterion does: quantiles and mean with intervals, outliers named.

Intervals are percentile intervals of 100,000 bootstrap resamples. A resampled quantile is drawn from its exact law
(bootstrap.joint_ranks) with the effective sample size, a resampled mean from whole blocks of consecutive timings
(Carlstein 1986): what slows one timing down slows its neighbours down too, and a plain bootstrap would not see it.
Limits: a resample never exceeds the slowest timing; a quantile that so few timings can't bound has no upper limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sla.estimators.bootstrap import DRAWS, joint_ranks
from sla.estimators.dependence import FloatArray
from sla.estimators.quantiles import quantile_results
from sla.estimators.random_numbers import generator
from sla.estimators.share_limits import order_statistic_limits
from sla.values import histogram
from sla.values.estimate import Estimate
from sla.values.histogram import HIGHEST_NS

BLOCKS = 40  # long enough for what lasts several timings, enough of them for a variance
FEWEST = 2 * BLOCKS  # timings: two a block, or it has no variance
QUANTILES = (0.5, 0.75, 0.9, 0.99)  # of every summary of timings
_MILD, _SEVERE = 1.5, 3.0  # interquartile ranges beyond the quartiles: Tukey, Exploratory Data Analysis (1977), section 2C


@dataclass(frozen=True)
class Outliers:
    """Counts beyond Tukey's fences; a severe one is not counted as mild."""

    low_severe: int
    low_mild: int
    high_mild: int
    high_severe: int

    @property
    def total(self) -> int:
        """Outliers of all four sorts."""
        return self.low_severe + self.low_mild + self.high_mild + self.high_severe


@dataclass(frozen=True)
class Sample:
    """All in ns; n timings."""

    n: int
    p50: Estimate
    p75: Estimate
    p90: Estimate
    p99: Estimate
    mean: Estimate
    outliers: Outliers

    @property
    def estimates(self) -> dict[str, Estimate]:
        """By name."""
        return {"p50": self.p50, "p75": self.p75, "p90": self.p90, "p99": self.p99, "mean": self.mean}


def summarise(timings_ns: ArrayLike, seed: int = 0, level: float = 0.95) -> Sample:
    """Quantiles, mean and outliers of timings in the order in which they were taken, ns, shape (n,). The same seed gives the
    same figures.

    Raises ValueError for fewer than FEWEST timings, another shape, and for what is no timing (negative, NaN, infinite).
    """
    values = np.asarray(timings_ns, dtype=np.float64)
    if values.ndim != 1 or values.size < FEWEST:
        raise ValueError(f"at least {FEWEST} timings are needed, of shape (n,), not {values.shape}")
    if not np.isfinite(values).all() or values.min() < 0:
        raise ValueError("timings must be finite and not negative")
    rng = generator(seed)
    whole = np.minimum(np.round(values), HIGHEST_NS).astype(np.int64)
    results = quantile_results([histogram.from_values(part) for part in np.array_split(whole, BLOCKS)], QUANTILES, level)
    assert results is not None  # there are timings
    ordered = np.sort(values)
    p50, p75, p90, p99 = (_quantile(ordered, r.quantile, r.estimate.n_eff, level, rng) for r in results)
    return Sample(values.size, p50, p75, p90, p99, mean_of_blocks(values, level, rng), outliers(ordered))


def mean_of_blocks(values: FloatArray, level: float, rng: np.random.Generator, blocks: int = BLOCKS) -> Estimate:
    """Mean of values of shape (n,), n >= blocks, with the interval of DRAWS resamples of whole blocks."""
    means = np.array([part.mean() for part in np.array_split(values, blocks)])
    sums = np.zeros(DRAWS)
    for _ in range(blocks):
        sums += means[rng.integers(0, blocks, DRAWS)]
    low, high = np.quantile(sums / blocks, [(1 - level) / 2, (1 + level) / 2])
    point = float(values.mean())
    return Estimate(point, min(float(low), point), max(float(high), point), level, float(values.size), float(blocks))


def outliers(values: FloatArray) -> Outliers:
    """Outliers of values of shape (n,), n >= 1, by Tukey's fences."""
    first, third = np.quantile(values, [0.25, 0.75])
    spread = third - first

    def beyond(times: float) -> tuple[int, int]:
        return int((values < first - times * spread).sum()), int((values > third + times * spread).sum())

    (low, high), (low_severe, high_severe) = beyond(_MILD), beyond(_SEVERE)
    return Outliers(low_severe, low - low_severe, high - high_severe, high_severe)


def _quantile(ordered: FloatArray, q: float, n_eff: float, level: float, rng: np.random.Generator) -> Estimate:
    n = ordered.size
    k = max(q * n_eff, min(n_eff, 1.0))  # of less than one timing the first may lie anywhere, and mostly low
    ranks = np.clip(np.ceil(joint_ranks([(k, n_eff - k + 1)], DRAWS, rng)[:, 0] * n), 1, n).astype(np.int64)
    low, high = np.quantile(ordered[ranks - 1], [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    point = float(ordered[max(math.ceil(q * n), 1) - 1])
    bounded = order_statistic_limits(q, n_eff, level)[1] is not None
    return Estimate(point, min(float(low), point), max(float(high), point) if bounded else math.inf, level, float(n), n_eff)

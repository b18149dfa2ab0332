"""A second opinion on quantile intervals: the circular block bootstrap of whole one-second windows.

It shares nothing with quantiles but the data: no design effect, no order-statistic law. Resampling blocks of consecutive
windows keeps the dependence within a block (Politis and Romano 1992, circular blocks). Block length: the larger of a
twentieth of the run and the automatic choice of Politis and White (2004), as corrected by Patton, Politis and White (2009).
Limits: it can't reach beyond the largest sample, so far tails of short runs come out too narrow; it never decides a verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sla.estimators.dependence import FloatArray
from sla.estimators.quantiles import QUANTILES, influences
from sla.estimators.random_numbers import generator
from sla.values import histogram
from sla.values.estimate import Estimate
from sla.values.histogram import HIGHEST_NS, Histogram, IntArray, bucket_high_ns, bucket_low_ns, bucket_middle_ns

RESAMPLES = 2000  # enough for the limits of a second opinion, which never decides
_CHUNK = 100  # resamples at once: bounds the memory at _CHUNK rows of all distinct buckets
_LEAST_BLOCKS = 20  # in a run at least: a block is no longer than a twentieth of it, unless the dependence is


def block_quantiles(
    windows: Sequence[Histogram],
    quantiles: Sequence[float] = QUANTILES,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Estimate] | None:
    """Percentile intervals (ns) of the quantiles over `resamples` resampled runs; None without any sample.

    `windows`: one histogram for each consecutive second, in time order, empty ones included. n_eff of the estimates is the
    number of windows over the block length: how many independent pieces were drawn from. Same seed, same figures.
    """
    whole = histogram.merge(windows)
    if not whole.total:
        return None
    m = len(windows)
    block = block_length(windows, quantiles)
    rng = generator(seed)
    counts = _dense(windows, whole)
    positions = np.vstack([_positions(_weights(rng, m, block, n), counts, quantiles) for n in _chunks(resamples)])
    lows = np.append(bucket_low_ns(whole.indices), HIGHEST_NS).astype(np.float64)
    highs = np.append(bucket_high_ns(whole.indices).astype(np.float64), math.inf)
    tail = (1 - level) / 2
    if not positions.size:
        positions = np.array([[0] * len(quantiles), [lows.size - 1] * len(quantiles)])  # nothing bounds them
    estimates = []
    for column, q in enumerate(quantiles):
        low, high = np.quantile(positions[:, column], [tail, 1 - tail], method="inverted_cdf").astype(np.int64)
        bucket = whole.bucket_at(q)
        point = math.inf if bucket is None else bucket_middle_ns(bucket)
        pieces = min(m / block, float(whole.total))
        estimates.append(
            Estimate(point, min(float(lows[low]), point), max(float(highs[high]), point), level, whole.total, pieces)
        )
    return estimates


def block_length(windows: Sequence[Histogram], quantiles: Sequence[float] = QUANTILES) -> int:
    """Windows a block: the largest that any of the quantiles asks for, at least m / 20, at most m."""
    m = len(windows)
    automatic = max((politis_white(z) for z in influences(windows, quantiles)), default=1.0)
    return int(min(max(math.ceil(m / _LEAST_BLOCKS), math.ceil(automatic), 1), max(m, 1)))


def politis_white(series: FloatArray) -> float:
    """Automatic block length of the circular bootstrap for the mean of a series of shape (n,); at least 1.

    Politis and White (2004), section 3, with the constants of Patton, Politis and White (2009): the bandwidth is twice the
    first lag after which K_n autocorrelations are insignificant; flat-top kernel;
    b = (2 g^2 / D)^(1/3) n^(1/3), D = 4/3 S(0)^2.
    """
    n = series.size
    x = series - series.mean() if n else series
    power = float(x @ x) / n if n else 0.0
    if n < 10 or power == 0:
        return 1.0
    insignificant = max(5, math.ceil(math.log10(n)))
    longest = math.ceil(math.sqrt(n)) + insignificant
    gamma = np.array([float(x[: n - k] @ x[k:]) / n for k in range(min(longest, n - 1) + 1)])
    bound = 2 * math.sqrt(math.log10(n) / n)
    large = np.abs(gamma[1:] / power) > bound
    runs = [k for k in range(large.size - insignificant + 1) if not large[k : k + insignificant].any()]
    after = runs[0] if runs else int(np.flatnonzero(large)[-1]) + 1
    bandwidth = min(2 * max(after, 1), gamma.size - 1)
    lags = np.arange(-bandwidth, bandwidth + 1)
    taper = np.clip(2 * (1 - np.abs(lags) / bandwidth), 0, 1)
    weighted = taper * gamma[np.abs(lags)]
    g, spectrum = float((np.abs(lags) * weighted).sum()), float(weighted.sum())
    best = math.cbrt(2 * g**2 / (4 / 3 * spectrum**2) * n) if spectrum else 1.0
    return max(min(best, math.ceil(min(3 * math.sqrt(n), n / 3))), 1.0)


def _chunks(total: int) -> list[int]:
    return [min(_CHUNK, total - begin) for begin in range(0, total, _CHUNK)]


def _dense(windows: Sequence[Histogram], whole: Histogram) -> FloatArray:
    """Counts of every window in the run's distinct buckets, and over range in the last column."""
    counts = np.zeros((len(windows), whole.indices.size + 1))
    for row, h in zip(counts, windows, strict=True):
        row[np.searchsorted(whole.indices, h.indices)] = h.counts
        row[-1] = h.over_range
    return counts


def _weights(rng: np.random.Generator, m: int, block: int, resamples: int) -> FloatArray:
    """How often each window is drawn, shape (resamples, m): blocks from random starts, around the end, cut to m windows."""
    starts = rng.integers(0, m, (resamples, math.ceil(m / block)))
    drawn = ((starts[:, :, None] + np.arange(block)) % m).reshape(resamples, -1)[:, :m]
    offsets = drawn + m * np.arange(resamples)[:, None]
    return np.bincount(offsets.ravel(), minlength=m * resamples).reshape(resamples, m).astype(np.float64)


def _positions(weights: FloatArray, counts: FloatArray, quantiles: Sequence[float]) -> IntArray:
    """Column of the bucket in which each quantile of each resample lies, shape (at most resamples, len(quantiles))."""
    cumulative = np.cumsum(weights @ counts, axis=1)
    cumulative = cumulative[cumulative[:, -1] > 0]  # only empty seconds were drawn: there is no quantile
    total = cumulative[:, -1]
    columns = [(cumulative < np.maximum(np.ceil(q * total - 1e-9), 1)[:, None]).sum(axis=1) for q in quantiles]
    return np.stack(columns, axis=1).astype(np.int64)

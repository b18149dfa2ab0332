"""Throughput: t interval of completions per window, with the variance of their sum as sla.estimators.dependence has it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sla.estimators.dependence import FEWEST_WINDOWS, REACHING_DOF, FloatArray, spread
from sla.estimators.laws import t_quantile
from sla.estimators.proportions import ENOUGH_BURSTS, FewBursts
from sla.values.estimate import Estimate

CLEARLY = 4.0  # standard deviations that the rate of a window lies under the median
AS_DEVIATION = 1.4826  # times the median distance from the median: the standard deviation of a normal law
SLIGHTLY = 0.02  # of the median: what a plan of a constant rate leaves out by a request or two is no dip


def rate_estimate(completions: ArrayLike, window_s: ArrayLike = 1.0, level: float = 0.95) -> Estimate | None:
    """Completions per second, of counts per window, shape (m,), in time order; None without a window. `window_s`: how long the
    windows are, one length for all or of shape (m,); then the rate is a ratio (Cochran 1977, section 6.4).

    n is the number of windows; fewer than FEWEST_WINDOWS give no interval (0 to infinity). Where nothing was completed, the
    upper limit is that of a Poisson count of 0 (Garwood 1936). Raises ValueError for other shapes.
    """
    counts, lengths_s = np.asarray(completions, dtype=np.float64), np.asarray(window_s, dtype=np.float64)
    lengths = lengths_s.shape in ((), counts.shape) and bool((np.isfinite(lengths_s) & (lengths_s > 0)).all())
    if counts.ndim != 1 or not np.isfinite(counts).all() or (counts.size and counts.min() < 0) or not lengths:
        raise ValueError("a finite array of shape (m,) that is not negative is needed, and positive windows")
    m = counts.size
    if m == 0:
        return None
    lengths_s = np.broadcast_to(lengths_s, counts.shape)
    whole_s = float(lengths_s.sum())
    rate = float(counts.sum()) / whole_s
    if not counts.any():
        return Estimate(0.0, 0.0, -math.log((1 - level) / 2) / whole_s, level, m, m)
    if m < FEWEST_WINDOWS:
        return Estimate(rate, 0.0, math.inf, level, m, m)
    off = counts - rate * lengths_s
    of_sum = spread(off)
    half = t_quantile((1 + level) / 2, of_sum.dof) * math.sqrt(of_sum.variance_of_sum) / whole_s
    variance = float(off.var(ddof=1))
    n_eff = min(m * m * variance / of_sum.variance_of_sum, m) if of_sum.variance_of_sum > 0 else m
    return Estimate(rate, max(rate - half, 0.0), rate + half, level, m, n_eff)


@dataclass(frozen=True)
class FewDips:
    """`bursts`: shares of all completions that were missing, where they were; usual_per_s: the rate without them."""

    bursts: FewBursts
    usual_per_s: float


def few_dips(completions: FloatArray, lengths_s: FloatArray) -> FewDips | None:
    """Where the rate of windows, both of shape (m,), falls clearly under the median of all and is not made up for right after,
    in fewer than ENOUGH_BURSTS bursts; None where it does not, or in more. Clearly: by more than CLEARLY times what windows lie
    off the median (their median distance, as a standard deviation), and SLIGHTLY of it.
    """
    rates = completions / lengths_s
    usual = float(np.median(rates))
    off = (rates - usual) * lengths_s
    limit = max(CLEARLY * AS_DEVIATION * float(np.median(np.abs(rates - usual))), SLIGHTLY * usual) * lengths_s
    missing = [max(-float(off[dip].sum()), 0.0) for dip in _dips(off < -limit, off > limit)]
    sizes = np.array([size for size in missing if size > 0])
    if not 0 < sizes.size < ENOUGH_BURSTS:
        return None
    with_them = float(completions.sum() + sizes.sum())
    return FewDips(FewBursts(completions.size, sizes / with_them, 0.0), with_them / float(lengths_s.sum()))


def _dips(low: NDArray[np.bool_], high: NDArray[np.bool_]) -> Iterator[slice]:
    """Low windows in a row, with the high ones right behind them."""
    at = 0
    while at < low.size:
        begin = at
        while at < low.size and low[at]:
            at += 1
        while begin < at < low.size and high[at]:
            at += 1
        if at > begin:
            yield slice(begin, at)
        at = max(at, begin + 1)


def rate_reaches(completions: FloatArray, lengths_s: FloatArray) -> bool:
    """Whether the rate correlates up to the slowest cosines of the windows; both of shape (m,)."""
    if completions.size < FEWEST_WINDOWS:
        return False
    return spread(completions - completions.sum() / lengths_s.sum() * lengths_s).dof == REACHING_DOF

"""Throughput: prewhitened batch-means t interval of completions per window (Law and Kelton 2000, section 9.5.3)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from sla.estimators.dependence import spread
from sla.estimators.laws import t_quantile
from sla.values.estimate import Estimate


def rate_estimate(completions: ArrayLike, window_s: float = 1.0, level: float = 0.95) -> Estimate | None:
    """Completions per second, of counts per window, shape (m,), in time order; None without a window.

    n is the number of windows; one window alone gives no interval (0 to infinity). Where nothing was completed, the upper limit
    is that of a Poisson count of 0 (Garwood 1936). Raises ValueError for other shapes.
    """
    counts = np.asarray(completions, dtype=np.float64)
    if counts.ndim != 1 or not np.isfinite(counts).all() or (counts.size and counts.min() < 0) or window_s <= 0:
        raise ValueError("a finite array of shape (m,) that is not negative is needed, and a positive window")
    m = counts.size
    if m == 0:
        return None
    rate = float(counts.mean()) / window_s
    of_sum = spread(counts)
    if not math.isfinite(of_sum.variance_of_sum):
        return Estimate(rate, 0.0, math.inf, level, m, m)
    if not counts.any():
        return Estimate(0.0, 0.0, -math.log((1 - level) / 2) / (m * window_s), level, m, m)
    half = t_quantile((1 + level) / 2, of_sum.dof) * math.sqrt(of_sum.variance_of_sum) / m / window_s
    variance = float(counts.var(ddof=1))
    n_eff = min(m * m * variance / of_sum.variance_of_sum, m) if of_sum.variance_of_sum > 0 else m
    return Estimate(rate, max(rate - half, 0.0), rate + half, level, m, n_eff)

"""Throughput: t interval of completions per window, with the variance of their sum as sla.estimators.dependence has it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from sla.estimators.dependence import FEWEST_WINDOWS, REACHING_DOF, FloatArray, spread
from sla.estimators.laws import t_quantile
from sla.values.estimate import Estimate


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


def rate_reaches(completions: FloatArray, lengths_s: FloatArray) -> bool:
    """Whether the rate correlates up to the slowest cosines of the windows; both of shape (m,)."""
    if completions.size < FEWEST_WINDOWS:
        return False
    return spread(completions - completions.sum() / lengths_s.sum() * lengths_s).dof == REACHING_DOF

"""How much less a dependent sample is worth: design effect of window sums and the effective sample size.

Sources: batch means (Schmeiser 1982), AR(1) prewhitening (Andrews and Monahan 1992), the t factor of Korn and Graubard (1990).
Limit: correlation longer than about a tenth of the run can't be seen from within it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sla.estimators.laws import normal_quantile, t_quantile

FloatArray = NDArray[np.float64]

BATCHES = 20  # few enough to outlast the correlation, enough for a variance (Schmeiser 1982 recommends 10 to 30)
MAX_PHI = 0.97  # stronger correlation can't be distinguished from a trend within a run


@dataclass(frozen=True)
class Spread:
    """Variance of the sum of a series, and the degrees of freedom with which it is known."""

    variance_of_sum: float
    dof: float


def spread(series: FloatArray) -> Spread:
    """Spread of a series of shape (m,), one value a window, in time order: the larger of the batch-means and the prewhitened
    variance. With m < 2 the variance is unknown: infinite, dof 0.
    """
    m = int(series.size)
    if m < 2:
        return Spread(math.inf, 0.0)
    centred = series - series.mean()
    sums = np.add.reduceat(centred, batch_begins(m))
    by_batches = sums.size * float(sums.var(ddof=1))
    phi = ar1(centred)
    residuals = centred[1:] - phi * centred[:-1]
    whitened = m * float(residuals.var(ddof=1 if residuals.size > 1 else 0)) / (1 - phi) ** 2
    dof = max(min(sums.size - 1.0, m * (1 - phi) / (1 + phi) - 1), 1.0)
    return Spread(max(by_batches, whitened), dof)


@lru_cache
def batch_begins(m: int) -> NDArray[np.int64]:
    """Where each of BATCHES batches of m windows begins, or of m where there are fewer."""
    return np.linspace(0, m, min(BATCHES, m) + 1).astype(np.int64)[:-1]


def ar1(centred: FloatArray) -> float:
    """Lag-one autocorrelation of a centred series, held in [0, MAX_PHI]: negative dependence is not taken credit for."""
    power = float(centred @ centred)
    return min(max(float(centred[1:] @ centred[:-1]) / power, 0.0), MAX_PHI) if power > 0 else 0.0


def design_effect(influence: FloatArray, independent_variance: float) -> tuple[float, float]:
    """(deff, dof) of a series of window influences against the variance their sum would have were all samples independent;
    deff is not under 1.
    """
    if influence.size < 2 or not independent_variance > 0:
        return 1.0, float(max(min(BATCHES, influence.size) - 1, 1))
    of_sum = spread(influence)
    return max(of_sum.variance_of_sum / independent_variance, 1.0), of_sum.dof


def effective_size(n: float, deff: float, dof: float, level: float) -> float:
    """n / deff, lowered further because deff itself is estimated with `dof` degrees of freedom."""
    tail = (1 - level) / 2
    return n / deff * (normal_quantile(tail) / t_quantile(tail, dof)) ** 2

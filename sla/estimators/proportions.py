"""Proportions: exact for independent outcomes, corrected for clustered ones.

share_limits with the effective sample size of Korn and Graubard (1998). Limit: outage-like failures need at least ten bursts
before an interval means anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sla.estimators.dependence import REACHING_DOF, FloatArray, design_effect, effective_size, too_few
from sla.estimators.share_limits import share_limits
from sla.values.estimate import Estimate

ENOUGH_BURSTS = 10  # of fewer an interval says little
BURST_DEFF = 2.0  # independent failures reach it in fewer than one of a thousand runs of 60 s
USUAL = 4.0  # standard deviations of a binomial count over the usual share: more failures than that in a window are a burst


def proportion_estimate(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> Estimate | None:
    """Share of successes in counts per window, both of shape (m,), in time order; None without any trial. Raises ValueError
    unless 0 <= successes <= trials everywhere. Without a single failure the lower limit is below 1, never "100 % to 100 %". A
    window without trials says nothing of how they depend on each other, and is none. Of fewer than FEWEST_WINDOWS nothing is
    known from below, and from above only where all failed.
    """
    s, t = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if s.ndim != 1 or s.shape != t.shape or not (np.isfinite(s).all() and np.isfinite(t).all()):
        raise ValueError("two finite arrays of one shape (m,) are needed")
    if s.size and ((s < 0).any() or (s > t).any()):
        raise ValueError("0 <= successes <= trials must hold in every window")
    n, k = float(t.sum()), float(s.sum())
    if n == 0:
        return None
    p = k / n
    n_eff, deff = n, 1.0
    if k == n and too_few(t):
        n_eff, deff = 0.0, math.inf
    elif 0 < k < n:
        deff, dof = design_effect(_influence(s, t), n * p * (1 - p), sizes=t)
        n_eff = min(effective_size(n, deff, dof, level), n)
    low, high = share_limits(p, n_eff, level, deff)
    return Estimate(p, min(low, p), max(high, p), level, n, n_eff)


def proportion_if_all_succeeded(successes: ArrayLike, trials: ArrayLike, where: ArrayLike, level: float) -> Estimate | None:
    """Share of successes had every trial been one in the windows `where` (bool; all three of shape (m,)): the failures of the
    other windows over all trials. Its interval is that of the others: what is taken as given adds no spread. None without any
    trial in the others; raises ValueError as proportion_estimate() does.
    """
    t, others = np.asarray(trials, dtype=np.float64), ~np.asarray(where, dtype=bool)
    rest = proportion_estimate(np.asarray(successes, dtype=np.float64)[others], t[others], level)
    if rest is None:
        return None
    share = rest.n / float(t.sum())
    point, low, high = (1 - share * (1 - p) for p in (rest.point, rest.low, rest.high))
    return Estimate(point, low, high, level, float(t.sum()), rest.n_eff)


def proportion_reaches(successes: ArrayLike, trials: ArrayLike) -> bool:
    """Whether the share correlates up to the slowest cosines of the windows; arguments as proportion_estimate() has them."""
    s, t = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    n, k = float(t.sum()), float(s.sum())
    if not 0 < k < n or too_few(t):
        return False
    return design_effect(_influence(s, t), k * (1 - k / n))[1] == REACHING_DOF


def _influence(s: FloatArray, t: FloatArray) -> FloatArray:
    """What each window with trials adds to the share of successes."""
    filled = t > 0
    return np.asarray(s[filled] - s.sum() / t.sum() * t[filled])


def usual_share(failed: FloatArray, trials: FloatArray) -> tuple[float, NDArray[np.bool_]]:
    """(the share of failures that is usual, in which windows more failed), of counts per window, both of shape (m,): by more
    than USUAL standard deviations of a binomial count with the share of all other windows, found by leaving these out again
    and again.
    """
    more = np.zeros(failed.size, np.bool_)
    while True:
        share = float(failed[~more].sum()) / max(float(trials[~more].sum()), 1.0)
        still = more | (failed > trials * share + USUAL * np.sqrt(trials * share * (1 - share)))
        if still.sum() == more.sum():
            return share, more
        more = still


@dataclass(frozen=True)
class FewBursts:
    """Bursts of failures in `windows` windows, each with a share of all trials, `sizes`, shape (count,); beside them `others`,
    a share of all trials as well, failed.
    """

    windows: int
    sizes: FloatArray
    others: float

    @property
    def count(self) -> int:
        return int(self.sizes.size)

    def share_of_any_size(self, level: float, larger: float) -> float:
        """The share of failures at most, were there as many bursts as there may have been (Clopper and Pearson 1934), each
        `larger` times as large as the largest.
        """
        return self._share_at_most(level, self.count, larger * float(self.sizes.max()))

    def share_of_such_sizes(self, level: float) -> float:
        """The same were sizes spread about their mean as an exponential law is, or as those that were seen if that is more: a
        sum of k such bursts is worth k / 2 of equal ones (compound Poisson; its squares by Kish 1965, a factor (k + 1) / k too
        many of k exponential sizes).
        """
        total, k = float(self.sizes.sum()), self.count
        worth = min(k / 2, k / (k + 1) * total**2 / float(self.sizes @ self.sizes))
        return self._share_at_most(level, worth, total / worth)

    def _share_at_most(self, level: float, bursts: float, size: float) -> float:
        most = share_limits(bursts / self.windows, self.windows, level)[1] * self.windows
        return min(self.others + most * size, 1.0)


def few_bursts(successes: ArrayLike, trials: ArrayLike) -> FewBursts | None:
    """Where failures come in bursts (their squares hold more than BURST_DEFF times what those of independent failures would),
    and these are fewer than ENOUGH_BURSTS, so that an interval says little; None otherwise. A burst is windows in a row that
    fail more often than is usual beside bursts: what fails now and then as well is none, however rare bursts are.
    """
    s, t = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    s, t = s[t > 0], t[t > 0]
    n, failed = float(t.sum()), t - s
    if not 0 < failed.sum() < n:
        return None
    p = float(failed.sum()) / n
    off = failed - p * t  # by themselves, without their order: bursts at equal distances take turns with what is quiet
    if not float(off @ off) > BURST_DEFF * n * p * (1 - p):
        return None
    _, above = usual_share(failed, t)
    begins = np.flatnonzero(above & ~np.concatenate(([False], above[:-1])))
    if not 0 < begins.size < ENOUGH_BURSTS:
        return None
    in_bursts = np.add.reduceat(np.where(above, failed, 0.0), begins)  # up to the next one's beginning
    return FewBursts(t.size, in_bursts / n, float(failed[~above].sum()) / n)

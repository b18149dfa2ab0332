"""Proportions: exact for independent outcomes, corrected for clustered ones.

share_limits with the effective sample size of Korn and Graubard (1998). Limit: outage-like bursts need at least ten windows
with errors before an interval means anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sla.estimators.dependence import design_effect, effective_size
from sla.estimators.share_limits import share_limits
from sla.values.estimate import Estimate

BURST_WINDOWS = 10  # with errors: of fewer bursts an interval says little
BURST_DEFF = 3.0  # independent failures reach it in about one of a thousand runs of 60 s


def proportion_estimate(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> Estimate | None:
    """Share of successes in counts per window, both of shape (m,), in time order; None without any trial. Raises ValueError
    unless 0 <= successes <= trials everywhere. Without a single failure the lower limit is below 1, never "100 % to 100 %". A
    window without trials says nothing of how they depend on each other, and is none.
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
    if 0 < k < n:
        deff, dof = design_effect((s - p * t)[t > 0], n * p * (1 - p))
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


def few_bursts(successes: ArrayLike, trials: ArrayLike) -> int | None:
    """In how many windows the failures lie, where they come in bursts (their squares hold more than BURST_DEFF times what those
    of independent failures would) and in fewer than BURST_WINDOWS windows, so that an interval says little; None otherwise.
    """
    s, t = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    n, failed = float(t.sum()), float((t - s).sum())
    windows = int(((t - s) > 0).sum())
    if not 0 < windows < BURST_WINDOWS or failed == n:
        return None
    p = 1 - failed / n
    off = s - p * t  # by themselves, without their order: bursts at equal distances take turns with what is quiet
    return windows if float(off @ off) > BURST_DEFF * n * p * (1 - p) else None

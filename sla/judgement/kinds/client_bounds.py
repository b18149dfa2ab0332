"""Quantiles of what a perfect generator would have measured, at least, from what a late one did."""

from __future__ import annotations

from sla.estimators.quantiles import MergedWindows
from sla.judgement.generator.lateness import DELAYED, Lateness
from sla.values.estimate import Estimate


def at_least_of(merged: MergedWindows, less: MergedWindows, q: float, late: Lateness, level: float) -> Estimate:
    """The best of two lower bounds: each second less its L (`less`), and, for lags that few arrivals exceed, a lower quantile
    less that lag, since Y <= R + e, e the delay by others' lags and the own, gives P(R > t) >= P(Y > t + lag) - P(e > lag).
    """
    least = [quantile_of(less, q, level)]
    for lag_ns in late.usual_ns():
        share = late.affected(lag_ns, level, DELAYED)
        if share < q:
            least.append(less_by(quantile_of(merged, q - share, level), lag_ns))
    return max(least, key=lambda e: e.low)


def less_by(e: Estimate, ns: float) -> Estimate:
    point, low, high = (max(x - ns, 0.0) for x in (e.point, e.low, e.high))
    return Estimate(point, low, high, e.level, e.n, e.n_eff)


def quantile_of(merged: MergedWindows, q: float, level: float) -> Estimate:
    results = merged.results([q], level)
    assert results is not None, "as many samples as the histograms that they were made from"
    return results[0].estimate

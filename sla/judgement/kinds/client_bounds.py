"""Quantiles of what a perfect generator would have measured, at least, from what a late one did."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from sla.estimators.quantiles import MergedWindows
from sla.judgement.generator.lateness import DELAYED, Lateness, shifted
from sla.judgement.generator.waiting_workers import Waits
from sla.judgement.objectives import ObjectiveEstimate
from sla.values.assessment import Steady
from sla.values.estimate import Estimate
from sla.values.histogram import Histogram


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


@dataclass(frozen=True)
class Undelayed:
    """Latencies as they had been if no worker had waited, at least: `merged`, each second less what was waited for while an
    operation of it can have been under way; most_ns: the most of that.
    """

    waits: Waits
    merged: MergedWindows
    most_ns: float

    @classmethod
    def of(cls, waits: Waits, histograms: Sequence[Histogram], steady: Steady) -> Undelayed:
        seconds = range(steady.from_second, steady.to_second)
        by = {s: waits.during(s, s + 1, h.max_ns) for h, s in zip(histograms, seconds, strict=True) if h.total}
        moved = [shifted(h, s, {s: by.get(s, 0.0)}, -1) for h, s in zip(histograms, seconds, strict=True)]
        return cls(waits, MergedWindows.of(moved), max(by.values(), default=0.0))


def with_waits(measured: ObjectiveEstimate, merged: MergedWindows, undelayed: Undelayed, q: float) -> ObjectiveEstimate:
    """The best of the lower bounds of generator.waiting_workers. Seconds less the same are as even as they were."""
    estimate = measured.estimate
    if estimate is None:
        return measured
    least = [quantile_of(undelayed.merged, q, estimate.level), less_by(estimate, undelayed.most_ns)]
    least += [less_by(quantile_of(merged, q - p, estimate.level), x_ns) for p, x_ns in undelayed.waits.beyond(q)]
    less = f"{undelayed.waits}: without that"
    return dataclasses.replace(measured, at_least=max(least, key=lambda e: e.low), less=less)

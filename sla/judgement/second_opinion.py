"""The intervals of latencies again, by resampling: shown on request beside those that decide, never used for a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sla.estimators.block_bootstrap import block_quantiles
from sla.estimators.quantiles import QUANTILES, QuantileResult, bootstrap_draws, quantile_results
from sla.judgement.steady import one_histogram_a_second, operations_of
from sla.values import histogram
from sla.values.assessment import Steady
from sla.values.estimate import Estimate
from sla.values.histogram import HIGHEST_NS, Histogram
from sla.values.measurements import Measurements

DRAWS = 100_000  # resamples beside the interval that decides


@dataclass(frozen=True)
class SecondOpinion:
    """One quantile of one operation, ns: by the order-statistic law (which decides), by 100,000 resamples of as many samples
    as are effective, by 2,000 resamples of blocks of windows.
    """

    operation: str
    latency: str  # response or service
    quantile: float
    decides: Estimate
    resampled: Estimate
    blocks: Estimate


def second_opinions(measurements: Measurements, steady: Steady, level: float = 0.95) -> list[SecondOpinion]:
    """One for each operation, latency and quantile over the judged part. The run's seed makes the draws repeatable."""
    opinions = []
    for operation in operations_of(measurements.windows):
        for latency in ("response", "service"):
            windows = one_histogram_a_second(measurements, operation, steady, latency)
            results = quantile_results(windows, QUANTILES, level, measurements.facts.tick_ns)
            blocks = block_quantiles(windows, QUANTILES, level, seed=measurements.facts.seed)
            if results is None or blocks is None:
                continue
            resampled = _resampled(windows, results, level, measurements.facts.seed)
            for r, again, whole in zip(results, resampled, blocks, strict=True):
                opinions.append(SecondOpinion(operation, latency, r.quantile, r.estimate, again, whole))
    return opinions


def _resampled(windows: Sequence[Histogram], results: Sequence[QuantileResult], level: float, seed: int) -> list[Estimate]:
    """Percentile intervals of the draws; unbounded where they reach past the samples that have a value."""
    whole = histogram.merge(windows)
    tail = (1 - level) / 2
    estimates = []
    for r in results:
        draws = bootstrap_draws(whole, r.estimate.n_eff, [r.quantile], DRAWS, seed)[:, 0]
        low, high = (float(v) for v in np.quantile(draws, [tail, 1 - tail], method="inverted_cdf"))
        point = r.estimate.point
        high = float("inf") if high >= HIGHEST_NS else high
        estimates.append(Estimate(point, min(low, point), max(high, point), level, r.estimate.n, r.estimate.n_eff))
    return estimates

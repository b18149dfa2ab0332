"""The intervals of latencies again, by resampling: shown on request beside those that decide, never used for a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from sla.estimators.block_bootstrap import block_quantiles
from sla.estimators.bootstrap import bootstraps, of_histogram
from sla.estimators.quantiles import QUANTILES, MergedWindows
from sla.judgement.steady import one_histogram_a_second, operations_of
from sla.values.assessment import Steady
from sla.values.bootstrap import Bootstrap
from sla.values.estimate import Estimate
from sla.values.measurements import Measurements


@dataclass(frozen=True)
class SecondOpinion:
    """One quantile of one operation, ns: by the order-statistic law (which decides), by 100,000 resamples of as many samples
    as are effective, by 2,000 resamples of blocks of windows.
    """

    operation: str
    latency: str  # response or service
    quantile: float
    decides: Estimate
    resampled: Bootstrap
    blocks: Estimate


def second_opinions(measurements: Measurements, steady: Steady, level: float = 0.95) -> list[SecondOpinion]:
    """One for each operation, latency and quantile over the judged part. The run's seed makes the draws repeatable."""
    opinions = []
    for operation in operations_of(measurements.windows):
        for latency in ("response", "service"):
            windows = one_histogram_a_second(measurements, operation, steady, latency)
            seed, merged = measurements.facts.seed, MergedWindows.of(windows, measurements.facts.tick_ns)
            results = merged.results(QUANTILES, level)
            blocks = block_quantiles(windows, QUANTILES, level, seed=seed)
            if results is None or blocks is None:
                continue
            resampled = bootstraps([of_histogram(merged.whole, r, merged.tick_ns) for r in results], seed=seed)
            for r, again, whole in zip(results, resampled, blocks, strict=True):
                opinions.append(SecondOpinion(operation, latency, r.quantile, r.estimate, again, whole))
    return opinions

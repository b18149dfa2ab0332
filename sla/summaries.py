"""Client-side figures of each operation over the judged part."""

from __future__ import annotations

from sla.assessment import OperationSummary, Steady
from sla.measurements import Measurements
from sla.proportions import proportion_estimate
from sla.quantiles import QUANTILES, quantile_results
from sla.rates import rate_estimate
from sla.steady import by_second, one_histogram_a_second, operations_of, outcomes


def summaries(measurements: Measurements, steady: Steady | None, level: float) -> tuple[OperationSummary, ...]:
    """One for each operation, by name; none without a steady part."""
    if steady is None:
        return ()
    return tuple(_summary(measurements, o, steady, level) for o in operations_of(measurements.windows))


def _summary(measurements: Measurements, operation: str, steady: Steady, level: float) -> OperationSummary:
    seconds = by_second(measurements.windows, [operation], steady.from_second, steady.to_second)
    ok, bad = outcomes(seconds)
    failed: dict[str, int] = {}
    for s in seconds:
        for w in s:
            for category, count in w.failed.items():
                failed[category] = failed.get(category, 0) + count
    latencies = {}
    for latency in ("response", "service"):
        results = quantile_results(one_histogram_a_second(measurements.windows, operation, steady, latency), QUANTILES, level)
        latencies[latency] = {f"p{100 * r.quantile:g}": r.estimate for r in results or []}
    return OperationSummary(
        operation,
        int(ok.sum()),
        dict(sorted(failed.items())),
        rate_estimate(ok, 1.0, level),
        proportion_estimate(ok, ok + bad, level),
        latencies["response"],
        latencies["service"],
    )

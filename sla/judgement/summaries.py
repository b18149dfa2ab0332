"""Client-side figures of each operation over the judged part."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from sla.estimators.proportions import proportion_estimate
from sla.estimators.quantiles import QUANTILES, quantile_results
from sla.estimators.rates import rate_estimate
from sla.judgement.steady import begun_by_second, by_second, one_histogram_a_second, operations_of, outcomes
from sla.values.assessment import OperationSummary, Steady
from sla.values.estimate import Estimate
from sla.values.histogram import Histogram
from sla.values.measurements import Measurements
from sla.values.window import failures_by_category


def summaries(measurements: Measurements, steady: Steady | None, level: float) -> tuple[OperationSummary, ...]:
    """One for each operation, by name; none without a steady part."""
    if steady is None:
        return ()
    return tuple(_summary(measurements, o, steady, level) for o in operations_of(measurements.windows))


def less_lag(as_measured: Sequence[OperationSummary], lag: Histogram) -> tuple[OperationSummary, ...]:
    """The summaries with every quantile of the response time less that of the generator's lag, not under 0: for comparing two
    runs that were late in different degrees. For orientation: quantiles can't be subtracted exactly.
    """
    if not lag.total:
        return tuple(as_measured)

    def less(e: Estimate, name: str) -> Estimate:
        by = lag.quantile_ns(float(name.removeprefix("p")) / 100)
        point, low, high = (0.0 if math.isinf(by) else max(x - by, 0.0) for x in (e.point, e.low, e.high))
        return Estimate(point, low, high, e.level, e.n, e.n_eff)

    return tuple(dataclasses.replace(s, response={k: less(e, k) for k, e in s.response.items()}) for s in as_measured)


def _summary(measurements: Measurements, operation: str, steady: Steady, level: float) -> OperationSummary:
    ended, _ = outcomes(by_second(measurements.windows, [operation], steady.from_second, steady.to_second))
    seconds = begun_by_second(measurements, [operation], steady)
    ok, failed_in_second = outcomes(seconds)
    failed = failures_by_category(w for second in seconds for w in second)
    latencies = {}
    for latency in ("response", "service"):
        windows = one_histogram_a_second(measurements, operation, steady, latency)
        results = quantile_results(windows, QUANTILES, level, measurements.facts.tick_ns)
        latencies[latency] = {f"p{100 * r.quantile:g}": r.estimate for r in results or []}
    return OperationSummary(
        operation,
        int(ok.sum()),
        dict(sorted(failed.items())),
        rate_estimate(ended, 1.0, level),
        proportion_estimate(ok, ok + failed_in_second, level) if measurements.facts.failures_known else None,
        latencies["response"],
        latencies["service"],
    )

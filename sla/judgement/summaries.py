"""Client-side figures of each operation over the judged part."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from sla.estimators.proportions import proportion_estimate
from sla.estimators.quantiles import QUANTILES, QuantileResult, quantile_results
from sla.estimators.rates import rate_estimate
from sla.judgement.steady import begun_by_second, by_second, one_histogram_a_second, operations_of, outcomes
from sla.values.assessment import FailedLatencies, OperationSummary, Steady, WholeRun
from sla.values.estimate import Estimate
from sla.values.histogram import Histogram, merge
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import FAILED, LATENCIES, TIMED_OUT, Window, failures_by_category

OF_FAILED = (0.5, 0.99)  # quantiles of how long failed requests took: seldom are there enough of them for more


def summaries(measurements: Measurements, steady: Steady | None, level: float) -> tuple[OperationSummary, ...]:
    """One for each operation, by name; without a steady part what was measured over the whole run."""
    operations = operations_of(measurements.windows)
    if steady is None:
        return tuple(_counts(measurements, o) for o in operations)
    return tuple(_summary(measurements, o, steady, level) for o in operations)


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


def _counts(measurements: Measurements, operation: str) -> OperationSummary:
    windows = [w for w in measurements.windows if w.operation == operation]
    failed, ok = failures_by_category(windows), sum(w.ok for w in windows)
    whole = _whole_run(measurements.facts, windows, ok)
    return OperationSummary(operation, ok, dict(sorted(failed.items())), None, None, {}, {}, whole_run=whole)


def _whole_run(facts: RunFacts, windows: Sequence[Window], ok: int) -> WholeRun:
    length_s = (facts.load_ended_ns - facts.load_started_ns) / 1e9
    asked = ok + sum(w.failures_of_service for w in windows)
    took = merge(w.response for w in windows)
    return WholeRun(
        ok / length_s if length_s > 0 else None,
        ok / asked if asked and facts.failures_known else None,
        {f"p{100 * q:g}": took.quantile_ns(q) for q in QUANTILES} if took.total else {},
    )


def _summary(measurements: Measurements, operation: str, steady: Steady, level: float) -> OperationSummary:
    ended, _ = outcomes(by_second(measurements.windows, [operation], steady.from_second, steady.to_second))
    seconds = begun_by_second(measurements, [operation], steady)
    ok, failed_in_second = outcomes(seconds)
    failed = failures_by_category(w for second in seconds for w in second)
    latencies = {}
    for latency in LATENCIES:
        windows = one_histogram_a_second(measurements, operation, steady, latency)
        results = quantile_results(windows, QUANTILES, level, measurements.facts.tick_ns, measurements.facts.looked)
        latencies[latency] = _named(results or [])
    known = measurements.facts.failures_known
    success = proportion_estimate(ok, ok + failed_in_second, level) if known else None
    any_failed = bool(failed_in_second.any()) and success is not None
    took = {x: _failed(measurements, operation, steady, x, level) for x in LATENCIES} if any_failed else {}
    return OperationSummary(
        operation,
        int(ok.sum()),
        dict(sorted(failed.items())),
        rate_estimate(ended, 1.0, level),
        success,
        latencies["response"],
        latencies["service"],
        _complement(success) if success is not None and any_failed else None,
        took.get("response"),
        took.get("service"),
    )


def _failed(measurements: Measurements, operation: str, steady: Steady, latency: str, level: float) -> FailedLatencies:
    windows = one_histogram_a_second(measurements, operation, steady, latency, (FAILED, TIMED_OUT))
    results = quantile_results(windows, OF_FAILED, level, measurements.facts.tick_ns, measurements.facts.looked)
    return FailedLatencies(sum(h.total for h in windows), _named(results or []), max((h.max_ns for h in windows), default=0.0))


def _named(results: Sequence[QuantileResult]) -> dict[str, Estimate]:
    return {f"p{100 * r.quantile:g}": r.estimate for r in results}


def _complement(share: Estimate) -> Estimate:
    return Estimate(1 - share.point, 1 - share.high, 1 - share.low, share.level, share.n, share.n_eff)

"""One objective's estimate from the measurements, at any confidence level."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from sla.agreement import Agreement, Limit, Objective
from sla.assessment import Steady
from sla.estimate import Estimate
from sla.measurements import Measurements
from sla.proportions import proportion_estimate
from sla.quantiles import STRONG_EVIDENCE, quantile_results, seconds_needed
from sla.rates import rate_estimate
from sla.server_side import bucket_increments, server_quantile
from sla.steady import by_second, constant_part, one_histogram_a_second, outcomes


@dataclass(frozen=True)
class Measured:
    """An estimate with what the verdict needs beside it."""

    estimate: Estimate | None
    source: str
    tail_evidence: float | None = None  # n_eff (1 - q)
    seconds_needed: float | None = None


def measure(
    objective: Objective, agreement: Agreement, measurements: Measurements, steady: Steady
) -> Callable[[float], Measured]:
    """A function of the confidence level."""
    operations = objective.operations
    windows = measurements.windows
    length_s = steady.to_second - steady.from_second
    if objective.kind == "server_quantile":
        name = agreement.operations[operations[0]].histogram
        # half a second of grace: a scrape's place in its second is arbitrary
        increments = bucket_increments(
            measurements.snapshots, name, steady.from_second * 10**9 - 5 * 10**8, steady.to_second * 10**9 + 5 * 10**8
        )

        def server(level: float) -> Measured:
            found = server_quantile(increments, objective.quantile, level, objective.target.value) if increments else None
            if found is None:
                return Measured(None, f"server, {name}")
            q, n = objective.quantile, found.estimate.n
            return Measured(
                found.estimate,
                f"server, {name}",
                found.evidence,
                seconds_needed(found.deff, n / length_s, q),
            )

        return server
    if objective.kind == "client_quantile":
        histograms = one_histogram_a_second(windows, operations[0], steady, objective.latency)

        def client(level: float) -> Measured:
            results = quantile_results(histograms, [objective.quantile], level)
            source = f"client, {operations[0]} {objective.latency} time"
            if not results:
                return Measured(None, source)
            estimate, q = results[0].estimate, objective.quantile
            needed = seconds_needed(results[0].deff, estimate.n / length_s, q)
            return Measured(estimate, source, estimate.n_eff * (1 - q), needed)

        return client
    seconds = by_second(windows, operations, steady.from_second, steady.to_second)
    ok, failed = outcomes(seconds)
    source = f"client, {' + '.join(operations)}"
    if objective.kind == "throughput":
        return lambda level: Measured(rate_estimate(ok, 1.0, level) if ok.any() else None, source)
    return lambda level: Measured(proportion_estimate(ok, ok + failed, level), source)


def absolute(limit: Limit, objective: Objective, measurements: Measurements, steady: Steady) -> Limit:
    """A share of the plan turned into ops/s: the planned rate, times the share of arrivals that the scenario gave to these
    operations. Without a plan the limit can't be reached.
    """
    if not limit.of_plan:
        return limit
    _, _, planned_per_s = constant_part(measurements.facts)
    here = [w for w in measurements.windows if steady.from_second <= w.second < steady.to_second]
    total = sum(w.planned - w.unsent for w in here)
    mine = sum(w.planned - w.unsent for w in here if w.operation in objective.operations)
    value = limit.value * planned_per_s * (mine / total) if total else math.inf
    return Limit(limit.comparison, value)


def seconds_for_margin(measured: Measured, target: Limit, length_s: float) -> float | None:
    """How many more seconds would decide: narrow the interval to the present margin (its width falls with the root of time),
    and gather enough evidence for a tail. None without data, and where the estimate lies on the limit: no length decides that.
    """
    estimate = measured.estimate
    if estimate is None:
        return None
    needed = measured.seconds_needed or 0.0
    if measured.tail_evidence is not None and 0 < measured.tail_evidence < STRONG_EVIDENCE:
        needed = max(needed, length_s * STRONG_EVIDENCE / measured.tail_evidence)
    margin = abs(estimate.point - target.value)
    half = abs((estimate.low if estimate.point >= target.value else estimate.high) - estimate.point)
    if math.isfinite(half) and margin > 0 and half > margin:
        needed = max(needed, length_s * (half / margin) ** 2)
    if not math.isfinite(needed) or margin == 0:
        return None
    return float(max(math.ceil(needed - length_s), 1))

"""One objective's estimate from the measurements, at any confidence level."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sla.estimators.proportions import proportion_estimate
from sla.estimators.quantiles import STRONG_EVIDENCE, quantile_results, seconds_needed
from sla.estimators.rates import rate_estimate
from sla.estimators.server_side import Increments, bucket_increments, moved, server_quantile
from sla.judgement.lateness import DELAYED, SHARED_HOST, SLOWED, Lateness, disturbed_seconds, largest_by_second, shifted
from sla.judgement.steady import by_second, constant_part, one_histogram_a_second, outcomes
from sla.values.agreement import Agreement, Limit, Objective
from sla.values.assessment import Steady
from sla.values.estimate import Estimate
from sla.values.histogram import Histogram
from sla.values.measurements import Measurements


@dataclass(frozen=True)
class ObjectiveEstimate:
    """An estimate with what the verdict needs beside it. What a perfect generator would have measured lies between `at_least`
    and `at_most` (None: the estimate itself); `less` and `more` say why (sla.judgement.status.Bounds).
    """

    estimate: Estimate | None
    source: str
    tail_evidence: float | None = None  # n_eff (1 - q)
    seconds_needed: float | None = None
    at_least: Estimate | None = None
    at_most: Estimate | None = None
    less: str = ""
    more: str = ""

    @property
    def surely(self) -> Estimate | None:
        """What a claim of FAIL rests on."""
        return self.at_least or self.estimate


def measure(
    objective: Objective, agreement: Agreement, measurements: Measurements, steady: Steady, late: Lateness | None
) -> Callable[[float], ObjectiveEstimate]:
    """A function of the confidence level. `late`: lateness() of the same measurements."""
    operations = objective.operations
    if objective.kind == "server_quantile":
        return _server(objective, agreement, measurements, steady, late)
    if objective.kind == "client_quantile":
        return _client(objective, measurements, steady, late)
    here = by_second(measurements.windows, operations, steady.from_second, steady.to_second)
    ok, failed = outcomes(here)
    source = f"client, {' + '.join(operations)}"
    if objective.kind == "throughput":
        return lambda level: ObjectiveEstimate(rate_estimate(ok, 1.0, level) if ok.any() else None, source)
    if not late:
        return lambda level: ObjectiveEstimate(proportion_estimate(ok, ok + failed, level), source)
    mine = np.array([sum(w.started for w in windows) for windows in here]) / np.maximum(late.sent, 1)
    forgiven = np.minimum(failed, late.in_bursts() * mine)
    if not forgiven.any():
        return lambda level: ObjectiveEstimate(proportion_estimate(ok, ok + failed, level), source)
    less = f"{late}, and what came in bursts may have been refused for that: without it"
    return lambda level: ObjectiveEstimate(
        proportion_estimate(ok, ok + failed, level),
        source,
        at_least=proportion_estimate(ok + forgiven, ok + failed, level),
        less=less,
    )


def _client(
    o: Objective, measurements: Measurements, steady: Steady, late: Lateness | None
) -> Callable[[float], ObjectiveEstimate]:
    operation, q, length_s = o.operations[0], o.quantile, steady.to_second - steady.from_second
    source = f"client, {operation} {o.latency} time"
    histograms = one_histogram_a_second(measurements.windows, operation, steady, o.latency)
    bounds = _client_bounds(o, histograms, measurements, steady, late) if late else None

    def at(level: float) -> ObjectiveEstimate:
        results = quantile_results(histograms, [q], level)
        if not results:
            return ObjectiveEstimate(None, source)
        estimate = results[0].estimate
        needed = seconds_needed(results[0].deff, estimate.n / length_s, q)
        found = ObjectiveEstimate(estimate, source, estimate.n_eff * (1 - q), needed)
        if bounds is None:
            return found
        least, most = bounds(level)
        return dataclasses.replace(found, at_least=least, at_most=most, less=f"{late}: without that", more=f"{late}: with that")

    return at


def _client_bounds(
    o: Objective, histograms: Sequence[Histogram], measurements: Measurements, steady: Steady, late: Lateness
) -> Callable[[float], tuple[Estimate, Estimate]]:
    """(at least, at most) of a perfect generator: see lateness. At least is the best of two lower bounds: each second less
    its L, and, for lags that few arrivals exceed, a lower quantile less that lag, since Y <= R + e, e the delay by others'
    lags and the own, gives P(R > t) >= P(Y > t + lag) - P(e > lag).
    """
    operation, q = o.operations[0], o.quantile
    largest = largest_by_second(late, measurements.windows, operation, steady.to_second)
    seconds = range(steady.from_second, steady.to_second)
    less, more = ([shifted(h, s, largest, sign) for h, s in zip(histograms, seconds, strict=True)] for sign in (-1, 1))
    responses = one_histogram_a_second(measurements.windows, operation, steady, "response")

    def bounds(level: float) -> tuple[Estimate, Estimate]:
        least = [_quantile(less, q, level)]
        for lag_ns in late.usual_ns():
            share = late.affected(lag_ns, level, DELAYED)
            if share < q:
                e = _quantile(histograms, q - share, level)
                point, low, high = (max(x - lag_ns, 0.0) for x in (e.point, e.low, e.high))
                least.append(Estimate(point, low, high, level, e.n, e.n_eff))
        if o.latency == "response":
            return max(least, key=lambda e: e.low), _quantile(histograms, q, level)
        most = (_quantile(responses, q, level), _quantile(more, q, level))
        return max(least, key=lambda e: e.low), min(most, key=lambda e: e.high)

    return bounds


def _quantile(histograms: Sequence[Histogram], q: float, level: float) -> Estimate:
    results = quantile_results(histograms, [q], level)
    assert results is not None, "as many samples as the histograms that they were made from"
    return results[0].estimate


def _server(
    o: Objective, agreement: Agreement, measurements: Measurements, steady: Steady, late: Lateness | None
) -> Callable[[float], ObjectiveEstimate]:
    """What is missed must be missed without what the lag can have done (_least), and what is kept inside an operation must be
    kept if none of those that came bunched had been quick: right behind another an operation finds its caches warm. Of a share
    s of them F(x) >= q + s (1 - q) gives F(x) >= q for the others. A queue only grows by bunches; but a host that makes the
    load as well stands still together with it: a timer that includes queueing then sees no queue where there would have been
    one, and nothing is kept for sure.
    """
    metrics, q, length_s = agreement.operations[o.operations[0]], o.quantile, steady.to_second - steady.from_second
    source, queueing = f"server, {metrics.histogram}", metrics.timer == "queueing"
    # half a second of grace: a scrape's place in its second is arbitrary
    from_ns, to_ns = steady.from_second * 10**9 - 5 * 10**8, steady.to_second * 10**9 + 5 * 10**8
    increments = bucket_increments(measurements.snapshots, metrics.histogram, from_ns, to_ns)
    least = _least(o, increments, measurements, steady, late, queueing) if increments and late else None

    def at(level: float) -> ObjectiveEstimate:
        found = server_quantile(increments, q, level, o.target.value) if increments else None
        if increments is None or found is None:
            return ObjectiveEstimate(None, source)
        needed = seconds_needed(found.deff, found.estimate.n / length_s, q)
        plain = ObjectiveEstimate(found.estimate, source, found.evidence, needed)
        if least is not None:
            plain = dataclasses.replace(plain, at_least=least(level), less=f"{late}: without that")
        if queueing and (measurements.target or measurements.facts.target_is_local):
            more = f"{SHARED_HOST}: as it stands"
            plain = dataclasses.replace(plain, at_most=dataclasses.replace(found.estimate, high=math.inf), more=more)
        elif late is not None and not queueing:
            share = late.bunched(level)
            slow = server_quantile(increments, q + share * (1 - q), level, o.target.value)
            at_most = slow.estimate if slow and share < 1 else dataclasses.replace(found.estimate, high=math.inf)
            more = f"{late}, and operations in bunches are quicker: one by one"
            plain = dataclasses.replace(plain, at_most=at_most, more=more)
        return plain

    return at


def _least(
    o: Objective, increments: Increments, measurements: Measurements, steady: Steady, late: Lateness, queueing: bool
) -> Callable[[float], Estimate]:
    """The best of two lower bounds: by the second, and by the share that late arrivals can have slowed down (lateness).

    A timer that includes queueing reads at most L too much. One inside the operation may be slowed down by any factor, so
    seconds with a bunch of arrivals count as if nothing in them had been slow; arrivals that are late by less than the usual
    gap come no more bunched than independent ones.
    """
    largest = largest_by_second(late, measurements.windows, o.operations[0], steady.to_second)
    spans = [range(int(begin), math.ceil(end)) for begin, end in increments.spans_s]
    by_s = np.array([max(largest.get(s, 0.0) for s in span) / 1e9 for span in spans])
    if queueing:
        cases = [(by_s, -1.0), *((np.full(by_s.size, lag_ns / 1e9), lag_ns) for lag_ns in late.usual_ns())]
    else:
        disturbed = disturbed_seconds(late, late.gap_ns)
        calm = np.array([disturbed.isdisjoint(span) for span in spans])
        cases = [(np.where(calm, 0.0, math.inf), -1.0), (np.zeros(by_s.size), late.gap_ns)]
    counted = [(moved(increments, by), lag_ns) for by, lag_ns in cases]

    def at(level: float) -> Estimate:
        found = []
        for less, lag_ns in counted:
            share = late.affected(lag_ns, level, DELAYED if queueing else SLOWED) if lag_ns >= 0 else 0.0
            result = server_quantile(less, o.quantile, level, o.target.value, share)
            assert result, "as many observations as in the increments"
            found.append(result.estimate)
        return max(found, key=lambda e: e.low)

    return at


def absolute(limit: Limit, objective: Objective, measurements: Measurements, steady: Steady) -> Limit:
    """A share of the plan turned into ops/s: the planned rate, times the share of arrivals that the scenario gave to these
    operations. Without a plan the limit can't be reached.
    """
    if not limit.of_plan:
        return limit
    _, _, planned_per_s = constant_part(measurements.facts)
    here = [w for w in measurements.windows if steady.holds(w.second)]
    total = sum(w.planned - w.unsent for w in here)
    mine = sum(w.planned - w.unsent for w in here if w.operation in objective.operations)
    value = limit.value * planned_per_s * (mine / total) if total else math.inf
    return Limit(limit.comparison, value)


def seconds_for_margin(measured: ObjectiveEstimate, target: Limit, length_s: float) -> float | None:
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

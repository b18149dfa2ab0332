"""All objectives of an agreement judged by what a run measured over its judged part; what failed checks open comes after it."""

from __future__ import annotations

import dataclasses
from functools import cache

from sla.judgement.family import PreparedObjective, judge_family, unjudged
from sla.judgement.generator.lateness import lateness
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.no_data import why_no_data
from sla.judgement.objectives import EstimateAt, absolute, unknown_share
from sla.judgement.outages.unjudged_failures import with_failures
from sla.judgement.resampling import with_bootstraps
from sla.judgement.status import NO_DATA
from sla.judgement.steady import operations_of
from sla.values.agreement import MOST_NAMES, Agreement
from sla.values.assessment import ObjectiveResult, Steady
from sla.values.baseline import Baseline, figures, unknown_acceptable, unknown_limit
from sla.values.kinds import KINDS, needs_failures
from sla.values.measurements import Measurements
from sla.values.remedies import PLAIN, RemedyWords
from sla.values.shown import first_of


def judge_all(
    measurements: Measurements,
    agreement: Agreement,
    baseline: Baseline | None,
    steady: Steady | None,
    level: float,
    words: RemedyWords = PLAIN,
    drawn: bool = True,
) -> list[ObjectiveResult]:
    """In the agreement's order; its relative limits are multiplied already (sla.values.baseline). `drawn`: each latency with
    its bootstrap, which decides nothing.
    """
    values = figures(agreement, baseline)
    if steady is None:
        return [unjudged(o, values, None, "no steady part to judge") for o in agreement.objectives]
    late = lateness(measurements, steady, words)
    prepared, without_limit, estimates = [], {}, dict[str, EstimateAt]()
    for o in agreement.objectives:
        if not measurements.facts.failures_known and needs_failures(o.kind):
            without_limit[o.key] = unjudged(o, values, None, "the imported file holds no failures")
            continue
        at = estimates[o.key] = cache(estimator_of(o, agreement).from_run(measurements, steady, late))
        if reason := unknown_limit(o, baseline, words):
            without_limit[o.key] = unjudged(o, values, at(level).estimate, reason)
            continue
        target = absolute(o.target, o, measurements, steady)
        acceptable = absolute(o.acceptable, o, measurements, steady) if o.acceptable else None
        reason, open_below = unknown_share(o, target, acceptable)
        if reason:
            estimate = at(level).estimate
            without_limit[o.key] = unjudged(o, values, estimate, reason if estimate else NO_DATA)
            continue
        open_below = unknown_acceptable(o, baseline, words) or open_below
        prepared.append(PreparedObjective(o, target, acceptable, at, open_below))
    judged = {r.key: r for r in judge_family(prepared, values, steady.to_second - steady.from_second, level)}
    results = [_explained((judged | without_limit)[o.key], measurements, steady) for o in agreement.objectives]
    results = with_failures(results, measurements, agreement, steady, late, level)
    if not drawn:
        return results
    return with_bootstraps(results, {key: at(level) for key, at in estimates.items()}, measurements.facts.seed)


def _explained(o: ObjectiveResult, measurements: Measurements, steady: Steady) -> ObjectiveResult:
    """Why there are no data: what the client has of its operations, or the names that the run does have, where it has none of
    the objective's: an agreement is soon written for others.
    """
    measured = operations_of(measurements.windows)
    if o.reason != NO_DATA or not measured:
        return o
    if not set(measured).isdisjoint(o.operations):
        why = "" if KINDS[o.kind].from_server else why_no_data(measurements, o.operations, steady)
        return dataclasses.replace(o, reason=f"{NO_DATA}: {why}") if why else o
    missing = ", ".join(repr(name[:60]) for name in o.operations[:MOST_NAMES])
    there = first_of([repr(name[:60]) for name in measured], MOST_NAMES, between=", ")
    return dataclasses.replace(o, reason=f"{NO_DATA}: the run has no operation {missing}; it has {there}")

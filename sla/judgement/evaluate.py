"""Measurements + agreement -> assessment. Deterministic; no exception for any valid input: what can't be answered is said."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from sla.estimators.proportions import few_bursts
from sla.judgement.decision import decide, exit_code, strategy_for
from sla.judgement.family import PreparedObjective, gate_of, judge_family, unjudged
from sla.judgement.lateness import lateness
from sla.judgement.objectives import absolute, measure
from sla.judgement.opening import opened, with_opens
from sla.judgement.run_checks import checks as validity_checks
from sla.judgement.sequential import CONSECUTIVE, LOOK_LEVEL
from sla.judgement.steady import by_second, find_steady, outcomes
from sla.judgement.summaries import summaries
from sla.values.agreement import Agreement
from sla.values.assessment import Assessment, Evidence, Gate, ObjectiveResult, Severity, Status, Steady
from sla.values.baseline import Baseline, unknown_acceptable, unknown_limit, with_baseline
from sla.values.measurements import Measurements

LEVEL = 0.95
FAMILY_NOTE = (
    "Several objectives: a GO needs each critical objective to pass at its own level (intersection-union test, no correction "
    "needed); claims of FAIL hold a family-wise error of {alpha:.0%} (Holm's step-down over {count} objectives)."
)


def evaluate(
    measurements: Measurements,
    agreement: Agreement,
    baseline: Baseline | None = None,
    environment: str | None = None,
    evidence: Mapping[str, Evidence] | None = None,
    fail_on_warn: bool = False,
    level: float = LEVEL,
    allowed: frozenset[str] = frozenset(),
) -> Assessment:
    """`evidence` holds what was given from outside, by key; a gate without any is INCONCLUSIVE.

    `environment` must be one of agreement.accepted (None: its default), else KeyError. `allowed` names checks of the run whose
    failure is a warning (sla.judgement.allowable.ALLOWABLE).
    """
    agreement = with_baseline(agreement, baseline)
    chosen = environment or agreement.default_environment
    accepted = agreement.accepted[chosen]
    steady = find_steady(measurements)
    judged = _judge_all(measurements, agreement, baseline, steady, level)
    found = validity_checks(measurements, agreement, steady, allowed)
    checks = tuple(with_opens(found, judged, agreement, measurements, steady, level))
    objectives = tuple(
        dataclasses.replace(o, accepted=o.key in accepted and o.status is Status.WARN) for o in opened(judged, checks)
    )
    gates = [gate_of(o) for o in objectives]
    given = evidence or {}
    for key, title in agreement.evidence.items():
        e = given.get(key, Evidence(key, Status.INCONCLUSIVE, "no evidence was given"))
        gates.append(Gate(key, title, Severity.CRITICAL, e.status, True, e.reason, e.source))
    verdict = decide(gates, checks, measurements.facts.interrupted, {o.key for o in objectives})
    deployment = given.get("deployment")
    strategy = strategy_for(verdict.decision, agreement, objectives, deployment.facts if deployment else {})
    notes = [FAMILY_NOTE.format(alpha=1 - level, count=len(objectives))] if objectives else []
    if agreement.not_assessed:
        notes.append(agreement.not_assessed)
    if measurements.facts.stopped_for:
        named = ", ".join(measurements.facts.stopped_for)
        notes.append(f"stopped early: {named} broke the target at {LOOK_LEVEL:.0%} in {CONSECUTIVE} consecutive looks")
    elif measurements.facts.interrupted:
        notes.append("the run was stopped before its plan ended")
    if steady is not None:
        notes += _bursts(agreement, measurements, steady)
    if steady is not None and steady.drift:
        notes.append(f"drift: {steady.drift}")
    return Assessment(
        decision=verdict.decision,
        rollout=str(strategy),
        exit_code=exit_code(verdict.decision, fail_on_warn),
        summary=verdict.summary,
        agreement=agreement.name,
        environment=chosen,
        baseline=baseline.name if baseline else "",
        objectives=objectives,
        gates=tuple(gates),
        checks=checks,
        operations=summaries(measurements, steady, level),
        steady=steady,
        notes=tuple(notes),
        strategy=strategy,
        evidence=tuple(given[key] for key in sorted(given)),
    )


def _bursts(agreement: Agreement, measurements: Measurements, steady: Steady) -> list[str]:
    """Where errors came in too few bursts for an interval of the success rate to mean much."""
    found = []
    for o in agreement.objectives:
        if o.kind == "success":
            ok, failed = outcomes(by_second(measurements.windows, o.operations, steady.from_second, steady.to_second))
            if (seconds := few_bursts(ok, ok + failed)) is not None:
                text = f"all {failed.sum():,.0f} errors came in {seconds} s: of so few bursts no interval says much"
                found.append(f"{o.title}: {text}")
    return found


def _judge_all(
    measurements: Measurements, agreement: Agreement, baseline: Baseline | None, steady: Steady | None, level: float
) -> list[ObjectiveResult]:
    """In the agreement's order; its relative limits are multiplied already (sla.values.baseline)."""
    values = baseline.values if baseline else {}
    if steady is None:
        return [unjudged(o, values, None, "no steady part to judge") for o in agreement.objectives]
    late = lateness(measurements, steady)
    prepared, without_limit = [], {}
    for o in agreement.objectives:
        if reason := unknown_limit(o, baseline):
            estimate = measure(o, agreement, measurements, steady, late)(level).estimate
            without_limit[o.key] = unjudged(o, values, estimate, reason)
            continue
        target = absolute(o.target, o, measurements, steady)
        acceptable = absolute(o.acceptable, o, measurements, steady) if o.acceptable else None
        at = measure(o, agreement, measurements, steady, late)
        prepared.append(PreparedObjective(o, target, acceptable, at, unknown_acceptable(o, baseline)))
    judged = {r.key: r for r in judge_family(prepared, values, steady.to_second - steady.from_second, level)}
    return [(judged | without_limit)[o.key] for o in agreement.objectives]

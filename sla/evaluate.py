"""Measurements + agreement -> assessment. Deterministic; no exception for any valid input: what can't be answered is said."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from sla.agreement import Agreement, Baseline, Limit, Objective
from sla.assessment import Assessment, Evidence, Gate, ObjectiveResult, Severity, Status, Steady
from sla.decision import decide, exit_code, strategy_for
from sla.family import holm_level
from sla.measurements import Measurements
from sla.objectives import Measured, absolute, measure, seconds_for_margin
from sla.proportions import few_bursts
from sla.sequential import CONSECUTIVE, LOOK_LEVEL
from sla.status import THIN_EVIDENCE, judge, outside
from sla.steady import by_second, find_steady, outcomes
from sla.summaries import summaries
from sla.validity import checks as validity_checks

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
    failure is a warning (sla.validity.ALLOWABLE).
    """
    chosen = environment or agreement.default_environment
    accepted = agreement.accepted[chosen]
    steady = find_steady(measurements)
    checks = tuple(validity_checks(measurements, agreement, steady, allowed))
    values = baseline.values if baseline else {}
    objectives = tuple(
        dataclasses.replace(o, accepted=o.key in accepted and o.status is Status.WARN)
        for o in _judge_all(measurements, agreement, values, steady, level)
    )
    gates = [
        Gate(o.key, o.title, o.severity, o.status, not o.accepted, o.reason + (", accepted" if o.accepted else ""))
        for o in objectives
    ]
    given = evidence or {}
    for key, title in agreement.evidence.items():
        e = given.get(key, Evidence(key, Status.INCONCLUSIVE, "no evidence was given"))
        gates.append(Gate(key, title, Severity.CRITICAL, e.status, True, e.reason, e.source))
    verdict = decide(gates, checks, measurements.facts.interrupted)
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
    measurements: Measurements, agreement: Agreement, baseline: Mapping[str, float], steady: Steady | None, level: float
) -> list[ObjectiveResult]:
    if steady is None:
        return [_without_data(o, baseline) for o in agreement.objectives]
    prepared = []
    for o in agreement.objectives:
        target = absolute(o.target, o, measurements, steady)
        acceptable = absolute(o.acceptable, o, measurements, steady) if o.acceptable else None
        prepared.append((o, target, acceptable, measure(o, agreement, measurements, steady)))
    strict_level = holm_level([_fails(target, at) for _, target, _, at in prepared], level)
    results = []
    for o, target, acceptable, at in prepared:
        measured = at(level)
        verdict = judge(
            measured.estimate,
            at(strict_level).estimate,
            target,
            acceptable,
            baseline.get(o.baseline_key),
            o.severity,
            measured.tail_evidence,
        )
        needed = None
        if verdict.status is Status.INCONCLUSIVE or verdict.reason == THIN_EVIDENCE:
            needed = seconds_for_margin(measured, target, steady.to_second - steady.from_second)
        results.append(
            ObjectiveResult(
                o.key, o.title, o.severity, o.unit, target.comparison, target.value,
                acceptable.value if acceptable else None, baseline.get(o.baseline_key), measured.estimate,
                verdict.status, verdict.reason, False, needed, measured.source, o.operations, o.quantile,
            )
        )  # fmt: skip
    return results


def _fails(target: Limit, at: Callable[[float], Measured]) -> Callable[[float], bool]:
    def claimed(level: float) -> bool:
        estimate = at(level).estimate
        return estimate is not None and outside(estimate, target)

    return claimed


def _without_data(o: Objective, baseline: Mapping[str, float]) -> ObjectiveResult:
    return ObjectiveResult(
        o.key, o.title, o.severity, o.unit, o.target.comparison, o.target.value,
        o.acceptable.value if o.acceptable else None, baseline.get(o.baseline_key), None,
        Status.INCONCLUSIVE, "no steady part to judge", operations=o.operations, quantile=o.quantile,
    )  # fmt: skip

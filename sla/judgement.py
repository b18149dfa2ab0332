"""Several objectives judged together, whatever they were measured from: claims of FAIL hold a family-wise error (Holm)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sla.agreement import Limit, Objective
from sla.assessment import Gate, ObjectiveResult, Status
from sla.estimate import Estimate
from sla.family import holm_level
from sla.objectives import Measured, seconds_for_margin
from sla.status import THIN_EVIDENCE, judge, outside


@dataclass(frozen=True)
class Prepared:
    """An objective with its limits in absolute terms and its estimate as a function of the confidence level."""

    objective: Objective
    target: Limit
    acceptable: Limit | None
    at: Callable[[float], Measured]


def judge_family(
    prepared: Sequence[Prepared], baseline: Mapping[str, float], length_s: float, level: float
) -> list[ObjectiveResult]:
    """`baseline` by the objectives' baseline keys; `length_s`: over how many seconds was measured."""
    strict_level = holm_level([_fails(p) for p in prepared], level)
    results = []
    for p in prepared:
        o, measured = p.objective, p.at(level)
        verdict = judge(
            measured.estimate,
            p.at(strict_level).estimate,
            p.target,
            p.acceptable,
            baseline.get(o.baseline_key),
            o.severity,
            measured.tail_evidence,
        )
        needed = None
        if verdict.status is Status.INCONCLUSIVE or verdict.reason == THIN_EVIDENCE:
            needed = seconds_for_margin(measured, p.target, length_s)
        results.append(
            ObjectiveResult(
                o.key, o.title, o.severity, o.unit, p.target.comparison, p.target.value,
                p.acceptable.value if p.acceptable else None, baseline.get(o.baseline_key), measured.estimate,
                verdict.status, verdict.reason, False, needed, measured.source, o.operations, o.quantile,
                p.target.times_baseline, p.target.at_least,
            )
        )  # fmt: skip
    return results


def unjudged(o: Objective, baseline: Mapping[str, float], estimate: Estimate | None, reason: str) -> ObjectiveResult:
    """An objective that can't be judged, and why."""
    target, acceptable = ((limit.value if limit and limit.known else None) for limit in (o.target, o.acceptable))
    return ObjectiveResult(
        o.key, o.title, o.severity, o.unit, o.target.comparison, target, acceptable, baseline.get(o.baseline_key), estimate,
        Status.INCONCLUSIVE, reason, operations=o.operations, quantile=o.quantile,
        times_baseline=o.target.times_baseline, at_least=o.target.at_least,
    )  # fmt: skip


def gate_of(o: ObjectiveResult) -> Gate:
    """The gate of the decision matrix that an objective is."""
    return Gate(o.key, o.title, o.severity, o.status, not o.accepted, o.reason + (", accepted" if o.accepted else ""))


def _fails(p: Prepared) -> Callable[[float], bool]:
    def claimed(level: float) -> bool:
        estimate = p.at(level).estimate
        return estimate is not None and outside(estimate, p.target)

    return claimed

"""Failed checks against verdicts: which verdicts do not stand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from sla.judgement.lateness import lateness
from sla.judgement.load_checks import late_operations
from sla.judgement.losses import most_lost
from sla.judgement.objectives import absolute, measure
from sla.judgement.status import outside
from sla.judgement.touches import BOTH, FAIL, PASS, may_stand, touched, undone
from sla.values.agreement import Agreement, Objective
from sla.values.assessment import Check, ObjectiveResult, Status, Steady
from sla.values.measurements import Measurements


def with_opens(
    checks: Sequence[Check],
    judged: Sequence[ObjectiveResult],
    agreement: Agreement,
    measurements: Measurements,
    steady: Steady | None,
    level: float,
) -> list[Check]:
    """The checks; a failed one with what it opens: (objective's key, direction), in the agreement's order."""
    results = {o.key: o for o in judged}

    def stands(check: Check, o: Objective) -> bool:
        if steady is None or results[o.key].status is not Status.FAIL or not may_stand(check, o.kind):
            return False
        doubt = _in_doubt(check, measurements, steady)
        # whatever the family's level came to, Bonferroni's is not under it
        strict = 1 - (1 - level) / len(judged)
        return math.isfinite(doubt) and _fails_without(o, agreement, measurements, steady, strict, doubt)

    def opens(check: Check) -> tuple[tuple[str, str], ...]:
        found = touched(check, agreement.objectives, bool(measurements.facts.plan))
        for o in agreement.objectives:
            if found.get(o.key) in (FAIL, BOTH) and stands(check, o):
                found[o.key] = PASS if found[o.key] == BOTH else ""
        return tuple((key, direction) for key, direction in found.items() if direction)

    return [dataclasses.replace(c, opens=opens(c)) if c.status is Status.FAIL else c for c in checks]


def opened(judged: Sequence[ObjectiveResult], checks: Sequence[Check]) -> list[ObjectiveResult]:
    """The objectives; INVALID where a check opens the verdict."""
    found = []
    for o in judged:
        why = [c.title for c in checks if any(key == o.key and undone(o, direction) for key, direction in c.opens)]
        if why:
            said = o.reason if o.status is Status.INCONCLUSIVE else f"{o.status.value} does not stand"
            reason = f"{said}; failed checks: {', '.join(why)}"
            o = dataclasses.replace(o, status=Status.INVALID, reason=reason, seconds_needed=None)
        found.append(o)
    return found


def _in_doubt(check: Check, measurements: Measurements, steady: Steady) -> float:
    """How many operations may have ended otherwise, or were never seen, at most."""
    if check.key == "achieved_seconds":
        return late_operations(measurements, steady)
    return math.inf if measurements.facts.missing_messages else most_lost(measurements.facts)


def _fails_without(
    o: Objective, agreement: Agreement, measurements: Measurements, steady: Steady, level: float, doubt: float
) -> bool:
    """Whether a success rate, or a client's quantile, misses its target with `doubt` more operations, all right and fast."""
    target, late = absolute(o.target, o, measurements, steady), lateness(measurements, steady)
    found = measure(o, agreement, measurements, steady, late)(level)
    if found.estimate is None or found.surely is None:
        return False
    n = found.estimate.n
    if o.kind == "success":
        return (found.surely.high * n + doubt) / (n + doubt) < target.value
    # with so many more under it, the quantile of all is a lower one of those that were measured
    q = 1 - (1 - o.quantile) * (n + doubt) / n
    if q <= 0:
        return False
    lower = measure(dataclasses.replace(o, quantile=q), agreement, measurements, steady, late)(level).surely
    return lower is not None and outside(lower, target)

"""Failed checks against verdicts: which verdicts do not stand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from sla.judgement.checks.check_scope import BOTH, FAIL, NONE, PASS, is_bounded, touched, undone
from sla.judgement.checks.load_checks import late_operations
from sla.judgement.checks.losses import most_lost
from sla.judgement.kinds.choose import estimator_of
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
    """The checks; a failed one with what it opens, (objective's key, direction) in the agreement's order: as it says itself, or
    all that its kind touches.
    """
    results = {o.key: o for o in judged}

    def stands(check: Check, o: Objective) -> bool:
        if steady is None or results[o.key].status is not Status.FAIL or not is_bounded(check):
            return False
        doubt = _in_doubt(check, measurements, steady)
        # whatever the family's level came to, Bonferroni's is not under it
        strict = 1 - (1 - level) / len(judged)
        return math.isfinite(doubt) and estimator_of(o, agreement).fails_despite(doubt, measurements, steady, strict)

    def opens(check: Check) -> tuple[tuple[str, str], ...]:
        if check.status is not Status.FAIL:
            return ()
        if check.opens:
            return check.opens
        directions = touched(check, agreement.objectives, bool(measurements.facts.plan))
        for o in agreement.objectives:
            if directions.get(o.key) in (FAIL, BOTH) and stands(check, o):
                directions[o.key] = PASS if directions[o.key] == BOTH else NONE
        return tuple((key, direction) for key, direction in directions.items() if direction)

    return [dataclasses.replace(c, opens=opens(c)) for c in checks]


def opened(judged: Sequence[ObjectiveResult], checks: Sequence[Check]) -> list[ObjectiveResult]:
    """The objectives; INVALID where a check opens the verdict."""
    results = []
    for o in judged:
        why = [c.title for c in checks if any(key == o.key and undone(o, direction) for key, direction in c.opens)]
        if why:
            before = o.reason if o.status is Status.INCONCLUSIVE else f"{o.status.value} does not stand"
            reason = f"{before}; failed checks: {', '.join(why)}"
            o = dataclasses.replace(o, status=Status.INVALID, reason=reason, seconds_needed=None)
        results.append(o)
    return results


def _in_doubt(check: Check, measurements: Measurements, steady: Steady) -> float:
    """How many operations may have had another outcome, or were never recorded, at most; inf where nothing bounds them."""
    if check.key == "achieved_seconds":
        return late_operations(measurements, steady)
    facts = measurements.facts
    return math.inf if facts.missing_messages or facts.lost_rows else most_lost(facts)

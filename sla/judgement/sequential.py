"""Interim analyses of a run under way. Repeated analyses are not free: 58 of them at 95 % gave 42 % false verdicts.

There is no PASS before the end. A FAIL is claimed early only when an objective misses its target at 99 % in three consecutive
interim analyses; simulated runs with the truth at the limit were stopped in under 2 % (`make calibrate`, row 12).
"""

from __future__ import annotations

import dataclasses

from sla.judgement.generator.lateness import Lateness, lateness
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.objectives import absolute
from sla.judgement.status import outside
from sla.judgement.steady import find_steady
from sla.values.agreement import Agreement, Objective
from sla.values.assessment import Severity
from sla.values.baseline import Baseline, with_baseline
from sla.values.measurements import Measurements

INTERIM_LEVEL = 0.99  # of the intervals on which a run may stop early
CONSECUTIVE = 3  # analyses that must agree before it does
INTERIM_EVERY_S = 10.0  # between two analyses of a run under way


def failing(
    measurements: Measurements, agreement: Agreement, baseline: Baseline | None = None, level: float = INTERIM_LEVEL
) -> frozenset[str]:
    """Keys of the critical objectives whose whole interval misses the target, in what was measured so far. A limit that is
    not known is not missed, and whatever the generator's lag can have done is taken off (sla.judgement.generator.lateness).
    """
    agreement = with_baseline(agreement, baseline)
    steady = find_steady(measurements)
    if steady is None:
        return frozenset()
    # what ends later belongs to a load that goes on
    so_far = tuple(w for w in measurements.windows if w.second < steady.to_second)
    measurements = dataclasses.replace(measurements, windows=so_far)

    def missed(o: Objective, late: Lateness | None) -> bool:
        estimate = estimator_of(o, agreement).from_run(measurements, steady, late)(level).surely
        return estimate is not None and outside(estimate, absolute(o.target, o, measurements, steady))

    # what lag can have done is most of the work: it is found out for those alone that are missed with it
    critical = [o for o in agreement.objectives if o.severity is Severity.CRITICAL and missed(o, None)]
    late = lateness(measurements, steady) if critical else None
    return frozenset(o.key for o in critical if missed(o, late))


class InterimAnalyses:
    """The interim analyses of one run, in order."""

    def __init__(self) -> None:
        self._recent: list[frozenset[str]] = []

    def add(self, failing_now: frozenset[str]) -> frozenset[str]:
        """Keys of the objectives that failed in this analysis and the two before it: reason enough to stop."""
        self._recent = [*self._recent, failing_now][-CONSECUTIVE:]
        if len(self._recent) < CONSECUTIVE:
            return frozenset()
        return frozenset.intersection(*self._recent)

"""Looking at a run while it goes. Looking again and again is not free: 58 looks at 95 % gave 42 % false verdicts.

There is no PASS before the end. A FAIL is claimed early only when an objective breaks its target at 99 % in three
consecutive looks; simulated runs with the truth at the limit were stopped in under 2 % (`make calibrate`, row 12).
"""

from __future__ import annotations

from sla.judgement.lateness import lateness
from sla.judgement.objectives import absolute, measure
from sla.judgement.status import outside
from sla.judgement.steady import find_steady
from sla.values.agreement import Agreement
from sla.values.assessment import Severity
from sla.values.baseline import Baseline, with_baseline
from sla.values.measurements import Measurements

LOOK_LEVEL = 0.99
CONSECUTIVE = 3
LOOK_EVERY_S = 10.0


def failing(
    measurements: Measurements, agreement: Agreement, baseline: Baseline | None = None, level: float = LOOK_LEVEL
) -> frozenset[str]:
    """Keys of the critical objectives whose whole interval breaks the target, in what was measured so far. A limit that is
    not known is not broken, and whatever the generator's lag can have done is taken off (sla.judgement.lateness).
    """
    agreement = with_baseline(agreement, baseline)
    steady = find_steady(measurements)
    if steady is None:
        return frozenset()
    late = lateness(measurements, steady)
    found = set()
    for o in agreement.objectives:
        if o.severity is Severity.CRITICAL:
            estimate = measure(o, agreement, measurements, steady, late)(level).surely
            if estimate is not None and outside(estimate, absolute(o.target, o, measurements, steady)):
                found.add(o.key)
    return frozenset(found)


class Looks:
    """The looks at one run, in order."""

    def __init__(self) -> None:
        self._recent: list[frozenset[str]] = []

    def add(self, found: frozenset[str]) -> frozenset[str]:
        """Objectives that failed in this look and the two before it: reason enough to stop."""
        self._recent = [*self._recent, found][-CONSECUTIVE:]
        if len(self._recent) < CONSECUTIVE:
            return frozenset()
        return frozenset.intersection(*self._recent)

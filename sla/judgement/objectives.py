"""What an objective's estimate carries with it, its limit in absolute terms, and how much longer a run would decide it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from sla.estimators.quantiles import STRONG_EVIDENCE
from sla.judgement.steady import constant_part
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Steady
from sla.values.estimate import Estimate
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


EstimateAt = Callable[[float], ObjectiveEstimate]  # of the confidence level


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
    and gather enough evidence for a tail. None without data, where the interval has no end towards the limit (how it narrows is
    not known), and where the estimate lies on the limit: no length decides that.
    """
    estimate = measured.estimate
    if estimate is None:
        return None
    needed = measured.seconds_needed or 0.0
    if measured.tail_evidence is not None and 0 < measured.tail_evidence < STRONG_EVIDENCE:
        needed = max(needed, length_s * STRONG_EVIDENCE / measured.tail_evidence)
    margin = abs(estimate.point - target.value)
    half = half_towards(estimate, target.value)
    if not math.isfinite(half) or margin == 0:
        return None
    if half > margin:
        needed = max(needed, length_s * (half / margin) ** 2)
    if not math.isfinite(needed):
        return None
    return float(max(math.ceil(needed - length_s), 1))


def half_towards(estimate: Estimate, target: float) -> float:
    """How far the interval reaches from the estimate towards the target; infinite where it has no end there."""
    return abs((estimate.low if estimate.point >= target else estimate.high) - estimate.point)

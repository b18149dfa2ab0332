"""Before the load: the quantiles that a run of this length can't decide.

A quantile is decidable when n_eff (1 - q) reaches 11.4 (see quantiles), that is when the design effect is at most
n (1 - q) / 11.4. What the design effect will be is not known before; its usual values are those of an M/M/1 queue.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sla.estimators.quantiles import DECIDABLE, seconds_needed
from sla.values.agreement import Agreement
from sla.values.measurements import PlannedSegment

USUAL_DEFF = {0.5: 8.0, 0.8: 70.0, 0.9: 250.0}  # by load; measured on simulated M/M/1 queues
WHOLE = "all operations"


@dataclass(frozen=True)
class TooShort:
    """A quantile of an operation that `length_s` can't decide at the design effect of load 0.5.

    largest_deff  the design effect up to which it would be decided; under 1 it can't be, whatever the service does
    needed_s      by load: how long the constant part would have to last
    """

    operation: str
    quantile: float
    rate_per_s: float
    length_s: float
    largest_deff: float
    needed_s: Mapping[float, float]

    def __str__(self) -> str:
        q, rate = f"p{100 * self.quantile:g}", f"{self.rate_per_s:,.0f} ops/s"
        if not self.rate_per_s:
            return f"{self.operation} {q}: no arrivals are planned"
        long = ", ".join(f"{s:,.0f} s at a utilization of {100 * load:.0f} %" for load, s in self.needed_s.items())
        if self.largest_deff < 1:
            alone = math.ceil(self.length_s / self.largest_deff) if self.largest_deff > 0 else math.inf
            short = f"is too short: independent latencies need {alone:,.0f} s, usual ones about {long}"
        else:
            short = f"is likely too short for a target close by: that takes about {long}"
        return f"{self.operation} {q} at {rate}: {self.length_s:,.0f} s {short}"


def judged_quantiles(agreement: Agreement) -> dict[str, tuple[float, ...]]:
    """By operation, WHOLE for those on all of them: only what an objective needs is warned of."""
    judged: dict[str, set[float]] = {}
    for o in agreement.objectives:
        for operation in (o.operations or (WHOLE,)) if o.quantile else ():
            judged.setdefault(operation, set()).add(o.quantile)
    return {operation: tuple(sorted(quantiles)) for operation, quantiles in judged.items()}


def too_short(
    plan: Sequence[PlannedSegment], shares: Mapping[str, float], judged: Mapping[str, Sequence[float]]
) -> list[TooShort]:
    """Judged quantiles that the plan's longest constant segment is likely too short for. `shares`: operation -> its share of
    the arrivals; `judged`: operation -> quantiles.
    """
    constant = [s for s in plan if s.from_per_s == s.to_per_s > 0]
    if not constant:
        return []
    hold = max(constant, key=lambda s: s.duration_s)
    warnings = []
    whole = {WHOLE: 1.0} if shares and WHOLE in judged else {}
    for operation, share in (dict(shares) | whole).items():
        rate = hold.to_per_s * share
        for q in judged.get(operation, ()):
            largest = rate * hold.duration_s * (1 - q) / DECIDABLE
            if largest < USUAL_DEFF[0.5]:
                needed = {load: math.ceil(seconds_needed(deff, rate, q)) for load, deff in USUAL_DEFF.items() if rate > 0}
                warnings.append(TooShort(operation, q, rate, hold.duration_s, largest, needed))
    return warnings

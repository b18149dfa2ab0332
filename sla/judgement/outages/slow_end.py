"""A service whose responses take too long to the very end of its measuring.

What is too slow for a quantile is to it what a failure is to a success rate: in a stationary process that keeps the target
a share of 1 - q at most lies beyond it, and Markov's inequality holds of the last window (sla.judgement.outages.failing_end).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sla.estimators.dependence import FloatArray
from sla.judgement.outages.failing_end import TAIL, FailedShares
from sla.values.agreement import Limit

SLOWER = "took longer"


@dataclass(frozen=True)
class SlowEnd:
    """`within`: by a limit (ns), how many responses of each window kept it and how many there were, both of shape (m,): once
    for each way in which a perfect generator may have measured them. `unit`: what a window is; `untimed`: operations that
    nobody timed, which may all have been fast.
    """

    within: Callable[[float], Sequence[tuple[FloatArray, FloatArray]]]
    quantile: float
    unit: str
    untimed: float = 0.0

    def reason(self, limit: Limit) -> str:
        """Why the quantile is missed at the end; "" where it is not."""
        if 1 - self.quantile > TAIL:  # so many may be slow often enough to be so at the end
            return ""
        kept = Limit(">=", self.quantile)
        reasons = [
            FailedShares(sizes - within, sizes, self.unit, SLOWER).until_the_end(kept, self.untimed)
            for within, sizes in self.within(limit.value)
        ]
        return reasons[-1] if reasons and all(reasons) else ""

"""A service whose responses take too long to the very end of its measuring.

What is too slow for a quantile is to it what a failure is to a success rate: in a stationary process that keeps the target
a share of 1 - q at most lies beyond it, and Markov's inequality holds of the last window (sla.judgement.outages.failing_end).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sla.estimators.dependence import FloatArray
from sla.judgement.generator.lateness import duration
from sla.judgement.outages.failing_end import LEAST, TAIL, FailedShares
from sla.values.agreement import Limit


@dataclass(frozen=True)
class SlowEnd:
    """`within`: by a limit (ns), how many responses of each window kept it and how many there were, both of shape (m,): once
    for each way in which a perfect generator may have measured them. `unit`: what a window is; `untimed`: operations that
    nobody timed, which may all have been fast. moves: latencies moved as slowly as the run is long, so that where they lay is
    not where they will.
    """

    within: Callable[[float], Sequence[tuple[FloatArray, FloatArray]]]
    quantile: float
    unit: str
    untimed: float = 0.0
    moves: bool = False

    def reason(self, limit: Limit, lasting: int = LEAST) -> str:
        """Why the quantile is missed at the end; "" where it is not. `lasting`: throughout so many windows, at least."""
        if 1 - self.quantile > TAIL:  # so many may be slow often enough to be so at the end
            return ""
        return self._in_all(limit, lambda shares, kept: shares.until_the_end(kept, self.untimed, lasting=lasting))

    def throughout(self, limit: Limit, level: float) -> str:
        """Why the quantile is missed at this confidence level, even had no window been worse than usual (FailedShares)."""
        return "" if self.moves else self._in_all(limit, lambda shares, kept: shares.throughout(kept, level, self.untimed))

    def _in_all(self, limit: Limit, why: Callable[[FailedShares, Limit], str]) -> str:
        """Why, in each of the ways in which a perfect generator may have measured it; "" where not in all."""
        kept, slower = Limit(">=", self.quantile), f"took longer than {duration(limit.value)}"
        each = (FailedShares(sizes - within, sizes, self.unit, slower) for within, sizes in self.within(limit.value))
        reasons = [why(shares, kept) for shares in each]
        return reasons[-1] if reasons and all(reasons) else ""

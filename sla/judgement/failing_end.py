"""A service that has not recovered from failing when its measuring ends.

An interval of a success rate is one of the long run, and a single outage says little of that: [0, 1]. That the service failed
until the end is seen, and no longer run takes it back. How often that is mere chance, without any assumption on how failures
come: let X be the share of operations that fail in the last window. In a stationary process E[X] <= 1 - target where the target
is kept, hence P(X >= x) <= (1 - target) / x (Markov's inequality). Failing is claimed where that is no more than one end of an
interval may err, and where LEAST windows in a row show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sla.values.agreement import Limit

LEAST, LEAST_FAILURES = 5, 10


@dataclass(frozen=True)
class FailedShares:
    """Failed and attempted operations of each window, both of shape (m,), in time order; `unit`: what a window is."""

    failed: Sequence[float]
    attempted: Sequence[float]
    unit: str

    def until_the_end(self, limit: Limit, level: float) -> str:
        """Why a success rate of at least `limit` is missed at the end; "" where it is not. Windows without attempts say
        nothing.
        """
        least = (1 - limit.value) / ((1 - level) / 2)  # Markov's x
        if least > 1:
            return ""
        return self._until_the_end(1.0) or self._until_the_end(least)

    def _until_the_end(self, least: float) -> str:
        shares, failures = [], 0.0
        for failed, attempted in zip(reversed(self.failed), reversed(self.attempted), strict=True):
            if not attempted:
                continue
            if failed <= 0 or failed / attempted < least:
                break
            shares.append(failed / attempted)
            failures += failed
        if len(shares) < LEAST or failures < LEAST_FAILURES:
            return ""
        how_many = "all" if min(shares) == 1 else f"{min(shares):.0%} or more"
        return f"{how_many} of its operations failed in each of the last {len(shares)} {self.unit}: it had not recovered"

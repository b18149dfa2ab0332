"""A service that has not recovered from failing when its measuring ends.

An interval of a success rate is one of the long run, and a single outage says little of that: [0, 1]. That the service failed
until the end is seen, and no longer run takes it back. How often that is mere chance, without any assumption on how failures
come: let F be the operations that fail in the last window, and N the mean number of those attempted in one. In a stationary
process that keeps the target E[F] <= (1 - target) N, hence P(F >= x N) <= (1 - target) / x (Markov's inequality). Failing is
claimed where that is at most TAIL, one end of a 95 % interval, and where LEAST windows in a row show it, to the very end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sla.estimators.dependence import FloatArray
from sla.values.agreement import Limit

TAIL = 0.025  # one end of a 95 % interval
LEAST = 5  # windows in a row, to the very end, that show it
ENOUGH = 10  # attempts a window, on average: seconds of a slower load are put together


@dataclass(frozen=True)
class FailedShares:
    """Failed and attempted operations of each window, both of shape (m,), in time order; `unit`: what a window is; `how` they
    failed.
    """

    failed: FloatArray
    attempted: FloatArray
    unit: str
    how: str = "failed"

    def until_the_end(self, limit: Limit, doubt: float = 0.0, only_all: bool = False) -> str:
        """Why a success rate of at least `limit` is missed at the end, even with `doubt` more operations, all successful; ""
        where it is not. A window with fewer attempts than the mean counts as if it had had that many. `only_all`: where some
        succeed, it is not.
        """
        mean, least = float(self.attempted.mean()) if self.attempted.size else 0.0, (1 - limit.value) / TAIL
        if not mean or least > 1:
            return ""
        together = max(math.ceil(ENOUGH / mean), 1)
        failed, attempted = _from_the_end(self.failed, together), _from_the_end(self.attempted, together)
        shares = failed / (np.maximum(attempted, mean * together) + doubt)
        enough = (failed > 0) & (shares >= least)
        count, whole = _first_false(enough), _first_false(enough & (failed >= attempted))
        if (whole if only_all else count) < LEAST:
            return ""
        if whole >= LEAST:
            return f"all of its operations {self.how} throughout the last {whole * together} {self.unit}: it had not recovered"
        share = 100 * float((failed / attempted)[:count].min())
        last = f"throughout the last {count * together} {self.unit}"
        return f"{share:.3g} % or more of its operations {self.how} {last}: it had not recovered"


@dataclass(frozen=True)
class FailingEnd:
    """What is seen of the end of a measuring.

    shares   of its windows
    of_load  to the end of the load, where the measuring ends before; None: it does not
    hanging  why nothing was carried out any more (sla.judgement.outages.hanging), "" where something was
    """

    shares: FailedShares
    of_load: FailedShares | None = None
    hanging: str = ""

    def reason(self, limit: Limit) -> str:
        """Why a success rate of at least `limit` is missed at the end; "" where it is not."""
        if 1 - limit.value > TAIL:  # it may be down often enough to be so at the end
            return ""
        of_load = self.of_load.until_the_end(limit, only_all=True) if self.of_load else ""
        return self.shares.until_the_end(limit) or of_load or self.hanging


def _from_the_end(counts: FloatArray, together: int) -> FloatArray:
    """Sums of so many windows each, the last ones first; less what is left over at the beginning."""
    windows = counts.size // together
    sums: FloatArray = np.flip(counts)[: windows * together].reshape(windows, together).sum(axis=1)
    return sums


def _first_false(flags: NDArray[np.bool_]) -> int:
    """How many are true before the first that is not."""
    return int(np.argmin(np.append(flags, False)))

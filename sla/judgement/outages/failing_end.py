"""What an average over a run with an outage hides: a service that has not recovered when its measuring ends, or that fails
too often in its usual windows, too.

An interval of a success rate is one of the long run, and a single outage says little of that: [0, 1]. That the service failed
until the end is seen, and no longer run takes it back. How often that is mere chance, without any assumption on how failures
come: let F be the operations that fail in the last window, and N the mean number of those attempted in one. In a stationary
process that keeps the target E[F] <= (1 - target) N, hence P(F >= x N) <= (1 - target) / x (Markov's inequality). Failing is
claimed where that is at most TAIL, one end of a 95 % interval, and where LEAST windows in a row show it, to the very end.

The worst windows can only make an average worse. So a service misses its target for certain where it would miss it had those
windows been as usual (usual_share). An outage makes the variance of an average as large as the average itself; usual windows
show what they show beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sla.estimators.dependence import FloatArray, lasts
from sla.estimators.proportions import proportion_estimate, usual_share
from sla.values.agreement import Limit

TAIL = 0.025  # one end of a 95 % interval
ROUNDING = 1e-12  # of 1 - 0.975, which is a little more than TAIL
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

    def until_the_end(self, limit: Limit, doubt: float = 0.0, only_all: bool = False, lasting: int = LEAST) -> str:
        """Why a success rate of at least `limit` is missed at the end, even with `doubt` more operations, all successful; ""
        where it is not. A window with fewer attempts than the mean counts as if it had had that many. `only_all`: where some
        succeed, it is not. `lasting`: throughout how many windows it must be.
        """
        mean = float(self.attempted.mean()) if self.attempted.size else 0.0
        if not mean or may_be_down(limit):
            return ""
        least = min((1 - limit.value) / TAIL, 1.0)
        together = max(math.ceil(ENOUGH / mean), 1)
        failed, attempted = _from_the_end(self.failed, together), _from_the_end(self.attempted, together)
        shares = failed / (np.maximum(attempted, mean * together) + doubt)
        enough = (failed > 0) & (shares >= least)
        count, whole = _first_false(enough), _first_false(enough & (failed >= attempted))
        if (whole if only_all else count) < lasting:
            return ""
        share = 1.0 if whole >= lasting else float((failed / attempted)[:count].min())
        windows = whole if whole >= lasting else count
        last = (
            f"the last {windows * together:,} {self.unit}: it had not recovered"
            if windows * together < self.failed.size
            else "the judged part"
        )
        what = "all" if share >= 1 else f"{100 * share:.3g} % or more"
        return f"{what} of its operations {self.how} throughout {last}"

    def throughout(self, limit: Limit, level: float, doubt: float = 0.0) -> str:
        """Why a success rate of at least `limit` is missed at this confidence level, even had no window been worse than usual;
        "" where that is not shown. `doubt` as until_the_end() has it.
        """
        total, allowed = float(self.attempted.sum()), 1 - limit.value
        if not total or float(self.failed.sum()) <= allowed * (total + doubt):
            return ""
        share, more = usual_share(self.failed, self.attempted)
        usual, timed = np.where(more, self.attempted * share, self.failed), total / (total + doubt)
        share = float(usual.sum()) / total
        estimate = proportion_estimate(self.attempted - usual, self.attempted, level)
        least = (1 - estimate.high) * timed if estimate else 0.0
        if least <= allowed or lasts(usual - share * self.attempted):
            return ""
        worse = int(more.sum())
        unit = self.unit.removesuffix("s") or self.unit if worse == 1 else self.unit
        without = f" even without its worst {worse:,} {unit}" if worse else ""
        seen, at_least, may = _told_apart(share * timed, least, allowed)
        return f"misses the target{without}: {seen} of its operations {self.how}, {at_least} at least, where {may} may"


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

    def reason(self, limit: Limit, lasting: int = LEAST) -> str:
        """Why a success rate of at least `limit` is missed at the end; "" where it is not. `lasting`: windows, at least."""
        if may_be_down(limit):
            return ""
        of_load = self.of_load.until_the_end(limit, only_all=True, lasting=lasting) if self.of_load else ""
        return self.shares.until_the_end(limit, lasting=lasting) or of_load or (self.hanging if lasting == LEAST else "")

    def throughout(self, limit: Limit, level: float) -> str:
        """See FailedShares.throughout()."""
        return self.shares.throughout(limit, level)


def may_be_down(limit: Limit) -> bool:
    """Whether a service that keeps this success rate may be down so often that it may be so at the end."""
    return 1 - limit.value > TAIL + ROUNDING


def _told_apart(*shares: float) -> list[str]:
    """Shares as per cent, each with as many digits as tell the last two apart, three at least."""
    for digits in range(3, 16):
        shown = [
            f"{np.format_float_positional(100 * share, digits, fractional=False, unique=False, trim='-')} %" for share in shares
        ]
        if shown[-1] != shown[-2]:
            break
    return shown


def _from_the_end(counts: FloatArray, together: int) -> FloatArray:
    """Sums of so many windows each, the last ones first; less what is left over at the beginning."""
    windows = counts.size // together
    sums: FloatArray = np.flip(counts)[: windows * together].reshape(windows, together).sum(axis=1)
    return sums


def _first_false(flags: NDArray[np.bool_]) -> int:
    """How many are true before the first that is not."""
    return int(np.argmin(np.append(flags, False)))

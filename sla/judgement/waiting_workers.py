"""What a generator without a plan adds to latencies: a worker that waits for a core reads responses late.

Where arrivals are planned, lateness is measured (sla.judgement.lateness). In a closed model none is: what is known is how long
a worker was ready and waited for a core (schedstat, proc(5)), or was stopped by a quota. Let W be the longest such time of any
worker in the judged part; of one operation, k those under way at once (the largest mean of a second) and N those that ended. A
wait delays at most what is under way, so all delays together are at most k W, and their mean is at most k W / N. By Markov's
inequality at most the share p = k W / (N x) is delayed by more than x, so for the latency R without waits and the measured Y

    P(R > t) >= P(Y > t + x) - p,    hence R's q-quantile is at least Y's (q - p)-quantile less x.

A target on the same machine waits, too: then W is its time, and Y what its own timer reads.

Limit: what a wait does to the target (several requests at once after it) is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sla.judgement.lateness import judged
from sla.values.assessment import Steady
from sla.values.measurements import Measurements

PARTS = (0.3, 1.0, 3.0)  # of the share beyond a quantile: so many may have waited longer than what is taken off


@dataclass(frozen=True)
class Waits:
    """`share`: of the judged part, for which `who` waited; `mean_ns`: of the delays of an operation, at most."""

    who: str
    share: float
    mean_ns: float

    def __str__(self) -> str:
        return f"{self.who} waited up to {self.share:.1%} of the time for a core"

    def beyond(self, q: float) -> list[tuple[float, float]]:
        """(p, x in ns): at most the share p was delayed by more than x; p is a part of what lies beyond the q-quantile."""
        return [(share, self.mean_ns / share) for share in shares_beyond(q)]


def shares_beyond(q: float) -> list[float]:
    """PARTS of what lies beyond the q-quantile, as shares of all: those under q, so that a lower quantile is left."""
    return [share for share in ((1 - q) * part for part in PARTS) if share < q]


def waiting_workers(measurements: Measurements, operation: str, steady: Steady) -> Waits | None:
    """None where there is a plan, where no worker's waits are known, where none had to wait, and without the operation."""
    return _delays("workers", waited_share(measurements, steady), measurements, operation, steady)


def waiting_target(measurements: Measurements, operation: str, steady: Steady) -> Waits | None:
    """Of a target on this machine, whose timers read its own waits for what the load takes; None as of waiting_workers()."""
    if measurements.facts.plan:
        return None
    waits_s = [max(m.waited_s, 0) + max(m.throttled_s, 0) for m in measurements.target if steady.holds(m.second)]
    share = sum(waits_s) / (steady.to_second - steady.from_second)
    return _delays("the target", share, measurements, operation, steady)


def waited_share(measurements: Measurements, steady: Steady) -> float:
    """Of the judged part, for which the worker that waited longest did; 0 where there is a plan, and where nothing is known."""
    if measurements.facts.plan:  # before the rows of hundreds of workers are gone through, for each objective
        return 0.0
    rows = judged(measurements.health_rows, steady)
    if not (rows.of_machine("waited_s") >= 0).any():
        return 0.0
    waits_s = np.maximum(rows.of_machine("waited_s"), 0) + np.maximum(rows.of_machine("throttled_s"), 0)
    longest_s = float(np.bincount(rows.of_machine("process"), waits_s).max())
    return longest_s / (steady.to_second - steady.from_second)


def _delays(who: str, share: float, measurements: Measurements, operation: str, steady: Steady) -> Waits | None:
    here = [w for w in measurements.windows_of(operation) if steady.holds(w.second)]
    ended = sum(w.ok for w in here)
    if not (share and ended):
        return None
    at_once = max(max(w.in_flight_ns, w.response_sum_ns) for w in here) / 1e9  # of others' users Little's law alone tells it
    return Waits(who, share, at_once * share * (steady.to_second - steady.from_second) * 1e9 / ended)

"""What a generator without a plan adds to latencies: a worker that waits for a core reads responses late.

Where arrivals are planned, lateness is measured (sla.judgement.lateness). In a closed model none is: what is known is how long
a worker was ready and waited for a core (schedstat, proc(5)), or was stopped by a quota. Let W be the longest such time of any
worker in the judged part; of one operation, k those under way at once (the largest mean of a second) and N those that ended. A
wait delays at most what is under way, so all delays together are at most k W, and their mean is at most k W / N. By Markov's
inequality at most the share p = k W / (N x) is delayed by more than x, so for the latency R without waits and the measured Y

    P(R > t) >= P(Y > t + x) - p,    hence R's q-quantile is at least Y's (q - p)-quantile less x.

Limit: what a wait does to the target (several requests at once after it) is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sla.judgement.lateness import judged
from sla.values.assessment import Steady
from sla.values.measurements import Measurements


@dataclass(frozen=True)
class WaitingWorkers:
    """`share`: of the judged part, for which the worker that waited longest did; `mean_ns`: of the delays of an operation."""

    share: float
    mean_ns: float

    def __str__(self) -> str:
        return f"workers waited up to {self.share:.1%} of the time for a core"


def waiting_workers(measurements: Measurements, operation: str, steady: Steady) -> WaitingWorkers | None:
    """None where there is a plan, where no worker's waits are known, where none had to wait, and without the operation."""
    share, length_s = waited_share(measurements, steady), steady.to_second - steady.from_second
    here = [w for w in measurements.windows_of(operation) if steady.holds(w.second)]
    ended = sum(w.ok for w in here)
    if not (share and ended):
        return None
    at_once = max(max(w.in_flight_ns, w.response_sum_ns) for w in here) / 1e9  # of others' users Little's law alone tells it
    return WaitingWorkers(share, at_once * share * length_s * 1e9 / ended)


def waited_share(measurements: Measurements, steady: Steady) -> float:
    """Of the judged part, for which the worker that waited longest did; 0 where there is a plan, and where nothing is known."""
    rows = judged(measurements.health_rows, steady)
    if measurements.facts.plan or not (rows.of_machine("waited_s") >= 0).any():
        return 0.0
    waits_s = np.maximum(rows.of_machine("waited_s"), 0) + np.maximum(rows.of_machine("throttled_s"), 0)
    longest_s = float(np.bincount(rows.of_machine("process"), waits_s).max())
    return longest_s / (steady.to_second - steady.from_second)

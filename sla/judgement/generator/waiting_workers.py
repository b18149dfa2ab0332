"""What a generator without a plan adds to latencies: a worker that waits for a core reads responses late.

Where arrivals are planned, lateness is measured (generator.lateness). In a closed model none is: what is known is how long
a worker was ready and waited for a core (schedstat, proc(5)), or was stopped by a quota, in each second. Two bounds:

- No operation is delayed by more than what any worker waited while it was under way (Waits.during).
- No more operations are under way at once than there are slots, or users of others, k: one makes one request at a time. Where
  the worker that waited longest did for W, all delays together are at most k W, and their mean at most k W / N over the N that
  ended. By Markov's inequality at most the share p = k W / (N x) is delayed by more than x, so for the latency R without waits
  and the measured Y

      P(R > t) >= P(Y > t + x) - p,    hence R's q-quantile is at least Y's (q - p)-quantile less x.

A target on the same machine waits, too: then W is its time, and Y what its own timer reads.

A user without a plan is always in one operation at most, so all of its delays together are at most W: in the same time it does
at most 1 / (1 - W) times as much without them (Waits.at_most).

Limits: a user of others who makes several requests at once (greenlets of its own), unless there are more than k on average;
what a wait does to the target (several requests at once after it) is not in it, nor what the hypervisor takes (steal).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sla.estimators.dependence import FloatArray
from sla.judgement.generator.connections import shares_beyond
from sla.values.agreement import TASK
from sla.values.assessment import Steady
from sla.values.estimate import Estimate
from sla.values.health_rows import accounts_of
from sla.values.histogram import IntArray
from sla.values.machine import MachineSecond
from sla.values.measurements import Measurements

FOR_A_CORE = "of the time for a core"
EDGES = 1.05  # times as long as users can be in requests: one belongs to the second in which it ended, however long it took
PARTS_UNDER = (0.25, 0.5, 0.75)  # of the share under a quantile: so many may have waited longer than what is taken off


@dataclass(frozen=True)
class Waits:
    """share      of the judged part, for which `who` waited
    by_second  ns, by the second of the account
    mean_ns    of the delays of an operation, at most; inf where it is unknown how many were under way at once
    """

    who: str
    share: float
    by_second: Mapping[int, float]
    mean_ns: float = math.inf

    def __str__(self) -> str:
        return f"{self.who} waited up to {100 * self.share:.1f} % {FOR_A_CORE}"

    def during(self, from_second: int, to_second: int, longest_ns: float) -> float:
        """By how much (ns) an operation that took up to `longest_ns` and ended in [from, to) was delayed, at most. An account
        begins within its second and ends within the next one; that of a report that came late may have the second of another.
        """
        if math.isinf(longest_ns):
            return sum(self.by_second.values())
        first = from_second - math.ceil(longest_ns / 1e9) - 1
        return sum(self.by_second.get(second, 0.0) for second in range(first, to_second + 1))

    def beyond(self, q: float) -> list[tuple[float, float]]:
        """(p, x in ns): at most the share p was delayed by more than x; p is a part of what lies beyond the q-quantile, or,
        where most miss a target by far, of what lies under it.
        """
        if math.isinf(self.mean_ns):
            return []
        return [(share, self.mean_ns / share) for share in (*shares_beyond(q), *(q * part for part in PARTS_UNDER))]

    def at_most(self, rate: Estimate) -> Estimate:
        """A rate as it had been without the waits, at most."""
        if self.share >= 1:
            return dataclasses.replace(rate, high=math.inf)
        return rate.scaled(1 / (1 - self.share))


def waiting_workers(measurements: Measurements, operations: Sequence[str], steady: Steady) -> Waits | None:
    """None where there is a plan, where no worker's waits are known, where none had to wait, and without any operation."""
    waits = waits_of_workers(measurements, steady)
    return _with_mean(waits, measurements, operations, steady) if waits else None


def waiting_target(measurements: Measurements, operation: str, steady: Steady) -> Waits | None:
    """What a target on this machine waited for a core, which its own timers hold too. None as of waiting_workers()."""
    if measurements.facts.plan:
        return None
    waits = _waits("the target", *_columns(measurements.target), steady)
    return _with_mean(waits, measurements, (operation,), steady) if waits else None


def waits_of_workers(measurements: Measurements, steady: Steady) -> Waits | None:
    """Waits of the workers, of all operations; None where there is a plan, where no waits are known, and where none were."""
    if measurements.facts.plan:  # before the rows of hundreds of workers are gone through, for each objective
        return None
    rows = measurements.health_rows
    process, second, waited_s, throttled_s = map(rows.of_machine, ("process", "machine_second", "waited_s", "throttled_s"))
    return _waits("workers", process, second, waited_s, throttled_s, steady)


def _columns(seconds: Sequence[MachineSecond]) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """As of health rows, of the one process."""
    whens = np.array([m.second for m in seconds], dtype=np.int64)
    waited = np.array([m.waited_s for m in seconds], dtype=np.float64)
    throttled = np.array([m.throttled_s for m in seconds], dtype=np.float64)
    return np.zeros(whens.size, dtype=np.int64), whens, waited, throttled


def _waits(
    who: str, process: IntArray, second: IntArray, waited_s: FloatArray, throttled_s: FloatArray, steady: Steady
) -> Waits | None:
    """By accounts of processes, all of shape (n,). A second of which nothing is known counts as one of waiting where the
    process says it of others. Of each second the process that waited longest counts.
    """
    if not process.size:
        return None
    tells = np.bincount(process, waited_s >= 0) > 0
    took_s = np.where(waited_s >= 0, waited_s, np.where(tells[process], 1.0, 0.0)) + np.maximum(throttled_s, 0.0)
    _, seconds, _, of_row = accounts_of(process, second)
    longest: dict[int, float] = {}
    for at, waited_here_s in zip(seconds.tolist(), np.bincount(of_row, took_s).tolist(), strict=True):
        if waited_here_s > longest.get(at, 0.0):
            longest[at] = waited_here_s
    if not longest:
        return None
    judged = (second >= steady.from_second) & (second < steady.to_second)
    share = float(np.bincount(process, took_s * judged).max()) / (steady.to_second - steady.from_second)
    return Waits(who, min(share, 1.0), {at: waited_here_s * 1e9 for at, waited_here_s in longest.items()})


def _with_mean(waits: Waits, measurements: Measurements, operations: Sequence[str], steady: Steady) -> Waits | None:
    """None without any of the operations."""
    here = [w for name in operations for w in measurements.windows_of(name) if steady.holds(w.second)]
    timed = sum(w.ok - w.untimed for w in here)
    if not timed:
        return None
    slots = measurements.facts.slots if any(w.in_flight_ns for w in here) else _users_of_others(measurements, steady)
    if not slots:
        return waits
    waited_ns = waits.share * (steady.to_second - steady.from_second) * 1e9
    return dataclasses.replace(waits, mean_ns=slots * waited_ns / timed)


def _users_of_others(measurements: Measurements, steady: Steady) -> int:
    """How many users of others there were in the judged part, each in one request at most; 0 where their number changed or was
    not counted, and where more requests than that were under way on average.
    """
    before = [c for c in measurements.facts.users if c.from_ns <= steady.from_second * 1e9][-1:]
    within = [c for c in measurements.facts.users if steady.from_second * 1e9 < c.from_ns < steady.to_second * 1e9]
    counts = [c.users for c in (*before, *within)]
    if not before or not all(counts):
        return 0
    took_ns = sum(w.service_sum_ns for w in measurements.windows if steady.holds(w.second) and not w.operation.startswith(TASK))
    most_ns = EDGES * max(counts) * (steady.to_second - steady.from_second) * 1e9
    return max(counts) if took_ns <= most_ns else 0

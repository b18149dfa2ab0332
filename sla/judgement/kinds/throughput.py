"""Throughput: successful operations per second, from the client's windows or from the server's counters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sla.estimators.rates import rate_estimate
from sla.judgement.checks.counters import common_times_s, increments
from sla.judgement.generator.lateness import Lateness
from sla.judgement.generator.waiting_workers import waits_of_workers
from sla.judgement.kinds.base import ObjectiveEstimator
from sla.judgement.objectives import EstimateAt, ObjectiveEstimate
from sla.judgement.steady import by_second, outcomes
from sla.values.assessment import Steady
from sla.values.measurements import Measurements
from sla.values.snapshot import Snapshot


class ThroughputEstimator(ObjectiveEstimator):
    """See ObjectiveEstimator."""

    metrics_caveat: ClassVar[str] = "throughput is the load on the node in this window, which may be less than its capacity"

    def from_run(self, measurements: Measurements, steady: Steady, late: Lateness | None) -> EstimateAt:
        operations = self.objective.operations
        ok, failed = outcomes(by_second(measurements.windows, operations, steady.from_second, steady.to_second))
        source = f"client, {' + '.join(operations)}"
        attempts = bool(ok.any() or failed.any())  # where all of them failed, the throughput is known: it is 0
        if not attempts:
            return lambda _: ObjectiveEstimate(None, source)
        waits = waits_of_workers(measurements, steady)

        def at(level: float) -> ObjectiveEstimate:
            estimate = rate_estimate(ok, 1.0, level)
            if waits is None or estimate is None:
                return ObjectiveEstimate(estimate, source)
            return ObjectiveEstimate(estimate, source, at_least=waits.at_most(estimate), less=f"{waits}: without that")

        return at

    def from_metrics(self, snapshots: Sequence[Snapshot], from_ns: int, to_ns: int) -> EstimateAt:
        totals, times = [m.total for m in self.metrics], common_times_s(snapshots)
        done = increments(snapshots, totals, times)
        source = f"server, {' + '.join(totals)}"
        if done is None or not done.any():
            return lambda _: ObjectiveEstimate(None, source)
        width_s = float(times[-1] - times[0]) / done.size
        return lambda level: ObjectiveEstimate(rate_estimate(done, width_s, level), source)

    def missing_in_metrics(self) -> str:
        return "" if all(m.total for m in self.metrics) else "not every operation has a counter"

    def fails_despite(self, doubt: float, measurements: Measurements, steady: Steady, level: float) -> bool:
        """False: with the samples of a worker its load may be missing, and its size is unknown."""
        return False

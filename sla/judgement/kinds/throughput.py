"""Throughput: successful operations per second, from the client's windows or from the server's counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from sla.estimators.dependence import FloatArray, lasts
from sla.estimators.rates import rate_estimate, rate_reaches
from sla.judgement.checks.counters import common_times_s, increments, with_restart
from sla.judgement.checks.silence import SILENT, silent_seconds
from sla.judgement.few_bursts import dips
from sla.judgement.few_windows import few_scrapes, too_few_scrapes, too_few_seconds
from sla.judgement.generator.lateness import Lateness
from sla.judgement.generator.waiting_workers import waits_of_workers
from sla.judgement.kinds.base import ObjectiveEstimator
from sla.judgement.moving import Moving, slices, wide_as_it_moves
from sla.judgement.objectives import EstimateAt, ObjectiveEstimate, absolute, without_plan
from sla.judgement.steady import by_second, outcomes
from sla.values.assessment import Steady
from sla.values.measurements import Measurements
from sla.values.snapshot import Snapshot


class ThroughputEstimator(ObjectiveEstimator):
    """See ObjectiveEstimator."""

    metrics_caveat: ClassVar[str] = "throughput is the load on the node in this window, which may be less than its capacity"

    def from_run(self, measurements: Measurements, steady: Steady, late: Lateness | None) -> EstimateAt:
        """What is missed must be missed without what workers waited, and without the seconds of which no load is known: nothing
        was done in them where perhaps nothing was asked.
        """
        operations = self.objective.operations
        ok, failed = outcomes(by_second(measurements.windows, operations, steady.from_second, steady.to_second))
        source = f"client, {self.objective.of_operations}"
        attempts = bool(ok.any() or failed.any())  # where all of them failed, the throughput is known: it is 0
        if not attempts:
            return lambda _: ObjectiveEstimate(None, source)
        waits = waits_of_workers(measurements, steady)
        silent = silent_seconds(measurements, steady.from_second, steady.to_second)
        doubts = [f"{SILENT} {int(silent.sum())} s, whose load is unknown"] * bool(silent.any())
        doubts += [str(waits)] if waits else []

        seconds = np.ones(ok.size)
        reaches, too_few = rate_reaches(ok, seconds), too_few_seconds(seconds)

        target_per_s = absolute(self.objective.target, self.objective, measurements, steady).value

        def at(level: float) -> ObjectiveEstimate:
            few, needed_s = dips(ok, seconds, target_per_s, level)
            plain = ObjectiveEstimate(
                rate_estimate(ok, 1.0, level), source, seconds_needed=needed_s, few_bursts=few, reaches=reaches, too_few=too_few
            )
            at_least = rate_estimate(ok[~silent], 1.0, level) if doubts else None
            if at_least is None:
                return plain
            at_least = waits.at_most(at_least) if waits else at_least
            return replace(plain, at_least=at_least, less=f"{'; '.join(doubts)}: without that")

        return wide_as_it_moves(_moving(ok, seconds), at)

    def from_metrics(self, snapshots: Sequence[Snapshot], from_ns: int, to_ns: int) -> EstimateAt:
        totals, times = [m.total for m in self.metrics], common_times_s(snapshots)
        done = increments(snapshots, totals, times)
        source = f"server, {' + '.join(totals)}"
        if done is None or not done.any():
            return lambda _: ObjectiveEstimate(None, source)
        lengths_s, length_s = np.diff(times), (to_ns - from_ns) / 1e9
        lost = with_restart(snapshots, totals, times)
        why = (
            f"what was counted before a restart is unknown in {lost.sum():,} scrape intervals: without them"
            if lost.any()
            else ""
        )
        plain = ObjectiveEstimate(
            None, source, reaches=rate_reaches(done, lengths_s), too_few=too_few_scrapes(done.size, length_s),
            few_scrapes=few_scrapes(done.size, length_s),
        )  # fmt: skip

        def at(level: float) -> ObjectiveEstimate:
            estimate = rate_estimate(done, lengths_s, level)
            few, needed_s = dips(done, lengths_s, without_plan(self.objective.target).value, level)
            without = rate_estimate(done[~lost], lengths_s[~lost], level) if why else None
            at_least = without if without and estimate and without.high > estimate.high else estimate
            return replace(
                plain, estimate=estimate, at_least=at_least if why else None, less=why, seconds_needed=needed_s, few_bursts=few
            )

        return wide_as_it_moves(_moving(done, lengths_s), at)

    def missing_in_metrics(self) -> str:
        return "" if self.metrics and all(m.total for m in self.metrics) else "not every operation has a counter"

    def fails_despite(self, doubt: float, measurements: Measurements, steady: Steady, level: float) -> bool:
        """False: with the samples of a worker its load may be missing, and its size is unknown."""
        return False


def _moving(done: FloatArray, lengths_s: FloatArray) -> Moving | None:
    if not lasts(done - done.sum() / lengths_s.sum() * lengths_s):
        return None
    parts = [(done[part], lengths_s[part]) for part in slices(done.size)]
    return Moving(lambda level: [rate_estimate(*part, level) for part in parts], "{:.3g} ops/s".format)

"""Success rate: successful operations over all that finished, from the client's windows or from the server's counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sla.estimators.dependence import FloatArray, lasts
from sla.estimators.proportions import proportion_estimate, proportion_if_all_succeeded, proportion_reaches
from sla.estimators.series import by_target
from sla.judgement.checks.counters import SHOWN, common_times_s, increments
from sla.judgement.few_bursts import failing_bursts
from sla.judgement.few_windows import INTERVALS, few_scrapes, too_few_scrapes, too_few_seconds
from sla.judgement.generator.lateness import Lateness, lateness
from sla.judgement.kinds.base import ObjectiveEstimator
from sla.judgement.moving import Moving, slices, wide_as_it_moves
from sla.judgement.objectives import EstimateAt, ObjectiveEstimate, absolute
from sla.judgement.outages.ceased import ceased
from sla.judgement.outages.ended_later import perhaps_later
from sla.judgement.outages.failing_end import FailedShares, FailingEnd
from sla.judgement.outages.hanging import hanging
from sla.judgement.steady import begun_by_second, by_second, outcomes
from sla.values.assessment import Steady
from sla.values.measurements import Measurements
from sla.values.shown import first_of
from sla.values.snapshot import Snapshot, labels_text

WRONG = ("bad_signature", "not_valid")  # a response that is wrong was not refused, however many came at once


def _to_the_end_of_the_load(measurements: Measurements, operations: Sequence[str], steady: Steady) -> FailedShares | None:
    """From the judged part on; None where that ends with the load."""
    end = measurements.facts.load_ended_ns // 10**9
    if end <= steady.to_second:
        return None
    ok, failed = outcomes(by_second(measurements.windows, operations, steady.from_second, end))
    return FailedShares(failed, ok + failed, "s of the load")


class SuccessRateEstimator(ObjectiveEstimator):
    """See ObjectiveEstimator."""

    def from_run(self, measurements: Measurements, steady: Steady, late: Lateness | None) -> EstimateAt:
        """Failures that came in bursts which a late generator made, and the plan had not, may be its doing: at least so many
        would have been successful with a perfect one. at_least is the best of two bounds: without those failures alone, and
        without any of the seconds with bursts. The first takes most off some seconds, which then differ from the others like
        the end of an outage, and the interval is wide for that; the second has no such spread.
        """
        operations = self.objective.operations
        windows = begun_by_second(measurements, operations, steady)
        ok, failed = outcomes(windows)
        source = f"client, {self.objective.of_operations}"
        all_failed, more = failed.copy(), ""
        if later := perhaps_later(measurements, operations, steady):
            all_failed[-1] += later
            more = f"{later:,} operations failed after the judged part, most of which began in it: with them"
        attempted = ok + failed
        silence = ceased(measurements)
        hangs = hanging(ok, failed, measurements, steady, late) if late else str(silence) if silence and silence.enough else ""
        of_load = _to_the_end_of_the_load(measurements, operations, steady)
        end = FailingEnd(FailedShares(failed, attempted, "s"), of_load, hangs)
        measured = self._measured(ok, attempted, source, steady.to_second - steady.from_second)
        moving, too_few = _moving(ok, attempted), too_few_seconds(attempted)

        def plain(level: float) -> ObjectiveEstimate:
            most = proportion_estimate(ok, ok + all_failed, level) if later else None
            return replace(measured(level), at_most=most, more=more, failing_end=end, too_few=too_few)

        if not late:
            return wide_as_it_moves(moving, plain)
        own_share = np.array([sum(w.started for w in second) for second in windows]) / np.maximum(late.sent, 1)
        refused = failed - np.array([sum(w.failed.get(c, 0) for w in second for c in WRONG) for second in windows])
        in_bursts = late.in_bursts() * own_share
        forgiven = np.minimum(refused, in_bursts)
        if not forgiven.any():
            return wide_as_it_moves(moving, plain)
        less = f"{late}, and what came in bursts may have been refused for that: without it"
        surely = replace(end, shares=FailedShares(failed - forgiven, attempted, "s"))

        def bounded(level: float) -> ObjectiveEstimate:
            bounds = (
                proportion_estimate(ok + forgiven, attempted, level),
                proportion_if_all_succeeded(ok, attempted, in_bursts > 0, level),
            )
            at_least = min((e for e in bounds if e is not None), key=lambda e: e.high)
            return replace(plain(level), at_least=at_least, less=less, failing_end=surely)

        return wide_as_it_moves(moving, bounded)

    def from_metrics(self, snapshots: Sequence[Snapshot], from_ns: int, to_ns: int) -> EstimateAt:
        metrics = self.metrics
        source = f"server, {' + '.join(m.total for m in metrics)} against {' + '.join(m.failed for m in metrics)}"
        counts = self._server_outcomes(snapshots)
        if counts is None:
            return lambda _: ObjectiveEstimate(None, source)
        done, attempted = counts
        end = FailingEnd(FailedShares(attempted - done, attempted, INTERVALS))
        length_s, intervals = (to_ns - from_ns) / 1e9, int((attempted > 0).sum())
        measured = self._measured(done, attempted, source, length_s)
        too_few, few = too_few_scrapes(intervals, length_s), few_scrapes(intervals, length_s)

        def at(level: float) -> ObjectiveEstimate:
            return replace(measured(level), failing_end=end, too_few=too_few, few_scrapes=few)

        return wide_as_it_moves(_moving(done, attempted), at)

    def _measured(self, ok: FloatArray, attempted: FloatArray, source: str, length_s: float) -> EstimateAt:
        """What counts per window show by themselves, over `length_s` seconds."""
        reaches = proportion_reaches(ok, attempted)

        def at(level: float) -> ObjectiveEstimate:
            few, needed_s = failing_bursts(ok, attempted, self.objective.target.value, length_s, level)
            estimate = proportion_estimate(ok, attempted, level)
            return ObjectiveEstimate(estimate, source, seconds_needed=needed_s, few_bursts=few, reaches=reaches)

        return at

    def missing_in_metrics(self) -> str:
        if not (self.metrics and all(m.total for m in self.metrics)):
            return "not every operation has a counter"
        return "" if all(m.failed for m in self.metrics) else "not every operation has a counter of failures"

    def fails_despite(self, doubt: float, measurements: Measurements, steady: Steady, level: float) -> bool:
        target = absolute(self.objective.target, self.objective, measurements, steady)
        measured = self.from_run(measurements, steady, lateness(measurements, steady))(level)
        if measured.estimate is None or measured.surely is None:
            return False
        if isinstance(measured.failing_end, FailingEnd) and measured.failing_end.shares.until_the_end(target, doubt):
            return True
        n = measured.estimate.n
        return (measured.surely.high * n + doubt) / (n + doubt) < target.value

    def metrics_notes(self, snapshots: Sequence[Snapshot]) -> list[str]:
        counts = self._server_outcomes(snapshots)
        if counts is None:
            return []
        absent = [lacking for m in self.metrics if (lacking := _lacking(m.failed, snapshots))]
        text = f"{self.objective.title}: no series of {', '.join(absent)} was there, which is read as no failure"
        return [text] * bool(absent)

    def _server_outcomes(self, snapshots: Sequence[Snapshot]) -> tuple[FloatArray, FloatArray] | None:
        """(carried out, attempted) of each scrape interval; attempts are what was carried out and what failed. Some clients
        expose a counter of failures with its first one: without it, beside the counter of the same operation, none failed.
        """
        times = common_times_s(snapshots)
        done = increments(snapshots, [m.total for m in self.metrics], times)
        if done is None:
            return None
        exposed = [m.failed for m in self.metrics if any(s.counts(m.failed) for s in snapshots)]
        failed = increments(snapshots, exposed, times)
        return None if failed is None else (done, done + failed)


def _moving(ok: FloatArray, attempted: FloatArray) -> Moving | None:
    """By the windows in which anything was tried."""
    tried = attempted > 0
    ok, attempted = ok[tried], attempted[tried]
    if not attempted.size or not lasts(ok - ok.sum() / attempted.sum() * attempted):
        return None
    parts = [(ok[part], attempted[part]) for part in slices(attempted.size)]
    return Moving(
        lambda level: [proportion_estimate(*part, level) for part in parts], lambda share: f"{100 * share:.2f} %", highest=1.0
    )


def _lacking(metric: str, snapshots: Sequence[Snapshot]) -> str:
    """The metric where no target has it, with those that have not where others have; "" where all have."""
    targets = by_target(snapshots)
    lacking = [labels_text(labels) for labels, scrapes in targets.items() if not any(s.counts(metric) for s in scrapes)]
    if len(lacking) in (0, len(targets)):
        return metric if lacking or not targets else ""
    return f"{metric} of {first_of(lacking, SHOWN)}"

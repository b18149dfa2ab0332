"""A quantile of a latency as the client sees it, of one operation or of several together, bounded by what a perfect generator
would have measured (lateness).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from sla.estimators.at_target import beyond_target
from sla.estimators.bootstrap import of_histogram
from sla.estimators.dependence import FloatArray
from sla.estimators.quantiles import MergedWindows, seconds_needed
from sla.judgement.few_bursts import slow_bursts
from sla.judgement.few_windows import too_few_seconds
from sla.judgement.generator.connections import Connections, shares_beyond
from sla.judgement.generator.lateness import Lateness, duration, largest_by_second, lateness, shifted
from sla.judgement.generator.waiting_workers import waiting_workers
from sla.judgement.kinds.base import ObjectiveEstimator
from sla.judgement.kinds.client_bounds import Undelayed, at_least_of, less_by, quantile_of, with_waits
from sla.judgement.kinds.untimed import Untimed
from sla.judgement.moving import ENOUGH, Moving, slices, wide_as_it_moves
from sla.judgement.objectives import EstimateAt, ObjectiveEstimate, absolute, unlimited
from sla.judgement.outages.slow_end import SlowEnd
from sla.judgement.status import ONE_STEP, outside
from sla.judgement.steady import one_histogram_a_second
from sla.values import histogram
from sla.values.assessment import Steady
from sla.values.estimate import Estimate
from sla.values.histogram import EMPTY, Histogram, bucket_edges_ns, bucket_of
from sla.values.kinds import INCLUDED, ClientLatency
from sla.values.measurements import Measurements
from sla.values.snapshot import Snapshot
from sla.values.window import FAILED, SUCCESSFUL


@dataclass(frozen=True)
class ClientLatencyEstimator(ObjectiveEstimator):
    """See ObjectiveEstimator."""

    kind: ClientLatency

    def from_run(self, measurements: Measurements, steady: Steady, late: Lateness | None) -> EstimateAt:
        q = self.kind.quantile
        histograms = self._histograms(measurements, steady, self.kind.latency)
        tick_ns, cautious = measurements.facts.tick_ns, measurements.facts.looked
        merged = MergedWindows.of(histograms, tick_ns, cautious)
        slower = merged  # no perfect generator would have measured more
        if late and self.kind.latency == "service":
            slower = MergedWindows.of(self._histograms(measurements, steady, "response"), cautious=cautious)
        bounds = self._bounds(histograms, merged, slower, measurements, steady, late) if late else None
        waits = waiting_workers(measurements, self.objective.operations, steady)
        undelayed = Undelayed.of(waits, histograms, steady) if waits else None
        untimed = Untimed.of(self.kind, measurements, self.objective.operations, steady)
        end = self._slow_end(histograms, merged, measurements, steady, late, undelayed, untimed.total)
        measured = self._as_it_stands(merged, slower if not untimed.total else None)

        def at(level: float) -> ObjectiveEstimate:
            plain = dataclasses.replace(measured(level), failing_end=end)
            if plain.estimate is None:
                return plain
            if late is None or bounds is None:
                if undelayed is None:
                    return _with_untimed(plain, merged, merged, q, untimed)
                return _with_untimed(with_waits(plain, merged, undelayed, q), merged, undelayed.merged, q, untimed)
            least, unqueued, most = bounds(level)
            less, more = f"{late}: without that", f"{late}: with that"
            if self._misses(least) and not self._misses(unqueued):
                less = self._waited(measurements, steady, late.connections)
            bounded = dataclasses.replace(plain, at_least=unqueued, at_most=most, less=less, more=more)
            return _with_untimed(bounded, merged, merged, q, untimed)

        lasts = merged.n > 0 and merged.lasts(q)
        most = histograms if lasts or slower is merged else self._histograms(measurements, steady, "response")
        return wide_as_it_moves(_moving(most, q, tick_ns, lasts), at)

    def _as_it_stands(self, merged: MergedWindows, slower: MergedWindows | None) -> EstimateAt:
        """What the windows show. `slower`: what no perfect generator would have measured more than, if that is known."""
        q, target_ns, length_s = self.kind.quantile, self.objective.target.value, merged.sizes.size
        source = f"client, {self.objective.of_operations} {self.kind.latency} time{self.kind.suffix}"
        kept = merged.within(target_ns)

        def at(level: float) -> ObjectiveEstimate:
            results = merged.results([q], level)
            if not results:
                return ObjectiveEstimate(None, source)
            estimate = results[0].estimate
            needed_s = seconds_needed(results[0].deff, estimate.n / length_s, q)
            bursts, in_s = slow_bursts(kept, merged.sizes, q, length_s, level)
            return ObjectiveEstimate(
                estimate,
                source,
                merged.effective_size(q) * (1 - q),
                max(needed_s, in_s),
                few_bursts=bursts,
                bucket_ns=_step_ns(estimate, merged.tick_ns),
                one_bucket=ONE_STEP,
                reaches=results[0].reaches,
                too_few=too_few_seconds(merged.sizes),
                over=(1 - float(kept.sum()) / merged.n, 1 - q),
                beyond=beyond_target(slower, q, target_ns, level) if slower else None,
                resampling=partial(of_histogram, merged.whole, results[0], merged.tick_ns),
            )

        return at

    def from_metrics(self, snapshots: Sequence[Snapshot], from_ns: int, to_ns: int) -> EstimateAt:
        return lambda _: ObjectiveEstimate(None, "")

    def missing_in_metrics(self) -> str:
        return "only a client sees it"

    def fails_despite(self, doubt: float, measurements: Measurements, steady: Steady, level: float) -> bool:
        """With so many more under it, the quantile of all operations is a lower one of those that were measured."""
        late = lateness(measurements, steady)
        measured = self.from_run(measurements, steady, late)(level)
        if measured.estimate is None or measured.surely is None:
            return False
        n = measured.estimate.n
        q = 1 - (1 - self.kind.quantile) * (n + doubt) / n
        if q <= 0:
            return False
        lower_kind = dataclasses.replace(self.kind, quantile=q)
        lower = dataclasses.replace(self, kind=lower_kind).from_run(measurements, steady, late)(level).surely
        target = absolute(self.objective.target, self.objective, measurements, steady)
        return lower is not None and outside(lower, target)

    def _bounds(
        self,
        histograms: Sequence[Histogram],
        merged: MergedWindows,
        responses: MergedWindows,
        measurements: Measurements,
        steady: Steady,
        late: Lateness,
    ) -> Callable[[float], tuple[Estimate, Estimate, Estimate]]:
        """(at least, at least with connections enough, at most) of a perfect generator: see lateness and connections."""
        q, largest = self.kind.quantile, self._largest(late, measurements, steady)
        seconds = range(steady.from_second, steady.to_second)

        def moved(latencies: Sequence[Histogram], sign: int) -> MergedWindows:
            return MergedWindows.of([shifted(h, s, largest, sign) for h, s in zip(latencies, seconds, strict=True)])

        less, used = moved(histograms, -1), late.connections
        if self.kind.latency == "service":
            more = moved(histograms, 1)

            def of_service(level: float) -> tuple[Estimate, Estimate, Estimate]:
                least = at_least_of(merged, less, q, late, level)
                most = (quantile_of(responses, q, level), quantile_of(more, q, level))
                return least, least, min(most, key=lambda e: e.high)

            return of_service
        served = self._histograms(measurements, steady, "service")
        served = [_as_many(s, h.total) for s, h in zip(served, histograms, strict=True)]
        service, service_less = MergedWindows.of(served), moved(served, -1)

        def bounds(level: float) -> tuple[Estimate, Estimate, Estimate]:
            least = at_least_of(merged, less, q, late, level)
            unqueued = [least]
            if used is not None:
                waits = [(share, used.wait_ns(share)) for share in shares_beyond(q)]
                unqueued = [at_least_of(service, service_less, q, late, level)]
                unqueued += [less_by(at_least_of(merged, less, q - p, late, level), ns) for p, ns in waits if math.isfinite(ns)]
            best = max(unqueued, key=lambda e: e.low)
            return least, best if best.low < least.low else least, quantile_of(merged, q, level)

        return bounds

    def _slow_end(
        self,
        histograms: Sequence[Histogram],
        merged: MergedWindows,
        measurements: Measurements,
        steady: Steady,
        late: Lateness | None,
        undelayed: Undelayed | None,
        untimed: int,
    ) -> SlowEnd:
        """Less what the generator's lag, or waits for a core, can have added to each second."""
        seconds = range(steady.from_second, steady.to_second)

        @cache
        def as_they_may_be() -> list[MergedWindows]:
            if late is None:
                return [undelayed.merged if undelayed else merged]
            largest = self._largest(late, measurements, steady)
            each = [histograms]  # an arrival's wait for a connection is not the service's either
            each += [self._histograms(measurements, steady, "service")] if late.connections else []
            return [MergedWindows.of([shifted(h, s, largest, -1) for h, s in zip(some, seconds, strict=True)]) for some in each]

        def within(limit_ns: float) -> list[tuple[FloatArray, FloatArray]]:
            return [(m.within(limit_ns + measurements.facts.tick_ns), m.sizes) for m in as_they_may_be()]

        return SlowEnd(within, self.kind.quantile, "s", untimed)

    def _histograms(self, measurements: Measurements, steady: Steady, latency: str) -> list[Histogram]:
        """All of its operations together: what one second of them held is one sample of the dependent series."""
        of = (SUCCESSFUL, FAILED) if self.kind.failures == INCLUDED else (SUCCESSFUL,)
        each = (one_histogram_a_second(measurements, name, steady, latency, of) for name in self.objective.operations)
        together = [histogram.merge(second) for second in zip(*each, strict=True)]
        return together or [EMPTY] * (steady.to_second - steady.from_second)

    def _largest(self, late: Lateness, measurements: Measurements, steady: Steady) -> dict[int, float]:
        """L of each second (largest_by_second): the largest of its operations, so that it bounds each request's own."""
        largest: dict[int, float] = {}
        for name in self.objective.operations:
            for second, ns in largest_by_second(late, measurements.windows, name, steady.to_second).items():
                largest[second] = max(largest.get(second, 0.0), ns)
        return largest

    def _misses(self, estimate: Estimate) -> bool:
        return outside(estimate, self.objective.target)

    def _waited(self, measurements: Measurements, steady: Steady, used: Connections | None) -> str:
        """That arrivals waited for a free connection, and what can be done about it."""
        q = self.kind.quantile
        assert used is not None, "no wait is taken off where nothing is known of connections"
        service = histogram.merge(self._histograms(measurements, steady, "service"))
        text = f"arrivals waited for one of {used.count:,} connections, which were busy {100 * used.busy:.0f} % of the time"
        itself = f"the service itself took {duration(service.quantile_ns(q))} (p{100 * q:g})"
        return f"{text}; {itself}; {used.advice}: without that wait"


def _with_untimed(
    measured: ObjectiveEstimate, merged: MergedWindows, undelayed: MergedWindows, q: float, untimed: Untimed
) -> ObjectiveEstimate:
    """What nobody timed may all have been slow, or all fast: the q-quantile of all is then another one of those timed, or of
    those as they had been without delays.
    """
    estimate = measured.estimate
    if not untimed.total or estimate is None:
        return measured
    timed, of_all = estimate.n, estimate.n + untimed.total
    fast, slow = 1 - (1 - q) * of_all / timed, q * of_all / timed
    at_least = quantile_of(undelayed, fast, estimate.level) if fast > 0 else dataclasses.replace(estimate, low=0.0)
    at_most = quantile_of(merged, slow, estimate.level) if slow < 1 else unlimited(estimate)
    at_most = at_most if math.isfinite(at_most.high) else unlimited(at_most)
    unknown = f"{untimed} is unknown: were they"
    if measured.at_least is None or at_least.low < measured.at_least.low:
        measured = dataclasses.replace(measured, at_least=at_least, less=f"{unknown} all fast")
    if measured.at_most is None or at_most.high > measured.at_most.high:
        measured = dataclasses.replace(measured, at_most=at_most, more=f"{unknown} all slow")
    return measured


def _step_ns(estimate: Estimate, tick_ns: int) -> tuple[float, float] | None:
    """Within which nothing is known of where the quantile lies: of how latencies were recorded, or of the histograms."""
    if tick_ns:
        return max(estimate.point - tick_ns, 0.0), estimate.point + tick_ns
    if not math.isfinite(estimate.point):
        return None
    return bucket_edges_ns(bucket_of(estimate.point))


def _moving(histograms: Sequence[Histogram], q: float, tick_ns: int, lasts: bool) -> Moving | None:
    if not lasts and sum(h.total > 0 for h in histograms) < ENOUGH:
        return None

    @cache
    def parts() -> list[MergedWindows]:
        return [MergedWindows.of(histograms[part], tick_ns) for part in slices(len(histograms))]

    @cache
    def at(level: float) -> list[Estimate | None]:
        return [quantile_of(part, q, level) if part.n else None for part in parts()]

    return Moving(at, duration, tail=1 - q, lasts=lasts)


def _as_many(h: Histogram, total: int) -> Histogram:
    """What failed before it was sent has a response time alone: it was served in no time, at least."""
    lacking = total - h.total
    return h + histogram.from_counts(np.zeros(1, np.int64), np.array([lacking])) if lacking > 0 else h

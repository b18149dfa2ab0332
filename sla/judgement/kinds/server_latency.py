"""A quantile of an operation's time by the server's own histogram, bounded by what a perfect generator would have caused."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from sla.estimators.bootstrap import of_buckets
from sla.estimators.dependence import FloatArray
from sla.estimators.far_target import far_target_of_buckets
from sla.estimators.increments import Increments, bucket_increments, moved
from sla.estimators.quantiles import seconds_needed
from sla.estimators.server_side import server_quantile
from sla.judgement.few_bursts import slow_bursts
from sla.judgement.few_windows import INTERVALS, few_scrapes, too_few_scrapes
from sla.judgement.generator.lateness import DELAYED, SHARED_HOST, Lateness, disturbed_seconds, duration, largest_by_second
from sla.judgement.generator.waiting_workers import Waits, waiting_target
from sla.judgement.kinds.base import ObjectiveEstimator
from sla.judgement.moving import ENOUGH, Moving, slices, wide_as_it_moves
from sla.judgement.objectives import EstimateAt, ObjectiveEstimate, unlimited
from sla.judgement.outages.slow_end import SlowEnd
from sla.judgement.steady import by_second
from sla.values.assessment import Steady
from sla.values.estimate import Estimate
from sla.values.kinds import ServerLatency
from sla.values.measurements import Measurements
from sla.values.snapshot import Snapshot

GRACE_NS = 500_000_000  # a scrape's place in its second is arbitrary


@dataclass(frozen=True)
class ServerLatencyEstimator(ObjectiveEstimator):
    """See ObjectiveEstimator."""

    kind: ServerLatency

    def from_run(self, measurements: Measurements, steady: Steady, late: Lateness | None) -> EstimateAt:
        """What is missed must be missed without what the lag can have done (_least), and what is kept inside an operation must
        be kept if none of those that came bunched had been quick: right behind another an operation finds its caches warm. Of
        a share s of them F(x) >= q + s (1 - q) gives F(x) >= q for the others. A queue only grows by bunches; but a host that
        makes the load as well stands still together with it: a timer that includes queueing then sees no queue where there
        would have been one, and nothing is kept for sure.
        """
        metrics, length_s = self.metrics[0], steady.to_second - steady.from_second
        queueing = metrics.timer == "queueing"
        from_ns, to_ns = steady.from_second * 10**9 - GRACE_NS, steady.to_second * 10**9 + GRACE_NS
        increments = bucket_increments(measurements.snapshots, metrics.histogram, from_ns, to_ns)
        if increments is None:
            return lambda _: ObjectiveEstimate(None, self._source)
        shifted = self._shifted(increments, measurements, steady, late, queueing) if late else None
        least = self._least(shifted, measurements, steady, late, queueing) if late and shifted else None
        waits = waiting_target(measurements, self.objective.operations[0], steady)
        surely = shifted[0][0] if shifted else moved(increments, self._by_span(waits, increments)) if waits else increments
        end = self._slow_end(surely)
        shared_host = queueing and bool(measurements.target or measurements.facts.target_is_local)

        def at(level: float) -> ObjectiveEstimate:
            measured = dataclasses.replace(self._at(increments, length_s, level), failing_end=end)
            estimate = measured.estimate
            if estimate is None:
                return measured
            if least is not None:
                measured = dataclasses.replace(measured, at_least=least(level), less=f"{late}: without that")
            elif waits is not None:
                measured = dataclasses.replace(
                    measured, at_least=self._without(waits, increments, level), less=f"{waits}: without that"
                )
            if shared_host:
                more, at_most = f"{SHARED_HOST}: as it stands", unlimited(estimate)
                return dataclasses.replace(measured, at_most=at_most, more=more)
            if late is not None and not queueing:
                share = late.bunched(level)
                slow = server_quantile(increments, self._slowed(share), level, self.objective.target.value)
                at_most = slow.estimate if slow and share < 1 else unlimited(estimate)
                more = f"{late}, and operations in bunches are quicker: one by one"
                return dataclasses.replace(measured, at_most=at_most, more=more)
            return measured

        return wide_as_it_moves(self._moving(increments, late.bunched if late and not queueing else None), at)

    def _slowed(self, share: float) -> float:
        """The quantile of all that are not among such a share of quick ones."""
        return self.kind.quantile + min(share, 1.0) * (1 - self.kind.quantile)

    def _moving(self, increments: Increments, bunched: Callable[[float], float] | None = None) -> Moving | None:
        lasts = increments.lasts(self.kind.quantile)
        if not lasts and int((increments.sizes > 0).sum()) < ENOUGH:
            return None
        parts = [increments.part(part) for part in slices(increments.sizes.size)]

        @cache
        def at(level: float) -> list[Estimate | None]:
            q = self._slowed(bunched(level)) if bunched and not lasts else self.kind.quantile
            return [self._part(part, q, level) for part in parts]

        return Moving(at, duration, tail=1 - self.kind.quantile, lasts=lasts)

    def _part(self, part: Increments, q: float, level: float) -> Estimate | None:
        result = server_quantile(part, q, level, self.objective.target.value)
        if result is None or math.isfinite(result.high_edge_ns):
            return result.estimate if result else None
        return unlimited(result.estimate)  # beyond the last edge

    def from_metrics(self, snapshots: Sequence[Snapshot], from_ns: int, to_ns: int) -> EstimateAt:
        increments = bucket_increments(snapshots, self.metrics[0].histogram, from_ns, to_ns)
        if increments is None:
            return lambda _: ObjectiveEstimate(None, self._source)
        length_s = (to_ns - from_ns) / 1e9
        return wide_as_it_moves(self._moving(increments), lambda level: self._at(increments, length_s, level))

    def missing_in_metrics(self) -> str:
        return ""

    def fails_despite(self, doubt: float, measurements: Measurements, steady: Steady, level: float) -> bool:
        """False: what the server counted is its own, whatever the client lost."""
        return False

    @property
    def _source(self) -> str:
        return f"server, {self.metrics[0].histogram}"

    def _at(self, increments: Increments, length_s: float, level: float) -> ObjectiveEstimate:
        """What the histogram shows, as it stands; over `length_s` seconds."""
        q = self.kind.quantile
        result = server_quantile(increments, q, level, self.objective.target.value)
        if result is None:
            return ObjectiveEstimate(None, self._source)
        needed_s = seconds_needed(result.deff, result.estimate.n / length_s, q)
        intervals = int((increments.sizes > 0).sum())
        edge = int(np.flatnonzero(increments.edges_s * 1e9 <= self.objective.target.value * (1 + 1e-9))[-1:].sum())
        bursts, in_s = slow_bursts(increments.cumulative[:, edge], increments.sizes, q, length_s, level)
        return ObjectiveEstimate(
            result.estimate,
            self._source,
            result.evidence,
            max(needed_s, in_s),
            failing_end=self._slow_end(increments),
            few_bursts=bursts,
            bucket_ns=(result.low_edge_ns, result.high_edge_ns),
            reaches=increments.reaches(q),
            too_few=too_few_scrapes(intervals, length_s),
            few_scrapes=few_scrapes(intervals, length_s),
            beyond=far_target_of_buckets(increments, self.objective.target.value, level),
            resampling=partial(of_buckets, increments, q, result),
        )

    def _without(self, waits: Waits, increments: Increments, level: float) -> Estimate:
        """The best of the lower bounds of sla.judgement.generator.waiting_workers, with what the server counted."""
        spans, by_span = increments.spans_s, self._by_span(waits, increments)
        cases = [(by_span, 0.0), (np.full(len(spans), by_span.max(initial=0.0)), 0.0)]
        cases += [(np.full(len(spans), x_ns / 1e9), p) for p, x_ns in waits.beyond(self.kind.quantile)]
        bounds = []
        for by_s, p in cases:
            less = moved(increments, by_s)
            result = server_quantile(less, self.kind.quantile, level, self.objective.target.value, p)
            assert result, "as many observations as in the increments"
            bounds.append(result.estimate)
        return max(bounds, key=lambda e: e.low)

    @staticmethod
    def _by_span(waits: Waits, increments: Increments) -> FloatArray:
        """What was waited for in each interval at most (s), shape (m,)."""
        each = (
            waits.during(int(begin), math.ceil(end), _highest_s(increments, i) * 1e9) / 1e9
            for i, (begin, end) in enumerate(increments.spans_s)
        )
        return np.fromiter(each, dtype=np.float64)

    def _slow_end(self, increments: Increments) -> SlowEnd:
        def within(limit_ns: float) -> list[tuple[FloatArray, FloatArray]]:
            edge = int(np.argmax(increments.edges_s * 1e9 >= limit_ns * (1 - 1e-9)))  # what is beyond it, is over the limit
            return [(increments.cumulative[:, edge], increments.sizes)]

        return SlowEnd(within, self.kind.quantile, INTERVALS)

    def _shifted(
        self, increments: Increments, measurements: Measurements, steady: Steady, late: Lateness, queueing: bool
    ) -> list[tuple[Increments, float]]:
        """As a perfect generator would have caused them at least: by the second (-1), and by the share that may be slowed
        down by late arrivals, those that lag by more than that many ns (lateness).

        A timer that includes queueing reads at most L too much. One inside the operation may be slowed down by any factor, so
        seconds with a bunch of arrivals count as if nothing in them had been slow; arrivals that are late by less than the
        usual gap come no more bunched than independent ones.
        """
        largest = largest_by_second(late, measurements.windows, self.objective.operations[0], steady.to_second)
        spans = [range(int(begin), math.ceil(end)) for begin, end in increments.spans_s]
        by_s = np.array([max(largest.get(s, 0.0) for s in span) / 1e9 for span in spans])
        if queueing:
            cases = [(by_s, -1.0), *((np.full(by_s.size, lag_ns / 1e9), lag_ns) for lag_ns in late.usual_ns())]
        else:
            disturbed = disturbed_seconds(late, late.gap_ns)
            calm = np.array([disturbed.isdisjoint(span) for span in spans])
            cases = [(np.where(calm, 0.0, math.inf), -1.0), (np.zeros(by_s.size), late.gap_ns)]
        return [(moved(increments, by), lag_ns) for by, lag_ns in cases]

    def _least(
        self,
        shifted: Sequence[tuple[Increments, float]],
        measurements: Measurements,
        steady: Steady,
        late: Lateness,
        queueing: bool,
    ) -> Callable[[float], Estimate]:
        """The best of the lower bounds of _shifted()."""
        mine = by_second(measurements.windows, self.objective.operations, steady.from_second, steady.to_second)
        sent = np.array([float(sum(w.started for w in second)) for second in mine])

        def at(level: float) -> Estimate:
            bounds = []
            for less, lag_ns in shifted:
                share = 0.0
                if lag_ns >= 0:
                    share = late.affected(lag_ns, level, DELAYED) if queueing else late.slowed(lag_ns, sent)
                result = server_quantile(less, self.kind.quantile, level, self.objective.target.value, share)
                assert result, "as many observations as in the increments"
                bounds.append(result.estimate)
            return max(bounds, key=lambda e: e.low)

        return at


def _highest_s(increments: Increments, i: int) -> float:
    """Upper edge of the highest filled bucket of interval i; 0 without observations."""
    filled = np.flatnonzero(increments.counts[i])
    return float(increments.edges_s[filled[-1]]) if filled.size else 0.0

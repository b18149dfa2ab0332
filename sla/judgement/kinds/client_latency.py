"""A quantile of a latency as the client sees it, bounded by what a perfect generator would have measured (lateness)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sla.estimators.quantiles import quantile_results, seconds_needed
from sla.judgement.kinds.base import ObjectiveEstimator
from sla.judgement.lateness import DELAYED, Lateness, largest_by_second, lateness, shifted
from sla.judgement.objectives import EstimateAt, ObjectiveEstimate, absolute
from sla.judgement.status import outside
from sla.judgement.steady import one_histogram_a_second
from sla.values.assessment import Steady
from sla.values.estimate import Estimate
from sla.values.histogram import Histogram
from sla.values.kinds import ClientLatency
from sla.values.measurements import Measurements
from sla.values.snapshot import Snapshot


@dataclass(frozen=True)
class ClientLatencyEstimator(ObjectiveEstimator):
    """See ObjectiveEstimator."""

    kind: ClientLatency

    def from_run(self, measurements: Measurements, steady: Steady, late: Lateness | None) -> EstimateAt:
        operation, q, length_s = self.objective.operations[0], self.kind.quantile, steady.to_second - steady.from_second
        source = f"client, {operation} {self.kind.latency} time"
        histograms = one_histogram_a_second(measurements.windows, operation, steady, self.kind.latency)
        bounds = self._bounds(histograms, measurements, steady, late) if late else None

        def at(level: float) -> ObjectiveEstimate:
            results = quantile_results(histograms, [q], level)
            if not results:
                return ObjectiveEstimate(None, source)
            estimate = results[0].estimate
            needed_s = seconds_needed(results[0].deff, estimate.n / length_s, q)
            plain = ObjectiveEstimate(estimate, source, estimate.n_eff * (1 - q), needed_s)
            if bounds is None:
                return plain
            least, most = bounds(level)
            less, more = f"{late}: without that", f"{late}: with that"
            return dataclasses.replace(plain, at_least=least, at_most=most, less=less, more=more)

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
        self, histograms: Sequence[Histogram], measurements: Measurements, steady: Steady, late: Lateness
    ) -> Callable[[float], tuple[Estimate, Estimate]]:
        """(at least, at most) of a perfect generator: see lateness. At least is the best of two lower bounds: each second less
        its L, and, for lags that few arrivals exceed, a lower quantile less that lag, since Y <= R + e, e the delay by others'
        lags and the own, gives P(R > t) >= P(Y > t + lag) - P(e > lag).
        """
        operation, q = self.objective.operations[0], self.kind.quantile
        largest = largest_by_second(late, measurements.windows, operation, steady.to_second)
        seconds = range(steady.from_second, steady.to_second)
        less, more = ([shifted(h, s, largest, sign) for h, s in zip(histograms, seconds, strict=True)] for sign in (-1, 1))
        responses = one_histogram_a_second(measurements.windows, operation, steady, "response")

        def bounds(level: float) -> tuple[Estimate, Estimate]:
            least = [_quantile(less, q, level)]
            for lag_ns in late.usual_ns():
                share = late.affected(lag_ns, level, DELAYED)
                if share < q:
                    e = _quantile(histograms, q - share, level)
                    point, low, high = (max(x - lag_ns, 0.0) for x in (e.point, e.low, e.high))
                    least.append(Estimate(point, low, high, level, e.n, e.n_eff))
            if self.kind.latency == "response":
                return max(least, key=lambda e: e.low), _quantile(histograms, q, level)
            most = (_quantile(responses, q, level), _quantile(more, q, level))
            return max(least, key=lambda e: e.low), min(most, key=lambda e: e.high)

        return bounds


def _quantile(histograms: Sequence[Histogram], q: float, level: float) -> Estimate:
    results = quantile_results(histograms, [q], level)
    assert results is not None, "as many samples as the histograms that they were made from"
    return results[0].estimate

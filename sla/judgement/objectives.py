"""What an objective's estimate carries with it, its limit in absolute terms, and how much longer a run would decide it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from sla.estimators.at_target import AtTarget
from sla.estimators.bootstrap import Resampling
from sla.estimators.far_target import FarTarget
from sla.estimators.quantiles import STRONG_EVIDENCE
from sla.estimators.share_limits import share_limits
from sla.judgement.outages.failing_end import FailingEnd
from sla.judgement.outages.slow_end import SlowEnd
from sla.judgement.status import ONE_BUCKET, at_point, outside
from sla.judgement.steady import constant_part
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Severity, Steady
from sla.values.estimate import Estimate
from sla.values.measurements import Measurements

NO_PLAN = "no plan of a constant rate is known: give an absolute number in ops/s"


@dataclass(frozen=True)
class ObjectiveEstimate:
    """An estimate with what the verdict needs beside it. What a perfect generator would have measured lies between `at_least`
    and `at_most` (None: the estimate itself); `less` and `more` say why (sla.judgement.status.Bounds). bucket_ns: the edges of
    the server's bucket that a quantile lies in, or of the steps that latencies were recorded in; however long a run is, nothing
    is known of where in it. one_bucket: what is said where the target lies in it, too. failing_end: what was so to the end.
    few_bursts: why it can't pass. reaches: correlation shows up to the slowest cosines of the run, so that the interval is as
    wide as it can be. too_few: what there is too little of to bound anything, and what would do. few_scrapes: why a server's
    figures are known so little. beyond: what may lie beyond the target. known_high, how_it_moved: an upper limit of
    what moved as slowly as the run is long, whatever its interval, and how far it did. over: the share of a latency's samples
    that are over the target, and the one that may be. resampling: of a latency.
    """

    estimate: Estimate | None
    source: str
    tail_evidence: float | None = None  # n_eff (1 - q)
    seconds_needed: float | None = None
    at_least: Estimate | None = None
    at_most: Estimate | None = None
    less: str = ""
    more: str = ""
    bucket_ns: tuple[float, float] | None = None
    one_bucket: str = ONE_BUCKET
    failing_end: FailingEnd | SlowEnd | None = None
    few_bursts: str = ""
    reaches: bool = False
    too_few: str = ""
    few_scrapes: str = ""
    beyond: FarTarget | AtTarget | None = None
    known_high: float = math.inf
    how_it_moved: str = ""
    over: tuple[float, float] | None = None
    resampling: Callable[[], Resampling] | None = field(default=None, compare=False)  # made once it is asked for

    @property
    def surely(self) -> Estimate | None:
        """What a claim of FAIL rests on."""
        return self.at_least or self.estimate

    def with_high(self, high: float) -> ObjectiveEstimate:
        """With another upper limit, which what a perfect generator would have measured has too, unless it lies higher."""
        estimate, at_most = self.estimate, self.at_most
        if estimate is None:
            return self
        high = max(min(estimate.high, high), estimate.point)
        if at_most is not None and at_most.high <= estimate.high:
            at_most = dataclasses.replace(at_most, high=max(min(at_most.high, high), at_most.point))
        return dataclasses.replace(self, estimate=dataclasses.replace(estimate, high=high), at_most=at_most)

    def in_one_bucket_with(self, target: Limit) -> bool:
        """Whether no longer run decides, as nothing that was recorded lies between the quantile and the target."""
        return self.bucket_ns is not None and self.bucket_ns[0] < target.value < self.bucket_ns[1]


def unlimited(estimate: Estimate) -> Estimate:
    """An estimate of what may be slower by any factor: no other bound, of what was measured, is one of it."""
    return dataclasses.replace(estimate, point=math.inf, high=math.inf)


EstimateAt = Callable[[float], ObjectiveEstimate]  # of the confidence level


def absolute(limit: Limit, objective: Objective, measurements: Measurements, steady: Steady) -> Limit:
    """A share of the plan turned into ops/s: the planned rate, times the share of arrivals that the scenario gave to these
    operations. Where nothing is known to be planned of them it stays a share, of an unknown value (NaN).
    """
    if not limit.of_plan:
        return limit
    _, _, planned_per_s = constant_part(measurements.facts)
    here = [w for w in measurements.windows if steady.holds(w.second)]
    total = sum(w.planned - w.unsent for w in here)
    names = objective.operations  # none: all that the load has
    mine = sum(w.planned - w.unsent for w in here if not names or w.operation in names)
    value = limit.value * planned_per_s * (mine / total) if total else 0.0
    return Limit(limit.comparison, value) if value else without_plan(limit)


def without_plan(limit: Limit) -> Limit:
    """A share of an unknown plan: no estimate keeps it, and none misses it."""
    return dataclasses.replace(limit, value=math.nan) if limit.of_plan else limit


def unknown_share(o: Objective, target: Limit, acceptable: Limit | None, why: str = NO_PLAN) -> tuple[str, str]:
    """Why an objective can't be judged, and why it is unknown what it may miss (a warning's alone, see
    baseline.unknown_acceptable): its limits, once absolute, are shares of a plan still. "" where they are not.
    """
    texts = [f"its {name} is a share of a plan, and {why}" for name in ("target", "acceptable limit")]
    open_below = acceptable is not None and acceptable.of_plan and o.severity is not Severity.CRITICAL
    return texts[0] if target.of_plan else "", texts[1] if open_below else ""


def throughout(measured: ObjectiveEstimate, limit: Limit, level: float) -> str:
    """Why a limit is missed at this confidence level even without an outage (FailedShares.throughout); "" where it is not."""
    if measured.failing_end is None or measured.estimate is None or measured.too_few:
        return ""
    return measured.failing_end.throughout(limit, level) if outside(at_point(measured.estimate), limit) else ""


def surely_missed(measured: ObjectiveEstimate, limit: Limit, level: float) -> bool:
    """Whether what was measured claims at this confidence level, which it has, that a limit is missed."""
    surely = measured.surely
    return surely is not None and (outside(surely, limit) or bool(throughout(measured, limit, level)))


def seconds_for_margin(measured: ObjectiveEstimate, target: Limit, length_s: float) -> float | None:
    """How many more seconds would decide: narrow the interval to the present margin (its width falls with the root of time),
    and gather enough evidence for a tail. Of a latency by the share over the target, where that is known: of two paths, a quick
    one and a slow one, a quantile lies in either, and no time between them narrows as a share does. Where the interval has no
    end towards the limit, how it narrows is not known: the least is what the tail needs to be bounded. None without data, where
    that is there already, and where the estimate lies on the limit: no length decides that.
    """
    estimate = measured.estimate
    if estimate is None:
        return None
    needed = measured.seconds_needed or 0.0
    if measured.tail_evidence is not None and 0 < measured.tail_evidence < STRONG_EVIDENCE:
        needed = max(needed, length_s * STRONG_EVIDENCE / measured.tail_evidence)
    margin, half = _margin(measured, estimate, target)
    if margin == 0 or (math.isinf(half) and needed <= length_s):
        return None
    if math.isfinite(half) and half > margin:
        # without a failure the limit falls as the number of operations grows, not its root
        power = 1 if estimate.point == estimate.high == 1.0 and measured.tail_evidence is None else 2
        needed = max(needed, length_s * (half / margin) ** power)
    if not math.isfinite(needed):
        return None
    return float(max(math.ceil(needed - length_s), 1))


def _margin(measured: ObjectiveEstimate, estimate: Estimate, target: Limit) -> tuple[float, float]:
    """How far the estimate lies from the target, and how far its interval reaches that way: in shares, or in its unit."""
    half = half_towards(estimate, target.value)
    if measured.over is None or math.isinf(half) or not estimate.n_eff > 0:
        return abs(estimate.point - target.value), half
    share, allowed = measured.over
    limits = share_limits(share, estimate.n_eff, estimate.level, max(estimate.n / estimate.n_eff, 1.0))
    return abs(share - allowed), abs(limits[share < allowed] - share)


def half_towards(estimate: Estimate, target: float) -> float:
    """How far the interval reaches from the estimate towards the target; infinite where it has no end there."""
    return abs((estimate.low if estimate.point >= target else estimate.high) - estimate.point)

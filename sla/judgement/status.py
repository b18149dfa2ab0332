"""From an interval to PASS, WARN, FAIL or INCONCLUSIVE. Missing data is never a pass."""

from __future__ import annotations

from dataclasses import dataclass

from sla.estimators.quantiles import STRONG_EVIDENCE
from sla.values.agreement import Limit
from sla.values.assessment import Severity, Status
from sla.values.estimate import Estimate

BASELINE_FACTOR = 10.0  # times its baseline: beyond it a latency that keeps its target is WARN; where critical, PASS, named
NO_DATA = "no data"
THIN_EVIDENCE = "keeps the target on thin evidence"  # begins a reason, which may go on
MISSES = "misses the target, not shown to leave the acceptable range"
NEVER_SHOWN = "no run is long enough to show that nothing ever fails: a target under 100 % can be decided"
STRADDLES = "the interval straddles the target"
ONE_BUCKET = "one bucket of the server's histogram holds the quantile and the target"
ONE_STEP = "the quantile and the target lie within a step of the recorded latencies"
NO_LONGER_RUN = (ONE_BUCKET, ONE_STEP)  # these begin a reason that no longer run changes
WHOLLY_KEEPS = "the whole interval keeps the target"
WHOLLY_MISSES = "the whole interval misses the target"
WHOLLY_UNACCEPTABLE = "the whole interval is outside the acceptable range"
WHOLLY_OFF = {WHOLLY_MISSES: "misses the target", WHOLLY_UNACCEPTABLE: "leaves the acceptable range"}
KEPT_MOVING = "keeps the target in every fifth of the run, and still would if it moved on as it did"
NOT_BOUNDED = "too few effective samples to bound it from above"
MAY_MOVE_ON = NOT_BOUNDED + " ({how}; if it moved on as it did it might reach {high}, over the target)"
OVER_BASELINE = "keeps the target, but is over ten times the baseline"


@dataclass(frozen=True)
class Verdict:
    """`doubted`: what was measured would have decided, what a perfect generator would have measured may be otherwise."""

    status: Status
    reason: str
    doubted: bool = False


@dataclass(frozen=True)
class Bounds:
    """Between what a perfect generator's estimate would have been: what is missed must be missed by `at_least`, what is kept
    must be kept by `at_most`. strict_at_least: at the level that a claim of FAIL needs. less, more: why they differ from what
    was measured, to be followed by ": the target is not shown to be missed" and "... kept".
    """

    at_least: Estimate
    strict_at_least: Estimate
    at_most: Estimate
    less: str
    more: str


def inside(estimate: Estimate, limit: Limit) -> bool:
    """The whole interval keeps the limit. A bucket's upper edge equal to the limit keeps it: buckets are inclusive."""
    return estimate.high <= limit.value if limit.comparison == "<" else estimate.low >= limit.value


def outside(estimate: Estimate, limit: Limit) -> bool:
    """The whole interval misses the limit."""
    return estimate.low >= limit.value if limit.comparison == "<" else estimate.high < limit.value


def at_point(estimate: Estimate) -> Estimate:
    """The point as an interval, to be asked on which side of a limit it lies."""
    return Estimate(estimate.point, estimate.point, estimate.point, estimate.level, estimate.n, estimate.n_eff)


def only_at(level: float, strict_level: float) -> str:
    """Said of what shows at its own level and not at the stricter one of all claims that are still to be made (Holm)."""
    if not strict_level > level:
        return f"at {100 * level:.4g} %"
    claims = round((1 - level) / (1 - strict_level))
    return f"at {100 * level:.4g} %, but not at the {100 * strict_level:.4g} % that FAIL needs among {claims} objectives"


def judge(
    estimate: Estimate | None,
    strict: Estimate | None,
    target: Limit,
    acceptable: Limit | None,
    baseline: float | None,
    severity: Severity,
    tail_evidence: float | None,
    bounds: Bounds | None = None,
) -> Verdict:
    """`strict` is the same estimate at the level that a claim of FAIL needs (family-wise error); `tail_evidence` is
    n_eff (1 - q) of a quantile, None for other objectives. With `bounds` no verdict that another generator could change. A
    target that is itself a multiple of the baseline is not compared with the baseline again. What misses the target at its own
    level alone is no FAIL; a warning is WARN then where it lies wholly within what it may miss: neither better nor worse.
    """
    if estimate is None or strict is None:
        return Verdict(Status.INCONCLUSIVE, NO_DATA)
    b = bounds or Bounds(estimate, strict, estimate, "", "")
    if outside(b.strict_at_least, target):
        return _missed(b, estimate, acceptable, severity)
    if inside(estimate, target) and inside(b.at_most, target):
        return _kept(b, target, baseline, severity, tail_evidence)
    if outside(b.at_least, target):
        return _missed_alone(b, estimate, acceptable, severity, f"{b.less}, " if outside(strict, target) else "")
    if outside(strict, target) or outside(estimate, target):
        return Verdict(Status.INCONCLUSIVE, f"{b.less}, the target is not shown to be missed", True)
    if inside(estimate, target):
        return Verdict(Status.INCONCLUSIVE, f"{b.more}, the target is not shown to be kept", True)
    if b.less and outside(at_point(estimate), target) and inside(b.at_least, target):  # more of the same would not decide it
        return Verdict(Status.INCONCLUSIVE, f"{b.less}, the target might be kept", True)
    if target.comparison == "<" and estimate.high == float("inf") and estimate.point < target.value:
        return Verdict(Status.INCONCLUSIVE, NOT_BOUNDED)
    if target.comparison == "<" and not estimate.low > 0:
        return Verdict(Status.INCONCLUSIVE, "too few effective samples to bound it from below")
    return Verdict(Status.INCONCLUSIVE, STRADDLES)


def _missed(b: Bounds, measured: Estimate, acceptable: Limit | None, severity: Severity) -> Verdict:
    """At the level that a claim of FAIL needs."""
    if severity is Severity.CRITICAL or acceptable is None:
        return Verdict(Status.FAIL, WHOLLY_MISSES)
    if outside(b.strict_at_least, acceptable):
        return Verdict(Status.FAIL, WHOLLY_UNACCEPTABLE)
    if outside(b.at_least, acceptable):
        alone = only_at(b.at_least.level, b.strict_at_least.level)
        return Verdict(Status.WARN, f"misses the target; leaves the acceptable range {alone}")
    if outside(measured, acceptable):
        return Verdict(Status.WARN, f"misses the target; {b.less}, the acceptable range is not shown to be left")
    return Verdict(Status.WARN, MISSES)


def _missed_alone(b: Bounds, measured: Estimate, acceptable: Limit | None, severity: Severity, less: str) -> Verdict:
    """At its own level, and not at the one that a claim of FAIL needs; `less`: which it has as it was measured."""
    alone = f"{less}misses the target {only_at(b.at_least.level, b.strict_at_least.level)}"
    within = acceptable is not None and inside(measured, acceptable) and inside(b.at_most, acceptable)
    if within and severity is Severity.WARNING:
        return Verdict(Status.WARN, f"{alone}; lies wholly within the acceptable range")
    return Verdict(Status.INCONCLUSIVE, alone)


def _kept(b: Bounds, target: Limit, baseline: float | None, severity: Severity, tail_evidence: float | None) -> Verdict:
    """A critical objective passes or does not: thin evidence decides nothing there, and what keeps its target passes."""
    critical = severity is Severity.CRITICAL
    compared = baseline and target.comparison == "<" and not target.times_baseline
    often = BASELINE_FACTOR * baseline if baseline and compared else float("inf")
    thin = tail_evidence is not None and tail_evidence < STRONG_EVIDENCE
    if thin and critical:
        return Verdict(Status.INCONCLUSIVE, THIN_EVIDENCE)
    if b.at_least.low > often:
        return Verdict(Status.PASS if critical else Status.WARN, OVER_BASELINE)
    if b.at_most.low > often:
        return Verdict(Status.INCONCLUSIVE, f"{b.less}, it is not shown to be over ten times the baseline", True)
    if thin:
        return Verdict(Status.WARN, THIN_EVIDENCE)
    return Verdict(Status.PASS, WHOLLY_KEEPS)

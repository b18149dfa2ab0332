"""From an interval to PASS, WARN, FAIL or INCONCLUSIVE. Missing data is never a pass."""

from __future__ import annotations

from dataclasses import dataclass

from sla.agreement import Limit
from sla.assessment import Severity, Status
from sla.estimate import Estimate
from sla.quantiles import STRONG_EVIDENCE

BASELINE_FACTOR = 10.0
THIN_EVIDENCE = "keeps the target on thin evidence"
OVER_BASELINE = "keeps the target, but is over ten times the baseline"


@dataclass(frozen=True)
class Verdict:
    status: Status
    reason: str


def inside(estimate: Estimate, limit: Limit) -> bool:
    """The whole interval keeps the limit. A bucket's upper edge equal to the limit keeps it: buckets are inclusive."""
    return estimate.high <= limit.value if limit.comparison == "<" else estimate.low >= limit.value


def outside(estimate: Estimate, limit: Limit) -> bool:
    """The whole interval breaks the limit."""
    return estimate.low >= limit.value if limit.comparison == "<" else estimate.high < limit.value


def judge(
    estimate: Estimate | None,
    strict: Estimate | None,
    target: Limit,
    acceptable: Limit | None,
    baseline: float | None,
    severity: Severity,
    tail_evidence: float | None,
) -> Verdict:
    """`strict` is the same estimate at the level that a claim of FAIL needs (family-wise error); `tail_evidence` is
    n_eff (1 - q) of a quantile, None for other objectives. A target that is itself a multiple of the baseline is not
    compared with the baseline again.
    """
    if estimate is None or strict is None:
        return Verdict(Status.INCONCLUSIVE, "no data")
    if outside(strict, target):
        if severity is Severity.CRITICAL:
            return Verdict(Status.FAIL, "the whole interval misses the target")
        if acceptable is None or outside(strict, acceptable):
            return Verdict(Status.FAIL, "the whole interval is outside the acceptable range")
        return Verdict(Status.WARN, "misses the target, not shown to leave the acceptable range")
    if not inside(estimate, target):
        if estimate.high == float("inf"):
            return Verdict(Status.INCONCLUSIVE, "too few effective samples to bound it from above")
        return Verdict(Status.INCONCLUSIVE, "the interval straddles the target")
    if baseline and target.comparison == "<" and not target.times_baseline and estimate.low > BASELINE_FACTOR * baseline:
        return Verdict(Status.WARN, OVER_BASELINE)
    if tail_evidence is not None and tail_evidence < STRONG_EVIDENCE:
        return Verdict(Status.WARN, THIN_EVIDENCE)
    return Verdict(Status.PASS, "the whole interval keeps the target")

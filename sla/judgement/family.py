"""Several objectives judged together, whatever they were measured from: claims of FAIL hold a family-wise error by Holm's
step-down (Holm 1979, Scandinavian Journal of Statistics 6), by confidence levels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sla.estimators.at_target import AtTarget
from sla.estimators.far_target import FarTarget
from sla.judgement.error_rates import as_promised
from sla.judgement.few_windows import INTERVALS
from sla.judgement.generator.lateness import duration
from sla.judgement.moving import REACHES
from sla.judgement.objectives import ObjectiveEstimate, seconds_for_margin, surely_missed, throughout
from sla.judgement.status import (
    KEPT_MOVING,
    MAY_MOVE_ON,
    MISSES,
    NEVER_SHOWN,
    NOT_BOUNDED,
    STRADDLES,
    THIN_EVIDENCE,
    WHOLLY_KEEPS,
    WHOLLY_OFF,
    Bounds,
    Verdict,
    at_point,
    judge,
    outside,
)
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Gate, ObjectiveResult, Severity, Status
from sla.values.estimate import Estimate
from sla.values.kinds import SuccessRate


@dataclass(frozen=True)
class PreparedObjective:
    """An objective with its limits in absolute terms and its estimate as a function of the confidence level.

    unknown_acceptable   why it is unknown what may be missed ("": it is known, or does not matter): what keeps the target keeps
                         it all the same, what misses it is open
    """

    objective: Objective
    target: Limit
    acceptable: Limit | None
    at: Callable[[float], ObjectiveEstimate]
    unknown_acceptable: str = ""

    @property
    def nothing_fails(self) -> bool:
        """Whether the target allows no failure at all."""
        return isinstance(self.objective.kind, SuccessRate) and self.target.comparison == ">=" and self.target.value >= 1


def judge_family(
    prepared: Sequence[PreparedObjective], baseline: Mapping[str, float], length_s: float, level: float
) -> list[ObjectiveResult]:
    """`baseline` by the objectives' baseline keys; `length_s`: over how many seconds was measured."""
    strict_level = holm_level([_fails(p) for p in prepared], level)
    results = []
    for p in prepared:
        o, measured, strict = p.objective, p.at(level), p.at(strict_level)
        verdict = _verdict(p, measured, strict, baseline)
        if measured.few_bursts and verdict.status is Status.PASS:
            verdict = Verdict(Status.INCONCLUSIVE, measured.few_bursts)
        if verdict.reason == STRADDLES and p.nothing_fails:
            verdict = Verdict(Status.INCONCLUSIVE, NEVER_SHOWN, True)
        needed, undecided = None, verdict.status is Status.INCONCLUSIVE and not verdict.doubted
        if undecided and measured.too_few and measured.estimate is not None:
            verdict = Verdict(Status.INCONCLUSIVE, measured.too_few)
        elif undecided and measured.in_one_bucket_with(p.target):
            verdict = Verdict(Status.INCONCLUSIVE, _in_one_bucket(measured))
        elif undecided or verdict.reason == THIN_EVIDENCE:
            needed = seconds_for_margin(_deciding(measured, strict, p.target), p.target, length_s)
            if measured.few_scrapes:
                verdict, needed = replace(verdict, reason=f"{verdict.reason}; {measured.few_scrapes}"), None
            elif measured.reaches:
                verdict, needed = replace(verdict, reason=f"{verdict.reason}; {REACHES}"), None
            if measured.few_bursts and measured.few_bursts not in verdict.reason:
                verdict = replace(verdict, reason=f"{verdict.reason}; {measured.few_bursts}")
        for missed in (_failing_end(p, measured), _missed_throughout(p, measured, strict_level)):
            if missed and verdict.status is not Status.FAIL and missed.status is not verdict.status:
                verdict, needed = missed, None
        if p.unknown_acceptable and verdict.reason == MISSES:  # and no longer run would tell
            verdict = Verdict(Status.INCONCLUSIVE, f"misses the target; {p.unknown_acceptable}")
        result = ObjectiveResult(
            o.key, o.title, o.severity, o.unit, p.target.comparison, p.target.value,
            p.acceptable.value if p.acceptable and p.acceptable.known else None, baseline.get(o.baseline_key),
            measured.estimate, verdict.status, verdict.reason, False, needed, measured.source, o.operations, o.quantile,
            p.target.times_baseline, p.target.at_least, kind=o.kind.name,
        )  # fmt: skip
        results.append(as_promised(result))
    return results


def unjudged(o: Objective, baseline: Mapping[str, float], estimate: Estimate | None, reason: str) -> ObjectiveResult:
    """An objective that can't be judged, and why."""
    limits = (o.target, o.acceptable)  # a share of a plan is no number of operations
    target, acceptable = ((limit.value if limit and limit.known and not limit.of_plan else None) for limit in limits)
    result = ObjectiveResult(
        o.key, o.title, o.severity, o.unit, o.target.comparison, target, acceptable, baseline.get(o.baseline_key), estimate,
        Status.INCONCLUSIVE, reason, operations=o.operations, quantile=o.quantile,
        times_baseline=o.target.times_baseline, at_least=o.target.at_least, kind=o.kind.name,
    )  # fmt: skip
    return as_promised(result)


def gate_of(o: ObjectiveResult) -> Gate:
    """The gate of the decision matrix that an objective is."""
    reason, measured = o.reason + (", accepted" if o.accepted else ""), o.estimate is not None and o.target is not None
    return Gate(o.key, o.title, o.severity, o.status, not o.accepted, reason, measured=measured)


def _deciding(measured: ObjectiveEstimate, strict: ObjectiveEstimate, target: Limit) -> ObjectiveEstimate:
    """What a longer run would decide by: what keeps the target at its own level, what misses it at that of a claim of FAIL."""
    if measured.estimate is None or not outside(at_point(measured.estimate), target):
        return measured
    return replace(measured, estimate=strict.estimate)


def _verdict(
    p: PreparedObjective, measured: ObjectiveEstimate, strict: ObjectiveEstimate, baseline: Mapping[str, float]
) -> Verdict:
    """By the interval, and where that can't tell, by the share beyond the target (at_target, or far_target where no response
    came near it), or because the target lies far from every part of the run (moving).
    """
    o, beyond = p.objective, measured.beyond

    def judged(shown: ObjectiveEstimate, evidence: float | None) -> Verdict:
        limits = (p.target, p.acceptable, baseline.get(o.baseline_key), o.severity)
        return judge(shown.estimate, strict.estimate, *limits, evidence, _bounds(shown, strict))

    verdict = judged(measured, measured.tail_evidence)
    if verdict.status is not Status.INCONCLUSIVE and verdict.reason != THIN_EVIDENCE:
        if verdict.reason in WHOLLY_OFF and strict.estimate is not None and not outside(strict.estimate, p.target):
            return replace(verdict, reason=f"{WHOLLY_OFF[verdict.reason]} in every fifth of the run ({measured.how_it_moved})")
        return verdict
    if beyond is not None and beyond.share_at_most <= 1 - o.quantile:
        by_share = judged(measured.with_high(p.target.value), None)
        unit = INTERVALS if o.kind.from_server else "s"
        return replace(by_share, reason=_shown(beyond, o.quantile, unit)) if by_share.reason == WHOLLY_KEEPS else by_share
    if measured.known_high == math.inf:
        return verdict
    by_parts = judged(measured.with_high(measured.known_high), None)
    if by_parts.reason == WHOLLY_KEEPS:
        return replace(by_parts, reason=f"{KEPT_MOVING} ({measured.how_it_moved})")
    if by_parts.reason == STRADDLES and math.isfinite(measured.known_high) and verdict.reason == NOT_BOUNDED:
        return Verdict(Status.INCONCLUSIVE, MAY_MOVE_ON.format(how=measured.how_it_moved, high=duration(measured.known_high)))
    return verdict if by_parts.reason == STRADDLES else by_parts


def _shown(by: FarTarget | AtTarget, quantile: float, unit: str) -> str:
    allowed = f"where {100 * (1 - quantile):.3g} % may be"
    if isinstance(by, AtTarget):
        return f"{100 * by.share:.2g} % are over the target, {100 * by.share_at_most:.3g} % at most, {allowed}"
    some = f"{by.holding} of {by.windows}" if by.holding else f"none of {by.windows}"
    held = f"{some} {unit} held any over {duration(by.near_ns)}"
    return f"{held}: at most {100 * by.share_at_most:.2g} % are over the target, {allowed}"


def _failing_end(p: PreparedObjective, measured: ObjectiveEstimate) -> Verdict | None:
    """The verdict where a success rate is missed at the end; None where it is not."""
    end = measured.failing_end
    return None if end is None else _where_missed(p, end.reason)


def _missed_throughout(p: PreparedObjective, measured: ObjectiveEstimate, level: float) -> Verdict | None:
    """The verdict where the target is missed without an outage, too; None where it is not shown to be."""
    return _where_missed(p, lambda limit: throughout(measured, limit, level))


def _where_missed(p: PreparedObjective, why: Callable[[Limit], str]) -> Verdict | None:
    """The verdict where it can be said why a limit is missed; of a warning, which limits those are."""
    if p.unknown_acceptable or not (missed := why(p.target)):
        return None
    if p.acceptable is None or p.objective.severity is Severity.CRITICAL:
        return Verdict(Status.FAIL, missed)
    if beyond := why(p.acceptable):
        return Verdict(Status.FAIL, f"{beyond}: the acceptable range is left")
    return Verdict(Status.WARN, f"{missed}; not shown to leave the acceptable range")


def _in_one_bucket(measured: ObjectiveEstimate) -> str:
    assert measured.bucket_ns is not None
    low, high = (duration(edge_ns) for edge_ns in measured.bucket_ns)
    endless = math.isinf(measured.bucket_ns[1])
    if low == high:
        return f"{measured.one_bucket}, at {low}"
    return f"{measured.one_bucket}: " + (f"over its last edge, {low}" if endless else f"{low} to {high}")


def _bounds(measured: ObjectiveEstimate, strict: ObjectiveEstimate) -> Bounds | None:
    if measured.estimate is None or measured.surely is None or strict.surely is None:
        return None
    return Bounds(measured.surely, strict.surely, measured.at_most or measured.estimate, measured.less, measured.more)


def _fails(p: PreparedObjective) -> Callable[[float], bool]:
    return lambda level: surely_missed(p.at(level), p.target, level)


def holm_level(claims: Sequence[Callable[[float], bool]], level: float) -> float:
    """The level at which a claim must hold so that the whole family errs with probability 1 - level at most.

    Each claim is a function of the confidence level: is it made at this level? Starting from 1 - alpha / m, each round of
    claims made leaves a smaller family for the rest; the level returned is the one at which no further claim is made.
    """
    alpha, open_claims = 1 - level, list(claims)
    while open_claims:
        strict = 1 - alpha / len(open_claims)
        kept = [claim for claim in open_claims if not claim(strict)]
        if len(kept) == len(open_claims) or not kept:
            return strict
        open_claims = kept
    return level

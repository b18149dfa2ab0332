"""Latencies of operations whose failures no objective judges: there a failed operation is slower than any successful one.

Histograms hold successful responses (docs/adr/0014). Without a success rate of the same operation a service that refuses half
of the requests and is quick with the others would pass: the q quantile of all attempts exists only where at least the share q
of them succeeded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sla.judgement.family import PreparedObjective, judge_family
from sla.judgement.generator.lateness import Lateness
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.status import STRADDLES, WHOLLY_MISSES
from sla.judgement.steady import begun_by_second, outcomes
from sla.values.agreement import Agreement, Limit, Objective
from sla.values.assessment import ObjectiveResult, Severity, Status, Steady
from sla.values.kinds import SuccessRate
from sla.values.measurements import Measurements

_CLAIMS = (Status.PASS, Status.WARN)


def with_failures(
    judged: Sequence[ObjectiveResult],
    measurements: Measurements,
    agreement: Agreement,
    steady: Steady,
    late: Lateness | None,
    level: float,
) -> list[ObjectiveResult]:
    """A latency of q fails where surely more than 1 - q of its operation failed, and is open where that many may have. Those of
    operations with a success rate in the agreement, and others, as they are.
    """
    if not measurements.facts.failures_known:
        return list(judged)
    covered = {name for o in agreement.objectives if o.kind.counts_failures and o.target.known for name in o.operations}
    latencies = {o.key: o for o in agreement.objectives if o.quantile and not covered.issuperset(o.operations)}
    return [
        _with_failures(r, latencies[r.key], measurements, agreement, steady, late, level) if r.key in latencies else r
        for r in judged
    ]


def _with_failures(
    result: ObjectiveResult, o: Objective, measurements: Measurements, agreement: Agreement, steady: Steady,
    late: Lateness | None, level: float,
) -> ObjectiveResult:  # fmt: skip
    ok, failed = outcomes(begun_by_second(measurements, o.operations, steady))
    if not failed.any():
        return result
    success = Objective(o.key, o.title, Severity.CRITICAL, SuccessRate(), o.operations, Limit(">=", o.quantile), None, "")
    prepared = PreparedObjective(
        success, success.target, None, estimator_of(success, agreement).from_run(measurements, steady, late)
    )
    [of_success] = judge_family([prepared], {}, steady.to_second - steady.from_second, level)
    share = f"{int(failed.sum()):,} of {int((ok + failed).sum()):,} {_named(o.operations)}operations failed"
    leaves = (
        f"more than the {100 * (1 - o.quantile):.3g} % that p{100 * o.quantile:g} leaves out, and no success rate judges them"
    )
    if of_success.status is Status.FAIL:
        reason = f"{share}: {leaves}" if of_success.reason == WHOLLY_MISSES else of_success.reason
        return dataclasses.replace(result, status=Status.FAIL, reason=reason, seconds_needed=None)
    if of_success.status is Status.INCONCLUSIVE and result.status in _CLAIMS:
        why = "" if of_success.reason == STRADDLES else f"; {of_success.reason}"
        reason, needed = f"{share}: perhaps {leaves}{why}", of_success.seconds_needed
        return dataclasses.replace(result, status=Status.INCONCLUSIVE, reason=reason, seconds_needed=needed)
    return result


def _named(operations: Sequence[str]) -> str:
    return f"{operations[0]} " if len(operations) == 1 else ""

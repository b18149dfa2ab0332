"""What is said of failed requests that an agreement leaves out of its latencies: they were slow, or would change a verdict.

Time-outs are no matter here: they count as slower than anything in every latency (docs/adr/0014).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sla.estimators.quantiles import quantile_results
from sla.judgement.generator.lateness import duration
from sla.judgement.steady import begun_by_second, one_histogram_a_second, outcomes
from sla.values import histogram
from sla.values.agreement import Agreement, Objective
from sla.values.assessment import ObjectiveResult, Steady
from sla.values.estimate import Estimate
from sla.values.kinds import EXCLUDED, INCLUDED, ClientLatency
from sla.values.measurements import Measurements
from sla.values.window import FAILED

Judge = Callable[[Agreement], Sequence[ObjectiveResult]]


@dataclasses.dataclass(frozen=True)
class _Failed:
    """Failed requests of some operations: which part of all they are, and how long they took (the median, ns)."""

    share: float
    median: Estimate


def excluded_failures_notes(
    judged: Sequence[ObjectiveResult],
    measurements: Measurements,
    agreement: Agreement,
    steady: Steady,
    level: float,
    judge: Judge,
) -> list[str]:
    """One for each latency, of an operation or of several together, whose failed requests took longer than a target, or would
    change a verdict. `judged`: what `judge` makes of `agreement`.
    """
    excluding = sorted({key for o in agreement.objectives if (key := _excluding(o))})
    failed = {key: took for key in excluding if (took := _failed(measurements, *key, steady, level))}
    if not failed:
        return []
    counted = [_including(o) if _excluding(o) in failed else o for o in agreement.objectives]
    after = {r.key: r for r in judge(dataclasses.replace(agreement, objectives=tuple(counted)))}
    notes = []
    for key, took in failed.items():
        mine = {o.key for o in agreement.objectives if _excluding(o) == key}
        note = _note(key, took, [r for r in judged if r.key in mine], after)
        notes += [note] if note else []
    return notes


def _excluding(o: Objective) -> tuple[tuple[str, ...], str] | None:
    """(operations, latency) of an objective that leaves failed requests out."""
    if isinstance(o.kind, ClientLatency) and o.kind.failures == EXCLUDED:
        return o.operations, o.kind.latency
    return None


def _including(o: Objective) -> Objective:
    assert isinstance(o.kind, ClientLatency), "no other kind leaves failed requests out"
    return dataclasses.replace(o, kind=dataclasses.replace(o.kind, failures=INCLUDED))


def _failed(
    measurements: Measurements, operations: Sequence[str], latency: str, steady: Steady, level: float
) -> _Failed | None:
    """None where none failed, or none of those was timed."""
    each = (one_histogram_a_second(measurements, name, steady, latency, (FAILED,)) for name in operations)
    windows = [histogram.merge(second) for second in zip(*each, strict=True)]
    results = quantile_results(windows, [0.5], level, measurements.facts.tick_ns)
    if not results:
        return None
    ended = float(np.sum(outcomes(begun_by_second(measurements, operations, steady))))
    return _Failed(sum(h.total for h in windows) / ended, results[0].estimate)


def _note(
    key: tuple[tuple[str, ...], str], failed: _Failed, judged: Sequence[ObjectiveResult], after: Mapping[str, ObjectiveResult]
) -> str:
    """ "" where it makes no difference."""
    median = failed.median
    slower = any(r.target is not None and median.point > r.target for r in judged)
    changed = [
        f"{r.title} would be {after[r.key].status.value}, not {r.status.value}"
        for r in judged
        if after[r.key].status is not r.status
    ]
    if not slower and not changed:
        return ""
    operations, latency = key
    one = len(operations) == 1
    whose, theirs = (repr(operations[0]), "its") if one else (f"{len(operations)} operations together", "their")
    took = f"{duration(median.point)} [{duration(median.low)} to {duration(median.high)}] (p50)"
    text = f"{100 * failed.share:.3g} % of {whose} failed after {took}, they are not in {theirs} {latency} times"
    return "; ".join([f"{text}: `failures: included` counts them", *changed])

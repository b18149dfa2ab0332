"""A run's figures beside those of earlier runs of the same agreement on the same target.

Against the run before: the ratio with its interval (comparison, one run a side). Against all earlier ones: whether the
whole interval lies beyond every earlier interval. Each figure stands by itself, at its own 95 %; nothing is corrected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sla.judgement.comparison import MARGIN, SUCCESS_MARGIN, Compared, Figure, compare
from sla.values.assessment import Assessment, Status
from sla.values.estimate import Estimate
from sla.values.kinds import KINDS, ErrorRate


@dataclass(frozen=True)
class EarlierRun:
    """`name` of its folder, `started` as in its record, planned rate (0: none), estimates by objective key."""

    name: str
    started: str
    decision: str
    planned_per_s: float
    estimates: Mapping[str, Estimate]


@dataclass(frozen=True)
class Trend:
    """One objective over time. `before`: (run, estimate) oldest first; `beyond`: "higher", "lower" or "" (not beyond them)."""

    key: str
    title: str
    unit: str
    last: Estimate
    before: tuple[tuple[EarlierRun, Estimate], ...]
    compared: Compared
    beyond: str


def trends(assessment: Assessment, earlier: Sequence[EarlierRun]) -> tuple[Trend, ...]:
    """`earlier` oldest first. Objectives without an estimate here or in every earlier run have no trend."""
    by_objective = []
    for o in assessment.objectives:
        before = tuple((run, run.estimates[o.key]) for run in earlier if o.key in run.estimates)
        if o.estimate is None or not before or o.status is Status.INVALID:
            continue
        margin = SUCCESS_MARGIN if o.unit == "ratio" else MARGIN
        errors = KINDS[o.kind] is ErrorRate  # compared as the success rate: there is no ratio to no errors
        sides = [e.complement if errors else e for e in (before[-1][1], o.estimate)]
        figure = Figure(o.title, o.unit, errors or o.comparison == ">=", margin, *([_fixed(side)] for side in sides))
        [compared] = compare([figure], paired=False).compared
        beyond = ""
        if o.estimate.low > max(e.high for _, e in before):
            beyond = "higher"
        elif o.estimate.high < min(e.low for _, e in before):
            beyond = "lower"
        by_objective.append(Trend(o.key, o.title, o.unit, o.estimate, before, compared, beyond))
    return tuple(by_objective)


def _fixed(estimate: Estimate) -> Callable[[float], Estimate]:
    """A saved estimate has one level only."""
    return lambda _: estimate

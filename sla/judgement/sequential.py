"""Looks at a run under way: may it stop, because every objective is decided, or because a critical one is missed for certain?

Looking again and again is not free: 58 looks at 95 % gave 42 % false PASS. After t s of judged load a look may err about what
is kept in a share KEPT_S / t of runs, about what is missed in MISSED_S / t (an interval errs seldom on that side); each look is
NEXT_LOOK times as late as the one before. So the shares have a finite sum over however many looks (alpha spending: Lan and
DeMets 1983), and neighbouring looks share most of their samples. The end is one more look: a run that is looked at is judged
at LOOKED_LEVEL then. Chosen by simulation (`make calibrate`, row 21; docs/statistics.md). Before FIRST_LOOK_S slow correlation
can't be seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cache

from sla.judgement.agreed_names import as_agreed
from sla.judgement.generator.lateness import Lateness, lateness
from sla.judgement.judge_all import judge_all
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.objectives import absolute, surely_missed
from sla.judgement.status import THIN_EVIDENCE
from sla.judgement.steady import find_steady
from sla.values.agreement import Agreement, Objective
from sla.values.assessment import ObjectiveResult, Severity, Status, Steady
from sla.values.baseline import Baseline, with_baseline
from sla.values.measurements import Measurements

LOOK_LEVEL = 0.995  # of each critical objective that stops a run alone, as soon as it is missed
LEVEL = 0.95  # of every interval that decides
LOOKED_LEVEL = 0.99  # of all at the end of a run that was looked at for a PASS as well, and in a look at least
KEPT_S, MISSED_S = 0.3, 0.6  # over the judged seconds: in which share of runs a look may err about what is kept, and missed
FIRST_LOOK_S = 40.0  # of the part that is judged
NEXT_LOOK = 1.06  # times as long
LASTING = 30  # windows: a critical objective that is missed throughout so many, to the moment, stops a run, too
DECIDED = (Status.PASS, Status.WARN, Status.FAIL)


def look_level(steady: Steady, err_s: float = KEPT_S) -> float:
    """The level at which a look at so much of a run claims anything."""
    return max(1 - err_s / (steady.to_second - steady.from_second), LOOKED_LEVEL)


class Looks:
    """When the next look is due, by how much of a run can be judged (s)."""

    def __init__(self) -> None:
        self._next_s = FIRST_LOOK_S

    def due(self, judged_s: float) -> bool:
        """Whether it is now; once each. Those that were missed meanwhile are one."""
        if judged_s < self._next_s:
            return False
        while self._next_s <= judged_s:
            self._next_s *= NEXT_LOOK
        return True


def so_far(measurements: Measurements) -> tuple[Measurements, Steady] | None:
    """What was measured in the part that can be judged, up to `facts.load_ended_ns`; None as long as there is none. What ends
    later belongs to a load that goes on.
    """
    steady = find_steady(measurements)
    if steady is None:
        return None
    windows = tuple(w for w in measurements.windows if w.second < steady.to_second)
    return dataclasses.replace(measurements, windows=windows), steady


def failing(
    measurements: Measurements, agreement: Agreement, baseline: Baseline | None = None, level: float = LOOK_LEVEL
) -> frozenset[str]:
    """Keys of the critical objectives whose whole interval misses the target, in what was measured so far. A limit that is
    not known is not missed, and whatever the generator's lag can have done is taken off (sla.judgement.generator.lateness).
    They are missed at the level that FAIL needs at the end, too, if that is higher: what a look stops for must stand.
    """
    named, agreement = as_agreed(measurements, agreement)
    agreement = with_baseline(agreement, baseline)
    judged = so_far(named)
    if judged is None:
        return frozenset()
    measured, steady = judged
    level = max(level, 1 - (1 - (LOOKED_LEVEL if measured.facts.looked else LEVEL)) / max(len(agreement.objectives), 1))

    def missed(o: Objective, late: Lateness | None) -> bool:
        of_run = estimator_of(o, agreement).from_run(measured, steady, late)(level)
        target = absolute(o.target, o, measured, steady)
        lasting = of_run.failing_end is not None and of_run.failing_end.reason(target, LASTING) != ""
        return lasting or surely_missed(of_run, target, level)

    # what lag can have done is most of the work: it is found out for those alone that are missed with it
    critical = [o for o in agreement.objectives if o.severity is Severity.CRITICAL and missed(o, None)]
    late = lateness(measured, steady) if critical else None
    return frozenset(o.key for o in critical if missed(o, late))


def undecided(measurements: Measurements, agreement: Agreement, baseline: Baseline | None = None) -> frozenset[str] | None:
    """Keys of the objectives that what was measured so far does not decide, either way, or on thin evidence; None where nothing
    can be judged yet, or nothing was promised. They must be decided at LOOKED_LEVEL, at which the run is judged then, and at
    look_level().
    """
    named, agreement = as_agreed(measurements, agreement)
    agreement = with_baseline(agreement, baseline)
    judged = so_far(named)
    if judged is None or not agreement.objectives:
        return None
    measured, steady = judged
    measured = dataclasses.replace(measured, facts=dataclasses.replace(measured.facts, looked=True))

    @cache  # early on some of these levels are one
    def judged_at(level: float) -> list[ObjectiveResult]:
        return judge_all(measured, agreement, baseline, steady, level, drawn=False)

    def open_of(results: Sequence[ObjectiveResult]) -> frozenset[str]:
        return frozenset(o.key for o in results if o.status not in DECIDED or o.reason.startswith(THIN_EVIDENCE))

    if still_open := open_of(judged_at(LOOKED_LEVEL)):
        return still_open
    if still_open := open_of(judged_at(look_level(steady))):
        missed = (o.key for o in judged_at(look_level(steady, MISSED_S)) if o.status is Status.FAIL)
        return still_open.difference(missed)
    return frozenset()

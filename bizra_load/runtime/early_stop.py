"""--abort-on-fail and --stop-when-decided: what has been stored is judged while a run goes (sla.judgement.sequential)."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from pathlib import Path

import gevent

from bizra_load.archive.store import read_run
from bizra_load.judging.agreements import kept_agreement
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.run_sums import RunSums
from sla.judgement.sequential import Looks, failing, undecided
from sla.judgement.steady import constant_part
from sla.values.agreement import Objective
from sla.values.measurements import RunFacts

REPORTED_NS = 2 * 10**9  # the last two seconds may not have been reported by every worker yet


@dataclasses.dataclass(frozen=True)
class Decided:
    """Why a run may stop: critical objectives that are missed for certain, or none and every one is decided. until_ns: Unix ns
    of the end of what that look saw.
    """

    missed: tuple[Objective, ...]
    until_ns: int


def wait_for_decision(
    folder: Path, sums: RunSums, clock: SteadyClock, facts: Callable[[], RunFacts], also_pass: bool
) -> Decided:
    """Returns once a critical objective is missed for certain, or every objective is decided, which is looked for where a run
    may stop for that (`also_pass`). `sums`: what has been stored of the workers so far.
    """
    # what a look needs: now, not in the middle of the load (see sla.estimators.laws)
    importlib.import_module("scipy.special")
    looks = Looks()
    while True:
        gevent.sleep(1.0)
        known = facts()
        ended_ns = min(clock.unix_ns() - REPORTED_NS, known.load_ended_ns)
        begin_s, end_s, _ = constant_part(dataclasses.replace(known, load_ended_ns=ended_ns))
        if not looks.due(end_s - begin_s):
            continue
        measurements, _ = read_run(folder, sums)
        so_far = dataclasses.replace(measurements, facts=dataclasses.replace(measurements.facts, load_ended_ns=ended_ns))
        kept = kept_agreement(folder)  # a baseline that was measured meanwhile is there by now
        if failed := failing(so_far, kept.agreement, kept.baseline):
            return Decided(tuple(o for o in kept.agreement.objectives if o.key in failed), ended_ns)
        if also_pass and undecided(so_far, kept.agreement, kept.baseline) == frozenset():
            return Decided((), ended_ns)

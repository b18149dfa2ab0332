"""--abort-on-fail: what has been stored is judged again and again while a run goes, by the rule for that (sequential)."""

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
from sla.judgement.sequential import INTERIM_EVERY_S, InterimAnalyses, failing


def wait_for_failure(folder: Path, sums: RunSums, clock: SteadyClock, ends_ns: Callable[[], int]) -> tuple[str, ...]:
    """The critical objectives that have failed for certain, once there are any. `sums`: what has been stored of the workers so
    far. `ends_ns`: when the load ends (Unix).
    """
    importlib.import_module(
        "scipy.special"
    )  # what an analysis needs: now, not in the middle of the load (see sla.estimators.laws)
    interim_analyses = InterimAnalyses()
    while True:
        gevent.sleep(INTERIM_EVERY_S)
        measurements, _ = read_run(folder, sums)
        # the last two seconds may not have been reported by every worker yet
        ended_ns = min(clock.unix_ns() - 2 * 10**9, ends_ns())
        so_far = dataclasses.replace(measurements, facts=dataclasses.replace(measurements.facts, load_ended_ns=ended_ns))
        kept = kept_agreement(folder)  # a baseline that was measured meanwhile is there by now
        if failed := interim_analyses.add(failing(so_far, kept.agreement, kept.baseline)):
            return tuple(sorted(failed))

"""What a worker that is lost can have taken along: the arrivals that were due in its slots and that it has not reported.

A worker that is killed stops at once; one that is cut off stops within STOPS_WITHIN_S of the last message of its master. So its
plan until then, less what it has reported, is an upper bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bizra_load.engine.load_curve import LoadCurve
from bizra_load.measure.master_silence import STOPS_WITHIN_S
from bizra_load.measure.report import Report
from sla.values.measurements import Loss

EARLY_S = 3.0


@dataclass
class _Handed:
    slots: int = 0
    started: int = 0
    last_s: float = 0.0
    final_s: float | None = None  # when its last report arrived


class Tally:
    """Sums over each worker's reports. `curve` None: nothing was planned, so nothing bounds what was lost."""

    def __init__(self, curve: LoadCurve | None, slots: int, arrivals: str) -> None:
        self._curve = curve
        self._slots = slots
        self._spread = 5.0 if arrivals == "poisson" else 0.0  # standard deviations of a Poisson count: 3 in ten million exceed
        self._workers: dict[str, _Handed] = {}

    def add(self, report: Report, elapsed_s: float) -> None:
        """A report that arrived `elapsed_s` after the start of the schedule."""
        state = self._workers.setdefault(report.worker, _Handed())
        state.slots = max((state.slots, *(h.slots for h in report.health)))
        state.started += sum(w.started for w in report.windows)
        state.last_s = elapsed_s
        if report.final:
            state.final_s = elapsed_s

    def left_early(self, worker: str, ended_s: float) -> bool:
        """It stopped by itself well before the schedule did (Ctrl+C reaches workers a moment before the master)."""
        final_s = self._workers[worker].final_s if worker in self._workers else None
        return final_s is not None and final_s < ended_s - EARLY_S

    def loss(self, worker: str, after_report: int, unfinished: bool, ended_s: float) -> Loss:
        """`ended_s`: when the schedule ended, after its start."""
        state = self._workers.get(worker, _Handed())
        if not unfinished:
            return Loss(worker, after_report, 0)
        if self._curve is None:
            return Loss(worker, after_report)
        planned = self._curve.planned_count(max(min(ended_s, state.last_s + STOPS_WITHIN_S), 0.0))
        mine = planned * (state.slots or self._slots) / self._slots
        most = mine + self._spread * math.sqrt(mine) + state.slots
        return Loss(worker, after_report, max(math.ceil(most) - state.started, 0))

"""What each worker has reported, for the bound of what a lost one can have taken along."""

from __future__ import annotations

from bizra_load.measure.losses import Tally
from bizra_load.measure.report import Report
from bizra_load.runtime.consumers import Consumer
from bizra_load.runtime.run_times import RunTimes
from bizra_load.settings.settings import Settings
from sla.values.measurements import Loss


class LossTally(Consumer):
    def __init__(self, times: RunTimes, settings: Settings) -> None:
        self._times = times
        self._tally = Tally(times.curve, settings.users, settings.arrivals)

    def add(self, report: Report) -> None:
        self._tally.add(report.worker, report.windows, report.health, self._times.elapsed_s, report.final)

    def left_early(self, worker: str, ended_s: float) -> bool:
        """See bizra_load.measure.losses.Tally."""
        return self._tally.left_early(worker, ended_s)

    def loss(self, worker: str, after_report: int, unfinished: bool, ended_s: float) -> Loss:
        """See bizra_load.measure.losses.Tally."""
        return self._tally.loss(worker, after_report, unfinished, ended_s)

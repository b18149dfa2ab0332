"""The server around a run: its own metrics, read from the node once a second or asked of a Prometheus when the load has ended,
and what its process goes through, where it runs on this machine.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

import gevent
import numpy as np

from bizra_load.io.this_machine import is_this_machine, listener_on_this_machine
from bizra_load.io.urls import host_and_port
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.machine_readings import MachineReader
from bizra_load.server_metrics.exposition import MetricsReader, ScrapeError
from bizra_load.server_metrics.prometheus import PrometheusSource
from bizra_load.settings.settings import Settings
from sla.estimators.series import by_target, times_s
from sla.values.machine import TARGET, MachineSecond
from sla.values.snapshot import Snapshot

SCRAPE_WITHIN_S = 10.0
PROMETHEUS_LOOK_BACK_S = 150.0  # two scrapes of the slowest usual interval, so that an idle one before the load is there
PROMETHEUS_CATCH_UP_S = 75.0  # how long its first scrape after the load may take
MISSED = 2.5  # usual intervals: a target that was not scraped for so long has left, and is not waited for


class ServerMetrics:
    """`failed` counts readings that failed: the run goes on without them. `is_local`: the target runs on this machine, and
    competes with the generator for it. `metrics`: the counters and histograms that are read.
    """

    def __init__(self, settings: Settings, clock: SteadyClock, host: str, metrics: Collection[str]) -> None:
        self.failed = 0
        self._settings = settings
        self._metrics = metrics
        self._clock = clock
        try:
            name, port = host_and_port(host)
        except ValueError:  # Locust takes any text for a host
            name, port = "", 0
        # by its address: a process of another user can't be seen, and competes for this machine all the same
        self.is_local = is_this_machine(name)
        pid = listener_on_this_machine(name, port)
        self._process = None if pid is None else MachineReader(TARGET, pid)
        self._reader: MetricsReader | None = None
        if settings.metrics_url:
            self._reader = MetricsReader(
                settings.metrics_url,
                metrics,
                headers=settings.metrics_headers(host),
                trust=settings.trust,
                unix_ns=clock.unix_ns,
            )

    def read(self) -> list[Snapshot]:
        """The node's own page now; [] where it is not read, or could not be."""
        if self._reader is None:
            return []
        try:
            with gevent.Timeout(SCRAPE_WITHIN_S, ScrapeError("not complete in time")):  # headers may drip in as well
                return [self._reader.read()]
        except ScrapeError:
            self.failed += 1
            return []

    def read_process(self) -> list[MachineSecond]:
        """What its process went through since the last call; [] where it runs elsewhere, or can't be seen."""
        return [self._process.read(self._clock.unix_ns() // 1_000_000_000)] if self._process else []

    def ask(self, started_ns: int, drained_ns: int) -> list[Snapshot]:
        """All scrapes of the Prometheus around the load, if there is one; waits for its first one of each node after
        `drained_ns`.
        """
        if not self._settings.prometheus_url:
            return []
        settings = self._settings
        source = PrometheusSource(settings.prometheus_url, self._metrics, settings.prometheus_selector, trust=settings.trust)
        end = time.monotonic() + PROMETHEUS_CATCH_UP_S
        snapshots: list[Snapshot] = []
        while True:
            try:
                snapshots = source.snapshots(started_ns - int(PROMETHEUS_LOOK_BACK_S * 1e9), time.time_ns())
            except ScrapeError:
                self.failed += 1
                return snapshots
            if time.monotonic() > end or not snapshots or not are_due(snapshots, drained_ns):
                return snapshots
            gevent.sleep(0.5)


def are_due(snapshots: Sequence[Snapshot], drained_ns: int) -> bool:
    """Whether a target that was scraped until the load's end, as often as before, has not been scraped after it."""
    times = [times_s(of_one) for of_one in by_target(snapshots).values()]
    usual_s = max((float(np.median(np.diff(of_one))) for of_one in times if of_one.size > 1), default=0.0)
    drained_s, last = drained_ns / 1e9, [float(of_one[-1]) for of_one in times]
    return any(drained_s - MISSED * usual_s < at_s <= drained_s for at_s in last) or max(last) <= drained_s

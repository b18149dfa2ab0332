"""The keeping side: on the master, and in a single process. Reports and server metrics -> run folder -> assessment."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import gevent
from locust.env import Environment

from bizra_load.archive import run_record
from bizra_load.archive.store import RunWriter, new_folder
from bizra_load.engine.load_curve import LoadCurve
from bizra_load.exit_codes import InvalidRunError
from bizra_load.judging.agreements import keep_agreement, read_agreement
from bizra_load.judging.judge import add_evidence, assess_folder, print_summary
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import Receiver
from bizra_load.measure.hdr_codec import WireError
from bizra_load.measure.losses import Tally
from bizra_load.measure.report import decode_report
from bizra_load.monitoring import grafana
from bizra_load.runtime.early_stop import wait_for_failure
from bizra_load.runtime.generator_metrics import GeneratorMetrics
from bizra_load.runtime.locust_stats import LocustStatistics
from bizra_load.runtime.progress import Progress
from bizra_load.runtime.server_scrapes import ServerMetrics
from bizra_load.runtime.users import operation_shares
from bizra_load.runtime.webui.live import Live
from bizra_load.settings.settings import Settings
from sla.judgement.preflight import too_short
from sla.values.assessment import Assessment
from sla.values.baseline import HOW, is_measured
from sla.values.machine import MachineSecond
from sla.values.measurements import RunFacts
from sla.values.snapshot import Snapshot

SCRAPE_EVERY_S = 1.0
PHASE_S = 0.85  # of each second: when all workers have reported the one before, and none of them does
NOT_BEGUN_S = 3600.0  # in the record of a run whose schedule has not begun, its start is still to come


class MasterRun:
    """One test run where it is kept."""

    live: Live | None = None  # the page in Locust's web UI
    begun = False
    _progress: Progress | None = None

    def __init__(
        self,
        settings: Settings,
        environment: Environment,
        open_model: bool,
        key: ClusterKey,
        metrics: GeneratorMetrics | None = None,
    ) -> None:
        self.settings = settings
        self._metrics = metrics
        self.finished = self._closed = False
        self.ended = False  # the drain has begun: nobody is to join any more
        self.unwritable: OSError | None = None
        self.clock = SteadyClock()  # a system clock that is set meanwhile moves nothing
        self._environment = environment
        now_ns = self.clock.unix_ns()
        open_model = open_model and not settings.saturating
        self._plan = settings.curve.segments if open_model else ()
        self._interrupted = False
        self._stopped_for: tuple[str, ...] = ()
        self._drained_ns = 0
        self._refused = 0
        self._agreement = read_agreement(settings.agreement, settings.baseline)
        fixed = os.environ.get("BIZRA_LOAD_RUN_FOLDER")
        started = datetime.fromtimestamp(now_ns / 1e9, UTC)
        self.folder = Path(fixed) if fixed else new_folder(settings.out, settings.run_name, started)
        self.run = self.folder.name
        self._writer = RunWriter(self.folder)
        self.receiver = Receiver(self.run, self._keep, key, self.clock)
        self._tally = Tally(settings.curve if self._plan else None, settings.users, settings.arrivals)
        self._record = run_record.of_load(settings, started, environment.host or "", self._agreement.sha256)
        keep_agreement(self.folder, self._agreement)
        if not fixed and is_measured(self._agreement.agreement) and self._agreement.baseline is None:
            print(f"Before the load: no baseline, what is held against it stays open: {HOW}", file=sys.stderr)
        self._server = ServerMetrics(settings, self.clock, environment.host or "")
        counts = environment.runner is not None and not settings.fire_request_events  # else Locust counts by itself
        self._statistics = LocustStatistics(environment.stats, "PoI") if counts else None
        self._store(self._server.read())  # while the node is idle: only then do its counters and ours reconcile exactly
        self._recorded: tuple[str, ...] = ()
        self._start_in(NOT_BEGUN_S)
        self._say_what_is_too_short()
        self._headless = bool(getattr(environment.parsed_options, "headless", False))
        curve = settings.curve if open_model else None
        if metrics is not None:
            metrics.begin(self.run, self._agreement.agreement.name, lambda: self._planned_per_s(curve))
        self._greenlets = [gevent.spawn(self._every_second)]
        if settings.abort_on_fail:
            self._greenlets.append(gevent.spawn(self._look))

    def begin(self, lead_s: float) -> None:
        """All users are there: the schedule starts in `lead_s`."""
        self.begun = True
        self._start_in(lead_s)
        if self._headless:
            self._progress = Progress(self._started_ns, self.settings.curve if self._plan else None, sys.stderr)
        if self.live is not None:
            self.show_on(self.live)

    @property
    def seconds_left(self) -> float | None:
        """Until the schedule ends; None before it begins and after its end has been seen to."""
        return (self._ended_ns - self.clock.unix_ns()) / 1e9 if self.begun and not self.ended else None

    def _start_in(self, lead_s: float) -> None:
        self._started_ns = self.clock.unix_ns() + int(lead_s * 1e9)
        self._ended_ns = self._started_ns + int(self.settings.curve.duration_s * 1e9)
        self._write_record()

    def show_on(self, live: Live) -> None:
        """Show this run on the page."""
        self.live = live
        curve = self.settings.curve if self._plan else None
        live.begin(self.run, self._started_ns, curve, self._counters)

    def _counters(self) -> dict[str, int]:
        return {
            "Workers": len(self.receiver.workers),
            "Reports that did not arrive": self.receiver.missing(),
            "Reports refused: not signed": self.receiver.unsigned,
            "Reports refused: malformed": self.receiver.malformed + self._refused,
            "Readings of the server's metrics that failed": self._server.failed,
        }

    def stopping(self) -> None:
        """The schedule ends here if it has not ended by its plan."""
        self.ended = True
        now_ns = self.clock.unix_ns()
        self._started_ns = min(self._started_ns, now_ns)  # ended before it began: nothing was due
        self._interrupted = bool(self._plan) and now_ns < self._ended_ns
        self._ended_ns = min(self._ended_ns, now_ns) if self._plan else now_ns

    def drained(self) -> None:
        """Every worker has handed over what it had, or is lost; the node is idle again."""
        self._drained_ns = self.clock.unix_ns()
        gevent.killall(self._greenlets)
        if self._progress:
            self._progress.end()
        if self._statistics:
            self._statistics.show()
        self._store(self._server.read())

    def finish(self) -> Assessment:
        """Close the run folder and judge it. Raises BizraLoadError; whatever was measured is on disk by then."""
        self.finished = True
        if not self.unwritable:
            self._store(self._server.ask(self._started_ns, self._drained_ns))
        self._closed = True
        self._writer.close()
        if not self.unwritable:
            self._seal()
        if self.unwritable:
            reason = f"the run folder can't be written: {self.unwritable.strerror}; the load was stopped"
            raise InvalidRunError(f"{reason}, what was not stored is in spool files: make room, then bizra-load assess RUN")
        add_evidence(self.folder, self.settings.evidence)
        assessment = assess_folder(self.folder)
        if self._metrics is not None:
            self._metrics.assessed(assessment)
        print_summary(assessment, self.folder, sys.stdout)
        text = f"{self.run}: {assessment.decision.value} ({assessment.summary})"
        tags = ("load-test", self.settings.run_name, assessment.decision.value)
        grafana.annotate_if_there_is_one(self._started_ns, self._ended_ns, text, tags)
        return assessment

    def expect(self, worker: str) -> None:
        """A worker takes part from now on."""
        self.receiver.expect(worker)

    def _stop_unwritable(self, error: OSError) -> None:
        """Nothing can be kept any more: what is not acknowledged stays with the workers, and the load ends."""
        if self.unwritable is None:
            self.unwritable = error
            if (runner := self._environment.runner) is not None and not self.ended:
                gevent.spawn(runner.quit if getattr(self, "_headless", False) else runner.stop)

    def _keep(self, worker: str, sequence: int, final: bool, data: bytes) -> None:
        try:
            report = decode_report(worker, sequence, final, data)
        except WireError:
            self._refused += 1  # shown as a missing message: what it held is lost
            return
        if self.unwritable is not None:
            raise self.unwritable
        if self._closed:
            raise OSError(0, "the run has ended")  # not acknowledged: it stays with its worker, which keeps it in a spool
        try:
            self._writer.report(report)
        except OSError as error:
            self._stop_unwritable(error)
            raise
        elapsed_s = (self.clock.unix_ns() - self._started_ns) / 1e9
        self._tally.add(worker, report.windows, report.health, elapsed_s, final)
        if self._metrics is not None:
            self._metrics.add(report.windows, report.health)
        if self._statistics:
            self._statistics.add(report.windows)
        if self._progress:
            self._progress.add(report.windows)
        if self.live:
            self.live.add(report.windows)

    def _planned_per_s(self, curve: LoadCurve | None) -> float:
        """The planned rate now; 0 before and after the schedule, and in a closed model."""
        now_ns = self.clock.unix_ns()
        return curve.rate_at((now_ns - self._started_ns) / 1e9) if curve and now_ns < self._ended_ns else 0.0

    def _every_second(self) -> None:
        while True:
            since_s = (self.clock.unix_ns() / 1e9 - PHASE_S) % SCRAPE_EVERY_S
            gevent.sleep(SCRAPE_EVERY_S - since_s)
            self._store(self._server.read(), self._server.read_process())
            if self._statistics:
                self._statistics.show()
            if self._recorded != self.receiver.workers:
                self._write_record()  # so that they are known if this process is killed
            if self._progress:
                self._progress.show(self.clock.unix_ns())

    def _look(self) -> None:
        """Stop the load when a critical objective has failed for certain."""
        self._stopped_for = wait_for_failure(self.folder, self.clock, lambda: self._ended_ns)
        print(f"Stopping early: {', '.join(self._stopped_for)} broke the target in three looks", file=sys.stderr)
        if (runner := self._environment.runner) is not None:
            gevent.spawn(runner.quit if self._headless else runner.stop)  # not in this greenlet: the drain ends it

    def _say_what_is_too_short(self) -> None:
        for finding in too_short(self._plan, operation_shares(self._environment.user_classes, self.settings)):
            print(f"Before the load: {finding}", file=sys.stderr)

    def _store(self, snapshots: list[Snapshot], process: list[MachineSecond] | None = None) -> None:
        try:
            self._writer.snapshots(snapshots)
            self._writer.target(process or [])
        except OSError as error:
            self._stop_unwritable(error)

    def _write_record(self) -> None:
        try:
            self._recorded = self.receiver.workers
            self._writer.record(self._record, self._facts())
        except OSError as error:
            self._stop_unwritable(error)

    def _seal(self) -> None:
        try:
            self._writer.seal(self._record, self._facts())
        except OSError as error:
            self._stop_unwritable(error)

    def _facts(self) -> RunFacts:
        unfinished, ended_s = self.receiver.unfinished(), (self._ended_ns - self._started_ns) / 1e9
        losses = tuple(
            self._tally.loss(w, self.receiver.last_received(w), w in unfinished, ended_s)
            for w in self.receiver.workers
            if self.finished and (w in unfinished or self._tally.left_early(w, ended_s))
        )
        return RunFacts(
            load_started_ns=self._started_ns,
            load_ended_ns=self._ended_ns,
            drained_ns=self._drained_ns,
            plan=self._plan,
            workers=self.receiver.workers,
            lost_workers=tuple(loss.worker for loss in losses),
            losses=losses,
            closed=self.finished,
            missing_messages=self.receiver.missing() + self._refused,
            unsigned_messages=self.receiver.unsigned,
            scrapes_failed=self._server.failed,
            interrupted=self._interrupted,
            stopped_for=self._stopped_for,
            seed=self.settings.seed,
            target_is_local=self._server.is_local,
        )

"""One test run on the master, or in a single process: reports and server metrics -> run folder -> assessment."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections import Counter
from pathlib import Path

import gevent
from locust.env import Environment

from bizra_load.archive.run_record import RunRecord
from bizra_load.exit_codes import InvalidRunError, UsageError
from bizra_load.io.redaction import secret_values
from bizra_load.io.terminal import tell
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import Receiver
from bizra_load.measure.hdr_codec import WireError
from bizra_load.measure.lost_arrivals import Tally
from bizra_load.measure.report import decode_report
from bizra_load.measure.run_sums import RunSums
from bizra_load.monitoring import grafana
from bizra_load.runtime.code_exceptions import exceptions_note
from bizra_load.runtime.consumers import Consumers
from bizra_load.runtime.early_stop import Decided, wait_for_decision
from bizra_load.runtime.locust_quirks import constant_users
from bizra_load.runtime.run_times import RunTimes
from bizra_load.runtime.server_scrapes import ServerMetrics
from bizra_load.runtime.storage import RunStorage
from bizra_load.runtime.unexplained import unexplained_of
from bizra_load.settings.settings import Settings
from sla.values.assessment import Assessment
from sla.values.measurements import RunFacts, UserCount

SCRAPE_EVERY_S = 1.0
PHASE_S = 0.85  # of each second: when all workers have reported the one before, and none of them does
NOT_BEGUN_S = 3600.0  # in the record of a run whose schedule has not begun, its start is still to come


class MasterRun:
    """One test run; bizra_load.runtime.run_start makes one.

    run_id      the name of its folder
    finished    it has been judged, or is about to be
    unwritable  a write into its folder has failed
    """

    def __init__(
        self,
        settings: Settings,
        environment: Environment,
        folder: Path,
        agreement_name: str,
        record: RunRecord,
        times: RunTimes,
        storage: RunStorage,
        server: ServerMetrics,
        key: ClusterKey,
        consumers: Consumers,
    ) -> None:
        self.settings, self.folder, self.run_id, self.agreement_name = settings, folder, folder.name, agreement_name
        self.times = times
        self.finished = False
        self.receiver = Receiver(self.run_id, self._receive, key, times.clock)
        self._environment, self._record, self._server, self._consumers = environment, record, server, consumers
        self._storage = storage
        self._storage.on_failure = self._stop_load
        self._sums = RunSums()  # what is in the folder, merged: so it need not be read again
        self._tally = Tally(times.curve, settings.users, settings.arrivals)
        self._recorded: tuple[tuple[str, ...], int] = (), 0  # the workers and the number of keys that the record on disk names
        self._refused = Counter[str]()  # by worker: reports that could not be decoded
        self._users: list[UserCount] = []
        self._decided: Decided | None = None
        self._greenlets: list[gevent.Greenlet] = []

    def start(self) -> None:
        """Begin to take in reports; the schedule begins later."""
        # while the node is idle: only then do its counters and ours reconcile exactly
        self._storage.server(self._server.read())
        self._start_in(NOT_BEGUN_S)
        self._consumers.start(self)
        self._greenlets.append(gevent.spawn(self._every_second))
        if self.settings.abort_on_fail or self.settings.stop_when_decided:
            self._greenlets.append(gevent.spawn(self._stop_when_decided))

    def begin(self, lead_s: float) -> None:
        """All users are there: the schedule starts in `lead_s`."""
        self.times.begun = True
        self._start_in(lead_s)
        self._storage.begun()

    @staticmethod
    def prepare_judging() -> None:
        """Import what finish() needs, which takes a tenth of a second or two, when nobody waits for it."""
        importlib.import_module("bizra_load.judging.judge")

    @property
    def unwritable(self) -> bool:
        return self._storage.error is not None

    def counters(self) -> dict[str, int]:
        return {
            "Workers": len(self.receiver.workers),
            "Reports that did not arrive": self.receiver.missing(),
            "Reports refused: not signed": self.receiver.unsigned,
            "Reports refused: malformed": self.receiver.malformed + self._refused.total(),
            "Readings of the server's metrics that failed": self._server.failed,
        }

    def stopping(self) -> None:
        """The schedule ends here if it has not ended by its plan."""
        self.times.stop()

    def drained(self) -> None:
        """Every worker has handed over what it had, or is lost; the node is idle again."""
        self.times.drained_ns = self.times.clock.unix_ns()
        gevent.killall(self._greenlets)
        self._consumers.end()
        self._storage.server(self._server.read())

    def finish(self) -> Assessment:
        """Close the run folder and judge it. Raises BizraLoadError; whatever was measured is on disk by then."""
        self.finished, times = True, self.times
        if not self.unwritable:
            self._storage.server(self._server.ask(times.started_ns, times.drained_ns))
        self._storage.close()
        self._storage.seal(self._with_keys(), self._facts(), self._sums)
        if error := self._storage.error:
            reason = f"the run folder can't be written: {error.strerror}; the load was stopped"
            raise InvalidRunError(f"{reason}, what was not stored is in spool files: make room, then bizra-load assess RUN")
        from bizra_load.judging import judge  # see prepare_judging()

        try:
            judge.add_evidence(self.folder, self.settings.evidence)
            assessment = judge.assess_folder(self.folder, sums=self._sums)
        except UsageError as error:  # such as a disk that is full now: the load was measured, and is kept
            raise InvalidRunError(f"{error}: mend that, then bizra-load assess RUN") from None
        self._consumers.assessed(assessment)
        judge.print_summary(assessment, self.folder, sys.stdout)
        test = grafana.LoadTest(self.run_id, self.settings.run_name, times.started_ns, times.ended_ns)
        grafana.mark_if_there_is_one(test, assessment.decision.value, assessment.summary, self.settings.trust)
        return assessment

    def _start_in(self, lead_s: float) -> None:
        self.times.start_in(lead_s)
        self._write_record()

    def _receive(self, worker: str, sequence: int, final: bool, data: bytes) -> None:
        """Called once for each report. Raises OSError where it is not stored, and then it is not acknowledged."""
        try:
            report = decode_report(worker, sequence, final, data)
        except WireError:
            self._refused[worker] += 1  # counted as a missing message: what it held is lost
            return
        self._storage.add(report)
        self._tally.add(report, self.times.elapsed_s)
        self._sums.add(report)
        self._consumers.add(report)

    def _every_second(self) -> None:
        while True:
            self._count_users()
            since_s = (self.times.clock.unix_ns() / 1e9 - PHASE_S) % SCRAPE_EVERY_S
            gevent.sleep(SCRAPE_EVERY_S - since_s)
            self._storage.server(self._server.read(), self._server.read_process())
            if self._recorded != self._known():
                self._write_record()  # so that they are known if this process is killed
            self._consumers.every_second(self.times.clock.unix_ns())

    def _count_users(self) -> None:
        """In a closed model their number is the load, and a change of it ends what can be judged as one."""
        users = constant_users(self._environment.runner)
        if not self.times.ends_by_plan and users != (self._users[-1].users if self._users else 0):
            self._users.append(UserCount(self.times.clock.unix_ns(), users))

    def _stop_when_decided(self) -> None:
        """Stop the load when a critical objective has failed for certain, or every objective is decided."""
        also_pass = self.settings.stop_when_decided
        self._decided = wait_for_decision(self.folder, self._sums, self.times.clock, self._facts, also_pass)
        if self._decided.missed:
            tell(f"Stopping early: {', '.join(o.title for o in self._decided.missed)} missed the target for certain")
        else:
            tell("Stopping: every objective is decided")
        self._stop_load()

    def _stop_load(self) -> None:
        if (runner := self._environment.runner) is not None and not self.times.stopped:
            headless = getattr(self._environment.parsed_options, "headless", False)
            gevent.spawn(runner.quit if headless else runner.stop)  # not in this greenlet: the drain may end it

    def _write_record(self) -> None:
        self._recorded = self._known()
        self._storage.record(self._with_keys(), self._facts())

    def _known(self) -> tuple[tuple[str, ...], int]:
        return self.receiver.workers, len(self.receiver.spool_keys)

    def _with_keys(self) -> RunRecord:
        record = dataclasses.replace(self._record, spool_keys=self.receiver.spool_keys)
        notes = [note for note in (self._exceptions_note(), self._end_note()) if note]
        return dataclasses.replace(record, notes=(*(record.notes or ()), *notes)) if notes else record

    def _exceptions_note(self) -> str:
        runner = self._environment.runner
        if runner is None or self.settings.pace_tasks:  # a task with an arrival of its own has failed by it
            return ""
        return exceptions_note(runner.exceptions.values(), secret_values(self.settings.headers))

    def _end_note(self) -> str:
        times = self.times
        if not (times.stopped and times.own_end):
            return ""
        of_all = f" of {times.given_s:,.0f} s" if times.given_s else ""
        return f"a task of the locustfile ended the load, after {times.length_s:,.0f} s{of_all}"

    def _facts(self) -> RunFacts:
        runner = self._environment.runner
        times, unfinished, ended_s = self.times, self.receiver.unfinished(), self.times.length_s
        losses = tuple(
            self._tally.loss(w, self.receiver.last_received(w), w in unfinished or w in self._refused, ended_s)
            for w in self.receiver.workers
            if self.finished and (w in unfinished or self._tally.left_early(w, ended_s))
        )
        return RunFacts(
            load_started_ns=times.started_ns,
            load_ended_ns=times.ended_ns,
            drained_ns=times.drained_ns,
            plan=times.plan,
            drawn=self.settings.arrivals == "poisson",
            users=tuple(self._users),
            slots=self.settings.users if self.times.ends_by_plan else 0,
            workers=self.receiver.workers,
            lost_workers=tuple(loss.worker for loss in losses),
            losses=losses,
            closed=self.finished,
            missing_messages=self.receiver.missing() + self._refused.total(),
            unsigned_messages=self.receiver.unsigned,
            scrapes_failed=self._server.failed,
            interrupted=times.interrupted,
            stopped_for=tuple(o.key for o in self._decided.missed) if self._decided else (),
            looked=self.settings.stop_when_decided,
            decided=bool(self._decided and not self._decided.missed),
            judged_until_ns=self._decided.until_ns if self._decided else 0,
            exceptions=sum(row["count"] for row in runner.exceptions.values()) if runner is not None else 0,
            unexplained_exceptions=unexplained_of(self._environment).count,
            seed=self.settings.seed,
            target_is_local=self._server.is_local,
            request_timeout_ns=int(self.settings.request_timeout_s * 1e9),
        )

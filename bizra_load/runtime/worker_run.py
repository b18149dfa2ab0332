"""One test run where its users are: on a worker, and in a single process. Recorder and schedule -> one report a second."""

from __future__ import annotations

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment

from bizra_load.archive import spool
from bizra_load.engine.pacer import get_pacer
from bizra_load.engine.quiet import QuietMoments, phase_of
from bizra_load.engine.reactor import get_reactor
from bizra_load.engine.schedule import Schedule, Slot
from bizra_load.io.redaction import secret_values
from bizra_load.judging.agreements import named_operations
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import Sender
from bizra_load.measure.health import Counts, HealthReader
from bizra_load.measure.practice import practise
from bizra_load.measure.recorder import Recorder
from bizra_load.measure.report import ReportMaker
from bizra_load.measure.seconds import SECOND_NS
from bizra_load.runtime.cut_off import REASON, CutOffTask, cut_off
from bizra_load.runtime.last_requests import no_further_requests
from bizra_load.runtime.locust_quirks import stop_users
from bizra_load.runtime.request_names import RequestNames
from bizra_load.runtime.request_samples import RequestSamples
from bizra_load.runtime.unexplained import unexplained_of
from bizra_load.settings.defaults import RUN_FOLDER_VARIABLE
from bizra_load.settings.settings import Settings

SETTLE_BEFORE_S = 0.3
YOUNG_COLLECTIONS = (1_000, 20, 1_000_000)  # the collector's thresholds: young objects, in about 0.1 ms, never all
FULL_COLLECTION_EVERY = 2  # reports: after 5 it takes 0.1 ms, after 30 0.4 ms at once
ACKNOWLEDGE_WITHIN_S = 10.0
LONGER = 2.0  # than any task before may one be whose requests are waited for at the end
STOPPED_WITHIN_S = 0.1  # users whose operations have ended, or were given up


class WorkerRun:
    """One test run on one worker; start() begins it. Users find it as `self.test_run`.

    settings   the options of the run
    random     the worker's own generator: other values on each worker, and the same ones again for the same seed
    recorder   takes in what became of each operation
    schedule   says when the next arrival is due
    run_id     the name of the run's folder
    worker     this worker's name
    requests   takes in those of users that are not ours
    """

    def __init__(
        self,
        environment: Environment,
        settings: Settings,
        worker: str,
        index: int,
        run_id: str,
        sender: Sender,
        clock: SteadyClock,
        recorder: Recorder,
        schedule: Schedule,
        rng: random.Random,
        health: HealthReader,
        quiet: QuietMoments,
    ) -> None:
        self.settings, self.run_id, self.worker = settings, run_id, worker
        self.sender, self.recorder, self.schedule, self.random = sender, recorder, schedule, rng
        self.fire_request_events = settings.fire_request_events
        self.reconnects = self.report_errors = 0  # since the last report
        self.longest_task_ns = 0  # of those with an arrival that came to their end
        self.spooled: Path | None = None  # where the reports are that nobody acknowledged
        self._environment, self._index, self._clock = environment, index, clock
        self._health, self._quiet = health, quiet
        self.request_failed = unexplained_of(environment).request_failed
        names = RequestNames(settings.fold_names, settings.group_by)
        self.requests = RequestSamples(recorder, names, settings.pace_tasks, self.request_failed)
        self._reports = 0
        self._drain: Event | None = None
        self._ending = Event()
        self._reporter = gevent.Greenlet(self._report_every_second)
        self._settling = gevent.Greenlet(self._settle)

    @classmethod
    def start(
        cls,
        environment: Environment,
        settings: Settings,
        worker: str,
        index: int,
        run_id: str,
        elapsed_ns: int | None,
        send: Callable[[dict[str, Any]], None],
        key: ClusterKey,
        clock: SteadyClock,
    ) -> WorkerRun:
        """`elapsed_ns`: how long ago the schedule started (negative: it will; None: begin() says when). `index`: of the worker.
        `clock`: the master's time of day, which labels the windows.
        """
        now_ns = time.perf_counter_ns()
        recorder = Recorder(now_ns, now_ns + clock.offset_ns, secret_values(settings.headers), named_operations(settings))
        pacer, reactor = get_pacer(), get_reactor()
        quiet = QuietMoments(pacer, reactor)
        rng = random.Random(f"{settings.seed}/{index}")
        start_ns = None if elapsed_ns is None else time.perf_counter_ns() - elapsed_ns
        schedule = Schedule(settings.curve, settings.users, settings.arrivals, start_ns, pacer, recorder.unsent, rng)
        health = HealthReader(worker, recorder.unix_offset_ns, pacer.lags, reactor, quiet)
        sender = Sender(run_id, worker, send, key, clock)
        run = cls(environment, settings, worker, index, run_id, sender, clock, recorder, schedule, rng, health, quiet)
        run._reporter.start()
        run._settling.start()
        return run

    def begin(self, elapsed_ns: int | None, unix_ns: int) -> None:
        """All users are there: the schedule starts when the master says, which was at `unix_ns` by its clock. An `elapsed_ns`
        of None, or a second call, changes nothing.
        """
        if elapsed_ns is not None:
            late_ns = self._clock.since_ns(unix_ns)  # the word may have waited for this process
            self.schedule.begin(time.perf_counter_ns() - elapsed_ns - late_ns)

    def on_request(self, done_ns: int, /, **request: Any) -> None:
        """An event of events.request, fired at `done_ns`; see RequestSamples."""
        self.requests.take(done_ns, **request)

    def drain(self, hand_over_s: float = ACKNOWLEDGE_WITHIN_S) -> None:
        """Stop sending, let what is under way finish, report everything, wait for the acknowledgement; what nobody acknowledges
        is left in a spool file. A second caller waits for the first.
        """
        if self._drain is not None:
            self._drain.wait()
            return
        self._drain = Event()
        try:
            within_s = self.settings.request_timeout_s + 1
            end_s = time.monotonic() + within_s
            runner = self._environment.runner
            if time_for_tasks_s := self._time_for_tasks_s(within_s):
                self.schedule.drain(time_for_tasks_s)
            with no_further_requests():
                self.schedule.drain(max(end_s - time.monotonic(), 0.0))
                if runner is not None and runner.user_classes_count:
                    left_s = max(end_s - time.monotonic(), STOPPED_WITHIN_S)
                    stop_users(runner, left_s, lambda: cut_off(runner, self._cut_off))
            self._ending.set()
            self._reporter.join()  # one that is under way holds samples that are in no buffer any more
            self._settling.kill()
            if not self._reported(everything=True):
                self._reported(everything=True)  # at least that the one before could not be made
            self._health.close()
            if not self.sender.flush(hand_over_s):
                self._leave_spool()
        finally:
            self._drain.set()

    def _time_for_tasks_s(self, within_s: float) -> float:
        """How long tasks that were due may go on making requests: twice as long as the longest that came to its end. Cut off,
        they would count as failed; those that go on for ever must not.
        """
        if not self.settings.pace_tasks:
            return 0.0
        return min(LONGER * self.longest_task_ns / 1e9, within_s, self._environment.stop_timeout or within_s)

    def _cut_off(self, tasks: list[CutOffTask]) -> None:
        """What users were at when the time to end it was over. A request is one that timed out. Where none is known it is the
        task, which has failed by itself where it had an arrival.
        """
        now_ns = time.perf_counter_ns()
        for task in tasks:
            if task.request:
                task.fire(self._environment)
            elif not self.settings.pace_tasks:
                self.recorder.task(task.name).failed("timeout", now_ns, now_ns, now_ns, REASON)

    def take_away(self, slot: Slot) -> None:
        """Locust takes the user of this slot away. Where its share moves to another worker, what is under way is finished
        first, whatever --stop-timeout says, or nobody would know whether the target did it.
        """
        if not self.schedule.draining:
            slot.retire()
            end = time.monotonic() + self.settings.request_timeout_s + 1
            while slot.busy and time.monotonic() < end:
                gevent.sleep(0.002)

    @property
    def drained(self) -> bool:
        """Everything is handed over, or left in a spool file."""
        return self._drain is not None and self._drain.is_set()

    def _leave_spool(self) -> None:
        fixed = os.environ.get(RUN_FOLDER_VARIABLE)
        folders = ([Path(fixed)] if fixed else []) + [self.settings.out / self.run_id]
        messages, key = self.sender.waiting(), self.sender.spool_key
        try:
            self.spooled = spool.leave(folders, self.run_id, self.worker, self._clock.unix_ns(), messages, key)
        except OSError as error:
            print(f"bizra-load: {len(messages)} reports of {self.worker} are lost: {error}", file=sys.stderr, flush=True)
            return
        if not fixed:  # whoever started us on this machine says it once for all workers
            where = "" if self.spooled.parent.name == self.run_id else f" --spool {self.spooled}"
            print(
                f"bizra-load: the master did not take {len(messages)} reports; they are kept: bizra-load assess RUN{where}",
                file=sys.stderr,
                flush=True,
            )

    def _settle(self) -> None:
        """Right before the first arrival: all that exists now, the users too, lives as long as the run. Frozen, the collector
        does not walk it in the middle of a measurement; what a request makes is freed by its reference count. Full collections
        are housekeeping from then on. A report is practised for the same reason.
        """
        self.schedule.wait_until_begun()
        gevent.sleep(max((self.schedule.start_ns - time.perf_counter_ns()) / 1e9 - SETTLE_BEFORE_S, 0))
        practise()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*YOUNG_COLLECTIONS)

    def _report_every_second(self) -> None:
        phase_ns = int(phase_of(self._index) * SECOND_NS)
        while True:
            since_ns = (time.perf_counter_ns() + self.recorder.unix_offset_ns - phase_ns) % SECOND_NS
            if self._ending.wait((SECOND_NS - since_ns) / 1e9):
                return
            self._reported(everything=False)

    def _reported(self, everything: bool) -> bool:
        """Whether a report could be made. Whatever goes wrong, the next one is made, and says that this one was not."""
        steps = self._report(time.perf_counter_ns(), everything)
        try:
            if everything:  # nothing is due any more
                for _ in steps:
                    pass
            else:
                self._quiet.run(steps)
        except Exception as error:
            self.report_errors += 1
            print(f"bizra-load: a report of {self.worker} could not be made: {error!r}", file=sys.stderr, flush=True)
            return False
        return True

    def _report(self, now_ns: int, everything: bool) -> Iterator[None]:
        """Windows of all seconds that have ended, and health; with `everything` of the running one too, as the last report."""
        maker = self.recorder.maker(now_ns, everything)
        yield
        yield from self.recorder.steps(maker)
        counts = Counts(self.reconnects, self.requests.take_bad(), self.report_errors)
        self.reconnects = self.report_errors = 0
        yield from self._health.steps(maker.to_ns, self.schedule.slots_in_use, counts, self.sender)
        report = ReportMaker()
        failures = self.recorder.reasons.take(self.recorder.unix_offset_ns)
        yield from report.steps(maker.windows, self._health.rows, failures)
        self.sender.report(report.data, final=everything)
        yield
        self._reports += 1
        if self._reports % FULL_COLLECTION_EVERY == 0:
            gc.collect()
            gc.freeze()  # what is left lives on: the next collection walks what was made since, and stays short

"""The events and messages of a worker, and of a single process, which is its own worker.

START -> HELLO and START again (the master's clock, by a round trip) -> WorkerRun (recorder, schedule) -> REPORT every second
-> DRAIN: finish, report, stop
"""

from __future__ import annotations

import dataclasses
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import STATE_INIT, WorkerRunner

from bizra_load.exit_codes import INVALID, KEPT
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.trust import same_origin
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import ACKNOWLEDGE, DRAIN, HELLO, REPORT, START, Sender, Start, read_start
from bizra_load.measure.master_silence import CHECK_EVERY_S, IDLE_MASTER_SILENT_S, MASTER_SILENT_S, Silence
from bizra_load.measure.report import encode_report
from bizra_load.measure.seconds import SECOND_NS
from bizra_load.runtime.exit_code import ExitCode
from bizra_load.runtime.locust_quirks import no_statistics
from bizra_load.runtime.taking_part import settings_or_end
from bizra_load.runtime.worker_run import ACKNOWLEDGE_WITHIN_S, WorkerRun
from bizra_load.settings.defaults import RUN_FOLDER_VARIABLE
from bizra_load.settings.settings import Settings

logger = logging.getLogger(__name__)
START_WITHIN_S = 10.0
QUICK_NS, HELLOS = 20_000_000, 5  # how soon START should follow a HELLO, and how often that is tried
AGAIN_S = 1.0  # after which a HELLO, or the START that follows it, counts as lost


@dataclass(frozen=True)
class Started:
    """A run as the master announced it: its schedule began `elapsed_ns` before `announced_ns` (perf_counter_ns; negative: it
    will; None: that is announced when all users are there).
    """

    run_id: str
    elapsed_ns: int | None
    announced_ns: int
    clock: SteadyClock  # the time of day by the master's clock
    measured: bool = True  # that clock, by a round trip that was quick, or as quick as they come
    round_trip_ns: int | None = None  # None: by none

    def elapsed_now_ns(self) -> int | None:
        return None if self.elapsed_ns is None else self.elapsed_ns + time.perf_counter_ns() - self.announced_ns


class WorkerEvents:
    """`run` is the test run that goes or went, None before the first; `pending`: Locust has begun one that is not there yet."""

    def __init__(self, environment: Environment, key: ClusterKey) -> None:
        self.run: WorkerRun | None = None
        self._environment = environment
        self._key = key
        self._started: Started | None = None
        self.pending = False
        self._ready = Event()  # the run that Locust has started is there
        self._settings: Settings | None = None
        self._hellos = 0
        self._early: list[tuple[int, dict[str, Any]]] = []  # when what ended before the run was there, and its event
        self._heartbeats = 0  # of the master
        self._worker = environment.runner if isinstance(environment.runner, WorkerRunner) else None
        self._exit_code = ExitCode(environment)

    def listen(self) -> None:
        """To the master, if there is one. Says hello to it."""
        if self._worker is not None:
            self._listen(self._worker)

    def start(self, started: Started, settings: Settings, deliver: Callable[[dict[str, Any]], Any]) -> None:
        """A test starts in a single process: reports go to `deliver`, which returns the acknowledgement."""

        def send(message: dict[str, Any]) -> None:
            if acknowledgement := deliver(message):
                run.sender.acknowledged(acknowledgement)

        run = self._begin(started, settings, "local", 0, send)

    def begin(self, started: Started) -> None:
        """In a single process: all users are there, and the schedule of the test that start() began starts as announced."""
        if self.run is not None:
            self.run.begin(started.elapsed_now_ns(), started.clock.unix_ns())

    def test_started(self) -> None:
        """Locust has started a test on this worker; users are coming."""
        self._ready.clear()
        self.pending = False  # for whatever drains a worker that ends here
        self._settings = settings_or_end(self._environment, self._key, self._exit_code)
        self.pending = True
        self._begin_when_announced()

    def wait_for_run(self) -> WorkerRun:
        """What users record with. On a worker that joined late, users may be there before the master's START."""
        if self.pending and not self._ready.wait(START_WITHIN_S):
            raise RuntimeError("the master's start did not arrive")
        assert self.run is not None, "a user exists before its test has started"
        return self.run

    def on_request(
        self, request_type: object = None, name: object = None, response_time: object = None, exception: object = None,
        **others: Any,
    ) -> None:  # fmt: skip
        """Users that are not ours do not wait for the run: what they did before it is kept for it."""
        done_ns, run = time.perf_counter_ns(), self.run
        plain = exception is None and run is not None and not self.pending and "bizra_load_recorded" not in others
        if plain and run.requests.succeeded(done_ns, request_type, name, response_time):  # type: ignore[union-attr]  # plain
            return
        request = {**others, "request_type": request_type, "name": name, "response_time": response_time, "exception": exception}
        if self.pending:
            self._early.append((done_ns, request))
        elif run is not None:
            run.on_request(done_ns, **request)

    def _listen(self, worker: WorkerRunner) -> None:
        worker.register_message(START, self._on_start)
        worker.register_message(ACKNOWLEDGE, self._on_acknowledge)
        worker.register_message(DRAIN, self._on_drain, concurrent=True)
        events = self._environment.events
        events.quitting.add_listener(self.drain)
        events.heartbeat_received.add_listener(self._on_heartbeat)
        no_statistics(self._environment)  # the master writes them, for all
        self._exit_code.is_ours(KEPT)  # Locust's would be 1 after any failed request; the master has the verdict
        # a worker that joins a running test may have been sent START and users while nobody listened here
        self.pending = worker.worker_state != STATE_INIT
        self._say_hello()
        gevent.spawn(self._end_without_master, worker)

    def _say_hello(self) -> None:
        self._hellos += 1
        if self._worker is not None:
            self._worker.send_message(HELLO, {"sent_ns": time.perf_counter_ns()})

    def _begin_when_announced(self) -> None:
        """Once this worker knows of the test from Locust (users are coming) and from us (START: when its schedule began, by a
        clock that was measured).
        """
        if not self.pending or self._started is None or not self._started.measured or self._worker is None:
            return
        if self._settings is None:  # it joined a running test
            self.pending = False
            self._settings = settings_or_end(self._environment, self._key, self._exit_code)
            self.pending = True
        settings = self._with_own_secrets(self._settings)
        run = self._begin(self._started, settings, self._worker.client_id, self._worker.worker_index, self._send_report)
        self.pending, self._started = False, None
        early, self._early = self._early, []
        for done_ns, request in early:
            run.on_request(done_ns, **request)
        self._ready.set()

    def _begin_unmeasured(self) -> None:
        """Begin by the best clock that is known, if the run is known and has not begun: no response came, or there is no time
        to wait for one. How far the labels are off is measured with each report all the same.
        """
        if self._started is not None:
            self._started = dataclasses.replace(self._started, measured=True)
            self._begin_when_announced()

    def _ask_again(self, run_id: str) -> None:
        """For the time, until a round trip has told it: a HELLO, or what follows it, may get lost with its connection."""
        for _ in range(HELLOS):
            gevent.sleep(AGAIN_S)
            if self._started is None or self._started.run_id != run_id or self._started.measured:
                return
            self._say_hello()
        self._begin_unmeasured()

    def _with_own_secrets(self, settings: Settings) -> Settings:
        """Headers of this machine's environment and files are for the target that it was given, if it was given one: a master
        may name another.
        """
        if not settings.headers:
            return settings
        own, master = getattr(self._environment.parsed_options, "host", None) or "", self._environment.host or ""
        if not own or same_origin(own, master):
            return settings
        place, named = without_userinfo(own), without_userinfo(master)
        logger.warning("bizra-load: this worker's token and headers are for %s, and not sent to %s", place, named)
        return dataclasses.replace(settings, headers=())

    def _begin(
        self, started: Started, settings: Settings, name: str, index: int, send: Callable[[dict[str, Any]], None]
    ) -> WorkerRun:
        run_id, elapsed_ns, clock = started.run_id, started.elapsed_now_ns(), started.clock
        self.run = WorkerRun.start(self._environment, settings, name, index, run_id, elapsed_ns, send, self._key, clock)
        return self.run

    def _send_report(self, message: dict[str, Any]) -> None:
        assert self._worker is not None, "a single process sends nothing"
        self._worker.send_message(REPORT, message)

    def _end_without_master(self, worker: WorkerRunner) -> None:
        """A worker whose master is silent stops loading, whatever it is at, and ends, unless the master is there again and has
        taken everything. What it can't hand over any more is left in a spool file.
        """
        silence = Silence(lambda: self._heartbeats + (1 + self.run.sender.acknowledgements if self.run is not None else 0))
        while True:
            gevent.sleep(CHECK_EVERY_S)
            if silence.silent_s() <= self._patience_s():
                continue
            self.drain()
            spooled = self.run is not None and self.run.spooled is not None
            if spooled or silence.silent_s() > self._patience_s():
                if spooled:
                    self._exit_code.is_ours(INVALID)
                worker.quit()
                return

    def _patience_s(self) -> float:
        """How long the master may be silent. One that judges a long run says nothing for a while: that must not end a worker
        which has handed over everything and is needed for the next test.
        """
        only_one_run = bool(os.environ.get(RUN_FOLDER_VARIABLE))
        needed = self.run is not None and (only_one_run or not self.run.drained)
        return MASTER_SILENT_S if needed else IDLE_MASTER_SILENT_S

    def _on_start(self, environment: Environment, msg: Any, **_: Any) -> None:
        try:
            start = read_start(msg.data, getattr(self._worker, "client_id", ""), self._key)
        except ValueError as error:
            logger.error("bizra-load: a start %s was refused", error)
            return
        if self.run is not None and self.run.run_id == start.run:
            self.run.begin(start.elapsed_ns, start.unix_ns)
            return
        now_ns = time.perf_counter_ns()
        known = self._started if self._started is not None and self._started.run_id == start.run else None
        if start.hello_ns or known is not None:
            self._started = self._measured(start, now_ns, known)
        else:  # how long this one took to arrive is unknown: windows would be labelled so much too early
            self._started = Started(start.run, start.elapsed_ns, now_ns, SteadyClock(start.unix_ns), measured=False)
            self._hellos = 0
        if not self._started.measured and (start.hello_ns or known is None):
            self._say_hello()  # a busy worker hears late: by a quicker response the clocks agree better
            if known is None:
                gevent.spawn(self._ask_again, start.run)
        self._begin_when_announced()

    def _measured(self, start: Start, now_ns: int, known: Started | None) -> Started:
        """What is known after a START: the clock of the quickest round trip, and when the schedule began by that clock."""
        trip_ns = min(max(now_ns - start.hello_ns, 0), SECOND_NS) if start.hello_ns else None
        if known is not None and (trip_ns is None or (known.round_trip_ns is not None and known.round_trip_ns <= trip_ns)):
            clock, best_ns = known.clock, known.round_trip_ns
        else:
            assert trip_ns is not None, "a START without a round trip begins what is not known yet"
            clock, best_ns = SteadyClock(start.unix_ns + trip_ns // 2), trip_ns
        elapsed_ns, announced_ns = None, now_ns
        if start.elapsed_ns is not None:  # the word may have waited for this process
            elapsed_ns = start.elapsed_ns + clock.since_ns(start.unix_ns)
        elif known is not None:
            elapsed_ns, announced_ns = known.elapsed_ns, known.announced_ns
        measured = best_ns is not None and (best_ns <= QUICK_NS or self._hellos >= HELLOS)
        return Started(start.run, elapsed_ns, announced_ns, clock, measured, best_ns)

    def _on_acknowledge(self, environment: Environment, msg: Any, **_: Any) -> None:
        if self.run is not None:
            self.run.sender.acknowledged(msg.data)

    def _on_drain(self, environment: Environment, msg: Any, **_: Any) -> None:
        self._begin_unmeasured()
        if self.run is None or (self._started is not None and self._started.run_id != self.run.run_id):
            self._report_nothing()
            return
        hand_over_s = (msg.data or {}).get("hand_over_s")
        if isinstance(hand_over_s, float) and self._key.holds(msg.data.get("mac"), DRAIN, self.run.run_id, hand_over_s):
            self.run.drain(min(max(hand_over_s, 0.0), ACKNOWLEDGE_WITHIN_S))

    def _report_nothing(self) -> None:
        """From a worker that knows of the test and got no user: Locust gives a late one none without --enable-rebalancing."""
        if self._started is not None and self._worker is not None:
            sender = Sender(self._started.run_id, self._worker.client_id, self._send_report, self._key)
            sender.report(encode_report([], []), final=True)
            self._started = None
        if self._early:
            logger.error("bizra-load: the master's start did not arrive: %d requests are in no report", len(self._early))
        self.pending, self._early = False, []

    def _on_heartbeat(self, **_: Any) -> None:
        self._heartbeats += 1
        # Locust would end this worker 60 s later by the system clock, which may be set: ours goes by the monotonic one
        self._worker.last_heartbeat_timestamp = None  # type: ignore[union-attr]

    def drain(self, hand_over_s: float = ACKNOWLEDGE_WITHIN_S, **_: Any) -> None:
        """Finish and hand over everything, if a test has begun; returns when that is done."""
        self._begin_unmeasured()
        if self.run is not None:
            self.run.drain(hand_over_s)

"""The events and messages of the master, and of a single process, which is its own master.

test_start: MasterRun (run folder, server metrics) -> all users are there: the schedule begins -> test_stopping: drain ->
test_stop: assess, exit code
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner
from locust.web import WebUI
from prometheus_client import generate_latest

from bizra_load.archive import latest
from bizra_load.exit_codes import INVALID, BizraLoadError
from bizra_load.io.terminal import QUIET, tell, told
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import ACKNOWLEDGE, DRAIN, HELLO, REPORT, START
from bizra_load.runtime.consumers import Consumer
from bizra_load.runtime.exit_code import ExitCode
from bizra_load.runtime.generator_metrics import GeneratorMetrics
from bizra_load.runtime.locust_quirks import (
    end_once,
    end_stopped_children,
    no_statistics,
    until,
    users_are_there,
    wait_for_workers,
    watch_workers,
)
from bizra_load.runtime.locust_stats import LocustStatistics
from bizra_load.runtime.master_run import MasterRun
from bizra_load.runtime.metrics_server import MetricsServer
from bizra_load.runtime.progress import Progress
from bizra_load.runtime.run_start import start_run
from bizra_load.runtime.taking_part import REFUSED, show_refusal
from bizra_load.runtime.users import request_type_of
from bizra_load.runtime.webui.form import WebForm
from bizra_load.runtime.webui.live import Live
from bizra_load.runtime.webui.own_pages import allow_own_pages_only, names_of
from bizra_load.runtime.webui.page import add_pages
from bizra_load.runtime.worker_events import Started
from bizra_load.runtime.worker_run import ACKNOWLEDGE_WITHIN_S
from bizra_load.settings.defaults import CONTENTS, RUN_FOLDER_VARIABLE, WEB_UI_VARIABLE
from bizra_load.settings.settings import Settings, contents_of
from sla.values.assessment import Decision

LEAD_S = 0.3  # from when all users are there to the start of the schedule: a message's way, and the collector's last full pass
USERS_WITHIN_S = 10.0  # a worker that is lost meanwhile must not hold the others for ever
NICENESS = 5  # of a master on its workers' machine


class MasterEvents:
    """`run` is the test run that goes or went; None before the first, and where its folder could not be made."""

    def __init__(self, environment: Environment, key: ClusterKey, settings: Settings) -> None:
        self.run: MasterRun | None = None
        self._over: MasterRun | None = None  # the last one that has its verdict, or can have none
        self._environment = environment
        self._key = key
        self._metrics_address = settings.generator_metrics
        self._started: Started | None = None
        self._metrics: GeneratorMetrics | None = None
        self._metrics_server: MetricsServer | None = None
        self._live = Live()
        self._exit_code = ExitCode(environment)
        self._master = environment.runner if isinstance(environment.runner, MasterRunner) else None
        self._of_our_web_ui = bool(os.environ.get(WEB_UI_VARIABLE))

    def listen(self) -> None:
        """To workers, and to whoever asks for metrics and pages. Raises UsageError where a port is taken."""
        environment = self._environment
        if environment.runner is not None:
            end_once(environment.runner, self._ended_by_a_user)
        self._serve_metrics()
        if (web_ui := environment.web_ui) is not None:
            self._serve_pages(web_ui)
        if self._master is not None:
            self._master.register_message(REPORT, self._on_report)
            self._master.register_message(HELLO, self._on_hello)
            self._master.register_message(REFUSED, self._on_refused)
            environment.events.worker_connect.add_listener(self._on_worker_connect)
            end_stopped_children()
            gevent.spawn(watch_workers, self._master, self._on_missing_worker)
            if os.environ.get(RUN_FOLDER_VARIABLE):
                _stand_back()  # `bizra-load run` started us, so our workers are here, and they have been forked

    def wait_for_workers(self) -> None:
        """Those that a headless run, or `bizra-load run --web-ui`, expects and that start beside this master."""
        if self._master is not None and (self._environment.web_ui is None or self._of_our_web_ui):
            wait_for_workers(self._master, getattr(self._environment.parsed_options, "expect_workers", 0))

    def start(self, settings: Settings, open_model: bool, begin_here: Callable[[Started], None]) -> Started | None:
        """A test starts. Returns what its workers are sent; None where its folder can't be made, and then nothing is started.
        In an open model the schedule begins when all users are there, for a single process with `begin_here`.
        """
        self._exit_code.is_ours(INVALID)  # until an assessment says otherwise
        try:
            run = start_run(settings, self._environment, open_model, self._key, self._consumers(settings))
        except (BizraLoadError, OSError) as error:
            self.refuse(error)
            return None
        self.run = run
        if self._of_our_web_ui:
            latest.begin(run.folder)
        if open_model:
            gevent.spawn(self._begin_when_users_are_there, run, begin_here)
        else:
            run.begin(0.0)
        return self._send_start_to_all(Started(run.run_id, None if open_model else 0, time.perf_counter_ns(), run.times.clock))

    def _ended_by_a_user(self) -> None:
        if self.run is not None:
            self.run.times.own_end = True

    def hand_over_contents(self) -> None:
        """What the files hold that options name: workers, to which Locust sends its options, may not have them. Raises
        UsageError.
        """
        if self._master is not None and (options := self._environment.parsed_options) is not None:
            setattr(options, CONTENTS, contents_of(options))

    def _consumers(self, settings: Settings) -> list[Consumer]:
        """What takes in the windows of the next run once they are stored, in this order."""
        environment = self._environment
        consumers: list[Consumer] = [self._metrics] if self._metrics is not None else []
        locust_counts = settings.fire_request_events or settings.pace_tasks
        if environment.runner is not None and not locust_counts:
            consumers.append(LocustStatistics(environment.stats, request_type_of(environment.user_classes, settings)))
        if getattr(environment.parsed_options, "headless", False) and told() != QUIET:
            consumers.append(Progress(sys.stderr))
        return [*consumers, self._live] if environment.web_ui is not None else consumers

    def receive(self, message: object) -> dict[str, Any] | None:
        """Store a report; its acknowledgement, None where it is not stored: whoever sent it still has it."""
        if self.run is None or self.run.unwritable:
            return None
        try:
            return self.run.receiver.receive(message)
        except OSError:
            return None

    def stopping(self, drain_here: Callable[[float], None]) -> None:
        """Runs before Locust stops the workers: everything under way is finished and handed over. `drain_here` does that in a
        single process, within so many seconds.
        """
        run = self.run
        if run is None or run.times.stopped:
            return
        run.stopping()
        keep_s = 0.5 if run.unwritable else ACKNOWLEDGE_WITHIN_S  # what workers can't hand over they leave in spools
        try:
            if self._master is not None:
                self._drain_workers(self._master, run, keep_s)
            else:
                drain_here(keep_s)
        finally:
            run.drained()

    @property
    def ending(self) -> bool:
        """Whether the load of a run has ended and its verdict is still to come."""
        return self.run is not None and self.run.times.stopped and self.run is not self._over

    def stop(self) -> None:
        """The test has stopped: the assessment, and the exit code."""
        run = self.run
        if run is None or run.finished:
            return
        try:
            assessment = run.finish()
        except BizraLoadError as error:
            print(f"bizra-load: {error} (kept: {run.folder})", file=sys.stderr, flush=True)
            no_statistics(self._environment)
            self._exit_code.is_ours(error.exit_code)
        else:
            judged = assessment.decision is not Decision.NOT_JUDGED
            (self._exit_code.is_ours if judged else self._exit_code.is_ours_or_the_users)(assessment.exit_code)
        finally:
            self._over = run
        if self._of_our_web_ui and self._exit_code.code is not None:
            latest.end(run.folder, self._exit_code.code)
        if self._metrics_server is not None and self._environment.web_ui is None:
            self._metrics_server.wait_for_reading()  # the process ends now: whoever scrapes it gets the final figures

    def _begin_when_users_are_there(self, run: MasterRun, begin_here: Callable[[Started], None]) -> None:
        """No arrival is due before the user that takes it exists, however long this machine needs for that."""
        runner = self._environment.runner
        until(lambda: run.times.stopped or users_are_there(runner), USERS_WITHIN_S)
        if run.times.stopped or run is not self.run:
            return
        if not users_are_there(runner):
            print(
                f"bizra-load: not all users are there after {USERS_WITHIN_S:g} s: the load begins", file=sys.stderr, flush=True
            )
        if self._master is None:
            run.prepare_judging()
        run.begin(LEAD_S)
        started = self._send_start_to_all(Started(run.run_id, -int(LEAD_S * 1e9), time.perf_counter_ns(), run.times.clock))
        if self._master is None:
            begin_here(started)
        else:
            gevent.spawn_later(LEAD_S + 0.5, run.prepare_judging)  # in the ramp; not while all of them start

    def _send_start_to_all(self, started: Started) -> Started:
        self._started = started
        if self._master is not None:
            for client in self._master.clients.all:
                self._send_start(client.id)
        return started

    def _serve_metrics(self) -> None:
        """The generator's own metrics: on a port of their own if asked for, and under the web UI where there is one."""
        web_ui = self._environment.web_ui
        if web_ui is None and self._metrics_address is None:
            return
        metrics = self._metrics = GeneratorMetrics()
        if self._metrics_address is not None:
            self._metrics_server = MetricsServer(self._metrics_address, metrics.registry)

    def _serve_pages(self, web_ui: WebUI) -> None:
        options, metrics = self._environment.parsed_options, self._metrics
        assert metrics is not None
        allow_own_pages_only(web_ui, *names_of(web_ui, options))
        form = WebForm(self._environment, web_ui, lambda: self.ending)
        base_path = getattr(options, "web_base_path", "") or ""
        add_pages(web_ui, self._live, form, lambda: generate_latest(metrics.registry), base_path)
        if self._of_our_web_ui:
            scheme, name = "https" if web_ui.tls_cert else "http", web_ui.host or "localhost"
            address = f"{scheme}://{f'[{name}]' if ':' in name else name}:{web_ui.port}{base_path.rstrip('/')}"
            tell(f"Web UI: {address}/ (live page and verdict: {address}/bizra-load); Ctrl+C ends it")

    def _drain_workers(self, master: MasterRunner, run: MasterRun, keep_s: float) -> None:
        mac = self._key.sign(DRAIN, run.run_id, keep_s)
        master.send_message(DRAIN, {"hand_over_s": keep_s, "mac": mac})
        end = time.monotonic() + run.settings.request_timeout_s + ACKNOWLEDGE_WITHIN_S + 5
        while (waited_for := set(run.receiver.unfinished())) and time.monotonic() < end:
            present = {c.id for c in master.clients.all if c.state != STATE_MISSING}
            if not present:
                print("bizra-load: every worker is lost: the run ends", file=sys.stderr, flush=True)
            if not waited_for & present or run.unwritable:
                break
            gevent.sleep(0.02)

    def _send_start(self, worker: str, hello_ns: int = 0) -> None:
        """To a worker that takes part; not before a test, nor once its drain has begun."""
        if self.run is None or self.run.times.stopped or self._started is None or self._master is None:
            return
        self.run.receiver.expect(worker)
        run, elapsed_ns, unix_ns = self._started.run_id, self._started.elapsed_now_ns(), self._started.clock.unix_ns()
        mac = self._key.sign(START, run, worker, elapsed_ns, unix_ns)
        message = {"run": run, "elapsed_ns": elapsed_ns, "unix_ns": unix_ns, "hello_ns": hello_ns, "mac": mac}
        self._master.send_message(START, message, client_id=worker)

    def refuse(self, error: Exception) -> None:
        """A run can't be made, such as its folder: one line, nothing is started. Under a web UI the next one may succeed."""
        self.run = None
        reason = f"{error.filename or ''}: {error.strerror}" if isinstance(error, OSError) else str(error)
        print(f"bizra-load: {reason}", file=sys.stderr, flush=True)
        self._exit_code.is_ours(error.exit_code if isinstance(error, BizraLoadError) else INVALID)
        no_statistics(self._environment)
        if self._environment.runner is not None:
            runner = self._environment.runner
            gevent.spawn(runner.quit if self._environment.web_ui is None else runner.stop)

    def _on_worker_connect(self, client_id: str, **_: Any) -> None:
        self._send_start(client_id)

    def _on_hello(self, environment: Environment, msg: Any, **_: Any) -> None:
        sent_ns = msg.data.get("sent_ns") if isinstance(msg.data, dict) else None
        if isinstance(sent_ns, int):
            self._send_start(msg.node_id, sent_ns)

    def _on_missing_worker(self, worker: str) -> None:
        if self.run is not None and not self.run.times.stopped:
            print(f"bizra-load: worker {worker} is missing: no heartbeat from it", file=sys.stderr, flush=True)

    def _on_refused(self, environment: Environment, msg: Any, **_: Any) -> None:
        show_refusal(msg.node_id, msg.data, self._key)

    def _on_report(self, environment: Environment, msg: Any, **_: Any) -> None:
        acknowledgement = self.receive(msg.data)
        if acknowledgement is not None and self._master is not None:
            self._master.send_message(ACKNOWLEDGE, acknowledgement, client_id=msg.node_id)


def _stand_back() -> None:
    """Storing and judging can wait, arrivals can't: less of a contended core (nice(2)), and a report that comes in does not
    push the worker that sent it off its core (SCHED_BATCH, sched(7): seen to take 1 to 9 ms of an arrival's time otherwise).
    """
    os.nice(NICENESS)
    if hasattr(os, "SCHED_BATCH"):  # Linux
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))

"""All wiring to Locust, on one screen. `install(environment)` is what any locustfile needs; `register()` adds the options.

worker   START -> Measuring (recorder, schedule) -> REPORT every second -> DRAIN: finish, report, stop
master   test_start: Keeping (run folder, server metrics) -> test_stopping: drain -> test_stop: assess, exit code
single process: both
"""

from __future__ import annotations

import logging
import re
import signal
import sys
import time
from typing import Any

import gevent
from gevent.event import Event
from locust import events as locust_events
from locust.env import Environment
from locust.runners import STATE_INIT, STATE_MISSING, MasterRunner, WorkerRunner
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from bizra_load import gate, options
from bizra_load.exit_codes import INVALID, BizraLoadError, UsageError
from bizra_load.locust_faults import end_stopped_children, interrupt_once, no_statistics, quiet, watch_workers
from bizra_load.master import Keeping
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.cluster_key import cluster_key_of_environment
from bizra_load.measure.exchange import ACKNOWLEDGE, DRAIN, HELLO, REPORT, START, Sender
from bizra_load.measure.generator_metrics import GeneratorMetrics
from bizra_load.measure.locust_stats import show_microseconds
from bizra_load.measure.metrics_server import MetricsServer
from bizra_load.measure.wire import encode_report
from bizra_load.shapes import LEAD_S, StagesShape
from bizra_load.users import OpenModelUser
from bizra_load.webui.live import Live
from bizra_load.webui.page import add_page
from bizra_load.worker import ACKNOWLEDGE_WITHIN_S, Measuring

logger = logging.getLogger(__name__)
START_WITHIN_S = 10.0
SECOND_NS = 1_000_000_000
QUICK_NS, HELLOS = 20_000_000, 5  # how soon START should answer a HELLO, and how often that is tried


def register() -> None:
    """Call at the top of a locustfile: our options in Locust's parser and web form, and install() when Locust is ready."""
    for hook, listener in (
        (locust_events.init_command_line_parser, options.add_arguments),
        (locust_events.init, install),
    ):
        if listener not in hook._handlers:  # several locustfiles may be given at once
            hook.add_listener(listener)


def install(environment: Environment, **_: Any) -> Plugin:
    """Measure every request of this environment. Wrong options end the process with one line and exit code 6."""
    plugin: Plugin | None = getattr(environment, "bizra_load", None)
    if plugin is None:
        try:
            plugin = environment.bizra_load = Plugin(environment)
        except UsageError as error:
            print(f"bizra-load: {error}", file=sys.stderr)
            sys.exit(error.exit_code)
    return plugin


class Plugin:
    """The listeners. `measuring` is set while a test runs where users run; `keeping` where the run is kept."""

    measuring: Measuring
    keeping: Keeping | None = None
    metrics: GeneratorMetrics | None = None
    metrics_server: MetricsServer | None = None

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.runner = environment.runner
        self.is_worker = isinstance(self.runner, WorkerRunner)
        self.is_master = isinstance(self.runner, MasterRunner)
        self._key = cluster_key_of_environment()
        # run, elapsed_ns, when that was told (perf_counter_ns), the time of day by the master's clock
        self._started: tuple[str, int, int, SteadyClock] | None = None
        self._start_pending = False
        self._measures = Event()
        show_microseconds()
        if not self.is_worker:
            settings = options.resolve(environment.parsed_options)  # what can be refused is refused before the first request
            gate.check(settings)
            gevent.signal_handler(signal.SIGTERM, self._terminate)  # Locust's own is not in place while a shape runs
        if any(issubclass(u, OpenModelUser) for u in environment.user_classes) and not self.open_model:
            raise UsageError("locustfile: an OpenModelUser needs a StagesShape beside it (class Shape(StagesShape): ...)")
        if not self.is_worker:
            self._serve_metrics(settings)
        self.live = Live()
        if not self.is_worker and environment.web_ui is not None:
            add_page(environment.web_ui, self.live, getattr(environment.parsed_options, "web_base_path", "") or "")
        events = environment.events
        events.request.add_listener(self._on_request)
        events.test_start.add_listener(self._on_test_start)
        events.test_stopping.add_listener(self._on_test_stopping)
        events.test_stop.add_listener(self._on_test_stop)
        if isinstance(self.runner, WorkerRunner):
            self.runner.register_message(START, self._on_start_message)
            self.runner.register_message(ACKNOWLEDGE, self._on_acknowledge)
            self.runner.register_message(DRAIN, self._on_drain_message, concurrent=True)
            events.quitting.add_listener(self._on_worker_quitting)
            no_statistics(environment)  # the master writes them, for all
            events.heartbeat_received.add_listener(self._on_heartbeat)
            # a worker that joins a running test may have been sent START and users while nobody listened here
            self._start_pending = self.runner.worker_state != STATE_INIT
            self._hellos = 0
            self._say_hello()
        if isinstance(self.runner, MasterRunner):
            self.runner.register_message(REPORT, self._on_report)
            self.runner.register_message(HELLO, self._on_hello)
            events.worker_connect.add_listener(self._on_worker_connect)
            end_stopped_children()
            gevent.spawn(watch_workers, self.runner, self._on_missing_worker)
        quiet()
        interrupt_once()

    @property
    def open_model(self) -> bool:
        return isinstance(self.environment.shape_class, StagesShape)

    def _serve_metrics(self, settings: options.Settings) -> None:
        """The generator's own metrics: on a port of their own if asked for, and under the web UI where there is one."""
        web_ui = self.environment.web_ui
        if web_ui is None and settings.generator_metrics is None:
            return
        self.metrics = GeneratorMetrics()
        if settings.generator_metrics is not None:
            self.metrics_server = MetricsServer(settings.generator_metrics, self.metrics.registry)
        if web_ui is not None:
            text = web_ui.auth_required_if_enabled(self._metrics_text)
            web_ui.app.add_url_rule("/bizra-load/metrics", "bizra_load_metrics", text)

    def _metrics_text(self) -> tuple[bytes, dict[str, str]]:
        assert self.metrics is not None
        return generate_latest(self.metrics.registry), {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}

    # where the run is kept -------------------------------------------------------------------------------------------

    def _on_test_start(self, **_: Any) -> None:
        settings = options.resolve(self.environment.parsed_options)
        if not self.is_worker:
            self.environment.process_exit_code = INVALID  # until an assessment says otherwise
            lead_s = LEAD_S if self.open_model else 0.0
            try:
                self.keeping = Keeping(settings, self.environment, self.open_model, lead_s, self._key, self.metrics)
            except (BizraLoadError, OSError) as error:
                self.keeping = None
                self._refuse(error)
                return
            if self.environment.web_ui is not None:
                self.keeping.show_on(self.live)
            self._started = (self.keeping.run, -int(lead_s * 1e9), time.perf_counter_ns(), self.keeping.clock)
        if isinstance(self.runner, MasterRunner):
            for client in self.runner.clients.all:
                self._tell_start(client.id)
        elif self.is_worker:
            self._measures.clear()
            self._start_pending = True
            self._start_when_told()
        else:
            self._start_measuring(settings)

    def _tell_start(self, worker: str, hello_ns: int = 0) -> None:
        assert self.keeping is not None
        assert self._started is not None
        assert isinstance(self.runner, MasterRunner)
        run, elapsed_ns, told_ns, clock = self._started
        self.keeping.expect(worker)
        elapsed_ns += time.perf_counter_ns() - told_ns
        unix_ns = clock.unix_ns()
        mac = self._key.sign(START, run, worker, elapsed_ns, unix_ns)
        message = {"run": run, "elapsed_ns": elapsed_ns, "unix_ns": unix_ns, "hello_ns": hello_ns, "mac": mac}
        self.runner.send_message(START, message, client_id=worker)

    def _on_worker_connect(self, client_id: str, **_: Any) -> None:
        if self.keeping is not None and not self.keeping.ended:
            self._tell_start(client_id)

    def _on_hello(self, environment: Environment, msg: Any, **_: Any) -> None:
        if self.keeping is not None and not self.keeping.ended and isinstance(msg.data, int):
            self._tell_start(msg.node_id, msg.data)

    def _on_missing_worker(self, worker: str) -> None:
        if self.keeping is not None and not self.keeping.ended:
            print(f"bizra-load: worker {worker} is missing: no sign of life", file=sys.stderr, flush=True)

    def _refuse(self, error: Exception) -> None:
        """The run can't be kept: one line, nothing is started."""
        reason = f"{error.filename or ''}: {error.strerror}" if isinstance(error, OSError) else str(error)
        print(f"bizra-load: {reason}", file=sys.stderr, flush=True)
        self.environment.process_exit_code = error.exit_code if isinstance(error, BizraLoadError) else INVALID
        no_statistics(self.environment)
        if self.runner is not None:
            gevent.spawn(self.runner.quit)

    def _on_report(self, environment: Environment, msg: Any, **_: Any) -> None:
        if self.keeping is not None and isinstance(self.runner, MasterRunner):
            try:
                answer = self.keeping.receiver.receive(msg.data)
            except OSError:
                return  # not acknowledged: the worker still has it
            if answer is not None:
                self.runner.send_message(ACKNOWLEDGE, answer, client_id=msg.node_id)

    def _on_test_stopping(self, **_: Any) -> None:
        """Runs before Locust stops the workers: everything under way is finished and handed over."""
        if self.is_worker or self.keeping is None or self.keeping.ended:
            return
        self.keeping.stopping()
        keep_s = 0.5 if self.keeping.unwritable else ACKNOWLEDGE_WITHIN_S  # what workers can't hand over they leave in spools
        if isinstance(self.runner, MasterRunner):
            mac = self._key.sign(DRAIN, self.keeping.run, keep_s)
            self.runner.send_message(DRAIN, {"hand_over_s": keep_s, "mac": mac})
            end = time.monotonic() + self.keeping.settings.request_timeout_s + ACKNOWLEDGE_WITHIN_S + 5
            while (waited_for := set(self.keeping.receiver.unfinished())) and time.monotonic() < end:
                present = {c.id for c in self.runner.clients.all if c.state != STATE_MISSING}
                if not present:
                    print("bizra-load: every worker is lost: the run ends", file=sys.stderr, flush=True)
                if not waited_for & present or self.keeping.unwritable:
                    break
                gevent.sleep(0.02)
        else:
            self.measuring.drain(keep_s)
        self.keeping.drained()

    def _on_test_stop(self, **_: Any) -> None:
        if self.is_worker or self.keeping is None or self.keeping.finished:
            return
        try:
            assessment = self.keeping.finish()
        except BizraLoadError as error:
            print(f"bizra-load: {error} (kept: {self.keeping.folder})", file=sys.stderr, flush=True)
            no_statistics(self.environment)
            self.environment.process_exit_code = error.exit_code
        else:
            self.environment.process_exit_code = assessment.exit_code
            self.live.assessed(assessment)
        if self.metrics_server is not None and self.environment.web_ui is None:
            self.metrics_server.wait_for_reading()  # the process ends now: whoever scrapes it gets the final figures

    def _terminate(self) -> None:
        if self.runner is not None:
            self.runner.quit()

    # where users run -------------------------------------------------------------------------------------------------

    def _say_hello(self) -> None:
        self._hellos += 1
        if self.runner is not None:
            self.runner.send_message(HELLO, time.perf_counter_ns())

    def wait_for_measuring(self) -> Measuring:
        """What users record with. On a worker that joined late, users may be there before the master's START."""
        if self._start_pending and not self._measures.wait(START_WITHIN_S):
            raise RuntimeError("the master's start did not arrive")
        return self.measuring

    def _start_when_told(self) -> None:
        """Once this worker knows of the test from Locust (users are coming) and from us (START: when its schedule began)."""
        if self._start_pending and self._started is not None:
            self._start_measuring(options.resolve(self.environment.parsed_options))
            self._start_pending, self._started = False, None
            self._measures.set()

    def _start_measuring(self, settings: options.Settings) -> None:
        assert self._started is not None
        run, elapsed_ns, told_ns, clock = self._started
        elapsed_ns += time.perf_counter_ns() - told_ns
        if isinstance(self.runner, WorkerRunner):
            runner = self.runner
            self.measuring = Measuring(
                self.environment,
                settings,
                runner.client_id,
                runner.worker_index,
                run,
                elapsed_ns,
                lambda message: runner.send_message(REPORT, message),
                self._key,
                clock,
            )
            gevent.spawn(self._stop_without_master, self.measuring)
        else:
            deliver, key = self._deliver, self._key
            self.measuring = Measuring(self.environment, settings, "local", 0, run, elapsed_ns, deliver, key, clock)

    def _stop_without_master(self, measuring: Measuring) -> None:
        """A worker whose master is silent stops loading; what it can't hand over any more is left in a spool file."""
        if measuring.wait_for_silence():
            measuring.drain()
            if measuring.spooled is not None and self.runner is not None:
                self.environment.process_exit_code = INVALID
                self.runner.quit()

    def _on_heartbeat(self, **_: Any) -> None:
        if hasattr(self, "measuring"):
            self.measuring.heartbeats += 1
        # Locust would end this worker 60 s later by the system clock, which may be set: ours goes by the monotonic one
        self.runner.last_heartbeat_timestamp = None  # type: ignore[union-attr]

    def _deliver(self, message: dict[str, Any]) -> None:
        """The exchange within a single process."""
        if self.keeping is not None and not self.keeping.unwritable and (answer := self.keeping.receiver.receive(message)):
            self.measuring.sender.acknowledged(answer)

    def _on_request(self, **request: Any) -> None:
        if not self.is_master and hasattr(self, "measuring"):
            self.measuring.on_request(**request)

    def _on_start_message(self, environment: Environment, msg: Any, **_: Any) -> None:
        run, elapsed_ns, unix_ns = str(msg.data["run"]), int(msg.data["elapsed_ns"]), int(msg.data["unix_ns"])
        worker = getattr(self.runner, "client_id", "")
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,200}", run):  # it becomes part of a file's name
            logger.error("bizra-load: a start of a run with an impossible name was refused")
        elif self._key.holds(msg.data.get("mac"), START, run, worker, elapsed_ns, unix_ns):
            if hasattr(self, "measuring") and self.measuring.run == run:
                return  # told twice
            now_ns, hello_ns = time.perf_counter_ns(), int(msg.data["hello_ns"])
            took_ns = min(max(now_ns - hello_ns, 0), SECOND_NS) if hello_ns else 0
            if took_ns > QUICK_NS and self._hellos < HELLOS:
                self._say_hello()  # this worker was busy with its own start: by a quicker answer the clocks agree better
                return
            self._started = (run, elapsed_ns + took_ns // 2, now_ns, SteadyClock(unix_ns + took_ns // 2))
            self._start_when_told()
        else:
            logger.error("bizra-load: a start that is not signed with this cluster's key was refused")

    def _on_acknowledge(self, environment: Environment, msg: Any, **_: Any) -> None:
        if hasattr(self, "measuring"):
            self.measuring.sender.acknowledged(msg.data)

    def _on_drain_message(self, environment: Environment, msg: Any, **_: Any) -> None:
        if not hasattr(self, "measuring") or (self._started is not None and self._started[0] != self.measuring.run):
            self._say_that_there_is_nothing()
            return
        keep_s = (msg.data or {}).get("hand_over_s")
        if isinstance(keep_s, float) and self._key.holds(msg.data.get("mac"), DRAIN, self.measuring.run, keep_s):
            self.measuring.drain(min(max(keep_s, 0.0), ACKNOWLEDGE_WITHIN_S))

    def _say_that_there_is_nothing(self) -> None:
        """A worker that was told of the test and got no user: Locust gives a late one none without --enable-rebalancing."""
        if self._started is not None and isinstance(self.runner, WorkerRunner):
            runner = self.runner
            sender = Sender(self._started[0], runner.client_id, lambda message: runner.send_message(REPORT, message), self._key)
            sender.report(encode_report([], []), final=True)
            self._started = None

    def _on_worker_quitting(self, **_: Any) -> None:
        if hasattr(self, "measuring"):
            self.measuring.drain()

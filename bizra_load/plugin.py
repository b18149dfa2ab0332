"""All wiring to Locust, on one screen. `install(environment)` is what any locustfile needs; `register()` adds the options.

worker   START -> Measuring (recorder, schedule) -> REPORT every second -> DRAIN: finish, report, stop
master   test_start: Keeping (run folder, server metrics) -> test_stopping: drain -> test_stop: assess, exit code
single process: both
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from typing import Any

import gevent
from locust import events as locust_events
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from bizra_load import gate, options
from bizra_load.exit_codes import INVALID, BizraLoadError, UsageError
from bizra_load.master import Keeping
from bizra_load.measure.cluster_key import cluster_key_of_environment
from bizra_load.measure.exchange import ACKNOWLEDGE, DRAIN, REPORT, START
from bizra_load.measure.locust_stats import show_microseconds
from bizra_load.shapes import LEAD_S, StagesShape
from bizra_load.users import OpenModelUser
from bizra_load.webui.live import Live
from bizra_load.webui.page import add_page
from bizra_load.worker import ACKNOWLEDGE_WITHIN_S, Measuring

logger = logging.getLogger(__name__)


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

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.runner = environment.runner
        self.is_worker = isinstance(self.runner, WorkerRunner)
        self.is_master = isinstance(self.runner, MasterRunner)
        self._key = cluster_key_of_environment()
        self._started: tuple[str, int, int] | None = None  # run, elapsed_ns, when that was told (perf_counter_ns)
        show_microseconds()
        if not self.is_worker:
            settings = options.resolve(environment.parsed_options)  # what can be refused is refused before the first request
            gate.read_agreement(settings.agreement).check_environment(settings.environment)
            gevent.signal_handler(signal.SIGTERM, self._terminate)  # Locust's own is not in place while a shape runs
        if any(issubclass(u, OpenModelUser) for u in environment.user_classes) and not self.open_model:
            raise UsageError("locustfile: an OpenModelUser needs a StagesShape beside it (class Shape(StagesShape): ...)")
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
        if isinstance(self.runner, MasterRunner):
            self.runner.register_message(REPORT, self._on_report)
            events.worker_connect.add_listener(self._on_worker_connect)

    @property
    def open_model(self) -> bool:
        return isinstance(self.environment.shape_class, StagesShape)

    # where the run is kept -------------------------------------------------------------------------------------------

    def _on_test_start(self, **_: Any) -> None:
        settings = options.resolve(self.environment.parsed_options)
        if not self.is_worker:
            self.environment.process_exit_code = INVALID  # until an assessment says otherwise
            lead_s = LEAD_S if self.open_model else 0.0
            self.keeping = Keeping(settings, self.environment, self.open_model, lead_s, self._key)
            if self.environment.web_ui is not None:
                self.keeping.show_on(self.live)
            self._started = (self.keeping.run, -int(lead_s * 1e9), time.perf_counter_ns())
        if isinstance(self.runner, MasterRunner):
            for client in self.runner.clients.all:
                self._tell_start(client.id)
        else:
            # on a worker the master's START has come before: it was sent first, on the same connection
            self._start_measuring(settings)

    def _tell_start(self, worker: str) -> None:
        assert self.keeping is not None
        assert self._started is not None
        assert isinstance(self.runner, MasterRunner)
        run, elapsed_ns, told_ns = self._started
        self.keeping.receiver.expect(worker)
        elapsed_ns += time.perf_counter_ns() - told_ns
        mac = self._key.sign(START, run, worker, elapsed_ns)
        self.runner.send_message(START, {"run": run, "elapsed_ns": elapsed_ns, "mac": mac}, client_id=worker)

    def _on_worker_connect(self, client_id: str, **_: Any) -> None:
        if self.keeping is not None and not self.keeping.finished:
            self._tell_start(client_id)

    def _on_report(self, environment: Environment, msg: Any, **_: Any) -> None:
        if self.keeping is not None and isinstance(self.runner, MasterRunner):
            answer = self.keeping.receiver.receive(msg.data)
            if answer is not None:
                self.runner.send_message(ACKNOWLEDGE, answer, client_id=msg.node_id)

    def _on_test_stopping(self, **_: Any) -> None:
        """Runs before Locust stops the workers: everything under way is finished and handed over."""
        if self.is_worker or self.keeping is None or self.keeping.finished:
            return
        self.keeping.stopping()
        if isinstance(self.runner, MasterRunner):
            self.runner.send_message(DRAIN, {"mac": self._key.sign(DRAIN, self.keeping.run)})
            end = time.monotonic() + self.keeping.settings.request_timeout_s + ACKNOWLEDGE_WITHIN_S + 5
            while (waited_for := set(self.keeping.receiver.unfinished())) and time.monotonic() < end:
                present = {c.id for c in self.runner.clients.all if c.state != STATE_MISSING}
                if not waited_for & present:
                    break
                gevent.sleep(0.02)
        else:
            self.measuring.drain()
        self.keeping.drained()

    def _on_test_stop(self, **_: Any) -> None:
        if self.is_worker or self.keeping is None or self.keeping.finished:
            return
        try:
            assessment = self.keeping.finish()
        except BizraLoadError as error:
            logger.error("bizra-load: %s (kept: %s)", error, self.keeping.folder)
            self.environment.process_exit_code = error.exit_code
        else:
            self.environment.process_exit_code = assessment.exit_code
            self.live.assessed(assessment)

    def _terminate(self) -> None:
        if self.runner is not None:
            self.runner.quit()

    # where users run -------------------------------------------------------------------------------------------------

    def _start_measuring(self, settings: options.Settings) -> None:
        assert self._started is not None
        run, elapsed_ns, told_ns = self._started
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
            )
        else:
            self.measuring = Measuring(self.environment, settings, "local", 0, run, elapsed_ns, self._deliver, self._key)

    def _deliver(self, message: dict[str, Any]) -> None:
        """The exchange within a single process."""
        if self.keeping is not None and (answer := self.keeping.receiver.receive(message)):
            self.measuring.sender.acknowledged(answer)

    def _on_request(self, **request: Any) -> None:
        if not self.is_master and hasattr(self, "measuring"):
            self.measuring.on_request(**request)

    def _on_start_message(self, environment: Environment, msg: Any, **_: Any) -> None:
        run, elapsed_ns = str(msg.data["run"]), int(msg.data["elapsed_ns"])
        worker = getattr(self.runner, "client_id", "")
        if self._key.holds(msg.data.get("mac"), START, run, worker, elapsed_ns):
            self._started = (run, elapsed_ns, time.perf_counter_ns())
        else:
            logger.error("bizra-load: a start that is not signed with this cluster's key was refused")

    def _on_acknowledge(self, environment: Environment, msg: Any, **_: Any) -> None:
        if hasattr(self, "measuring"):
            self.measuring.sender.acknowledged(msg.data)

    def _on_drain_message(self, environment: Environment, msg: Any, **_: Any) -> None:
        if not hasattr(self, "measuring"):
            return
        if self._key.holds((msg.data or {}).get("mac"), DRAIN, self.measuring.run):
            self.measuring.drain()

    def _on_worker_quitting(self, **_: Any) -> None:
        if hasattr(self, "measuring"):
            self.measuring.drain()

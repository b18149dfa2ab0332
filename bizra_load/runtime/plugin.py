"""All wiring to Locust, on one screen. `install(environment)` is what any locustfile needs; `register()` adds the options.

worker          WorkerEvents
master          MasterEvents
single process  both
"""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import gevent
from locust import events as locust_events
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from bizra_load.exit_codes import INVALID, UsageError
from bizra_load.io.streams import keep_standard_streams
from bizra_load.io.terminal import tell
from bizra_load.measure.cluster_key import ClusterKey, cluster_key_of_environment
from bizra_load.runtime.locust_arguments import register_arguments, renamed
from bizra_load.runtime.locust_quirks import exit_once, quiet, statistics_that_end
from bizra_load.runtime.locust_stats import show_microseconds
from bizra_load.runtime.paced_tasks import PacedShape, pace_if_asked, set_pacing
from bizra_load.runtime.shapes import StagesShape
from bizra_load.runtime.unexplained import unexplained_of
from bizra_load.runtime.users import OpenModelUser, settings_for
from bizra_load.runtime.worker_events import Started, WorkerEvents
from bizra_load.runtime.worker_run import WorkerRun
from bizra_load.settings.settings import Settings, paces_tasks

if TYPE_CHECKING:
    from bizra_load.runtime.master_events import MasterEvents


def register() -> None:
    """Call at the top of a locustfile: our options in Locust's parser and web form, and install() when Locust is ready."""
    register_arguments()
    if install not in locust_events.init._handlers:  # several locustfiles may be given at once
        locust_events.init.add_listener(install)


def install(environment: Environment, **_: Any) -> Plugin:
    """Measure every request of this environment. Wrong options end the process with one line and exit code 6."""
    plugin: Plugin | None = getattr(environment, "bizra_load", None)
    if plugin is None:
        keep_standard_streams()
        try:
            settings = _checked_settings(environment)
            plugin = Plugin(environment, cluster_key_of_environment(), settings)
            plugin.listen()
            environment.bizra_load = plugin  # type: ignore[attr-defined]  # where users of ours find it
            # a worker that came late may have been told to start, and have users, while nobody listened here
            set_pacing(paces_tasks(environment.parsed_options))
            if not isinstance(environment.runner, WorkerRunner):
                for line in renamed(environment.parsed_options):
                    tell(line)
        except UsageError as error:
            print(f"bizra-load: {error}", file=sys.stderr)
            sys.exit(error.exit_code)
    return plugin


def _checked_settings(environment: Environment) -> Settings | None:
    """What can be refused is refused before the first request; None on a worker, which is sent its run. Raises UsageError."""
    settings = None
    if not isinstance(environment.runner, WorkerRunner):
        pace_if_asked(environment)
        settings = settings_for(environment.user_classes, environment.parsed_options)
        from bizra_load.judging.beforehand import check_settings  # no worker needs it: see _master_events()

        check_settings(settings, final=environment.web_ui is None)
    shape, driven = environment.shape_class, any(issubclass(user, OpenModelUser) for user in environment.user_classes)
    if driven and not isinstance(shape, StagesShape):
        raise UsageError("locustfile: an OpenModelUser needs a StagesShape beside it (class Shape(StagesShape): ...)")
    if isinstance(shape, StagesShape) and not isinstance(shape, PacedShape) and not driven:
        raise UsageError(
            f"locustfile: {type(shape).__name__} is a StagesShape, and no user class is one that it drives "
            "(allowed: an OpenModelUser; or no shape, and --target-ops)"
        )
    return settings


def _master_events(environment: Environment, key: ClusterKey, settings: Settings) -> MasterEvents:
    """Judging, web pages and metrics are half of all imports: what Locust forks as workers has not got them by then."""
    from bizra_load.runtime.master_events import MasterEvents

    return MasterEvents(environment, key, settings)


class Plugin:
    """The listeners of one environment; without `settings` it is a worker's."""

    def __init__(self, environment: Environment, key: ClusterKey, settings: Settings | None) -> None:
        self._environment = environment
        self._ending = False
        self._main = gevent.getcurrent()
        self._master = _master_events(environment, key, settings) if settings else None
        self._worker = None if isinstance(environment.runner, MasterRunner) else WorkerEvents(environment, key)

    def listen(self) -> None:
        """From now on events, messages and signals of the process reach us. Returns when the workers that a master expects are
        there. Raises UsageError where a port is taken.
        """
        events = self._environment.events
        show_microseconds()
        exit_once(self._environment)
        if self._master is not None:
            gevent.signal_handler(signal.SIGTERM, self._end)  # Locust's own is not in place while a shape runs
            self._master.listen()
            events.test_stopping.add_listener(self._on_test_stopping)
            events.test_stop._handlers.insert(0, self._on_test_stop)  # those of a locustfile may end the process
        if self._worker is not None:
            self._worker.listen()
            events.request.add_listener(self._worker.on_request)
        unexplained_of(self._environment)
        events.test_start.add_listener(self._on_test_start)
        quiet()
        statistics_that_end()
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # not under nohup
            gevent.signal_handler(signal.SIGHUP, self._end)
        if signal.getsignal(signal.SIGINT) in (signal.default_int_handler, signal.SIG_DFL):  # not where a shell had it ignored
            gevent.signal_handler(signal.SIGINT, self._end)  # Locust's own prints a traceback from wherever it happens to be
        if self._master is not None:
            self._master.wait_for_workers()
        # imports took seconds in which the loop did not run: timers, such as Locust's --run-time, would count from before them
        gevent.get_hub().loop.update_now()

    @property
    def recorder(self) -> WorkerEvents | None:
        """What takes in the requests of this process; None on a master."""
        return self._worker

    def wait_for_run(self) -> WorkerRun:
        """What users record with."""
        assert self._worker is not None, "a master has no users"
        return self._worker.wait_for_run()

    @property
    def seconds_left(self) -> float | None:
        """Until the schedule of this master's run ends; None where none is under way."""
        run = self._master.run if self._master is not None else None
        return run.times.seconds_left if run is not None else None

    def _on_test_start(self, **_: Any) -> None:
        set_pacing(paces_tasks(self._environment.parsed_options))
        if self._master is None:
            assert self._worker is not None
            self._worker.test_started()
            return
        try:
            settings = settings_for(self._environment.user_classes, self._environment.parsed_options)
            self._master.hand_over_contents()
        except UsageError as error:  # a file that was there when this process started
            self._master.refuse(error)
            return
        open_model = isinstance(self._environment.shape_class, StagesShape)
        started = self._master.start(settings, open_model, self._begin_here)
        if started is not None and self._worker is not None:
            self._worker.start(started, settings, self._master.receive)

    def _begin_here(self, started: Started) -> None:
        assert self._worker is not None
        self._worker.begin(started)

    def _on_test_stopping(self, **_: Any) -> None:
        assert self._master is not None
        self._master.stopping(self._drain_here)

    def _drain_here(self, keep_s: float) -> None:
        assert self._worker is not None
        self._worker.drain(keep_s)

    def _on_test_stop(self, **_: Any) -> None:
        assert self._master is not None
        self._master.stop()

    def _end(self) -> None:
        """End in good order, which takes some seconds; asked again meanwhile (Ctrl+C twice) it changes nothing."""
        if self._ending:
            return
        self._ending = True
        if self._master is None and self._worker is not None:
            self._worker.drain()  # Locust would take users away whose operations are under way
        if self._environment.runner is not None:
            self._environment.runner.quit()
        if self._environment.web_ui is not None:
            self._environment.web_ui.stop()
        elif self._master is not None and self._master.run is None:
            # no run to end: Locust's main greenlet may be in its wait for workers, or in ours, and would stay there
            gevent.kill(self._main, SystemExit(self._environment.process_exit_code or INVALID))

"""Whom a user's requests are told to: Locust's request event, unless only those listen who can be told in a cheaper way.

Locust's statistics and our recorder take a successful request as a few numbers. As soon as anybody else listens, the event is
fired for each request, for all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from locust.env import Environment
from locust.event import EventHook
from locust.runners import Runner
from locust.stats import RequestStats

from bizra_load.runtime.lean.statistics import LeanStats

if TYPE_CHECKING:  # the end of a run looks for our client, too
    from bizra_load.runtime.worker_events import WorkerEvents
    from bizra_load.runtime.worker_run import WorkerRun

MAX_NAMES = 10_000  # that are looked up by what a request says
# the listener that a runner adds for the statistics of its environment
_STATISTICS = next(c for c in Runner.__init__.__code__.co_consts if getattr(c, "co_name", "") == "on_request")
_LOG = RequestStats.log_request
_Add = Callable[[int, int, int], None]


class Reporting:
    """One environment's. succeeded() takes a request that succeeded, where no event is needed."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._cheap: list[Any] | None = None  # the listeners that were looked at last, if all can do without the event
        self._foreign: list[Any] | None = None  # the same, if one can't
        self._stats: RequestStats | None = None  # that it adds to
        self._recorder: WorkerEvents | None = None
        self._run: WorkerRun | None = None
        self._adders: dict[tuple[str, str], _Add] = {}

    def succeeded(self, method: str, name: str, start_ns: int, done_ns: int, length: int) -> bool:
        """Whether everybody knows of it now (times: perf_counter_ns); False where the event has to be fired."""
        environment = self._environment
        if (environment.events.request._handlers != self._cheap or environment.stats is not self._stats) and not self._look():
            return False
        recorder = self._recorder
        if recorder is not None and (recorder.run is not self._run or recorder.pending) and not self._look():
            return False
        (self._adders.get((method, name)) or self._adder(method, name))(start_ns, done_ns, length)
        return True

    def _look(self) -> bool:
        """Whether all who listen now can be told without the event."""
        hook = self._environment.events.request
        handlers = list(hook._handlers)
        stats = self._environment.stats
        if handlers == self._foreign and stats is self._stats:
            return False
        self._stats = stats
        self._adders.clear()
        self._cheap = self._foreign = self._recorder = self._run = None
        recorder = getattr(getattr(self._environment, "bizra_load", None), "recorder", None)
        recorders = [recorder for handler in handlers if recorder is not None and handler == recorder.on_request]
        statistics = [handler for handler in handlers if getattr(handler, "__code__", None) is _STATISTICS]
        if type(hook).fire is not EventHook.fire or "fire" in hook.__dict__ or len(recorders) > 1 or len(statistics) != 1:
            self._foreign = handlers
            return False
        if len(recorders) + len(statistics) != len(handlers) or not _ordinary(stats):
            self._foreign = handlers
            return False
        if recorders:
            run = recorders[0].run
            if run is None or recorders[0].pending or run.settings.group_by:
                return False  # what comes before a run is kept for it; a request's context decides its operation
            self._recorder, self._run = recorders[0], run
        self._cheap = handlers
        return True

    def _adder(self, method: str, name: str) -> _Add:
        if len(self._adders) >= MAX_NAMES:
            self._adders.clear()
        adder = self._adders[method, name] = self._made(method, name)
        return adder

    def _made(self, method: str, name: str) -> _Add:
        add, run = LeanStats.of(self._environment.stats).adder(method, name), self._run
        if run is None:
            return add
        record = run.requests.recorder_of(method, name)
        assert record is not None, "a request's context decides its operation: _look() has seen that it does not"

        def succeeded(start_ns: int, done_ns: int, length: int) -> None:
            record(start_ns, start_ns, done_ns)
            add(start_ns, done_ns, length)

        return succeeded


def _ordinary(stats: RequestStats) -> bool:
    """Whether Locust's own log_request() is all that it does with a request."""
    return type(stats) in (RequestStats, LeanStats) and "log_request" not in stats.__dict__ and RequestStats.log_request is _LOG


def reporting_of(environment: Environment) -> Reporting:
    """The one of this environment, made on first use."""
    reporting: Reporting | None = getattr(environment, "bizra_load_reporting", None)
    if reporting is None:
        reporting = environment.bizra_load_reporting = Reporting(environment)  # type: ignore[attr-defined]
    return reporting

"""Where Locust itself would hang, or say many lines where one is enough, when a process of the run is lost."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable

import gevent
import psutil
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner

# Each of these is a consequence of something that our own line, or a check of the assessment, says.
_SAID_BY_US = ("Bad response code from worker children", "CPU usage threshold was exceeded", "exceeded cpu threshold")


def watch_workers(runner: MasterRunner, missing: Callable[[str], None]) -> None:
    """Call `missing` for each worker that gives no sign of life any more. Never returns."""
    told: set[str] = set()
    while True:
        gevent.sleep(0.5)
        lost = {client.id for client in runner.clients.all if client.state == STATE_MISSING}
        for worker in sorted(lost - told):
            missing(worker)
        told = lost


def end_stopped_children() -> None:
    """At exit, before Locust waits for the workers that it forked: one that is suspended (SIGSTOP) would never end."""
    atexit.register(_end_stopped_children)


def _end_stopped_children() -> None:
    for child in psutil.Process().children():
        try:
            if child.status() == psutil.STATUS_STOPPED:
                child.kill()
        except psutil.NoSuchProcess:
            continue


class _Quiet(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not any(text in record.getMessage() for text in _SAID_BY_US)


def quiet() -> None:
    """Leave out Locust's lines about what is said elsewhere."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(f, _Quiet) for f in handler.filters):
            handler.addFilter(_Quiet())


def no_statistics(environment: Environment) -> None:
    """Locust neither prints its statistics at the end of this process nor writes them to --json-file (where there may be no
    room: it would fail with a traceback).
    """
    logging.getLogger("locust.stats_logger").disabled = True
    if environment.parsed_options is not None:
        environment.parsed_options.json_file = None

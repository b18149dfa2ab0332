"""Where Locust would hang, cut requests off, poll once a second, wait longer than it needs, or log more than one line.

Its own waits still follow, and find that there is nothing to wait for.
"""

from __future__ import annotations

import atexit
import logging
import time
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import gevent
import psutil
from gevent.event import Event
from gevent.lock import RLock
from locust import stats
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_MISSING, STATE_RUNNING, MasterRunner, Runner

from bizra_load.io.terminal import tell

LAST_WORDS_WITHIN_S = 0.5  # Locust's own
CSV_WRITTEN_S = stats.CSV_STATS_INTERVAL_SEC + 0.2  # Locust writes them so often, with what it had then
KILLED_LATER_S = 1.0  # than those that are at a task: whoever is not ends by itself, or Locust kills it
LOCAL_WORKERS_WITHIN_S = 5.0  # those of this machine; for others, which may take minutes, Locust polls once a second


def wait_for_workers(master: MasterRunner, expected: int) -> None:
    """Until as many workers are ready as a headless run expects, or LOCAL_WORKERS_WITHIN_S are over."""
    until(lambda: len(master.clients.ready) >= expected, LOCAL_WORKERS_WITHIN_S)


def until(happened: Callable[[], bool], within_s: float) -> None:
    """Let everything else run until it has happened, or so long."""
    end = time.monotonic() + within_s
    while not happened() and time.monotonic() < end:
        gevent.sleep(0.005)


def users_are_there(runner: Runner | None) -> bool:
    """Whether every user of the test that starts exists; where workers were lost meanwhile, every one of the others."""
    if runner is None:
        return False
    if runner.user_count == runner.target_user_count > 0:
        return True
    if not isinstance(runner, MasterRunner):
        return False
    states = [client.state for client in runner.clients.all if client.state != STATE_MISSING]
    return bool(states) and all(state == STATE_RUNNING for state in states)


def constant_users(runner: Runner | None) -> int:
    """How many users run, all that are to; 0 while their number changes."""
    return runner.target_user_count if runner is not None and runner.state == STATE_RUNNING else 0


def stop_users(runner: Runner, within_s: float, cut_off: Callable[[], None]) -> None:
    """Let all users finish the task that they are at, for at most `within_s`, or the --stop-timeout that was given; `cut_off`
    ends those that have not by then. Without that, Locust kills them, and nobody would know of requests that the target has
    counted.
    """
    environment, own_s = runner.environment, runner.environment.stop_timeout
    environment.stop_timeout = (own_s or within_s) + KILLED_LATER_S
    cutting = gevent.spawn_later(own_s or within_s, cut_off)
    try:
        runner.stop_users(dict(runner.user_classes_count))
    finally:
        cutting.kill()
        environment.stop_timeout = own_s


def end_once(runner: Runner, by_a_user: Callable[[], None]) -> None:
    """Whoever stops or quits a runner that somebody else is stopping waits until that is done: the schedule's end, a signal,
    the web UI and the loss of the last worker may all come at once, and Locust would kill the greenlet that drains.

    A headless master is told to quit four times on its way out: once it has quit, a further call changes nothing. `by_a_user`:
    called first where a task asks for it.
    """
    really_stop, really_quit, has_quit, ending = runner.stop, runner.quit, False, RLock()
    if isinstance(runner, MasterRunner):
        really_quit = partial(_quit_master, runner)

    def asked_by_a_user() -> bool:
        """It is a task's own wish, which can't wait for itself."""
        return gevent.getcurrent() in runner.user_greenlets

    def stop(*arguments: Any, **options: Any) -> None:
        if asked_by_a_user():
            by_a_user()
            gevent.spawn(stop, *arguments, **options)
            return
        with ending:
            really_stop(*arguments, **options)

    def quit_() -> None:
        nonlocal has_quit
        if asked_by_a_user():
            by_a_user()
            gevent.spawn(quit_)
            return
        with ending:
            if has_quit:
                return
            try:
                really_quit()
            except gevent.GreenletExit:  # it ends the greenlet of the shape, which is the one that calls it first
                has_quit = True
                raise
            has_quit = True

    runner.stop = stop  # type: ignore[method-assign]  # there is no event before a stop, and one after
    runner.quit = quit_  # type: ignore[method-assign]


def exit_once(environment: Environment) -> None:
    """A signal makes Locust shut down in a greenlet of its own, while the end of the run makes the main one do the same.
    Whoever comes to sys.exit() second there would print its traceback: where the main one is on its way out, the other waits
    for the end of the process.
    """
    main, leaving = gevent.getcurrent(), set[Any]()

    def left(**_: Any) -> None:
        if main in leaving and gevent.getcurrent() is not main:
            Event().wait()

    environment.events.quitting.add_listener(lambda **_: leaving.add(gevent.getcurrent()))
    environment.events.quit.add_listener(left)


def _quit_master(master: MasterRunner) -> None:
    """MasterRunner.quit(), which sleeps half a second for its workers' last words: until they have spoken is long enough."""
    master.stop(send_stop_to_client=False)
    for client in master.clients.all:
        master.server.send_to_client(Message("quit", None, client.id))
    until(lambda: not master.clients.all, LAST_WORDS_WITHIN_S)
    if getattr(master.environment.parsed_options, "csv_prefix", None):
        gevent.sleep(CSV_WRITTEN_S)  # what the workers said last is in --csv's files when Locust has written them once more
    master.greenlet.kill(block=True)


# Each of these is a consequence of something that our own line, or a check of the assessment, says.
_REPORTED_BY_US = ("Bad response code from worker children", "CPU usage threshold was exceeded", "exceeded cpu threshold")


def watch_workers(runner: MasterRunner, missing: Callable[[str], None]) -> None:
    """Call `missing` for each worker that sends no heartbeat any more. Never returns."""
    reported: set[str] = set()
    while True:
        gevent.sleep(0.5)
        lost = {client.id for client in runner.clients.all if client.state == STATE_MISSING}
        for worker in sorted(lost - reported):
            missing(worker)
        reported = lost


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
        return not any(text in record.getMessage() for text in _REPORTED_BY_US)


def quiet() -> None:
    """Leave out Locust's lines about what our own line, or a check, says."""
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


def statistics_that_end() -> None:
    """Locust prints its statistics before it ends with our exit code. Of a sample whose time or name is none it can't: one line
    says so, and the code stays.
    """
    for name in ("print_stats", "print_percentile_stats", "print_error_report", "print_stats_json"):
        printed = getattr(stats, name)
        if not hasattr(printed, "__wrapped__"):
            setattr(stats, name, _or_one_line(printed))


def _or_one_line(printed: Callable[..., None]) -> Callable[..., None]:
    @wraps(printed)
    def print_or_say(*arguments: Any, **named: Any) -> None:
        try:
            printed(*arguments, **named)
        except (ValueError, TypeError, ArithmeticError, AttributeError) as error:
            tell(f"Locust's own statistics can't be printed ({type(error).__name__}): a sample's time or name is none")

    return print_or_say

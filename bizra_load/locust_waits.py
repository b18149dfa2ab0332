"""Where Locust looks once a second, or waits longer than it needs: the start and the end of a run are as quick as they can be.

Its own waits still follow, and find that there is nothing to wait for.
"""

from __future__ import annotations

import time
from typing import Any

import gevent
from gevent.lock import RLock
from locust.runners import STATE_MISSING, STATE_RUNNING, MasterRunner, Runner

LOCAL_WORKERS_WITHIN_S = 5.0  # those of this machine; for others, which may take minutes, Locust looks once a second


def wait_for_workers(master: MasterRunner, expected: int) -> None:
    """Until as many workers are ready as a headless run expects, or LOCAL_WORKERS_WITHIN_S are over."""
    end = time.monotonic() + LOCAL_WORKERS_WITHIN_S
    while len(master.clients.ready) < expected and time.monotonic() < end:
        gevent.sleep(0.005)


def users_are_there(runner: Runner) -> bool:
    """Whether every user of the test that starts exists; where workers were lost meanwhile, every one of the others."""
    if runner.user_count == runner.target_user_count > 0:
        return True
    if not isinstance(runner, MasterRunner):
        return False
    states = [client.state for client in runner.clients.all if client.state != STATE_MISSING]
    return bool(states) and all(state == STATE_RUNNING for state in states)


def end_once(runner: Runner) -> None:
    """Whoever stops or quits a runner that somebody else is stopping waits until that is done: the schedule's end, a signal,
    the web UI and the loss of the last worker may all come at once, and Locust would kill the greenlet that drains.

    A headless master is told to quit four times on its way out, and waits half a second each time for its workers' last
    words: once it has quit, being told again changes nothing.
    """
    really_stop, really_quit, has_quit, ending = runner.stop, runner.quit, False, RLock()

    def stop(*arguments: Any, **options: Any) -> None:
        with ending:
            really_stop(*arguments, **options)

    def quit_() -> None:
        nonlocal has_quit
        with ending:
            if has_quit:
                return
            try:
                really_quit()
            except gevent.GreenletExit:  # it ends the greenlet of the shape, which is the one that calls it first
                has_quit = True
                raise
            has_quit = True

    runner.stop, runner.quit = stop, quit_

"""Exceptions of a locustfile's code that no failed request explains: it raised, and no request of the same task had failed."""

from __future__ import annotations

import sys
from types import FrameType, TracebackType
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner
from locust.user.task import DefaultTaskSet, TaskSet

UNEXPLAINED = "bizra_unexplained"  # a worker's message for each
_TASK = {TaskSet.execute_task.__code__, DefaultTaskSet.execute_task.__code__}  # Locust's call of one task: a frame each time
_FAILED_IN = "bizra_load_failed_in"  # what a user's greenlet says of its last failed request


class UnexplainedExceptions:
    """Those of one process; on a master of all workers. Locust counts exceptions, but not what they come from."""

    def __init__(self, environment: Environment) -> None:
        self.count = 0  # since the test began
        self._elsewhere = 0  # failed requests outside of a task of Locust's, such as in a pool's greenlet: each explains one
        self._runner = environment.runner
        if isinstance(self._runner, MasterRunner):
            self._runner.register_message(UNEXPLAINED, self._on_message)
        else:
            environment.events.user_error.add_listener(self._on_user_error)
        environment.events.test_start.add_listener(self._on_test_start)

    def request_failed(self) -> None:
        """Called in the greenlet whose request failed."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code not in _TASK:
            frame = frame.f_back
        if frame is None:
            self._elsewhere += 1
        else:
            setattr(gevent.getcurrent(), _FAILED_IN, frame)

    def _on_test_start(self, **_: Any) -> None:
        self.count = self._elsewhere = 0

    def _on_user_error(self, tb: TracebackType | None = None, **_: Any) -> None:
        if self._explained(tb):
            return
        if isinstance(self._runner, WorkerRunner):
            self._runner.send_message(UNEXPLAINED)
        else:
            self.count += 1

    def _explained(self, tb: TracebackType | None) -> bool:
        task = None
        while tb is not None:
            task = tb.tb_frame if tb.tb_frame.f_code in _TASK else task
            tb = tb.tb_next
        greenlet = gevent.getcurrent()
        failed_in = getattr(greenlet, _FAILED_IN, None)
        if failed_in is not None:
            delattr(greenlet, _FAILED_IN)
        if task is not None and failed_in is task:
            return True
        if self._elsewhere:
            self._elsewhere -= 1
            return True
        return False

    def _on_message(self, **_: Any) -> None:
        self.count += 1


def unexplained_of(environment: Environment) -> UnexplainedExceptions:
    """The one of this environment, made on first use."""
    one: UnexplainedExceptions | None = getattr(environment, "bizra_load_unexplained", None)
    if one is None:
        one = environment.bizra_load_unexplained = UnexplainedExceptions(environment)  # type: ignore[attr-defined]  # ours
    return one

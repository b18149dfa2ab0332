"""What one user does of a planned rate's tasks: each takes an arrival, and so does each turn that comes to no task.

A task set is entered without one: its tasks take theirs. Where that came to none (on_start() failed or left, there is no task
to choose), the next turn waits for an arrival first, and the task that it comes to is done with that. Else it would be made as
fast as the target responds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from gevent import GreenletExit
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING

from bizra_load.measure.categories import category_of_task, reason_of
from bizra_load.measure.recorder import Operation
from bizra_load.runtime import due_task
from bizra_load.runtime.cut_off import REASON
from bizra_load.runtime.due_task import DueTask
from bizra_load.runtime.last_requests import CutOff
from bizra_load.runtime.worker_run import WorkerRun
from sla.values.window import EXCEPTION

# how a task leaves to another one, and is done; the last two end its user
_LEAVING = (InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopUser, StopTest)


class PacedUser:
    """One user in one run: the arrivals that it takes, and what it does with each."""

    def __init__(self, user: Any, run: WorkerRun) -> None:
        self._user, self._run, self._recorder = user, run, run.recorder
        self._slot = run.schedule.new_slot(shared=True)
        self._held: tuple[int, int] | None = None  # (due, begun) of a turn that has come to no task yet
        self._in_vain = False  # the turn before came to no task
        self._taken = self._taken_at_turn = 0  # arrivals
        self._at_work = False
        self._task: DueTask | None = None  # the one that is held or done

    def do(self, name: str, work: Callable[[], None]) -> None:
        """A task, when it is due."""
        operation = self._recorder.task(name)
        if self._held is None:
            self._hold()
        assert self._held is not None
        (due_ns, begun_ns), self._held = self._held, None
        operation.started(begun_ns)
        self._at_work = True
        try:
            work()
        except BaseException as error:
            self._ended(operation, due_ns, begun_ns, error)
            raise
        else:
            self._ended(operation, due_ns, begun_ns, None)
        finally:
            self._at_work = False

    def enter(self, name: str, work: Callable[[], None]) -> None:
        """A task set, which returns by an exception alone."""
        if self._in_vain and self._held is None:
            self._hold()
        taken = self._taken
        try:
            work()
        except BaseException as error:
            self._in_vain = self._taken == taken
            self._came_to_nothing(name, error)
            raise

    def turn(self, name: str) -> None:
        """The set of this name goes on to its next task: at once, unless it has come to none since it last went on."""
        if self._at_work:  # a task of its own asks to wait
            return
        self._came_to_nothing(name, sys.exception())
        if self._in_vain or self._taken == self._taken_at_turn:
            self._hold()
        self._taken_at_turn = self._taken

    def take_away(self) -> None:
        """Locust takes the user away. One that ends by itself leaves its share of the rate to the others."""
        self._run.take_away(self._slot)

    def _hold(self) -> None:
        """Wait for the next arrival."""
        user = self._user
        user._state = LOCUST_STATE_WAITING  # Locust may take it away
        due_ns = self._slot.take()
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser
        user._state = LOCUST_STATE_RUNNING
        self._held = due_ns, perf_counter_ns()
        self._in_vain = False
        self._taken += 1
        self._task = due_task.begin(due_ns)

    def _came_to_nothing(self, name: str, error: BaseException | None) -> None:
        """What was held when this ended a set, or a turn of it, is done."""
        if self._held is not None:
            operation = self._recorder.task(name)
            (due_ns, begun_ns), self._held = self._held, None
            self._in_vain = True
            operation.started(begun_ns)
            self._ended(operation, due_ns, begun_ns, error)

    def _ended(self, operation: Operation, due_ns: int, begun_ns: int, error: BaseException | None) -> None:
        done_ns = perf_counter_ns()
        failure = self._task.failure if self._task is not None else None
        if isinstance(error, (GreenletExit, CutOff)):
            failure = "timeout", REASON
        elif error is not None and not isinstance(error, _LEAVING):
            category = category_of_task(error)
            if failure is None or category != EXCEPTION:  # else it follows from the request that failed
                failure = category, reason_of(error)
        if failure is None:
            operation.succeeded(due_ns, begun_ns, done_ns)
            self._run.longest_task_ns = max(self._run.longest_task_ns, done_ns - begun_ns)
        else:
            operation.failed(failure[0], due_ns, begun_ns, done_ns, failure[1])
        due_task.end()
        self._slot.busy = False

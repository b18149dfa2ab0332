"""An open model for any user class (--pace-tasks): its tasks are due at the planned rate, one after the other.

Whoever of the users is free takes the next arrival and does one task. The first request of a task counts from when the task was
due, later ones from when they were sent; the task as a whole is an operation of its own, "task NAME". Locust's wait between
tasks is left out: it would be a second schedule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import gevent
from locust import TaskSet, User
from locust.env import Environment
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_STOPPING, DefaultTaskSet

from bizra_load.exit_codes import UsageError
from bizra_load.runtime.paced_share import Share
from bizra_load.runtime.shapes import StagesShape
from bizra_load.runtime.users import OpenModelUser

_LOCUSTS_WAIT = TaskSet.wait  # what set_pacing() puts back


class PacedShape(StagesShape):
    """All users at once, for as long as the schedule lasts."""

    abstract = True  # Locust takes none of its own accord


def pace_tasks(environment: Environment) -> None:
    """The schedule decides how many users there are, and for how long. Raises UsageError where something else does that
    already.
    """
    classes: Iterable[type[User]] = environment.user_classes
    for user in classes:
        if issubclass(user, OpenModelUser):
            raise UsageError(f"--pace-tasks: {user.__name__} has a schedule already (allowed: without it)")
    if environment.shape_class is not None and not isinstance(environment.shape_class, PacedShape):
        shape = type(environment.shape_class).__name__
        raise UsageError(f"--pace-tasks: the locustfile's shape {shape} decides the load (allowed: one of the two)")
    environment.shape_class = PacedShape()  # type: ignore[no-untyped-call]  # of Locust's
    environment.shape_class.runner = environment.runner
    if environment.parsed_options is not None:
        environment.parsed_options.run_time = None  # of Locust's configuration: the schedule ends the load


def set_pacing(paced: bool) -> None:
    """Whether tasks of this process wait for the schedule. Between tests alone: a web UI may start one so, the next one not."""
    for kind in (TaskSet, DefaultTaskSet):
        execute = getattr(kind.execute_task, "bizra_load_paces", kind.execute_task)
        kind.execute_task = _paced(execute) if paced else execute  # type: ignore[method-assign]
    TaskSet.wait = _go_on if paced else _LOCUSTS_WAIT  # type: ignore[method-assign]


def _paced(execute: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def execute_when_due(tasks: TaskSet, task: Any) -> None:
        share = _share_of(tasks.user)
        name = getattr(task, "__name__", str(task))
        if isinstance(task, type) and issubclass(task, TaskSet):  # its own tasks are the ones that are due
            share.enter(name, lambda: execute(tasks, task))
        else:
            share.do(name, lambda: execute(tasks, task))

    execute_when_due.bizra_load_paces = execute  # type: ignore[attr-defined]
    return execute_when_due


def _share_of(user: Any) -> Share:
    share: Share | None = getattr(user, "bizra_load_share", None)
    if share is None:
        share = user.bizra_load_share = Share(user, user.environment.bizra_load.wait_for_run())
    return share


def _go_on(tasks: TaskSet) -> None:
    """In place of TaskSet.wait(): the schedule is waited for when the next task begins."""
    if tasks.user._state == LOCUST_STATE_STOPPING:
        raise StopUser
    of_the_user = isinstance(tasks, DefaultTaskSet)
    _share_of(tasks.user).turn(type(tasks.user if of_the_user else tasks).__name__)
    gevent.sleep(0)  # a user whose tasks fail at once lets others run, too

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
from bizra_load.products import added_options
from bizra_load.runtime.locust_arguments import attribute_of
from bizra_load.runtime.paced_user import PacedUser
from bizra_load.runtime.shapes import StagesShape
from bizra_load.runtime.users import OpenModelUser
from bizra_load.settings.defaults import OPTIONS
from bizra_load.settings.pacing import decided_by_rate, paced
from bizra_load.settings.settings import given_of, paces_tasks

_LOCUSTS_WAIT, _LOCUSTS_STOP = TaskSet.wait, User.stop  # what set_pacing() puts back


class PacedShape(StagesShape):
    """All users at once, for as long as the schedule lasts."""

    abstract = True  # Locust takes none of its own accord


def pace_if_asked(environment: Environment) -> None:
    """Where this process's options ask for a planned rate of tasks, the schedule decides how many users there are, and for how
    long: the options are brought to what `bizra-load run` makes of them. Raises UsageError where something else decides that
    already.
    """
    options: Any = environment.parsed_options
    if getattr(options, OPTIONS, None) is not None:  # `bizra-load run` has done it
        if paces_tasks(options):
            _pace_tasks(environment, "--pace-tasks")
            options.run_time = None  # of Locust's configuration: the schedule ends the load
        return
    given = given_of(options) if options is not None else {}
    planned = given.get("target_ops") or given.get("stages")
    of_ours = any(issubclass(user, OpenModelUser) for user in environment.user_classes)
    if not given.get("pace_tasks") and (of_ours or not planned):
        return
    _pace_tasks(environment, "--pace-tasks" if given.get("pace_tasks") else "--target-ops")
    for name, flag in (("run_time", "-t/--run-time"), ("spawn_rate", "-r/--spawn-rate")):
        if value := getattr(options, name, None):
            raise UsageError(f"{flag}: {decided_by_rate(name, value)}")
    now = paced(given, getattr(options, "num_users", None), added_options())
    for name in ("pace_tasks", "ops_per_user"):
        setattr(options, attribute_of(name, options), now[name])


def _pace_tasks(environment: Environment, flag: str) -> None:
    """Raises UsageError with the `flag` that asks for it."""
    classes: Iterable[type[User]] = environment.user_classes
    for user in classes:
        if issubclass(user, OpenModelUser):
            raise UsageError(f"{flag}: {user.__name__} has a schedule already (allowed: without it)")
    if environment.shape_class is not None and not isinstance(environment.shape_class, PacedShape):
        shape = type(environment.shape_class).__name__
        raise UsageError(f"{flag}: the locustfile's shape {shape} decides the load (allowed: one of the two)")
    environment.shape_class = PacedShape()  # type: ignore[no-untyped-call]  # of Locust's
    environment.shape_class.runner = environment.runner


def set_pacing(paced: bool) -> None:
    """Whether tasks of this process wait for the schedule. Between tests alone: a web UI may start one so, the next one not."""
    for kind in (TaskSet, DefaultTaskSet):
        execute = getattr(kind.execute_task, "bizra_load_paces", kind.execute_task)
        kind.execute_task = _paced(execute) if paced else execute  # type: ignore[method-assign]
    TaskSet.wait = _go_on if paced else _LOCUSTS_WAIT  # type: ignore[method-assign]
    User.stop = _stop if paced else _LOCUSTS_STOP  # type: ignore[method-assign,assignment]


def _paced(execute: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def execute_when_due(tasks: TaskSet, task: Any) -> None:
        paced_user = _paced_user_of(tasks.user)
        name = getattr(task, "__name__", str(task))
        if isinstance(task, type) and issubclass(task, TaskSet):  # its own tasks are the ones that are due
            paced_user.enter(name, lambda: execute(tasks, task))
        else:
            paced_user.do(name, lambda: execute(tasks, task))

    execute_when_due.bizra_load_paces = execute  # type: ignore[attr-defined]
    return execute_when_due


def _paced_user_of(user: Any) -> PacedUser:
    paced_user: PacedUser | None = getattr(user, "bizra_load_paced_user", None)
    if paced_user is None:
        paced_user = user.bizra_load_paced_user = PacedUser(user, user.environment.bizra_load.wait_for_run())
    return paced_user


def _go_on(tasks: TaskSet) -> None:
    """In place of TaskSet.wait(): the schedule is waited for when the next task begins."""
    if tasks.user._state == LOCUST_STATE_STOPPING:
        raise StopUser
    of_the_user = isinstance(tasks, DefaultTaskSet)
    _paced_user_of(tasks.user).turn(type(tasks.user if of_the_user else tasks).__name__)
    gevent.sleep(0)  # a user whose tasks fail at once lets others run, too


def _stop(user: Any, force: bool = False) -> bool:
    """In place of User.stop(), which its own task may call, too."""
    paced_user: PacedUser | None = getattr(user, "bizra_load_paced_user", None)
    if paced_user is not None and gevent.getcurrent() is not user.greenlet:
        paced_user.take_away()
    return bool(_LOCUSTS_STOP(user, force))

"""The end of a load of Locust's own users: requests under way come to their end, and no task of theirs begins another one.

Locust lets a task go on to its end, or cuts it off wherever it is. The first is load after the end; the second loses requests
that the target has counted, the slowest above all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.exception import StopUser
from locust.user.task import DefaultTaskSet, TaskSet

from bizra_load.runtime import due_task
from bizra_load.runtime.lean.session import LeanHttpSession

CLIENTS: tuple[Any, ...] = (HttpSession, FastHttpSession, LeanHttpSession)
TASKS = {kind.execute_task.__code__ for kind in (TaskSet, DefaultTaskSet)}  # what is on the stack of whoever is at a task


class CutOff(StopUser):
    """The load has ended, and with it this task."""


@contextmanager
def no_further_requests() -> Iterator[None]:
    """While the block runs, a task ends where it would make its next request: that raises CutOff. The first one of a task that
    was due is made: it is part of the plan.

    Requests of on_start() and on_stop(), of greenlets that a task has started and of clients that are neither Locust's nor ours
    are made.
    """
    before, ended = [client.request for client in CLIENTS], set[int]()
    try:
        for client, request in zip(CLIENTS, before, strict=True):
            client.request = _unless_stopping(request, ended)
        yield
    finally:
        for client, request in zip(CLIENTS, before, strict=True):
            client.request = request


def _unless_stopping(request: Callable[..., Any], ended: set[int]) -> Callable[..., Any]:
    def stop_or_request(session: Any, *arguments: Any, **options: Any) -> Any:
        user = session.user
        of_the_user = user is not None and user._greenlet is gevent.getcurrent()
        task = due_task.current()
        first = task is not None and task.due_ns is not None
        if of_the_user and not first and id(user) not in ended and _in_a_task():
            ended.add(id(user))  # once: code that catches all exceptions and tries again would do so for ever
            gevent.sleep(0)  # Locust may have killed it while it still waited: that comes now, not in the on_stop() behind this
            raise CutOff
        return request(session, *arguments, **options)

    return stop_or_request


def _in_a_task() -> bool:
    """Whether a task, and no on_stop() of a set that it was, has come here."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code in TASKS:
            return True
        if frame.f_code.co_name == "on_stop":
            return False
        frame = frame.f_back  # type: ignore[assignment]  # None at the end
    return False

"""The task that a user does: its first request counts from when it was due, and where a request of it fails, so does it
(paced_tasks).

What the task starts belongs to it: greenlets share gevent's spawn_tree_locals with those that they start, and so do threads and
pools, which are greenlets under Locust.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent

_KEY = "bizra_load_task"


class DueTask:
    """A task under way.

    due_ns    when it was due (perf_counter_ns), until its first request has it; None from then on
    failure   category and reason of the first request of it that failed; None as long as none has
    """

    __slots__ = ("due_ns", "failure")

    def __init__(self, due_ns: int) -> None:
        self.due_ns: int | None = due_ns
        self.failure: tuple[str, str] | None = None

    def take_due(self) -> int | None:
        """When it was due, for its first request; None for every later one."""
        due_ns, self.due_ns = self.due_ns, None
        return due_ns


def begin(due_ns: int) -> DueTask:
    """This greenlet begins a task that was due at `due_ns` (perf_counter_ns)."""
    task = DueTask(due_ns)
    _put(task)
    return task


def end() -> None:
    """This greenlet has ended its task."""
    _put(None)


def current() -> DueTask | None:
    """The task that what runs here belongs to; None without one."""
    return of(gevent.getcurrent())


def of(greenlet: Any) -> DueTask | None:
    """The task that what runs in this greenlet belongs to; None without one."""
    task: DueTask | None = getattr(greenlet, "spawn_tree_locals", {}).get(_KEY)
    return task


@contextmanager
def within(task: DueTask | None) -> Iterator[None]:
    """What runs in the block belongs to this task."""
    greenlet: Any = gevent.getcurrent()
    before = getattr(greenlet, "spawn_tree_locals", {})
    greenlet.spawn_tree_locals = {**before, _KEY: task}
    try:
        yield
    finally:
        greenlet.spawn_tree_locals = before


def _put(task: DueTask | None) -> None:
    greenlet: Any = gevent.getcurrent()
    of_the_user: dict[str, Any] = getattr(greenlet, "spawn_tree_locals", {})
    if (before := of_the_user.get(_KEY)) is not None:
        before.due_ns = None  # what it has left running makes no first request
    # a dict of this task's own: the one that is there belongs to what was started before
    greenlet.spawn_tree_locals = {**of_the_user, _KEY: task}

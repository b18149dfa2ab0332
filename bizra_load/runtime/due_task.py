"""The task that a user does, by when it was due: its first request counts from then (paced_tasks).

What the task starts belongs to it: greenlets share gevent's spawn_tree_locals with those that they start, and so do threads and
pools, which are greenlets under Locust.
"""

from __future__ import annotations

from typing import Any

import gevent

_KEY = "bizra_load_due_ns"  # of a list: when the task was due, or nothing once a request had it


def begin(due_ns: int | None) -> None:
    """This greenlet begins a task that was due at `due_ns` (perf_counter_ns); None: it has ended it."""
    greenlet: Any = gevent.getcurrent()
    of_the_user: dict[str, Any] = getattr(greenlet, "spawn_tree_locals", {})
    of_the_user.get(_KEY, []).clear()  # what the task before has left running makes no first request of this one
    # a dict of this task's own: the one that is there belongs to what was started before
    greenlet.spawn_tree_locals = {**of_the_user, _KEY: [] if due_ns is None else [due_ns]}


def due_of_first_request() -> int | None:
    """When the task was due whose first request has been made; None for every later one, and without a task."""
    greenlet: Any = gevent.getcurrent()
    due: list[int] = getattr(greenlet, "spawn_tree_locals", {}).get(_KEY, [])
    return due.pop() if due else None

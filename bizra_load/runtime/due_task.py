"""The task that a greenlet does, by when it was due: its first request counts from then (paced_tasks)."""

from __future__ import annotations

from typing import Any

import gevent


def begin(due_ns: int | None) -> None:
    """This greenlet begins a task that was due at `due_ns` (perf_counter_ns); None: it has ended it."""
    greenlet: Any = gevent.getcurrent()
    greenlet.bizra_load_due_ns = due_ns


def due_of_first_request() -> int | None:
    """When the task was due whose first request this greenlet has made; None for every later one, and without a task."""
    greenlet: Any = gevent.getcurrent()
    due_ns: int | None = getattr(greenlet, "bizra_load_due_ns", None)
    greenlet.bizra_load_due_ns = None
    return due_ns

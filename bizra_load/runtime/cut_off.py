"""Users that are still at work when the time to stop them is over: Locust kills them, and what they wait for is in no event.

Those requests are the slowest of all; the target has counted them. So each is fired as a failed one, as it would have been by a
time-out of its own. What a user waits for is read from its stack: a record kept of each request would cost all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter, time
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import gevent
from locust.clients import HttpSession
from locust.env import Environment
from locust.runners import Runner

from bizra_load.runtime import due_task
from bizra_load.runtime.due_task import DueTask
from bizra_load.runtime.last_requests import CLIENTS, TASKS

REASON = "cut off when the run ended"
_REQUESTS = {client.request.__code__ for client in CLIENTS}


class RequestCutOff(Exception):
    """No response had come when the run ended."""

    category = "timeout"

    def __init__(self) -> None:
        super().__init__(REASON)


@dataclass(frozen=True)
class CutOffTask:
    """What a user was at. request: its client's arguments, {} where it is neither Locust's own nor ours; waited_s: since it was
    sent.
    """

    name: str
    due: DueTask | None
    request: dict[str, Any] = field(default_factory=dict)
    waited_s: float = 0.0

    def fire(self, environment: Environment) -> None:
        """Its request as a failed one, to everybody who listens."""
        with due_task.within(self.due):
            environment.events.request.fire(
                **self.request,
                response_time=1e3 * self.waited_s,
                response_length=0,
                exception=RequestCutOff(),
                start_time=time() - self.waited_s,
                response=None,
            )


def cut_off(runner: Runner, then: Callable[[list[CutOffTask]], None]) -> None:
    """Kill all users that are still at a task, and call `then` with what they were at, in a greenlet of its own. In the loop's
    own turn, so that no response arrives in between.
    """

    def kill() -> None:
        tasks = []
        for greenlet in list(runner.user_greenlets):
            if (task := _task_of(greenlet)) is not None:
                tasks.append(task)
                greenlet.throw(gevent.GreenletExit())
        gevent.spawn(then, tasks)

    gevent.get_hub().loop.run_callback(kill)


def _task_of(greenlet: Any) -> CutOffTask | None:
    """None where it is at no task: it has ended, waits, or is in its on_start() or on_stop()."""
    frames = list(_frames(greenlet))
    at = next((f for f in frames if f.f_code in TASKS), None)
    if at is None:
        return None
    task = at.f_locals.get("task")
    name, due = getattr(task, "__name__", str(task)), due_task.of(greenlet)
    asking = next((f.f_locals for f in frames if f.f_code in _REQUESTS), None)
    begun_s = _begun_s(asking or {})
    if asking is None or begun_s is None:
        return CutOffTask(name, due)
    url = str(asking["url"])
    path = urlsplit(url)._replace(scheme="", netloc="").geturl() if isinstance(asking["self"], HttpSession) else url
    request = {
        "request_type": str(asking["method"]),
        "name": asking["name"] or path or "/",
        "context": asking.get("context") or {},
        "url": url,
    }
    return CutOffTask(name, due, request, perf_counter() - begun_s)


def _begun_s(asking: dict[str, Any]) -> float | None:
    """When a client's request was begun (perf_counter); None where it has not come to that. Ours counts in ns."""
    if "start_ns" in asking:
        return float(asking["start_ns"]) / 1e9
    begun_s: float | None = asking.get("start_perf_counter")
    return begun_s


def _frames(greenlet: Any) -> Iterator[FrameType]:
    """From where it waits to where it began."""
    frame = None if greenlet.dead else greenlet.gr_frame
    while frame is not None:
        yield frame
        frame = frame.f_back

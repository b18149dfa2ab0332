"""Requests of users that are not ours, by Locust's event: one sample each, whatever anybody hands in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bizra_load.measure.categories import category_of, reason_of
from bizra_load.measure.recorder import Recorder, milliseconds_to_ns
from bizra_load.runtime import due_task
from bizra_load.runtime.request_names import MAX_CACHED, RequestNames
from sla.values.histogram import HIGHEST_NS

# whose truth can be asked without running anybody's code; Locust takes every one that is empty for success
_PLAIN = (bool, int, float, str, bytes, tuple, list, dict)
_TIMED_MS = HIGHEST_NS / 1e6  # a longer time has no value in a histogram
Record = Callable[[int, int, int], None]  # intended, sent, done (perf_counter_ns)


class RequestSamples:
    """One run's. A plain success of a method and a name that were there before takes the short way, succeeded(). `on_failure`
    is called in the greenlet of each failed request.
    """

    def __init__(self, recorder: Recorder, names: RequestNames, paced: bool, on_failure: Callable[[], None]) -> None:
        self._quick: dict[tuple[str, str], Record] = {}
        self._recorder, self._names, self._paced, self._on_failure = recorder, names, paced, on_failure
        self._bad = 0

    def take(
        self,
        done_ns: int,
        /,
        name: object = None,
        request_type: object = None,
        response_time: object = None,
        exception: object = None,
        response: object = None,
        context: object = None,
        bizra_load_recorded: bool = False,
        **_: Any,
    ) -> None:
        """An event of events.request, fired at `done_ns`. Its intended start is its actual one, but for the first request of a
        task that was due (due_task). What anybody may hand in is checked here: an operation that ended is counted, whatever its
        name and time are. A time of None is Locust's for "not timed".
        """
        if bizra_load_recorded:
            return
        took = milliseconds_to_ns(response_time)
        # by its type: isinstance() would ask the object
        self._bad += not issubclass(type(name), str) or (took is None and response_time is not None)
        operation = self._recorder.operation(self._names.of(request_type, name, context))
        sent = done_ns - (took or 0)
        task = due_task.current() if self._paced else None
        due = task.take_due() if task is not None else None
        intended = sent if due is None else min(due, sent)
        if not (exception is None or (type(exception) in _PLAIN and not exception)):
            category, reason = category_of(exception, response), reason_of(exception)
            operation.failed(category, intended, sent, done_ns, reason)
            self._on_failure()
            if task is not None and task.failure is None:
                task.failure = category, f"a request of it: {reason}"
        elif took is None:
            operation.succeeded_untimed(done_ns)
        else:
            operation.succeeded(intended, sent, done_ns)
            if type(request_type) is str and type(name) is str:
                self._remember(request_type, name)

    def succeeded(self, done_ns: int, request_type: object, name: object, response_time: object) -> bool:
        """Whether that was all there is to do; what is out of the ordinary is for take(). By types: they may be anybody's."""
        if type(response_time) is not float or type(name) is not str or type(request_type) is not str:
            return False
        record = self._quick.get((request_type, name))
        if record is None or not 0 <= response_time < _TIMED_MS:
            return False
        sent_ns = done_ns - round(response_time * 1e6)
        record(sent_ns, sent_ns, done_ns)
        return True

    def recorder_of(self, request_type: str, name: str) -> Record | None:
        """What records each successful request of this method and name; None where its context, too, decides its operation."""
        if self._names.by_context:
            return None
        record = self._recorder.operation(self._names.of(request_type, name)).succeeded
        return _of_due_tasks(record) if self._paced else record

    def take_bad(self) -> int:
        """How many samples since the last call had no name or a time that is none."""
        bad, self._bad = self._bad, 0
        return bad

    def _remember(self, request_type: str, name: str) -> None:
        record = self.recorder_of(request_type, name)
        if record is not None:
            if len(self._quick) >= MAX_CACHED:
                self._quick.clear()
            self._quick[request_type, name] = record


def _of_due_tasks(record: Record) -> Record:
    """The first request of a task counts from when that was due."""

    def succeeded(intended_ns: int, sent_ns: int, done_ns: int) -> None:
        task = due_task.current()
        due_ns = task.take_due() if task is not None else None
        record(intended_ns if due_ns is None else min(due_ns, intended_ns), sent_ns, done_ns)

    return succeeded

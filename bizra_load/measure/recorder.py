"""Every latency sample of one worker, in ns, into additive one-second windows.

The hot path appends to C arrays and does nothing else; once a second numpy turns them into windows. Starts and finishes
are kept apart from the latency samples, so that the in-flight integral can contradict the samples (Little's law).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

import numpy as np

from sla import histogram
from sla.histogram import HIGHEST_NS, IntArray
from sla.window import SCHEDULE, Window, merge_windows

SECOND_NS = 1_000_000_000
MAX_OPERATIONS = 200
OTHER = "(other)"  # operations after the first MAX_OPERATIONS names, so that hostile names can't fill the memory


class Operation:
    """Buffers of one operation. All times are perf_counter_ns of this process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._starts = array("q")
        self._ok = (array("q"), array("q"), array("q"))  # intended, sent, done
        self._failed: dict[str, tuple[array[int], array[int], array[int]]] = {}
        self._events_only = True
        self._in_flight = 0

        intended_append, sent_append, done_append = (a.append for a in self._ok)
        self._start_append: Callable[[int], None] = self._starts.append

        def succeeded(intended_ns: int, sent_ns: int, done_ns: int) -> None:
            intended_append(intended_ns)
            sent_append(sent_ns)
            done_append(done_ns)

        self.succeeded = succeeded

    def started(self, sent_ns: int) -> None:
        """Call right after sending."""
        self._events_only = False
        self._start_append(sent_ns)

    def failed(self, category: str, intended_ns: int, sent_ns: int, done_ns: int) -> None:
        buffers = self._failed.setdefault(category, (array("q"), array("q"), array("q")))
        for buffer, value in zip(buffers, (intended_ns, sent_ns, done_ns), strict=True):
            buffer.append(value)

    def take(self, from_ns: int, to_ns: int, unix_offset_ns: int) -> list[Window]:
        """Windows of everything that happened before `to_ns`; `from_ns` is the end of the previous call.

        Both are boundaries of whole Unix seconds. What happened at or after `to_ns` stays in the buffers.
        """
        starts = _take_one(self._starts, to_ns)
        ok = _take_until(self._ok, to_ns)
        failed = {category: _take_until(buffers, to_ns) for category, buffers in self._failed.items()}
        dones = np.concatenate([ok[2], *(f[2] for f in failed.values())])
        parts = self._flow(starts, dones, from_ns, to_ns, unix_offset_ns)
        parts += self._finished(ok, None, unix_offset_ns)
        for category, triple in failed.items():
            parts += self._finished(triple, category, unix_offset_ns)
        return list(merge_windows(parts))

    def _flow(self, starts: IntArray, dones: IntArray, from_ns: int, to_ns: int, offset: int) -> list[Window]:
        """Starts and the exact in-flight integral of each second: N0 * 1 s + sum(end - start) - sum(end - done)."""
        if self._events_only:  # fed by events.request: starts are known only with the finish, nothing independent to count
            return []
        windows = []
        for begin in range(from_ns, to_ns, SECOND_NS):
            end = begin + SECOND_NS
            s, d = (a[(a < end) & (a >= begin if begin > from_ns else True)] for a in (starts, dones))
            area = self._in_flight * SECOND_NS + int((end - s).sum()) - int((end - d).sum())
            self._in_flight += s.size - d.size
            if area or s.size:
                windows.append(Window((begin + offset) // SECOND_NS, self.name, started=int(s.size), in_flight_ns=max(area, 0)))
        return windows

    def _finished(self, triple: list[IntArray], category: str | None, offset: int) -> list[Window]:
        intended, sent, done = triple
        windows = []
        if self._events_only and category is None:
            windows += [Window(int(s), self.name, started=int(n)) for s, n in _per_second(sent, offset)]
        elif not self._events_only:
            windows += [Window(int(s), self.name, planned=int(n)) for s, n in _per_second(intended, offset)]
        seconds = (done + offset) // SECOND_NS
        for second in np.unique(seconds):
            here = seconds == second
            response, service = (done - intended)[here], (done - sent)[here]
            count = int(here.sum())
            windows.append(
                Window(
                    int(second),
                    self.name,
                    ok=count if category is None else 0,
                    failed={} if category is None else {category: count},
                    response_sum_ns=int(response.sum()),
                    service_sum_ns=int(service.sum()),
                    response=latency_histogram(response, category),
                    service=latency_histogram(service, category),
                )
            )
        return windows


def latency_histogram(latency_ns: IntArray, category: str | None) -> histogram.Histogram:
    """Of operations that ended alike: right ones (None), or failed in one category."""
    if category is None:
        return histogram.from_values(latency_ns)
    # a timed-out operation is slower than anything measured; other failures have no latency worth comparing
    return histogram.from_values(latency_ns[:0], over_range=latency_ns.size if category == "timeout" else 0)


def _per_second(times_ns: IntArray, offset: int) -> list[tuple[int, int]]:
    seconds, counts = np.unique((times_ns + offset) // SECOND_NS, return_counts=True)
    return list(zip(seconds.tolist(), counts.tolist(), strict=True))


def _take_one(buffer: array[int], to_ns: int) -> IntArray:
    values = np.array(buffer, dtype=np.int64)
    inside = values < to_ns
    del buffer[:]
    buffer.extend(values[~inside].tolist())
    return values[inside]


def _take_until(buffers: tuple[array[int], array[int], array[int]], to_ns: int) -> list[IntArray]:
    columns = [np.array(b, dtype=np.int64) for b in buffers]
    inside = columns[2] < to_ns
    for buffer, column in zip(buffers, columns, strict=True):
        del buffer[:]  # in place: the hot path holds the bound append
        buffer.extend(column[~inside].tolist())
    return [column[inside] for column in columns]


class Recorder:
    """All operations of one worker. `now_ns` (perf_counter_ns) and `unix_ns` are read once: labels never step backwards."""

    def __init__(self, now_ns: int, unix_ns: int) -> None:
        self.unix_offset_ns = unix_ns - now_ns
        self._taken_to_ns = (unix_ns // SECOND_NS) * SECOND_NS - self.unix_offset_ns
        self._operations: dict[str, Operation] = {}
        self._unsent = array("q")

    def operation(self, name: str) -> Operation:
        """The operation of this name, made on first use; OTHER once there are MAX_OPERATIONS."""
        found = self._operations.get(name)
        if found is None:
            if len(self._operations) >= MAX_OPERATIONS:
                name = OTHER
            found = self._operations.setdefault(name, Operation(name))
        return found

    def unsent(self, intended_ns: int) -> None:
        self._unsent.append(intended_ns)

    def take(self, now_ns: int, everything: bool = False) -> list[Window]:
        """Windows of the whole seconds that ended by `now_ns`; with `everything`, of the running second too."""
        unix = now_ns + self.unix_offset_ns
        whole = unix // SECOND_NS + (1 if everything else 0)
        to_ns = whole * SECOND_NS - self.unix_offset_ns
        if to_ns <= self._taken_to_ns:
            return []
        windows = [
            w
            for operation in list(self._operations.values())
            for w in operation.take(self._taken_to_ns, to_ns, self.unix_offset_ns)
        ]
        unsent = _take_one(self._unsent, np.iinfo(np.int64).max)
        windows += [
            Window(int(s), SCHEDULE, planned=int(n), unsent=int(n)) for s, n in _per_second(unsent, self.unix_offset_ns)
        ]
        self._taken_to_ns = to_ns
        return windows


def milliseconds_to_ns(response_time_ms: float) -> int:
    """Locust's float ms to whole ns, capped above the histogram's range so that it is counted as over range."""
    return min(round(response_time_ms * 1e6), HIGHEST_NS + 1)

"""Every latency sample of one worker, in ns, into additive one-second windows.

The hot path appends to C arrays and does nothing else; once a second numpy turns them into windows. Starts and finishes
are kept apart from the latency samples, so that the in-flight integral can contradict the samples (Little's law).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Generator, Iterable, Sequence

import numpy as np

from bizra_load.engine.core import appender, rows_appender
from bizra_load.measure.operation_names import MAX_NAME, NO_TASK, kept_name
from bizra_load.measure.reasons import Reasons
from bizra_load.measure.seconds import SECOND_NS, Rows, Samples, SecondsMaker, Steps
from sla.values.agreement import TASK
from sla.values.histogram import HIGHEST_NS, IntArray
from sla.values.window import OTHER, SCHEDULE, Window

MAX_OPERATIONS = 200
EVERYTHING_NS = 2**63 - 1


class Operation:
    """Buffers of one operation. All times are perf_counter_ns of this process."""

    def __init__(self, name: str, reasons: Reasons) -> None:
        self.name = name
        self._reasons = reasons
        self._starts = array("q")
        self._ok = (array("q"), array("q"), array("q"))  # intended, sent, done
        self._failed: dict[str, tuple[array[int], array[int], array[int]]] = {}
        self._untimed = array("q")
        self._events_only = True
        self._in_flight = 0

        self.started = appender(self._starts)  # started(sent_ns), right before sending
        self.succeeded = rows_appender(*self._ok)  # succeeded(intended_ns, sent_ns, done_ns)

    def failed(self, category: str, intended_ns: int, sent_ns: int, done_ns: int, reason: str = "") -> None:
        """An operation ended with a failure of this category; `reason`: of it, a line of text."""
        self._reasons.add(self.name, category, reason, done_ns)
        buffers = self._failed.setdefault(category, (array("q"), array("q"), array("q")))
        for buffer, value in zip(buffers, (intended_ns, sent_ns, done_ns), strict=True):
            buffer.append(value)

    def succeeded_untimed(self, done_ns: int) -> None:
        """One of a user that is not ours succeeded, and its latency is unknown."""
        self._untimed.append(done_ns)

    def cut(self, to_ns: int) -> Generator[None, None, Samples]:
        """Everything that happened before `to_ns`, in small steps; what happened then or later stays in the buffers."""
        [starts] = yield from _cut([self._starts], to_ns)
        yield
        finished: dict[str | None, Rows] = {}
        for category, buffers in [(None, self._ok), *self._failed.items()]:
            intended, sent, done = yield from _cut(buffers, to_ns)
            finished[category] = intended, sent, done
            yield
        [untimed] = yield from _cut([self._untimed], to_ns)
        self._events_only = self._events_only and not starts.size
        in_flight = self._in_flight
        if not self._events_only:
            self._in_flight += starts.size - sum(rows[0].size for rows in finished.values())
        return Samples(self.name, self._events_only, in_flight, starts, finished, untimed)


def _cut(buffers: Sequence[array[int]], to_ns: int) -> Generator[None, None, list[IntArray]]:
    """Take the rows before `to_ns` by the last column, whose times ascend but for a few, out of buffers of as many rows."""
    size, columns = len(buffers[-1]), []
    for buffer in buffers:
        columns.append(np.frombuffer(buffer, np.int64, size).copy() if size else np.zeros(0, np.int64))
        yield
    for buffer in buffers:
        del buffer[:size]  # in place: the hot path holds the bound append
    yield
    inside = columns[-1] < to_ns
    if bool(inside.all()):
        return columns
    for buffer, column in zip(buffers, columns, strict=True):
        buffer[:0] = array("q", column[~inside].tobytes())  # before what was appended meanwhile
    return [c[inside] for c in columns]


class Recorder:
    """All operations of one worker. `now_ns` (perf_counter_ns) and `unix_ns` are read once: labels never step backwards.
    `secrets`: what no reason of a failure may hold. `judged`: names, with or without a method, that are kept in any case.
    """

    def __init__(self, now_ns: int, unix_ns: int, secrets: Iterable[str] = (), judged: Collection[str] = ()) -> None:
        self.unix_offset_ns = unix_ns - now_ns
        self.reasons = Reasons(secrets)
        self._taken_to_ns = (unix_ns // SECOND_NS) * SECOND_NS - self.unix_offset_ns
        self._judged = frozenset(judged)
        self._operations: dict[str, Operation] = {}
        self._unsent = array("q")

    def operation(self, name: str) -> Operation:
        """The operation of this name (kept_name() of it), made on first use. OTHER once there are MAX_OPERATIONS: hostile names
        can't fill the memory.
        """
        operation = self._operations.get(name)
        return self._known(kept_name(name)) if operation is None or name.startswith((TASK, NO_TASK)) else operation

    def task(self, name: str) -> Operation:
        """The operation that a whole task of this name is, as operation() has those of requests."""
        return self._operations.get(TASK + name) or self._known(TASK + kept_name(name)[: MAX_NAME - len(TASK)])

    def _known(self, kept: str) -> Operation:
        if len(self._operations) >= MAX_OPERATIONS and kept not in self._operations:
            kept = kept if {kept, kept.partition(" ")[2]} & self._judged else OTHER
        return self._operations.setdefault(kept, Operation(kept, self.reasons))

    def unsent(self, intended_ns: int) -> None:
        """An arrival that was due at `intended_ns` (perf_counter_ns) was never sent."""
        self._unsent.append(intended_ns)

    def take(self, now_ns: int, everything: bool = False) -> list[Window]:
        """Windows of the whole seconds that ended by `now_ns`; with `everything`, of the running second too."""
        maker = self.maker(now_ns, everything)
        for _ in self.steps(maker):
            pass
        return maker.windows

    def maker(self, now_ns: int, everything: bool = False) -> SecondsMaker:
        """take() in small steps: run steps(maker) to its end, then maker.windows is there."""
        unix = now_ns + self.unix_offset_ns
        to_ns = (unix // SECOND_NS + (1 if everything else 0)) * SECOND_NS - self.unix_offset_ns
        return SecondsMaker(self._taken_to_ns, max(to_ns, self._taken_to_ns), self.unix_offset_ns)

    def steps(self, maker: SecondsMaker) -> Steps:
        """The samples are cut out of the buffers operation by operation: what is under way may end meanwhile."""
        if maker.to_ns <= self._taken_to_ns:
            return
        self._taken_to_ns = maker.to_ns
        if self._unsent:
            [unsent] = yield from _cut([self._unsent], EVERYTHING_NS)
            maker.unsent(SCHEDULE, unsent)
        samples: list[Samples] = []
        yield
        for operation in list(self._operations.values()):
            samples.append((yield from operation.cut(maker.to_ns)))
            yield
        yield from maker.steps(samples)


def milliseconds_to_ns(response_time_ms: object) -> int | None:
    """Locust's float ms to whole ns, capped above the histogram's range so that it is counted as over range. None for what is
    no time: no number, NaN, infinite, negative.
    """
    try:
        if isinstance(response_time_ms, bool | str | bytes):
            return None
        ns = float(response_time_ms) * 1e6  # type: ignore[arg-type]  # numpy's numbers are numbers too
    except Exception:  # it is anybody's object
        return None
    return min(round(ns), HIGHEST_NS + 1) if 0 <= ns < math.inf else None

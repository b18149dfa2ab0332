"""How late each waiting arrival was woken, and how much of that was this process's own doing.

A delay has two parts. While this process itself used the CPU between the due time and the wake-up, it was busy with
something else: with other arrivals and responses, with a report, with the garbage collector. That is its own part, by the
CPU clock of the thread (CLOCK_THREAD_CPUTIME_ID, which leaves out time that the hypervisor took, where the kernel knows of
it). The rest is the machine's: the core was another process's or the hypervisor's, or the timer itself was late.
"""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np

from sla.values.histogram import IntArray

_clock, _cpu_clock = time.perf_counter_ns, time.thread_time_ns
_FIRST, _LAST = 2, -2  # libev's priorities: before and after all other watchers of a turn
WORTH_PARTING_NS = 50_000  # a shorter delay is the wake-up itself; reading the CPU clock costs half a microsecond


@dataclass(frozen=True)
class LagRows:
    """Arrivals in the order of their wake-ups: when they were woken (perf_counter_ns), how late, and the own part (ns);
    all of shape (n,).
    """

    woken_ns: IntArray
    lag_ns: IntArray
    own_ns: IntArray


class Lags:
    """`loop` is the hub's; its turns are watched so that a delay can be parted."""

    def __init__(self, loop: Any) -> None:
        self._woken, self._lag, self._own = array("q"), array("q"), array("q")
        # a turn: poll returns (check), events and callbacks run, poll is called again (prepare)
        self._returned_ns = self._polled_ns = self._before_ns = _clock()
        self._returned_cpu_ns = self._before_cpu_ns = _cpu_clock()
        self._watchers = (loop.check(priority=_FIRST), loop.prepare(priority=_LAST))
        self._watchers[0].start(self._on_check)
        self._watchers[1].start(self._on_prepare)

    def add(self, due_ns: int, woken_ns: int) -> None:
        """An arrival that was due at `due_ns` is woken now, `woken_ns`."""
        late_ns = woken_ns - due_ns
        self._woken.append(woken_ns)
        self._lag.append(late_ns)
        own_ns = 0 if late_ns < WORTH_PARTING_NS else min(late_ns, self._used_since(due_ns, woken_ns, _cpu_clock()))
        self._own.append(own_ns)

    @property
    def turn_ns(self) -> int:
        """How long the hub's last whole turn took (ns by the clock): from the return of its poll to the next one."""
        return self._polled_ns - self._before_ns

    def take(self, before_ns: int | None = None) -> LagRows:
        """What was recorded before this wake-up time (default: everything), and forget it."""
        woken = np.array(self._woken, dtype=np.int64)
        end = woken.size if before_ns is None else int(np.searchsorted(woken, before_ns))
        rows = [np.array(a[:end], dtype=np.int64) for a in (self._woken, self._lag, self._own)]
        for a in (self._woken, self._lag, self._own):
            del a[:end]
        return LagRows(*rows)

    def _used_since(self, due_ns: int, now_ns: int, cpu_ns: int) -> int:
        """CPU time (ns) of this thread between `due_ns` and now, when its clock stands at `cpu_ns`."""
        this_turn = cpu_ns - self._returned_cpu_ns
        if due_ns >= self._returned_ns:  # in the middle of this turn: of its CPU time the share behind the due time
            return int(this_turn * (now_ns - due_ns) / max(now_ns - self._returned_ns, 1))
        if due_ns >= self._polled_ns:
            return this_turn  # it was waiting when the arrival fell due
        turn_ns = max(self._polled_ns - self._before_ns, 1)
        turn_cpu_ns = self._returned_cpu_ns - self._before_cpu_ns
        # it was in the middle of a turn: of that turn's CPU time the share behind the due time
        share = (self._polled_ns - max(due_ns, self._before_ns)) / turn_ns
        return this_turn + int(turn_cpu_ns * share)

    def _on_check(self) -> None:
        self._before_ns, self._before_cpu_ns = self._returned_ns, self._returned_cpu_ns
        self._returned_ns, self._returned_cpu_ns = _clock(), _cpu_clock()

    def _on_prepare(self) -> None:
        self._polled_ns = _clock()

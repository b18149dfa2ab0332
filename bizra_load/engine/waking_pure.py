"""Waking users when their arrivals are due, and how late they were, in Python. Pacer and Lags do the rest.

core_waking.pxi has the same classes, line by line; engine.core chooses. What is changed here is changed there.
"""

from __future__ import annotations

import heapq
import time
from array import array
from typing import Any

from gevent import getcurrent

MIN_GAP_NS = 50_000
WORTH_PARTING_NS = 50_000  # a shorter delay is the wake-up itself; reading the CPU clock costs half a microsecond
_clock, _cpu_clock = time.perf_counter_ns, time.thread_time_ns


class BaseLags:
    """When each arrival was woken (perf_counter_ns), how late, and its own part (ns). In a turn of the hub its poll returns,
    events and callbacks run, and it polls again.
    """

    def __init__(self) -> None:
        self.woken_ns, self.lag_ns, self.own_ns = array("q"), array("q"), array("q")
        self._returned_ns = self._polled_ns = self._before_ns = _clock()
        self._returned_cpu_ns = self._before_cpu_ns = _cpu_clock()

    def returned(self, now_ns: int, cpu_ns: int) -> None:
        """The hub's poll has returned."""
        self._before_ns, self._before_cpu_ns = self._returned_ns, self._returned_cpu_ns
        self._returned_ns, self._returned_cpu_ns = now_ns, cpu_ns

    def polled(self, now_ns: int) -> None:
        """The hub polls again."""
        self._polled_ns = now_ns

    def add(self, due_ns: int, woken_ns: int) -> None:
        """An arrival that was due at `due_ns` is woken now, `woken_ns`."""
        late_ns = woken_ns - due_ns
        self.woken_ns.append(woken_ns)
        self.lag_ns.append(late_ns)
        self.own_ns.append(0 if late_ns < WORTH_PARTING_NS else self.own_part(due_ns, woken_ns, _cpu_clock()))

    def own_part(self, due_ns: int, now_ns: int, cpu_ns: int) -> int:
        """CPU time (ns) of this thread between `due_ns` and now, when its clock stands at `cpu_ns`; at most all the time."""
        this_turn = cpu_ns - self._returned_cpu_ns
        if due_ns >= self._returned_ns:  # in the middle of this turn: of its CPU time the share behind the due time
            used = int(this_turn * (now_ns - due_ns) / max(now_ns - self._returned_ns, 1))
        elif due_ns >= self._polled_ns:
            used = this_turn  # it was waiting when the arrival fell due
        else:  # it was in the middle of a turn: of that turn's CPU time the share behind the due time
            turn_ns = max(self._polled_ns - self._before_ns, 1)
            turn_cpu_ns = self._returned_cpu_ns - self._before_cpu_ns
            used = this_turn + int(turn_cpu_ns * (self._polled_ns - max(due_ns, self._before_ns)) / turn_ns)
        return min(used, now_ns - due_ns)

    @property
    def turn_ns(self) -> int:
        """How long the hub's last whole turn took (ns by the clock): from the return of its poll to the next one."""
        return self._polled_ns - self._before_ns

    def _on_check(self) -> None:
        self.returned(_clock(), _cpu_clock())

    def _on_prepare(self) -> None:
        self.polled(_clock())


class BasePacer:
    """A heap of due times and their greenlets. `timer`: a timerfd, armed for the first of them; without one it is
    arm_at() that is told.
    """

    def __init__(self, hub: Any, lags: BaseLags, timer: Any) -> None:
        self._switch, self._add_lag, self._timer = hub.switch, lags.add, timer
        self._due: list[tuple[int, int, Any]] = []
        self._count = self._armed_ns = self._woken_ns = 0

    def arm_at(self, at_ns: int) -> None:
        """Without a timerfd: call _fire() at this time."""
        raise NotImplementedError

    def sleep_until(self, due_ns: int) -> int:
        """Block the calling greenlet until `due_ns`; when it was woken (both perf_counter_ns)."""
        entry = (due_ns, self._count, getcurrent())
        self._count += 1  # orders equal due times by arrival and keeps greenlets from being compared
        heapq.heappush(self._due, entry)
        try:
            if self._due[0] is entry:
                self._arm()
            woken_ns: int = self._switch()
        except BaseException:
            if entry in self._due:
                self._due.remove(entry)
                heapq.heapify(self._due)
            raise
        return woken_ns

    @property
    def next_due_ns(self) -> int | None:
        """When the next arrival is due (perf_counter_ns); None while nobody waits for one."""
        return self._due[0][0] if self._due else None

    def _arm(self) -> None:
        at = max(self._due[0][0], self._woken_ns + MIN_GAP_NS)
        if at == self._armed_ns:
            return
        if self._timer is not None:
            self._timer.arm(at)
        else:
            self.arm_at(at)
        self._armed_ns = at

    def _fire(self) -> None:
        self._armed_ns = 0
        due, add_lag = self._due, self._add_lag
        self._woken_ns = now = _clock()
        while due and due[0][0] <= now:
            at, _, greenlet = heapq.heappop(due)
            add_lag(at, now)
            greenlet.switch(now)
            now = _clock()
        if due:
            self._arm()  # which makes the timer unreadable, too
        elif self._timer is not None:
            self._armed_ns = 0  # somebody may have armed it above, and been woken since
            self._timer.disarm()

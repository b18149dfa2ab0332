"""Wakes due users: a heap of due times and one kernel timer armed for the first of them, watched by the hub.

gevent's own timers are good to about 1 ms, which would go into every response time. On every wake-up all that is due is
sent; the next wake-up is at least MIN_GAP_NS later, which bounds the CPU spent on pacing.
"""

from __future__ import annotations

import heapq
import time
from typing import Any

from gevent import get_hub, getcurrent

from bizra_load.engine import timerfd
from bizra_load.engine.lags import Lags
from bizra_load.engine.timerfd import TimerFd

MIN_GAP_NS = 50_000


class Pacer:
    """One for each gevent hub; see get_pacer(). `use_timerfd=False` falls back to gevent's timers."""

    def __init__(self, use_timerfd: bool = True) -> None:
        self._hub = get_hub()
        self._due: list[tuple[int, int, Any]] = []
        self._count = 0
        self._armed_ns = 0
        self._woken_ns = 0
        self.lags = Lags(self._hub.loop)
        self._timer: TimerFd | None = TimerFd() if use_timerfd and timerfd.available() else None
        if self._timer is not None:
            self._watcher = self._hub.loop.io(self._timer.fd, 1)
            self._watcher.start(self._fire)
        else:
            self._watcher = self._hub.loop.timer(0.0)

    def sleep_until(self, due_ns: int) -> int:
        """Block the calling greenlet until `due_ns`; when it was woken (both perf_counter_ns)."""
        entry = (due_ns, self._count, getcurrent())
        self._count += 1  # orders equal due times by arrival and keeps greenlets from being compared
        heapq.heappush(self._due, entry)
        if self._due[0] is entry:
            self._arm()
        try:
            woken_ns: int = self._hub.switch()
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
        self._armed_ns = at
        if self._timer is not None:
            self._timer.arm(at)
        else:
            self._watcher.stop()
            self._watcher = self._hub.loop.timer(max(at - time.perf_counter_ns(), 0) / 1e9)
            self._watcher.start(self._fire)

    def _fire(self) -> None:
        self._armed_ns = 0
        due, clock = self._due, time.perf_counter_ns
        self._woken_ns = now = clock()
        add = self.lags.add
        while due and due[0][0] <= now:
            at, _, greenlet = heapq.heappop(due)
            add(at, now)
            greenlet.switch(now)
            now = clock()
        if due:
            self._arm()  # which makes the timer unreadable, too
        elif self._timer is not None:
            self._armed_ns = 0
            self._timer.disarm()


def get_pacer() -> Pacer:
    """The pacer of this thread's hub, made on first use."""
    hub = get_hub()
    pacer: Pacer | None = getattr(hub, "bizra_load_pacer", None)
    if pacer is None:
        pacer = hub.bizra_load_pacer = Pacer()
    return pacer

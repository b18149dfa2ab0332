"""Wakes due users: a heap of due times and one kernel timer armed for the first of them, watched by the hub.

gevent's own timers are good to about 1 ms, which would go into every response time. On every wake-up all that is due is
sent; the next wake-up is at least MIN_GAP_NS later, which bounds the CPU spent on pacing.
"""

from __future__ import annotations

import time
from typing import Any

from gevent import get_hub

from bizra_load.engine import timerfd
from bizra_load.engine.core import BasePacer
from bizra_load.engine.lags import Lags
from bizra_load.engine.timerfd import TimerFd


class Pacer(BasePacer):
    """One for each gevent hub; see get_pacer(). `use_timerfd=False` falls back to gevent's timers."""

    def __init__(self, use_timerfd: bool = True) -> None:
        self._loop: Any = get_hub().loop
        self.lags = Lags(self._loop)
        timer = TimerFd() if use_timerfd and timerfd.available() else None
        super().__init__(get_hub(), self.lags, timer)
        if timer is not None:
            self._watcher = self._loop.io(timer.fd, 1)
            self._watcher.start(self._fire)
        else:
            self._watcher = self._loop.timer(0.0)

    def arm_at(self, at_ns: int) -> None:
        """By a timer of gevent's."""
        self._watcher.stop()
        self._watcher = self._loop.timer(max(at_ns - time.perf_counter_ns(), 0) / 1e9)
        self._watcher.start(self._fire)


def get_pacer() -> Pacer:
    """The pacer of this thread's hub, made on first use."""
    hub = get_hub()
    pacer: Pacer | None = getattr(hub, "bizra_load_pacer", None)
    if pacer is None:
        pacer = hub.bizra_load_pacer = Pacer()
    return pacer

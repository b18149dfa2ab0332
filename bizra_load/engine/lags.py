"""How late each waiting arrival was woken, and how much of that was this process's own doing.

A delay has two parts. While this process itself used the CPU between the due time and the wake-up, it was busy with
something else: with other arrivals and responses, with a report, with the garbage collector. That is its own part, by the
CPU clock of the thread (CLOCK_THREAD_CPUTIME_ID, which leaves out time that the hypervisor took, where the kernel knows of
it). The rest is the machine's: the core was another process's or the hypervisor's, or the timer itself was late.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

import numpy as np

from bizra_load.engine.core import BaseLags
from sla.values.histogram import IntArray

_FIRST, _LAST = 2, -2  # libev's priorities: before and after all other watchers of a turn


@dataclass(frozen=True)
class LagRows:
    """Arrivals in the order of their wake-ups: when they were woken (perf_counter_ns), how late, and the own part (ns);
    all of shape (n,).
    """

    woken_ns: IntArray
    lag_ns: IntArray
    own_ns: IntArray


class Lags(BaseLags):
    """`loop` is the hub's; its turns are watched so that a delay can be parted."""

    def __init__(self, loop: Any) -> None:
        super().__init__()
        self._watchers = (loop.check(priority=_FIRST), loop.prepare(priority=_LAST))
        self._watchers[0].start(self._on_check)
        self._watchers[1].start(self._on_prepare)

    def take(self, before_ns: int | None = None) -> LagRows:
        """What was recorded before this wake-up time (default: everything), and forget it."""
        columns = (self.woken_ns, self.lag_ns, self.own_ns)
        end = len(self.woken_ns) if before_ns is None else bisect_left(self.woken_ns, before_ns)
        rows = LagRows(*(np.array(column[:end], dtype=np.int64) for column in columns))
        for column in columns:
            del column[:end]
        return rows

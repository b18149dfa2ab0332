"""Sleeping for microseconds in asyncio, whose own timers are good to a millisecond: a heap and one kernel timer."""

from __future__ import annotations

import asyncio
import heapq
import time

from bizra_load.engine.timerfd import TimerFd, available


class PreciseSleep:
    """Make it anywhere; it attaches to the running loop on first use."""

    def __init__(self) -> None:
        self._available = available()
        self._timer: TimerFd | None = None
        self._due: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    async def until(self, at_ns: int) -> None:
        """Return at `at_ns` (perf_counter_ns), or at once when it has passed."""
        if at_ns <= time.perf_counter_ns():
            return
        if not self._available:
            await asyncio.sleep(max(at_ns - time.perf_counter_ns(), 0) / 1e9)
            return
        loop = asyncio.get_running_loop()
        if self._timer is None:
            self._timer = TimerFd()
            loop.add_reader(self._timer.fd, self._fire)
        future: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._due, (at_ns, self._count, future))
        self._count += 1
        if self._due[0][2] is future:
            self._timer.arm(at_ns)
        await future

    def _fire(self) -> None:
        assert self._timer is not None
        while self._due and self._due[0][0] <= time.perf_counter_ns():
            future = heapq.heappop(self._due)[2]
            if not future.done():
                future.set_result(None)
        if self._due:
            self._timer.arm(self._due[0][0])  # which makes it unreadable, too
        else:
            self._timer.disarm()

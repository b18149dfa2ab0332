"""Waiting for sockets, cheaper than gevent's own wait, which starts and stops a watcher for every read.

Every socket is registered once, edge-triggered, in one epoll set of our own; one gevent io watcher on that set reads for all
who wait, and then switches into their greenlets one after the other: when a response had arrived is known before any of them is
worked on. An edge that arrives while nobody waits is a hint to look before the next request. Deadlines are enforced by one
sweep, not by a timer for each request.
"""

from __future__ import annotations

import select
import time
from typing import Any

import numpy as np
from gevent import get_hub, getcurrent
from gevent.monkey import get_original

from bizra_load.engine.core import BaseReactor, Channel
from bizra_load.engine.errors import ResponseTimeout
from sla.values.histogram import IntArray

SWEEP_NS = 20_000_000  # so much later than its deadline a request may time out
_NEVER_NS = 1 << 62
_clock = time.perf_counter_ns
_READ = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
_READ_WRITE = _READ | select.EPOLLOUT


class Reactor(BaseReactor):
    """One for each gevent hub; see get_reactor()."""

    def __init__(self) -> None:
        # Locust patches select and takes epoll away, since a blocking poll would stop the hub; ours never blocks.
        self._epoll_set, self._gevent_hub = get_original("select", "epoll")(), get_hub()
        super().__init__(self._epoll_set, self._gevent_hub)
        loop = self._gevent_hub.loop
        self._watcher = loop.io(self._epoll_set.fileno(), 1)
        self._watcher.start(self.ready)
        self._sweeper = loop.timer(0.0)

    def register(self, channel: Channel) -> None:
        if channel.keeps:
            self.hints.add(channel.fd)
        self._epoll_set.register(channel.fd, _READ)

    def unregister(self, channel: Channel) -> None:
        """Call before closing it; a greenlet still waiting on it is forgotten, not woken."""
        self.waiting.pop(channel.fd, None)
        self.hints.discard(channel.fd)
        self._epoll_set.unregister(channel.fd)

    def receive(self, channel: Channel, deadline_ns: int) -> bytes:
        """Switch to the hub until something has arrived; what it is, b"" at the end. For whoever has found nothing to read yet.
        Raises ResponseTimeout after the deadline (perf_counter_ns), and the OSError of reading.
        """
        data = self._wait(self.waiting, channel, deadline_ns)
        if data.__class__ is not bytes:
            raise data
        return data

    def wait_writable(self, channel: Channel, deadline_ns: int) -> None:
        """Rare (the send buffer is full): widen the registration for one wait."""
        self._epoll_set.modify(channel.fd, _READ_WRITE)
        try:
            self._wait(self.writing, channel, deadline_ns)
        finally:
            self._epoll_set.modify(channel.fd, _READ)  # which tells again of what arrived meanwhile

    def _wait(self, among: dict[int, Channel], channel: Channel, deadline_ns: int) -> Any:
        among[channel.fd] = channel
        channel.waiter, channel.deadline_ns = getcurrent(), deadline_ns
        if deadline_ns < self.sweep_ns:
            self.sweep_at(deadline_ns)
        try:
            return self.switch()
        except BaseException:
            # killed or timed out while waiting: a later edge of a recycled descriptor must not wake this greenlet
            if among.get(channel.fd) is channel:
                del among[channel.fd]
            raise

    @property
    def awaiting(self) -> int:
        """How many requests wait for their response."""
        return len(self.waiting)

    def take_turns(self) -> IntArray:
        """How long (ns) each batch of responses since the last call took to read, 0 for a single one: the last of a batch had
        waited at most that long for the others, which its service time includes.
        """
        values = np.array(self.turns, dtype=np.int64)
        del self.turns[:]
        return values

    def sweep_at(self, due_ns: int) -> None:
        self.sweep_ns = due_ns
        self._sweeper.stop()
        self._sweeper = self._gevent_hub.loop.timer(max(due_ns - _clock(), 0) / 1e9)
        self._sweeper.start(self._sweep)

    def _sweep(self) -> None:
        """Time out whoever waits in vain, and come again when the next one may. A timer for each request would cost more, and
        so would looking every few milliseconds while there is little to do.
        """
        now_ns = _clock()
        for among in (self.waiting, self.writing):
            for channel in [c for c in among.values() if c.deadline_ns <= now_ns]:
                if among.pop(channel.fd, None) is not None:
                    channel.waiter.throw(ResponseTimeout("no response in time"))
        self.sweep_ns = _NEVER_NS
        if left := [c.deadline_ns for c in (*self.waiting.values(), *self.writing.values())]:
            self.sweep_at(max(min(left), now_ns + SWEEP_NS))


def get_reactor() -> Reactor:
    """The reactor of this thread's hub, made on first use (and again in a forked child, whose hub is a new one)."""
    hub = get_hub()
    reactor: Reactor | None = getattr(hub, "bizra_load_reactor", None)
    if reactor is None:
        reactor = hub.bizra_load_reactor = Reactor()
    return reactor

"""Waiting for sockets, cheaper than gevent's own wait, which starts and stops a watcher for every read.

Every socket is registered once, edge-triggered, in one epoll set of our own; one gevent io watcher on that set switches
straight into the waiting greenlets. An edge that arrives while nobody waits is not lost, because callers read until
EAGAIN before they wait. Deadlines are enforced by one sweep, not by a timer for each request.
"""

from __future__ import annotations

import select
import time
from array import array
from typing import Any

import numpy as np
from gevent import get_hub, getcurrent
from gevent.monkey import get_original

from bizra_load.engine.errors import ResponseTimeout
from sla.values.histogram import IntArray

SWEEP_NS = 20_000_000  # so much later than its deadline a request may time out
_NEVER_NS = 1 << 62
TURN_NS = 200_000
_clock = time.perf_counter_ns
_READ = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
_CLOSED = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
_READ_WRITE = _READ | select.EPOLLOUT


class Reactor:
    """One for each gevent hub; see get_reactor()."""

    def __init__(self) -> None:
        self._hub = get_hub()
        # Locust patches select and takes epoll away, since a blocking poll would stop the hub; ours never blocks.
        self._epoll = get_original("select", "epoll")()
        self._poll = self._epoll.poll
        self._waiting: dict[int, tuple[Any, int]] = {}
        # descriptors with an edge that nobody waited for: perhaps closed by the peer; the next user checks before sending
        # (-1: TLS sockets, which are not in the set, are checked each time)
        self.hints: set[int] = {-1}
        self._turns = array("q")
        self._watcher = self._hub.loop.io(self._epoll.fileno(), 1)
        self._watcher.start(self._ready)
        self._sweeper = self._hub.loop.timer(0.0)
        self._sweep_ns = _NEVER_NS
        self._switch = self._hub.switch

    def register(self, fd: int) -> None:
        self._epoll.register(fd, _READ)

    def unregister(self, fd: int) -> None:
        """Call before closing the socket; a greenlet still waiting on it is forgotten, not woken."""
        self._waiting.pop(fd, None)
        self.hints.discard(fd)
        self._epoll.unregister(fd)

    def wait(self, fd: int, deadline_ns: int) -> None:
        """Switch to the hub until `fd` has an edge. Raises ResponseTimeout after the deadline (perf_counter_ns)."""
        me = getcurrent()
        self._waiting[fd] = (me, deadline_ns)
        if deadline_ns < self._sweep_ns:
            self._sweep_at(deadline_ns)
        try:
            self._switch()
        except BaseException:
            # killed or timed out while waiting: a later edge of a recycled descriptor must not wake this greenlet
            if self._waiting.get(fd, (None,))[0] is me:
                del self._waiting[fd]
            raise

    def wait_writable(self, fd: int, deadline_ns: int) -> None:
        """Rare (the send buffer is full): widen the registration for one wait."""
        self._epoll.modify(fd, _READ_WRITE)
        try:
            self.wait(fd, deadline_ns)
        finally:
            self._epoll.modify(fd, _READ)

    @property
    def awaiting(self) -> int:
        """How many requests wait for their response."""
        return len(self._waiting)

    def take_turns(self) -> IntArray:
        """How long (ns) each batch of responses since the last call took to hand out, 0 for a single one: the last of a batch
        waited at most that long for the others, which its service time includes.
        """
        values = np.array(self._turns, dtype=np.int64)
        del self._turns[:]
        return values

    def _ready(self) -> None:
        """Take what is ready, and while somebody waits what has become ready meanwhile, before the hub's own turn: that turn
        costs as much as half a request. At most TURN_NS, so that due arrivals and everything else get theirs.
        """
        waiting, hints, poll = self._waiting, self.hints, self._poll
        began_ns = now_ns = _clock()
        end_ns = began_ns + TURN_NS
        while events := poll(0):
            for fd, flags in events:
                waiter = waiting.pop(fd, None)
                if waiter is None or flags & _CLOSED:  # a response and the end behind it may share one edge
                    hints.add(fd)
                if waiter is not None:
                    waiter[0].switch()
            batch_ns, now_ns = now_ns, _clock()
            self._turns.append(now_ns - batch_ns if len(events) > 1 else 0)
            if not waiting or now_ns >= end_ns:
                break

    def _sweep_at(self, due_ns: int) -> None:
        self._sweep_ns = due_ns
        self._sweeper.stop()
        self._sweeper = self._hub.loop.timer(max(due_ns - _clock(), 0) / 1e9)
        self._sweeper.start(self._sweep)

    def _sweep(self) -> None:
        """Time out whoever waits in vain, and come again when the next one may. A timer for each request would cost more, and
        so would looking every few milliseconds while there is little to do.
        """
        now_ns = _clock()
        for fd in [fd for fd, (_, deadline_ns) in self._waiting.items() if deadline_ns <= now_ns]:
            waiter = self._waiting.pop(fd, None)
            if waiter is not None:
                waiter[0].throw(ResponseTimeout("no response in time"))
        self._sweep_ns = _NEVER_NS
        if self._waiting:
            self._sweep_at(max(min(deadline_ns for _, deadline_ns in self._waiting.values()), now_ns + SWEEP_NS))


def get_reactor() -> Reactor:
    """The reactor of this thread's hub, made on first use (and again in a forked child, whose hub is a new one)."""
    hub = get_hub()
    reactor: Reactor | None = getattr(hub, "bizra_load_reactor", None)
    if reactor is None:
        reactor = hub.bizra_load_reactor = Reactor()
    return reactor

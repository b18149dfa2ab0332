"""The open model's schedule on one worker: rate slots that take their due arrivals one after the other.

A slot that is busy when an arrival falls due takes it as soon as it is free; the arrival keeps its intended start, so the
response time holds the wait (no coordinated omission: Tene 2013; open model: Schroeder, Wierman, Harchol-Balter, NSDI 2006).
"""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

import gevent
from gevent.event import Event

from bizra_load.engine.arrivals import SATURATE, due_times_ns
from bizra_load.engine.load_curve import LoadCurve
from bizra_load.engine.pacer import Pacer

NEVER_NS = 1 << 62  # the start of a schedule that has none yet
ABOUT_TO_CLOSE_NS = 500_000_000
LATE_NS = 250_000_000  # so long a last arrival may take to wake on a busy machine
AHEAD = 16  # due times worked out at once, in about 15 us: one by one, each takes several us of code that is no longer cached


class Slot:
    """One user's share of the schedule. `take()` blocks until the next arrival is due and returns its intended start."""

    def __init__(self, schedule: Schedule, due_ns: Iterator[int]) -> None:
        self._schedule = schedule
        self._due_ns = due_ns
        self._sleep_until = schedule.pacer.sleep_until
        self._add_lag = schedule.pacer.lags.add
        self._lag_ns = 0  # of the arrival before
        self._waiting_for: int | None = None
        self.busy = False
        self.retired = False

    def take(self) -> int:
        """Intended start (perf_counter_ns) of the next arrival; parks for ever once the schedule has closed."""
        self.busy = False
        schedule = self._schedule
        if schedule.held:
            schedule.wait_until_begun()
        if self.retired:
            return self._park()
        due = self._waiting_for = next(self._due_ns, None)
        if due is not None and due < schedule.closes_ns:
            now = time.perf_counter_ns()
            if now < due:
                self._lag_ns = self._sleep_until(due) - due
                # a drain may have begun since, even before this wake-up of an arrival that was due: then it is not sent
                ready = due < schedule.closes_ns and not (schedule.draining or self.retired)
            else:
                ready = now < schedule.closes_ns
                if ready:
                    self._pass_on_lag(due, now)
            if ready:
                self._waiting_for = None
                self.busy = True
                return due
        self.abandon()
        return self._park()

    def _pass_on_lag(self, due: int, now: int) -> None:
        """An arrival fell due while its user was busy with the one before. Had that one been on time, the user would have been
        free by its lag sooner: so much of the wait is the generator's, the rest is the target's.
        """
        self._lag_ns = min(self._lag_ns, now - due)
        if self._lag_ns > 0:
            self._add_lag(now - self._lag_ns, now)

    @property
    def waits(self) -> bool:
        """Whether it waits for an arrival that falls due before the close."""
        return self._waiting_for is not None and self._waiting_for < self._schedule.closes_ns

    def retire(self) -> None:
        """The user goes while the schedule runs (its share is another worker's from now on): nothing more is taken, and what
        was due by now and not taken is unsent.
        """
        if not self.retired:
            self.retired = True
            self.abandon(time.perf_counter_ns())

    def _park(self) -> NoReturn:
        """Until Locust kills the user."""
        Event().wait()
        raise AssertionError("unreachable: a parked slot is only ever killed")

    def abandon(self, until_ns: int | None = None) -> None:
        """Count every arrival that was due before the close (or `until_ns`) and not taken as unsent, each once."""
        closes_ns = self._schedule.closes_ns if until_ns is None else min(until_ns, self._schedule.closes_ns)
        waiting_for, self._waiting_for = self._waiting_for, None
        rest, self._due_ns = self._due_ns, iter(())
        for due in rest if waiting_for is None else itertools.chain((waiting_for,), rest):
            if due >= closes_ns:
                break
            self._schedule.on_unsent(due)


class SaturatingSlot(Slot):
    """A closed model: the next operation is due at once. It says what a service can take, not how long users would wait."""

    def take(self) -> int:
        schedule = self._schedule
        if schedule.held:
            schedule.wait_until_begun()
        if self.retired:
            self.busy = False
            return self._park()
        now = time.perf_counter_ns()
        if now < schedule.start_ns:
            self.busy = False
            self._sleep_until(schedule.start_ns)
            now = time.perf_counter_ns()
        if now < schedule.closes_ns:
            self.busy = True
            return now
        self.busy = False
        return self._park()


class SharedSlot(Slot):
    """One user of several that take the arrivals of all their slots: whoever is free takes the next one. Tasks of any length
    need that: behind a long one the arrivals of a slot of its own would wait, though others are free.
    """

    def __init__(self, schedule: Schedule, due_ns: Iterator[int], shared: SharedArrivals) -> None:
        super().__init__(schedule, shared)
        self._share = shared.add(due_ns)

    def retire(self) -> None:
        """The user takes its share along: what was due by now is left to the others, if there are any. The arrival that it
        waits for may be of another's share, as others wait for those of its own.
        """
        if not self.retired:
            self.retired = True
            self._share.ends_ns = time.perf_counter_ns()
            waiting_for, self._waiting_for = self._waiting_for, None
            if waiting_for is not None and waiting_for < self._share.ends_ns:
                self._schedule.on_unsent(waiting_for)

    def abandon(self, until_ns: int | None = None) -> None:
        """Likewise, of all shares; those of a retired one are left to the others until the schedule drains."""
        if not self.retired or self._schedule.draining:
            super().abandon(until_ns)


@dataclass
class Share:
    """The due times of one slot among SharedArrivals, ascending, and when its user was taken away."""

    due_ns: Iterator[int]
    ends_ns: int = NEVER_NS


class SharedArrivals(Iterator[int]):
    """The due times of several slots, ascending."""

    def __init__(self) -> None:
        self._new: list[Share] = []  # none is asked for its first before the schedule has a start
        self._next: list[tuple[int, int, Share]] = []
        self._count = itertools.count()  # orders equal due times, and keeps shares from being compared

    def add(self, due_ns: Iterator[int]) -> Share:
        """Those of one more slot."""
        self._new.append(Share(due_ns))
        return self._new[-1]

    def __next__(self) -> int:
        while self._new:
            added = self._new.pop()
            if (first := next(added.due_ns, None)) is not None:
                heapq.heappush(self._next, (first, next(self._count), added))
        while self._next:
            due, count, share = self._next[0]
            following = next(share.due_ns, None) if due < share.ends_ns else None
            if following is None:
                heapq.heappop(self._next)
            else:
                heapq.heapreplace(self._next, (following, count, share))
            if due < share.ends_ns:
                return due
        raise StopIteration


class Schedule:
    """All slots of this worker. `start_ns` and all due times are perf_counter_ns; `slots` counts those of all workers. Without
    `start_ns` it is held, and so is whoever takes an arrival, until begin() says when it starts.
    """

    def __init__(
        self,
        curve: LoadCurve,
        slots: int,
        arrivals: str,
        start_ns: int | None,
        pacer: Pacer,
        on_unsent: Callable[[int], None],
        rng: random.Random,
    ) -> None:
        self._curve = curve
        self._slots = slots
        self._arrivals = arrivals
        self._rng = rng
        self.held = True
        self._begun = Event()
        self.start_ns = self.closes_ns = NEVER_NS
        self.pacer = pacer
        self.on_unsent = on_unsent
        self.draining = False
        self._mine: list[Slot] = []
        self._shared = SharedArrivals()
        if start_ns is not None:
            self.begin(start_ns)

    def begin(self, start_ns: int) -> None:
        """The schedule starts at `start_ns`; a second call, or one after its end, changes nothing."""
        if self.held:
            self.start_ns = start_ns
            self.closes_ns = start_ns + int(self._curve.duration_s * 1e9)
            self._release()

    def wait_until_begun(self) -> None:
        """Until the start is known, or the schedule has ended without one."""
        self._begun.wait()

    def _release(self) -> None:
        self.held = False
        self._begun.set()

    def new_slot(self, shared: bool = False) -> Slot:
        """A slot; arrivals that fell due before it existed belong to nobody (the check of unsent arrivals counts them).
        `shared`: whoever of those that are takes the next arrival of them all.
        """
        if self._arrivals == SATURATE:
            self._mine.append(SaturatingSlot(self, iter(())))
            return self._mine[-1]
        born_ns = time.perf_counter_ns()
        offsets = due_times_ns(self._curve, self._slots, self._arrivals, random.Random(self._rng.random()))
        due_ns = self._from_its_start(offsets, born_ns)
        slot = SharedSlot(self, due_ns, self._shared) if shared else Slot(self, due_ns)
        self._mine.append(slot)
        return slot

    def _from_its_start(self, offsets_ns: Iterator[int], born_ns: int) -> Iterator[int]:
        """Due times of these, from `born_ns` on, AHEAD of them worked out at a time; asked for once the start is known."""
        due_ns = itertools.dropwhile(born_ns.__gt__, map(self.start_ns.__add__, offsets_ns))
        while some := tuple(itertools.islice(due_ns, AHEAD)):
            yield from some

    @property
    def slots_in_use(self) -> int:
        return sum(not slot.retired for slot in self._mine)

    def drain(self, deadline_s: float) -> int:
        """Close the schedule now, wait for the operations under way, count what was not sent. Returns how many slots were
        still busy after `deadline_s`. One that is about to close by itself does, and its last arrivals are sent even if they
        wake a little late: whoever tells the end knows its start only as exactly as a message's way is short.
        """
        left_ns = self.closes_ns - time.perf_counter_ns()
        if left_ns <= ABOUT_TO_CLOSE_NS:
            gevent.sleep(max(left_ns, 0) / 1e9)
            while any(slot.waits for slot in self._mine) and time.perf_counter_ns() < self.closes_ns + LATE_NS:
                gevent.sleep(0.002)
        self.draining = True
        self.closes_ns = min(self.closes_ns, time.perf_counter_ns())
        self._release()
        end = time.monotonic() + deadline_s
        while any(slot.busy for slot in self._mine) and time.monotonic() < end:
            gevent.sleep(0.005)
        for slot in self._mine:
            slot.abandon()
        return sum(slot.busy for slot in self._mine)

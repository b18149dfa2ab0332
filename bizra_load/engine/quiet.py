"""Housekeeping between arrivals: work in small steps, each at a moment when nothing is due and no response is awaited."""

from __future__ import annotations

import time
from collections.abc import Iterator

import gevent

from bizra_load.engine.pacer import Pacer
from bizra_load.engine.reactor import Reactor

SLICE_NS = 30_000  # after so long the piece under way is a step's last: pieces take 5 to 60 us, cold several times as long
NEEDED_NS = 400_000  # nothing may be due within this time
LOOK_AGAIN_S = 0.0005
PATIENCE_S = 0.004  # under constant load there is no quiet moment: then the step is taken all the same
HURRY_AFTER_S = 0.3  # with no patience from then on: a report that takes longer than a second makes the next one larger
HURRIED_NS = 100_000  # as SLICE_NS, from then on: few connections that are never quiet leave a step 0.6 ms after the last
SHARE = 0.1  # of a turn of the hub: where turns are long there is one step a turn, and they grow with the connections
LONGEST_NS = 5_000_000  # a tenth of a turn of 1,000 responses in pure Python; one in which the process was stopped is longer


class QuietMoments:
    """The quiet moments of one hub."""

    def __init__(self, pacer: Pacer, reactor: Reactor) -> None:
        self._pacer = pacer
        self._reactor = reactor
        self._longest_ns = 0

    def run(self, steps: Iterator[None]) -> None:
        """Run all of `steps`, whose pieces are short, in the calling greenlet."""
        left, hurry_s = True, time.monotonic() + HURRY_AFTER_S
        while left:
            slice_ns = self._wait(time.monotonic() >= hurry_s)
            began_ns, began_cpu_ns = time.perf_counter_ns(), time.thread_time_ns()
            left = next(steps, self) is not self
            while left and time.perf_counter_ns() - began_ns < slice_ns:
                left = next(steps, self) is not self
            self._ended(began_ns, time.thread_time_ns() - began_cpu_ns)

    def _ended(self, began_ns: int, took_ns: int) -> None:
        """A step that began at `began_ns` (time.perf_counter_ns) and took so much of the thread's CPU has just ended."""
        self._longest_ns = max(self._longest_ns, took_ns)

    def take_longest(self) -> int:
        """The longest step since the last call (ns of the thread's CPU clock): the longest that the loop was held."""
        longest, self._longest_ns = self._longest_ns, 0
        return longest

    def _wait(self, hurried: bool) -> float:
        """Until the moment of the next step; after so long (ns) the piece under way is to be its last. Sleeps by a timer:
        sleep(0) lets callbacks run, but no socket and no timer be looked at. While turns are long no moment is quiet, so none
        is waited for.
        """
        end = time.monotonic() + (0.0 if hurried else PATIENCE_S)
        gevent.sleep(LOOK_AGAIN_S)
        while not self._quiet():
            turn_ns = self._pacer.lags.turn_ns
            if turn_ns >= NEEDED_NS or time.monotonic() >= end:
                return max(HURRIED_NS if hurried else SLICE_NS, min(SHARE * turn_ns, LONGEST_NS))
            gevent.sleep(LOOK_AGAIN_S)
        return SLICE_NS

    def _quiet(self) -> bool:
        due_ns = self._pacer.next_due_ns
        return not self._reactor.awaiting and (due_ns is None or due_ns - time.perf_counter_ns() > NEEDED_NS)


def phase_of(index: int) -> float:
    """When in a second (s) the `index`-th worker reports: spread over workers of one machine whatever their number (multiples
    of the golden ratio are), away from the second's edge, and all of them before the master shows the second.
    """
    return 0.1 + 0.6 * (index * 0.6180339887 % 1.0)

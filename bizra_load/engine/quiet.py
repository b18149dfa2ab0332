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
            self._wait(PATIENCE_S if time.monotonic() < hurry_s else 0.0)
            began_ns, began_cpu_ns = time.perf_counter_ns(), time.thread_time_ns()
            left = next(steps, self) is not self
            while left and time.perf_counter_ns() - began_ns < SLICE_NS:
                left = next(steps, self) is not self
            self._ended(began_ns, time.thread_time_ns() - began_cpu_ns)

    def _ended(self, began_ns: int, took_ns: int) -> None:
        """A step that began at `began_ns` (time.perf_counter_ns) and took so much of the thread's CPU has just ended."""
        self._longest_ns = max(self._longest_ns, took_ns)

    def take_longest(self) -> int:
        """The longest step since the last call (ns of the thread's CPU clock): the longest that the loop was held."""
        longest, self._longest_ns = self._longest_ns, 0
        return longest

    def _wait(self, patience_s: float) -> None:
        """A timer and not sleep(0), which lets callbacks run but no socket and no timer be looked at."""
        end = time.monotonic() + patience_s
        gevent.sleep(LOOK_AGAIN_S)
        while not self._quiet() and time.monotonic() < end:
            gevent.sleep(LOOK_AGAIN_S)

    def _quiet(self) -> bool:
        due_ns = self._pacer.next_due_ns
        return not self._reactor.awaiting and (due_ns is None or due_ns - time.perf_counter_ns() > NEEDED_NS)


def phase_of(index: int) -> float:
    """When in a second (s) the `index`-th worker reports: spread over workers of one machine whatever their number (multiples
    of the golden ratio are), away from the second's edge, and all of them before the master shows the second.
    """
    return 0.1 + 0.6 * (index * 0.6180339887 % 1.0)

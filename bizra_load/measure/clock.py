"""Time of day that never steps: read once from the system clock, then counted by the monotonic one.

Windows are labelled by the master's clock: START carries it, a worker's own time of day is only displayed. How far a worker's
labels are from the master's is measured with every report and its acknowledgement (Cristian 1989, Distributed Computing 3:
the difference to the middle of a round trip, at most half of it wrong).
"""

from __future__ import annotations

import time
from dataclasses import dataclass


class SteadyClock:
    """`unix_ns`: what time it is now, if not what the system clock says."""

    def __init__(self, unix_ns: int | None = None) -> None:
        self.offset_ns = (time.time_ns() if unix_ns is None else unix_ns) - time.perf_counter_ns()

    def unix_ns(self) -> int:
        """Unix time now, in ns."""
        return time.perf_counter_ns() + self.offset_ns

    def since_ns(self, unix_ns: int) -> int:
        """How long ago it was `unix_ns`; 0 for what is yet to come, by a clock that is not exact."""
        return max(self.unix_ns() - unix_ns, 0)


@dataclass(frozen=True)
class ClockReading:
    """A worker's clocks against the master's, ns (positive: the worker's is ahead); `error_ns` is half the round trip.

    label_ns   the clock that labels windows
    wall_ns    the worker's system clock
    """

    label_ns: int
    wall_ns: int
    error_ns: int


def reading(sent_ns: int, received_ns: int, master_ns: int, wall_ahead_ns: int) -> ClockReading:
    """The clocks' difference by one round trip: when it was sent and its acknowledgement received, by the label clock; the
    master's time in between; and how far the wall clock is ahead of the label clock.
    """
    label_ns = (sent_ns + received_ns) // 2 - master_ns
    return ClockReading(label_ns, label_ns + wall_ahead_ns, max(received_ns - sent_ns, 0) // 2)

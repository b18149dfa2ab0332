"""Little's law, L = lambda W (Little 1961), as a check of the measurement itself.

L comes from starts and finishes counted on their own, W from the latency samples. From an idle start to an idle end the
law is an identity without edge effects, so any real difference means lost or invented samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sla.values.window import Window

TOLERANCE = 0.005  # what the in-flight count can miss: a sample's two clock readings, a window's boundary


@dataclass(frozen=True)
class LittlesLaw:
    """mean_in_flight is L, expected is lambda W; difference is relative."""

    mean_in_flight: float
    expected: float
    difference: float

    @property
    def holds(self) -> bool:
        """Whether both sides agree within TOLERANCE."""
        return abs(self.difference) <= TOLERANCE


def littles_law(windows: Sequence[Window]) -> LittlesLaw | None:
    """Both sides of the law over all windows of one operation from idle to idle; None where nothing was in flight, or that was
    not counted.
    """
    in_flight = sum(w.in_flight_ns for w in windows)
    latencies = sum(w.service_sum_ns for w in windows)
    if not in_flight or not windows:
        return None
    span_ns = (max(w.second for w in windows) - min(w.second for w in windows) + 1) * 1e9
    return LittlesLaw(in_flight / span_ns, latencies / span_ns, (latencies - in_flight) / in_flight)

"""The load curve: stages in operations per second -> planned rate, planned count, and the time of the n-th arrival. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sla.values.measurements import PlannedSegment


@dataclass(frozen=True)
class LoadCurve:
    """Piecewise linear arrival rate. Raises ValueError unless every duration is positive and every rate finite and >= 0."""

    segments: tuple[PlannedSegment, ...]

    def __post_init__(self) -> None:
        for s in self.segments:
            if not (s.duration_s > 0 and math.isfinite(s.duration_s)):
                raise ValueError(f"a stage's duration must be positive and finite, not {s.duration_s} s")
            if not all(math.isfinite(r) and r >= 0 for r in (s.from_per_s, s.to_per_s)):
                raise ValueError(f"a stage's rate must be finite and not negative, not {s.from_per_s} to {s.to_per_s}")
        if not self.peak_per_s > 0:
            raise ValueError("the load curve never rises above 0 ops/s")

    @property
    def duration_s(self) -> float:
        return sum(s.duration_s for s in self.segments)

    @property
    def peak_per_s(self) -> float:
        return max((max(s.from_per_s, s.to_per_s) for s in self.segments), default=0.0)

    def rate_at(self, time_s: float) -> float:
        """Planned rate (ops/s) at `time_s` after the start; 0 outside the curve."""
        begin = 0.0
        for s in self.segments:
            if begin <= time_s < begin + s.duration_s:
                return s.from_per_s + (s.to_per_s - s.from_per_s) * (time_s - begin) / s.duration_s
            begin += s.duration_s
        return 0.0

    def planned_count(self, time_s: float) -> float:
        """Arrivals planned from the start to `time_s`: the integral of the rate."""
        count, begin = 0.0, 0.0
        for s in self.segments:
            t = min(max(time_s - begin, 0.0), s.duration_s)
            count += s.from_per_s * t + (s.to_per_s - s.from_per_s) * t * t / (2 * s.duration_s)
            begin += s.duration_s
        return count

    def times_of(self, counts: Iterable[float]) -> Iterator[float]:
        """Times (s after the start) at which the planned count reaches each of `counts`, which must not decrease; ends
        with the curve. This inverts planned_count(): time-rescaling of a point process (Cox and Isham 1980, section 4.2).
        """
        ascending = iter(counts)
        count = next(ascending, math.inf)
        planned = begin = 0.0
        for s in self.segments:
            first, end = planned, planned + (s.from_per_s + s.to_per_s) / 2 * s.duration_s
            from_per_s, slope = s.from_per_s, (s.to_per_s - s.from_per_s) / s.duration_s
            while count < end:
                remaining = count - first
                if remaining <= 0.0:
                    yield begin
                elif slope == 0.0:
                    yield begin + remaining / from_per_s
                else:
                    # root of from*t + slope*t^2/2 = remaining, in the form that does not cancel
                    root = math.sqrt(max(from_per_s**2 + 2 * slope * remaining, 0.0))
                    yield begin + 2 * remaining / (from_per_s + root)
                count = next(ascending, math.inf)
            planned, begin = end, begin + s.duration_s


def ramp_and_hold(target_per_s: float, ramp_s: float, hold_s: float) -> LoadCurve:
    """A linear ramp from 0 to the target, then the target held for `hold_s`."""
    hold = PlannedSegment(hold_s, target_per_s, target_per_s)
    return LoadCurve((PlannedSegment(ramp_s, 0.0, target_per_s), hold) if ramp_s > 0 else (hold,))

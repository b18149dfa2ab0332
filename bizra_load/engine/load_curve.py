"""The load curve: stages in operations per second -> planned rate, planned count, and the time of the n-th arrival. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
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
        ends: list[float] = []
        begins: list[float] = []
        total = begin = 0.0
        for s in self.segments:
            total += (s.from_per_s + s.to_per_s) / 2 * s.duration_s
            ends.append(total)
            begins.append(begin)
            begin += s.duration_s
        for count in counts:
            at = bisect_right(ends, count)
            if at >= len(ends):
                return
            segment = self.segments[at]
            remaining = count - (ends[at - 1] if at else 0.0)
            slope = (segment.to_per_s - segment.from_per_s) / segment.duration_s
            if remaining <= 0.0:
                yield begins[at]
            elif slope == 0.0:
                yield begins[at] + remaining / segment.from_per_s
            else:
                # root of from*t + slope*t^2/2 = remaining, in the form that does not cancel
                root = math.sqrt(max(segment.from_per_s**2 + 2 * slope * remaining, 0.0))
                yield begins[at] + 2 * remaining / (segment.from_per_s + root)


def ramp_and_hold(target_per_s: float, ramp_s: float, hold_s: float) -> LoadCurve:
    """A linear ramp from 0 to the target, then the target held for `hold_s`."""
    hold = PlannedSegment(hold_s, target_per_s, target_per_s)
    return LoadCurve((PlannedSegment(ramp_s, 0.0, target_per_s), hold) if ramp_s > 0 else (hold,))

"""Seconds of the judged part in which nothing happened, though operations were frequent before and after."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sla.values.assessment import Steady
from sla.values.measurements import Measurements
from sla.values.window import Window

LEAST_S = 2  # in windows of one second a shorter silence can't be distinguished from chance
USUAL_GAPS = 15.0  # of independent arrivals one gap in three million is as long
USUAL_PAUSES = 3.0  # operations may come in batches, with a pause between two
SILENT = "no operation began or ended in"


def silent_seconds(measurements: Measurements, from_second: int, to_second: int) -> NDArray[np.bool_]:
    """Which seconds of [from, to) are part of such a hole, shape (m,): it is not known what load there was in them. None where
    arrivals were planned: what was not sent fails a check, and what was not done is none done.
    """
    silent = np.zeros(to_second - from_second, dtype=bool)
    for hole in [] if measurements.facts.plan else _holes(measurements.windows, from_second, to_second):
        silent[hole.start : hole.stop] = True
    return silent


def silence_notes(measurements: Measurements, steady: Steady) -> list[str]:
    """The longest such hole, and how many there are."""
    holes = [] if measurements.facts.plan else _holes(measurements.windows, steady.from_second, steady.to_second)
    if not holes:
        return []
    longest = max(holes, key=len)
    text = f"no operation began or ended for {len(longest)} s, from second {longest.start} of the judged part"
    if len(holes) > 1:
        text += f"; {len(holes)} such holes of {sum(map(len, holes))} s together"
    return [f"{text}: the load in that time is unknown"]


def _holes(windows: Sequence[Window], from_second: int, to_second: int) -> list[range]:
    """In seconds since `from_second`, in time order. Nothing was under way in them: an operation is from its start on."""
    length = to_second - from_second
    counts, busy = np.zeros(length), np.zeros(length, dtype=bool)
    for w in windows:
        begin = max(w.second - _reach_s(w), from_second) - from_second
        if w.started or w.finished or w.in_flight_ns:
            busy[begin : max(w.second + 1 - from_second, 0)] = True
        if from_second <= w.second < to_second:
            counts[w.second - from_second] += max(w.started, w.finished)
    at = np.flatnonzero(busy)
    if at.size < 2 or not counts.any():
        return []
    steps = np.diff(at)
    silent = steps - 1
    # the longest hole is no part of what is usual; without all silent seconds rare operations would seem frequent
    usual_s = (length - silent.max()) / counts.sum()
    holes = (silent >= LEAST_S) & (silent > USUAL_GAPS * usual_s) & (steps >= USUAL_PAUSES * np.median(steps))
    return [range(int(at[i]) + 1, int(at[i + 1])) for i in np.flatnonzero(holes)]


def _reach_s(w: Window) -> int:
    """How many seconds before its own the longest of those that ended in it began, at least."""
    if not w.finished:
        return 0
    longest_ns = w.response.max_ns if w.response.total and math.isfinite(w.response.max_ns) else 0.0
    return int(max(longest_ns, w.response_sum_ns / w.finished) // 1e9)

"""Seconds of the judged part in which nothing happened, though operations were frequent before and after."""

from __future__ import annotations

import numpy as np

from sla.values.assessment import Steady
from sla.values.measurements import Measurements

LEAST_S = 2  # in windows of one second a shorter silence can't be distinguished from chance
USUAL_GAPS = 15.0  # of independent arrivals one gap in three million is as long
USUAL_PAUSES = 3.0  # operations may come in batches, with a pause between two


def silence_notes(measurements: Measurements, steady: Steady) -> list[str]:
    """The longest such hole, and how many there are. Nothing where arrivals were planned: what was not sent fails a check."""
    if measurements.facts.plan:
        return []
    length = steady.to_second - steady.from_second
    counts = np.zeros(length)
    for w in measurements.windows:
        if steady.holds(w.second):
            counts[w.second - steady.from_second] += max(w.started, w.finished)
    busy = np.flatnonzero(counts)
    if busy.size < 2:
        return []
    steps = np.diff(busy)
    silent = steps - 1
    # the longest hole is no part of what is usual; without all silent seconds rare operations would seem frequent
    usual_s = (length - silent.max()) / counts.sum()
    holes = (silent >= LEAST_S) & (silent > USUAL_GAPS * usual_s) & (steps >= USUAL_PAUSES * np.median(steps))
    if not holes.any():
        return []
    longest = int(np.argmax(np.where(holes, silent, 0)))
    text = f"no operation began or ended for {silent[longest]} s, from second {busy[longest] + 1} of the judged part"
    if (number := int(holes.sum())) > 1:
        text += f"; {number} such holes of {silent[holes].sum()} s together"
    return [f"{text}: the load in that time is unknown"]

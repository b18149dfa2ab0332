"""Times of samples that lie far from all others: of a clock that jumped, or a damaged digit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bizra_load.imports.samples import SECOND_NS, Samples
from sla.values.histogram import IntArray


def settle(samples: Samples, most_s: int, most_share: float) -> None:
    """Puts each sample outside of those `most_s` seconds that hold most of them beside its neighbour, as a bad one. Raises
    ValueError where these are more than `most_share` of all.
    """
    times = [np.frombuffer(t, dtype=np.int64) for t in samples.finished.values()]  # written through
    if not times:
        return
    ends = [int(t) // SECOND_NS for of_one in times for t in (of_one.min(), of_one.max())] + list(samples.dropped)
    if max(ends) - min(ends) <= most_s:
        return
    low, high, outside = _bulk(times, most_s)
    total = sum(t.size for t in times)
    if outside > most_share * total:
        far = f"{outside:,} of {total:,} samples are outside of them (allowed: {most_share:.0%})"
        raise ValueError(f"the times span more than {most_s // 86_400} days, and {far}: did a clock jump?")
    for of_one in times:
        seconds = of_one // SECOND_NS
        if (far_off := (seconds < low) | (seconds > high)).any():
            _note(samples, int(seconds[far_off][0]), most_s, int(far_off.sum()))
            of_one[far_off] = _neighbours(of_one, far_off)[far_off].clip(low * SECOND_NS, (high + 1) * SECOND_NS - 1)
    for second in [s for s in samples.dropped if not high - most_s <= s <= low + most_s]:
        _note(samples, second, most_s, 1)
        samples.dropped[low if second < low else high] += samples.dropped.pop(second)


def _bulk(times: list[IntArray], most_s: int) -> tuple[int, int, int]:
    """(first, last) second of the part of at most `most_s` that holds the most samples, and how many lie outside of it."""
    seconds, counts = np.unique(np.concatenate([t // SECOND_NS for t in times]), return_counts=True)
    before = np.concatenate(([0], np.cumsum(counts)))
    ends = np.searchsorted(seconds, seconds + most_s, side="right")
    inside = before[ends] - before[:-1]
    best = int(np.argmax(inside))
    return int(seconds[best]), int(seconds[ends[best] - 1]), int(before[-1] - inside[best])


def _neighbours(times: IntArray, far_off: NDArray[np.bool_]) -> IntArray:
    """Of each its own time, or that of the last one before it, else of the first one, that is not far off."""
    near = np.flatnonzero(~far_off)
    if not near.size:
        return times
    before = np.searchsorted(near, np.arange(times.size), side="right") - 1
    found: IntArray = times[near[np.maximum(before, 0)]]
    return found


def _note(samples: Samples, second: int, most_s: int, count: int) -> None:
    samples.bad += count
    shown = np.datetime64(second, "s")
    samples.first_bad = samples.first_bad or f"time stamp {shown}Z, over {most_s // 86_400} days from most others"

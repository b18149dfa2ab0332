"""Times of samples that lie far from all others: of a clock that jumped, or a damaged digit; and holes between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bizra_load.imports.samples import SECOND_NS, ImportedSamples
from sla.values.histogram import HIGHEST_NS, IntArray

STRAY_SHARE = 0.01  # of the samples: fewer on one side of such a hole are strays, more are a run of their own
SHORTEST_HOLE_S = 60  # a response may be so late, and a load may pause so long
LONGEST_HOLE_S = 6 * 3600
MOST_EMPTY_S = 24 * 3600
SPARSE = 10  # a hole is so many times as long as a load that sparse leaves between two seconds with a sample


@dataclass(frozen=True)
class _Bulk:
    """First and last second of what most samples lie in, how far from it a dropped iteration may be, and what the rest is."""

    low: int
    high: int
    slack_s: int
    why: str

    def beyond(self, seconds: IntArray) -> NDArray[np.bool_]:
        """Which lie outside."""
        outside: NDArray[np.bool_] = (seconds < self.low) | (seconds > self.high)
        return outside

    def clipped(self, times_ns: IntArray) -> IntArray:
        """The nearest times within."""
        return times_ns.clip(self.low * SECOND_NS, (self.high + 1) * SECOND_NS - 1)


def settle(samples: ImportedSamples, most_s: int, most_share: float) -> None:
    """Puts each sample that lies apart from the others beside its neighbour, as a bad one: a few beyond a hole that is longer
    than the rest, then those outside of the `most_s` seconds that hold most. Raises ValueError where the latter are more than
    `most_share` of all.
    """
    if not samples.finished:
        return
    _move(samples, _core(samples), began_within_s=SHORTEST_HOLE_S)
    seconds, _ = _seconds(samples)
    if seconds[-1] - seconds[0] > most_s:
        _move(samples, _month(samples, most_s, most_share))


def holes(seconds: Iterable[int]) -> str:
    """A note on the longest time without any sample, "" where none is longer than others. Raises ValueError where the empty
    time is that long that no one would wait for its figures.
    """
    sampled = np.unique(np.fromiter(seconds, dtype=np.int64))
    if sampled.size < 2:
        return ""
    gaps = np.diff(sampled)
    at, span = int(np.argmax(gaps)), int(sampled[-1] - sampled[0])
    hole_s = int(gaps[at])
    begin, end = (np.datetime64(int(s), "s") for s in sampled[at : at + 2])
    text = f"a hole of {hole_s:,} s without any sample from {begin}Z to {end}Z"
    if hole_s > LONGEST_HOLE_S:
        raise ValueError(f"{text} (allowed: {LONGEST_HOLE_S // 3600} hours): part the file there")
    if (empty_s := span + 1 - sampled.size) > max(MOST_EMPTY_S, SPARSE * sampled.size):
        raise ValueError(f"{empty_s:,} of {span + 1:,} seconds have no sample: part the file by time")
    return text if hole_s > max(SHORTEST_HOLE_S, SPARSE * span / sampled.size) else ""


def _core(samples: ImportedSamples) -> _Bulk:
    """What is left of all samples without those at either side that are few and beyond a hole longer than the rest: it grows
    from the part that lies within in any case.
    """
    seconds, counts = _seconds(samples)
    below = np.cumsum(counts)
    few = STRAY_SHARE * int(below[-1])
    low = int(np.searchsorted(below, few))  # fewer than that are before it
    high = int(np.searchsorted(below, below[-1] - few, side="right"))  # and after it
    high = min(max(high, low), seconds.size - 1)
    grown = True
    while grown:
        hole_s = max(int(seconds[high] - seconds[low]), SHORTEST_HOLE_S)
        before = low > 0 and seconds[low] - seconds[low - 1] <= hole_s
        after = high + 1 < seconds.size and seconds[high + 1] - seconds[high] <= hole_s
        low, high, grown = low - before, high + after, bool(before or after)
    return _Bulk(int(seconds[low]), int(seconds[high]), 0, "beyond a hole longer than the time of all others")


def _month(samples: ImportedSamples, most_s: int, most_share: float) -> _Bulk:
    """The part of at most `most_s` that holds the most samples. Raises ValueError."""
    seconds, counts = _seconds(samples, dropped=False)
    before = np.concatenate(([0], np.cumsum(counts)))
    ends = np.searchsorted(seconds, seconds + most_s, side="right")
    inside = before[ends] - before[:-1]
    best = int(np.argmax(inside))
    total, outside = int(before[-1]), int(before[-1] - inside[best])
    if outside > most_share * total:
        far = f"{outside:,} of {total:,} samples are outside of them (allowed: {100 * most_share:.0f} %)"
        raise ValueError(f"the times span more than {most_s // 86_400} days, and {far}: did a clock jump?")
    low, high = int(seconds[best]), int(seconds[ends[best] - 1])
    return _Bulk(low, high, most_s - (high - low), f"over {most_s // 86_400} days from most others")


def _seconds(samples: ImportedSamples, dropped: bool = True) -> tuple[IntArray, IntArray]:
    """The seconds in which samples ended, in order, and how many; each one with dropped iterations counts once more."""
    parts = [np.frombuffer(t, dtype=np.int64) // SECOND_NS for t in samples.finished.values()]
    parts += [np.fromiter(samples.dropped, dtype=np.int64)] if dropped else []
    return np.unique(np.concatenate(parts), return_counts=True)


def _move(samples: ImportedSamples, bulk: _Bulk, began_within_s: int | None = None) -> None:
    """With `began_within_s`, one that began within the bulk, or so long after it, was slow: it stays."""
    for key, finished in samples.finished.items():
        of_one = np.frombuffer(finished, dtype=np.int64)  # written through
        far_off = bulk.beyond(of_one // SECOND_NS)
        if not far_off.any():
            continue
        if began_within_s is not None:
            latency = np.frombuffer(samples.latency[key], dtype=np.int64)
            began = (of_one - latency) // SECOND_NS  # of those beyond the measured range it isn't known
            far_off &= ((began < bulk.low) | (began > bulk.high + began_within_s)) & (latency <= HIGHEST_NS)
        if far_off.any():
            _note(samples, int(of_one[far_off][0]) // SECOND_NS, bulk.why, int(far_off.sum()))
            of_one[far_off] = bulk.clipped(_neighbours(of_one, far_off)[far_off])
    for second in [s for s in samples.dropped if not bulk.low - bulk.slack_s <= s <= bulk.high + bulk.slack_s]:
        _note(samples, second, bulk.why, 1)
        samples.dropped[bulk.low if second < bulk.low else bulk.high] += samples.dropped.pop(second)


def _neighbours(times: IntArray, far_off: NDArray[np.bool_]) -> IntArray:
    """For each its own time, or that of the last one before it, else of the first one, that is not far off."""
    near = np.flatnonzero(~far_off)
    if not near.size:
        return times
    before = np.searchsorted(near, np.arange(times.size), side="right") - 1
    nearby: IntArray = times[near[np.maximum(before, 0)]]
    return nearby


def _note(samples: ImportedSamples, second: int, why: str, count: int) -> None:
    samples.bad += count
    samples.first_bad = samples.first_bad or f"time stamp {np.datetime64(second, 's')}Z, {why}"

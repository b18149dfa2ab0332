"""Many histograms filled at once: a numpy call costs the same for one latency as for a thousand, so a second's samples of all
operations go through the same few calls. The result equals sla.values.histogram.from_values() of each group, exactly.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sla.values.histogram import COUNTS_LENGTH, EMPTY, HIGHEST_NS, Histogram, IntArray, bucket_index

LONGEST_GAP_S = 60  # an empty second has no influence on an estimate; a million of them would fill the memory


@dataclass(frozen=True)
class GroupedCounts:
    """keys: group * COUNTS_LENGTH + bucket, ascending and unique; counts: how many; both int64 of shape (k,). over_range: of
    each group, shape (groups,).
    """

    keys: IntArray
    counts: IntArray
    over_range: IntArray

    def __add__(self, other: GroupedCounts) -> GroupedCounts:
        """The sum of two of as many groups."""
        keys = np.concatenate((self.keys, other.keys))
        counts = np.concatenate((self.counts, other.counts))
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order]
        starts = _starts(keys)
        summed = np.add.reduceat(counts, starts) if starts.size else counts
        return GroupedCounts(keys[starts], summed, self.over_range + other.over_range)

    def histograms(self) -> list[Histogram]:
        """One for each group, in their order."""
        edges = np.searchsorted(self.keys, np.arange(self.over_range.size + 1) * COUNTS_LENGTH).tolist()
        indices = self.keys % COUNTS_LENGTH
        return [
            Histogram(indices[a:b], self.counts[a:b], over) if b > a or over else EMPTY
            for a, b, over in zip(edges[:-1], edges[1:], self.over_range.tolist(), strict=True)
        ]


def count(values_ns: IntArray, group: IntArray, groups: int) -> GroupedCounts:
    """Whole-ns values of shape (n,) and the group (0 to groups - 1) of each. Raises ValueError under 0 ns."""
    steps = count_steps(values_ns, group, groups)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            counts: GroupedCounts = end.value
            return counts


def count_steps(values_ns: IntArray, group: IntArray, groups: int) -> Generator[None, None, GroupedCounts]:
    """count() in small steps, of a few numpy calls each."""
    if values_ns.size and int(values_ns.min()) < 0:
        raise ValueError("a latency can't be negative")
    over = values_ns > HIGHEST_NS
    over_range = np.zeros(groups, np.int64)
    if bool(over.any()):
        over_range = np.bincount(group[over], minlength=groups)
        values_ns, group = values_ns[~over], group[~over]
    yield
    buckets = bucket_index(values_ns)
    yield
    keys = np.sort(group * COUNTS_LENGTH + buckets)
    yield
    starts = _starts(keys)
    yield
    return GroupedCounts(keys[starts], np.diff(starts, append=keys.size), over_range)


def windows_of(finished_at_s: ArrayLike, latency_ns: ArrayLike) -> list[Histogram]:
    """One histogram for each second from the first to the last finish, as the recorder would fill them.

    Both arrays have shape (n,); a latency over 60 s is counted as over range; a gap in the times (a pause, or a clock that
    jumped) counts as LONGEST_GAP_S empty seconds at most. Raises ValueError for other shapes, NaN, infinite or negative values.
    """
    times = np.asarray(finished_at_s, dtype=np.float64)
    values = np.asarray(latency_ns, dtype=np.float64)
    if times.ndim != 1 or times.shape != values.shape:
        raise ValueError(f"two arrays of one shape (n,) are needed, not {times.shape} and {values.shape}")
    if not times.size:
        return []
    if not (np.isfinite(times).all() and np.isfinite(values).all()) or values.min() < 0:
        raise ValueError("times and latencies must be finite, and latencies not negative")
    whole = np.minimum(np.round(values), HIGHEST_NS + 1).astype(np.int64)
    occupied, position = np.unique(np.floor(times), return_inverse=True)
    steps = np.minimum(np.diff(occupied, prepend=occupied[:1]), LONGEST_GAP_S).astype(np.int64)
    seconds = np.cumsum(steps)[position]
    return count(whole, seconds, int(seconds.max()) + 1).histograms()


def _starts(keys: IntArray) -> IntArray:
    """Where each distinct value of ascending `keys` begins."""
    if not keys.size:
        return np.zeros(0, np.int64)
    return np.concatenate((np.zeros(1, np.int64), np.flatnonzero(np.diff(keys)) + 1))

"""Histograms in a few bytes a bucket, for the hours of seconds that a run holds; and many sums of them under way at once.

A bucket of a Histogram takes 16 bytes. An hour of merged seconds has some 100 million of them: packed they take 3 bytes each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sla.values.histogram import COUNTS_LENGTH, EMPTY, Histogram, IntArray

OPEN = 128  # sums that are arrays of all buckets


class PackedHistogram(Histogram):
    """As a Histogram; its arrays are made when they are asked for."""

    def __init__(self, indices: IntArray, counts: IntArray, over_range: int = 0) -> None:
        most = int(counts.max()) if counts.size else 0
        self.__dict__.update(
            _indices=indices.astype(np.uint16), _counts=counts.astype(np.min_scalar_type(most)), over_range=over_range
        )

    @property
    def indices(self) -> IntArray:
        return _int64(self.__dict__["_indices"])

    @property
    def counts(self) -> IntArray:
        return _int64(self.__dict__["_counts"])


def packed(h: Histogram) -> Histogram:
    """The same counts in as few bytes as they need."""
    return h if isinstance(h, PackedHistogram) or not h.indices.size else PackedHistogram(h.indices, h.counts, h.over_range)


def _int64(values: NDArray[Any]) -> IntArray:
    return values.astype(np.int64)


@dataclass(slots=True)
class _Open:
    """Counts of all buckets, shape (COUNTS_LENGTH,), and between which of them anything was added."""

    counts: IntArray
    lowest: int
    highest: int


class HistogramSums:
    """Sums of histograms by key, whatever their order. Keys that come together are quickest: the OPEN latest are added to in
    place, the ones before are packed.
    """

    def __init__(self) -> None:
        self._open: dict[Hashable, _Open] = {}
        self._packed: dict[Hashable, Histogram] = {}
        self._over: Counter[Hashable] = Counter()
        self._spare: list[IntArray] = []

    def add(self, key: Hashable, h: Histogram) -> None:
        """Add a histogram to the sum of `key`."""
        if h.indices.size:
            lowest = int(h.indices[0])
            self.dense(key, lowest, int(h.indices[-1]))[h.indices - lowest] += h.counts
        self.add_over_range(key, h.over_range)

    def add_over_range(self, key: Hashable, count: int) -> None:
        """Add samples that are longer than any bucket."""
        if count:
            self._over[key] += count

    def dense(self, key: Hashable, lowest: int, highest: int) -> IntArray:
        """The counts of buckets `lowest` to `highest`, that one included, to be added to before the next call."""
        open_sum = self._open.get(key)
        if open_sum is None:
            if len(self._open) >= OPEN:
                self._close(next(iter(self._open)))
            counts = self._spare.pop() if self._spare else np.zeros(COUNTS_LENGTH, np.int64)
            open_sum = self._open[key] = _Open(counts, lowest, highest)
        if lowest < open_sum.lowest:
            open_sum.lowest = lowest
        if highest > open_sum.highest:
            open_sum.highest = highest
        return open_sum.counts[lowest : highest + 1]

    def sum(self, key: Hashable) -> Histogram:
        """The sum of what was added under `key`."""
        if key in self._open:
            self._close(key)
        h, over = self._packed.get(key, EMPTY), self._over.get(key, 0)
        return Histogram(EMPTY.indices, EMPTY.counts, over) if h is EMPTY and over else _with_over_range(h, over)

    def join(self, more: HistogramSums) -> None:
        """Add all sums of another, which is packed by that."""
        more.pack()
        for key, h in more._packed.items():
            if key in self._packed or key in self._open:
                self.add(key, h)
            else:
                self._packed[key] = h
        self._over.update(more._over)

    def pack(self) -> None:
        """Keep nothing open: it takes the least memory then."""
        for key in tuple(self._open):
            self._close(key)
        self._spare.clear()

    def forget(self, keys: Iterable[Hashable]) -> None:
        """Let go of sums that nobody needs any more."""
        for key in keys:
            if key in self._open:
                self._close(key)
            self._packed.pop(key, None)
            self._over.pop(key, None)

    def _close(self, key: Hashable) -> None:
        open_sum = self._open.pop(key)
        used = open_sum.counts[open_sum.lowest : open_sum.highest + 1]  # looking through all buckets would take the longest
        filled = np.flatnonzero(used)
        if filled.size:
            h: Histogram = PackedHistogram(filled + open_sum.lowest, used[filled])
            before = self._packed.get(key)
            self._packed[key] = packed(before + h) if before is not None else h
            used.fill(0)
        self._spare.append(open_sum.counts)


def _with_over_range(h: Histogram, over: int) -> Histogram:
    return PackedHistogram(h.indices, h.counts, over) if over else h
